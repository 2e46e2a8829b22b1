"""Moving a visit, and taking the move back: the book, the fee where it is late, and the letter that tells of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

import kept.messaging.transitions as messaging
import kept.scheduling.transitions.attendance as attendance
import kept.scheduling.transitions.moving as scheduling
from kept.billing.models import Kind
from kept.events.models import Event
from kept.foundation.money import Money
from kept.foundation.refusals import Refusal
from kept.messaging.models import Letter, Message
from kept.messaging.queries import told_by_itself
from kept.noshows.offers import late_fee
from kept.noshows.transitions import fees, refilling
from kept.practice.models import Member, Provider, Resource
from kept.practice.rules import Right
from kept.scheduling.models import Appointment
from kept.scheduling.rules import check_reschedulable, check_version

LONG_ENOUGH_TO_UNDO = timedelta(minutes=1)


def reschedule(
    appointment: Appointment,
    *,
    starts_at: datetime,
    provider: Provider | None = None,
    resources: Sequence[Resource] | None = None,
    asked: Appointment.Asked = Appointment.Asked.PATIENT,
    double_book: bool = False,
    charge_fee: bool | None = None,
    amount: Money | None = None,
    fee_reason: str = "",
    notify: bool | None = None,
    by: Member | None,
    at: datetime,
    version: int | None = None,
) -> Appointment:
    """It has another time, provider or room, with its card and policy; the patient is told of a new time in a minute. A letter of an
    earlier move that has not gone yet gives way to that.

    To another time, asked for by the patient inside the window of what she accepted, it has its fee, charged or spared with a reason (R14);
    the clinic's own move is free. The fee is of the time that it leaves: `amount`, `charge_fee` and `by` None as in `cancel`.

    `starts_at` is aware UTC; `notify` None follows the practice's setting. Raises Refusal `wrong_status`, `stale_version`,
    `choice_required`, `fee_not_available`, `already_charged`, `charge_in_flight`, `fee_exceeds_policy`, `wrong_currency`,
    `reason_required`, `invalid`, `slot_taken` (at field `start` or `resources`), `not_permitted`.
    """
    if by:
        by.must(Right.BOOK, appointment)
    ends_at = starts_at + (appointment.ends_at - appointment.starts_at)
    stake = refilling.at_stake(provider or appointment.provider, starts_at, ends_at, by=by)
    appointment = Appointment.objects.locked(appointment)
    check_reschedulable(appointment)
    check_version(appointment, version)
    elsewhen = starts_at != appointment.starts_at
    late = asked == Appointment.Asked.PATIENT and elsewhen and moving_costs(appointment, at=at)
    if charge_fee and not late:
        raise Refusal("fee_not_available", _("No fee can be charged: moving it is free."), reason="exempt")
    if late:
        fees.decide_late(appointment, Kind.LATE_RESCHEDULE, charge_fee=charge_fee, amount=amount, fee_reason=fee_reason, by=by, at=at)
    moved = scheduling.reschedule(
        appointment,
        starts_at=starts_at,
        provider=provider,
        resources=resources,
        asked=asked,
        double_book=double_book,
        by=by,
        at=at,
        version=version,
    )
    refilling.spare_by_itself(stake, at=at)
    wanted = told_by_itself(moved.practice, Letter.MOVED) if notify is None else notify
    if moved.starts_at != appointment.starts_at and wanted:
        messaging.withdraw_unsent(moved, Letter.MOVED, why=_("Moved again."), by=by, at=at)
        messaging.queue(Letter.MOVED, moved, wanted=True, after=LONG_ENOUGH_TO_UNDO, by=by, at=at)
    return moved


def moving_costs(appointment: Appointment, *, at: datetime) -> bool:
    """Whether the patient's moving it to another time has a fee at that instant. Another provider or room at its own has none, and nor
    has a move once it has started: that is the clinic's (R14)."""
    return at < appointment.starts_at and late_fee(appointment, at=at, kind=Kind.LATE_RESCHEDULE) is not None


def move_back(appointment: Appointment, *, by: Member, at: datetime, version: int | None = None) -> Appointment:
    """The last move is undone: its own time, provider, rooms and confirmation again. An unpaid fee of it ends, a paid one stays paid. Its
    letter, if it has not gone, does not go; one that has is answered by another, and so is the letter of a move before, which had given
    way to it.

    Raises Refusal `wrong_status` where the last thing that happened was no move, and as `reschedule` does.
    """
    by.must(Right.BOOK, appointment)
    appointment = Appointment.objects.locked(appointment)
    move = _last_move(appointment)
    before = move.particulars["before"]
    past = appointment.history  # type: ignore[attr-defined]  # made by @remembered
    was_confirmed = past.filter(version=appointment.version - 1, confirmed_at__isnull=False).exists()
    tell = _must_be_told(appointment, move.at)
    messaging.withdraw_unsent(appointment, Letter.MOVED, since=move.at, why=_("Moved back."), by=by, at=at)
    back = scheduling.reschedule(
        appointment,
        starts_at=datetime.fromisoformat(before["start"]),
        provider=Provider.objects.get(pk=UUID(before["provider"])),
        resources=list(Resource.objects.filter(pk__in=before["resources"])),
        asked=Appointment.Asked.CLINIC,
        by=by,
        at=at,
        version=version,
    )
    if back.booking_no > appointment.booking_no:
        fees.take_back(back, Kind.LATE_RESCHEDULE, appointment.booking_no - 1, why=_("Moved back"), by=by, at=at)
    if was_confirmed:
        back = attendance.confirm(back, by=by, at=at)
    if tell:
        messaging.queue(Letter.MOVED, back, wanted=True, by=by, at=at)
    return back


def _must_be_told(appointment: Appointment, moved_at: datetime) -> bool:
    """Whether the patient believes another time than the one before that move: a letter told her the new one, or the letter of the one
    before gave way to it."""
    letters = Message.objects.filter(appointment=appointment, letter=Letter.MOVED)
    went = letters.filter(state__in=[Message.State.SENDING, Message.State.SENT, Message.State.FAILED])
    gave_way = letters.filter(state=Message.State.WITHDRAWN, ended_at=moved_at)
    return went.filter(Q(queued_at=moved_at) | Q(ended_at__gt=moved_at)).exists() or gave_way.exists()


def _last_move(appointment: Appointment) -> Event:
    """Raises Refusal `wrong_status` where something else happened since."""
    last = Event.objects.filter(subject_id=appointment.pk).order_by("-at", "-id").first()
    if last is None or last.kind != "appointment.moved":
        raise Refusal("wrong_status", _("Something else happened to it since. Move it by its panel."))
    return last
