"""What became of a visit: checked in, treated, completed, missed, restored. Each act locks, checks, writes, records."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from kept.practice.models import Member, Provider
from kept.practice.rules import Right
from kept.scheduling.models import Appointment, Status
from kept.scheduling.rules import check_move, check_restorable, check_version, day_of_refusal, wrong_status
from kept.scheduling.transitions.moving import place
from kept.scheduling.transitions.writing import turn, write


def _on_its_day(appointment: Appointment, at: datetime) -> None:
    if refusal := day_of_refusal(appointment, at=at):
        raise refusal


def check_in(appointment: Appointment, *, by: Member, at: datetime, version: int | None = None) -> Appointment:
    """The patient is here. On the clinic's day of the appointment or later (R1). Raises `wrong_status`, `too_early`, `not_permitted`."""
    by.must(Right.BOOK, appointment)
    appointment = Appointment.objects.locked(appointment)
    check_move(appointment, Status.ARRIVED)
    if appointment.status != Status.BOOKED:
        raise wrong_status(appointment, _("Reopen it instead: it was completed."))
    check_version(appointment, version)
    _on_its_day(appointment, at)
    return turn(appointment, Status.ARRIVED, "appointment.arrived", by=by, at=at, arrived_at=at)


def undo_check_in(appointment: Appointment, *, by: Member, at: datetime, version: int | None = None) -> Appointment:
    """The patient was not here after all. Raises Refusal `wrong_status`, `not_permitted`."""
    by.must(Right.BOOK, appointment)
    appointment = Appointment.objects.locked(appointment)
    if appointment.status != Status.ARRIVED:
        check_move(appointment, Status.ARRIVED)
        raise wrong_status(appointment, _("It is not checked in."))
    check_version(appointment, version)
    return turn(appointment, Status.BOOKED, "appointment.arrival_undone", by=by, at=at, arrived_at=None, treatment_at=None)


def start_treatment(appointment: Appointment, *, by: Member, at: datetime, version: int | None = None) -> Appointment:
    """The treatment began. Raises Refusal `wrong_status` unless checked in and not begun, `not_permitted`."""
    return _stamp(appointment, "treatment_at", at, "appointment.treatment_started", needs=Status.ARRIVED, by=by, at=at, version=version)


def undo_start_treatment(appointment: Appointment, *, by: Member, at: datetime, version: int | None = None) -> Appointment:
    """The treatment had not begun. Raises Refusal `wrong_status` unless it was, `not_permitted`."""
    return _stamp(appointment, "treatment_at", None, "appointment.treatment_undone", needs=Status.ARRIVED, by=by, at=at, version=version)


def confirm(appointment: Appointment, *, by: Member | None, at: datetime, version: int | None = None) -> Appointment:
    """The patient said that she will come; `by` None: by her link. Raises Refusal `wrong_status` unless booked, `not_permitted`."""
    return _stamp(appointment, "confirmed_at", at, "appointment.confirmed", needs=Status.BOOKED, by=by, at=at, version=version)


def _stamp(
    appointment: Appointment,
    field: str,
    value: datetime | None,
    kind: str,
    *,
    needs: Status,
    by: Member | None,
    at: datetime,
    version: int | None,
) -> Appointment:
    if by:
        by.must(Right.BOOK, appointment)
    appointment = Appointment.objects.locked(appointment)
    if appointment.status != needs:
        raise wrong_status(appointment, _("It is %(is)s, not %(needs)s.") % {"is": appointment.get_status_display(), "needs": needs.label})
    if (getattr(appointment, field) is None) == (value is None):
        raise wrong_status(appointment, _("That is recorded already.") if value else _("There is nothing to undo."))
    check_version(appointment, version)
    stamp: dict[str, Any] = {field: value}
    return write(appointment, kind, by=by, at=at, **stamp)


def complete(appointment: Appointment, *, by: Member, at: datetime, version: int | None = None) -> Appointment:
    """The visit happened. From booked or arrived, on its day or later (R1). Raises `wrong_status`, `too_early`, `not_permitted`."""
    by.must(Right.BOOK, appointment)
    appointment = Appointment.objects.locked(appointment)
    check_move(appointment, Status.FULFILLED)
    check_version(appointment, version)
    _on_its_day(appointment, at)
    return turn(appointment, Status.FULFILLED, "appointment.fulfilled", by=by, at=at)


def reopen(appointment: Appointment, *, by: Member, at: datetime, version: int | None = None) -> Appointment:
    """It was not complete: back to where it came from, arrived or booked. Raises Refusal `wrong_status`, `not_permitted`."""
    by.must(Right.BOOK, appointment)
    appointment = Appointment.objects.locked(appointment)
    back = Status.ARRIVED if appointment.arrived_at else Status.BOOKED
    if appointment.status != Status.FULFILLED:
        raise wrong_status(appointment, _("It is %s, not Completed.") % appointment.get_status_display())
    check_version(appointment, version)
    return turn(appointment, back, "appointment.reopened", by=by, at=at)


def enter_in_error(appointment: Appointment, *, by: Member, at: datetime, version: int | None = None) -> Appointment:
    """It should never have been on the book: off it, out of every figure, kept in history. Raises `wrong_status`, `not_permitted`."""
    by.must(Right.BOOK, appointment)
    appointment = Appointment.objects.locked(appointment)
    check_move(appointment, Status.ENTERED_IN_ERROR)
    check_version(appointment, version)
    return turn(appointment, Status.ENTERED_IN_ERROR, "appointment.entered_in_error", by=by, at=at)


def mark_noshow(appointment: Appointment, *, reason: str, note: str, by: Member, at: datetime, version: int | None = None) -> Appointment:
    """Record it in the book and give the time free. On the clinic's day of the appointment or later (R1), from `booked` (R2)."""
    appointment = Appointment.objects.locked(appointment)
    check_move(appointment, Status.NOSHOW)
    check_version(appointment, version)
    _on_its_day(appointment, at)
    return turn(appointment, Status.NOSHOW, "appointment.noshow", by=by, at=at, outcome_reason=reason, outcome_note=note)


def restore(
    appointment: Appointment,
    *,
    starts_at: datetime | None = None,
    provider: Provider | None = None,
    double_book: bool = False,
    by: Member,
    at: datetime,
    version: int | None = None,
) -> Appointment:
    """Back on the book at its own time, or at `starts_at` with `provider` (R9, R11): all claims live again in one transaction, or none.

    With `double_book` it lies beside what was booked meanwhile. Another time is a move as `reschedule` makes it.
    Raises Refusal `wrong_status`, `slot_taken`, `not_permitted`, `invalid`.
    """
    appointment = Appointment.objects.locked(appointment)
    check_restorable(appointment, at=at)
    check_version(appointment, version)
    start, to = starts_at or appointment.starts_at, provider or appointment.provider
    if double_book and start > at:
        by.must(Right.DOUBLE_BOOK, appointment)
    placed = place(appointment, starts_at=start, provider=to, resources=None, double_book=double_book, by=by, at=at)
    cleared = {"outcome_reason": "", "outcome_note": "", "late_cancel": False, "cancelled_for": ""}
    return turn(
        appointment, Status.BOOKED, "appointment.restored", by=by, at=at, particulars=placed.particulars, **cleared, **placed.fields
    )
