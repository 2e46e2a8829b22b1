"""What letters to patients say of a visit that was missed, cancelled or moved, and of its fee (R7f)."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from kept.billing.models import DEPOSIT, Kind
from kept.foundation.dates import moment
from kept.foundation.money import Money
from kept.messaging import letters
from kept.messaging.models import Message
from kept.noshows.deposits import split_of
from kept.noshows.models import Answer, Fee
from kept.noshows.offers import FeeOffer, missed_from
from kept.noshows.queries import fee_of, fees_of
from kept.scheduling.models import Appointment, Status
from kept.scheduling.rules import wrong_status
from kept.scheduling.transitions import managing

TEN_MINUTES = timedelta(minutes=10)


def letter_waits(appointment: Appointment, *, at: datetime) -> timedelta:
    """How long the letter of a no-show marked at that instant waits: ten minutes or the breathing space where that is longer, and never
    less than until the start plus the late minutes (R7f)."""
    return max(missed_from(appointment) - at, TEN_MINUTES, appointment.practice.settings.breathing_space)


def no_show(message: Message, at: datetime) -> dict[str, Any]:
    """As it stands when the letter goes, with a link of its own on which she can answer. Raises Refusal `wrong_status` once the visit is
    not missed any more."""
    appointment = message.appointment
    if appointment.status != Status.NOSHOW:
        raise wrong_status(appointment, _("The appointment is %s by now.") % appointment.get_status_display().lower())
    said = _said_of(fee_of(appointment, at=at), appointment)
    return said | {"link": partial(managing.manage_link, appointment, at=at)}


def cancelled(message: Message, at: datetime) -> dict[str, Any]:
    """As it stands when the letter goes; of a late one its fee too. Raises Refusal `wrong_status` once it is on the book again."""
    appointment = message.appointment
    fees = [fee for fee in fees_of(appointment, at=at) if fee.kind == Kind.LATE_CANCEL and fee.booking_no == appointment.booking_no]
    return letters.cancelled(message, at) | _said_of(next(iter(fees), None), appointment)


def moved(message: Message, at: datetime) -> dict[str, Any]:
    """Its time when the letter goes, and what its last move cost. Raises Refusal `wrong_status` once it is not booked any more."""
    appointment = message.appointment
    left = appointment.booking_no - 1
    fees = [fee for fee in fees_of(appointment, at=at) if fee.kind == Kind.LATE_RESCHEDULE and fee.booking_no == left]
    return letters.moved(message, at) | _said_of(next(iter(fees), None), appointment)


def _said_of(fee: Fee | None, appointment: Appointment) -> dict[str, Any]:
    """What is known of the fee, for the patient."""
    if fee is None or fee.charge is None:
        return {"fee": fee.state if fee else None}
    if fee.charge.flag or fee.charge.in_flight and fee.charge.cancel_requested:
        return {"fee": None}  # wanted no more, and perhaps paid: until staff have decided there is nothing to tell
    charge, due = fee.charge, moment(fee.charge.due_at, appointment.clinic.zone)
    card = None if charge.by_hand else charge.card
    if charge.kind == DEPOSIT:
        return {"fee": "paid_by_deposit" if fee.state == "paid" else None, "amount": fee.amount}
    return {"fee": fee.state, "amount": charge.amount, "card": card, "due": due, "refunded": charge.refunded, "asked": charge.with_her}


def answered(message: Message, at: datetime) -> dict[str, Any]:
    """What became of what she said last. Raises Refusal `wrong_status` where nothing is settled."""
    appointment = message.appointment
    last = appointment.answers.exclude(outcome=Answer.Outcome.OPEN).order_by("settled_at", "id").last()
    if last is None:
        raise wrong_status(appointment, _("Nothing is settled yet."))
    return {"outcome": last.outcome, "note": last.note, "link": partial(managing.manage_link, appointment, at=at)}


def as_it_would_be(
    appointment: Appointment, offer: FeeOffer, *, charge: bool | None, amount: Money | None, waits: timedelta, at: datetime
) -> dict[str, Any]:
    """The same before it is done, for what the dialog has chosen so far; None: nothing yet. The letter `waits` that long."""
    if not offer.offered or charge is None:
        return {"fee": None}
    if not charge or offer.chargeable_from is None:
        return {"fee": "spared"}
    goes_at = at + waits
    due = moment(offer.chargeable_from, appointment.clinic.zone)
    fee = "paid" if offer.chargeable_from <= goes_at else "waiting"
    parts = split_of(appointment, offer.kind, amount or offer.amount, at=at) if offer.deposit and offer.amount else None
    if parts and not parts.charged:
        return {"fee": "paid_by_deposit", "amount": parts.applied}
    return {"fee": fee, "amount": parts.charged if parts else amount or offer.amount, "card": offer.card, "due": due}
