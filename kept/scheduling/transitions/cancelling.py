"""Calling a visit off before its start."""

from datetime import datetime

from kept.practice.models import Member
from kept.practice.rules import Right
from kept.scheduling.models import Appointment, Status
from kept.scheduling.rules import check_cancellable, check_version
from kept.scheduling.transitions.writing import turn


def cancel(
    appointment: Appointment,
    *,
    asked: Appointment.Asked,
    reason: str = "",
    note: str = "",
    late: bool = False,
    by: Member | None,
    at: datetime,
    version: int | None = None,
) -> Appointment:
    """The patient or the clinic called it off; its time is free. From `booked`, before its start: from then on it is a no-show (R14).

    `late`: inside the window of what the patient accepted. `by` None: the patient, by her link.
    Raises Refusal `wrong_status`, `stale_version`, `not_permitted`.
    """
    if by:
        by.must(Right.BOOK, appointment)
    appointment = Appointment.objects.locked(appointment)
    check_cancellable(appointment, at=at)
    check_version(appointment, version)
    return turn(
        appointment,
        Status.CANCELLED,
        "appointment.cancelled",
        by=by,
        at=at,
        particulars={"asked": asked} | ({"late": True} if late else {}),
        late_cancel=late,
        cancelled_for=asked,
        outcome_reason=reason.strip(),
        outcome_note=note.strip(),
    )
