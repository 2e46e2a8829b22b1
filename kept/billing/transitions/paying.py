"""A fee that the patient pays herself, by a link on her own phone: given out, begun by her, given back when it was not tried (I4)."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from kept.billing.gateways import accounts
from kept.billing.models import Charge, Invoice, Kind, State
from kept.billing.queries import cards_to_pay_with
from kept.billing.rules import check_stopped, under_way
from kept.billing.transitions import charging
from kept.billing.transitions.invoicing import issue_invoice
from kept.events import journal
from kept.foundation.money import Money
from kept.foundation.refusals import Refusal
from kept.patients.models import Card, Link
from kept.patients.transitions import give_link
from kept.practice.models import Member
from kept.practice.rules import Right
from kept.scheduling.models import Appointment

MOST_TRIES = 20


def open_for_link(
    appointment: Appointment,
    kind: Kind,
    amount: Money,
    *,
    instead_of: Charge | None,
    by: Member,
    at: datetime,
    booking_no: int | None = None,
    applied_minor: int = 0,
) -> Charge:
    """A fee that no card on file pays: it waits for the patient, on the invoice of the failed charge `instead_of` which it is made, if
    there is one. Raises Refusal `already_charged`, `not_permitted`."""
    by.must(Right.CHARGE, appointment)
    bill = instead_of.invoice if instead_of and instead_of.invoice and instead_of.invoice.status == Invoice.Status.ISSUED else None
    charge = charging.new_charge(
        appointment,
        kind,
        amount,
        booking_no=booking_no,
        due_at=at,
        at=at,
        state=State.NEEDS_PATIENT,
        invoice=bill,
        applied_minor=applied_minor,
    )
    if instead_of:
        charging.end_replaced(instead_of)
    journal.record("charge.due", charge, by=by, at=at, minor=amount.minor, due_at=at.isoformat())
    return charge


def payment_link(charge: Charge, *, by: Member, at: datetime) -> str:
    """The address of a page on which the patient pays the fee, for 14 days. Its invoice is issued with it (R6a); earlier links stay good.

    Raises Refusal `charge_in_flight`, `wrong_status`, `fee_not_available`, `not_permitted`.
    """
    by.must(Right.COLLECT, charge.appointment)
    charge = charging.locked(charge.pk)
    check_stopped(charge)
    if charge.state == State.FAILED:
        raise Refusal("wrong_status", _("This charge failed for good. Send a link from the appointment: it makes a new one."))
    if not accounts.payments_on():
        raise Refusal("fee_not_available", _("Card payments are not set up."))
    charge.state, charge.link_at, charge.expires_at = State.NEEDS_PATIENT, at, at + charging.WAITS_FOR_HER
    charge.save(update_fields=["state", "link_at", "expires_at"])
    issue_invoice(charge, at=at)
    journal.record("charge.link_given", charge, by=by, at=at)
    return another_link(charge, at=at)


def bank_asks(charge_id: UUID | str, *, at: datetime) -> Charge | None:
    """Her bank wants the patient herself, so that from now on she pays it by a link. None where it is wanted no more, or hers already."""
    charge = charging.locked(charge_id)
    if charge.state != State.NEEDS_PATIENT or charge.cancel_requested or charge.link_at:
        return None
    charge.link_at = at
    charge.save(update_fields=["link_at"])
    journal.record("charge.link_given", charge, by=None, at=at)
    return charge


def another_link(charge: Charge, *, at: datetime) -> str:
    """One more address of that page, as good for as long. Raises Refusal `wrong_status` once it is closed."""
    if charge.expires_at is None or not open_to_her(charge, at=at):
        raise closed()
    token = give_link(charge.patient, Link.Purpose.PAY, subject_id=charge.id, expires_at=charge.expires_at, at=at)
    return f"{settings.BASE_URL}/pay/{token}/"


def closed() -> Refusal:
    return Refusal("wrong_status", _("This link is closed. If something is unclear, please call the clinic."))


def begin(charge_id: UUID | str, card_id: UUID | None, *, at: datetime) -> Charge:
    """She presses Pay: the charge is on its way with that card, which must be hers and usable for it.

    Raises Refusal `charge_in_flight`, `wrong_status`, `card_required`.
    """
    charge = charging.locked(charge_id)
    if charge.in_flight:
        raise under_way()
    if not open_to_her(charge, at=at):
        raise closed()
    if charge.attempt >= MOST_TRIES:
        raise Refusal("wrong_status", _("This was tried too often. Please call the clinic."))
    card = next((card for card in cards_to_pay_with(charge) if card.pk == card_id), None)
    if card is None:
        raise Refusal("card_required", _("That card can’t be used any more. Please give another."))
    charge.card, charge.decline_code, charge.decline_text, charge.decline_advice = card, "", "", ""
    return charging.take(charge, at=at)


def open_to_her(charge: Charge, *, at: datetime) -> bool:
    """It waits for the patient, and a link of hers still works."""
    waits = charge.state == State.NEEDS_PATIENT and not charge.cancel_requested
    return waits and charge.link_at is not None and charge.expires_at is not None and at < charge.expires_at


def give_back(charge_id: UUID | str, *, card_is_gone: bool, at: datetime) -> Charge:
    """The gateway refused her request itself: nothing was tried, and she may take another card."""
    charge = charging.put_back(charge_id, at=at)
    if card_is_gone:
        charge.card.state = Card.State.GONE
        charge.card.save(update_fields=["state"])
    charge.decline_code, charge.decline_text = "card_refused", ""
    charge.save(update_fields=["decline_code", "decline_text"])
    return charge
