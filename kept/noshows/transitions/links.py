"""A fee that the patient is asked to pay herself, by a link for her own phone (R6, R7e)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

import kept.billing.transitions.paying as paying
import kept.messaging.transitions as messaging
from kept.billing.models import Charge, Invoice, Kind, State
from kept.events import journal
from kept.foundation.dates import clock_time
from kept.foundation.money import Money
from kept.foundation.refusals import Refusal
from kept.messaging.models import Letter, Message
from kept.noshows.deposits import split_of
from kept.noshows.models import Decision, Fee
from kept.noshows.offers import WHY_NOT, decide_until, due_from, owed
from kept.noshows.queries import fee_meant
from kept.practice.models import Member
from kept.practice.rules import Right
from kept.scheduling.models import Appointment

STILL_AGREED = ("card_gone", "too_late")  # reasons for which no card is charged, though the patient had accepted the fee


@dataclass(frozen=True, slots=True)
class Asked:
    """The link's address, shown once, and the letter that brings one of its own."""

    charge: Charge
    url: str
    letter: Message | None


def ask_to_pay(
    appointment: Appointment,
    *,
    notify: bool | None = None,
    invoice: Invoice | None = None,
    fee_id: UUID | None = None,
    by: Member,
    at: datetime,
) -> Asked:
    """The patient gets a link of 14 days on which she pays the fee: the declined one by the same payment, one that failed or was never
    charged by a new one. `notify` None follows the practice's setting; `invoice` is the one that was meant, or `fee_id` the fee; else the
    last.

    Raises Refusal `charge_in_flight`, `wrong_status`, `fee_not_available`, `too_early`, `already_charged`, `not_permitted`.
    """
    by.must(Right.COLLECT, appointment)
    appointment = Appointment.objects.locked(appointment)
    if invoice:
        fee_id = Fee.objects.filter(appointment=appointment, open=True, charge__invoice=invoice).values_list("pk", flat=True).first()
    fee = fee_meant(appointment, fee_id).select_related("charge__invoice").first()
    if fee is None or invoice and (fee.charge is None or fee.charge.invoice_id != invoice.pk):
        raise Refusal("wrong_status", _("The fee was ended; there is nothing to pay."))
    charge = fee.charge if fee.decision == Decision.CHARGE else None
    if charge is None or charge.state == State.FAILED and not charge.captured_minor and not charge.cancel_requested:
        charge = _opened(appointment, fee, charge, by, at)
    url = paying.payment_link(charge, by=by, at=at)
    charge.refresh_from_db()
    letter = messaging.queue(Letter.PAYMENT_LINK, charge.invoice, wanted=notify, once=at.isoformat(), by=by, at=at)
    return Asked(charge, url, letter)


def _opened(appointment: Appointment, fee: Fee, failed: Charge | None, by: Member, at: datetime) -> Charge:
    """A new charge that waits for the patient; the fee is decided by it."""
    if (missed_at := due_from(appointment, fee.kind)) and at < missed_at:
        text = _("Not before %s: until then the patient may still come.") % clock_time(missed_at, appointment.clinic.zone)
        raise Refusal("too_early", text)
    amount = failed.amount if failed else _agreed(appointment, fee, at)
    parts = None if failed else split_of(appointment, fee.kind, amount, at=at)
    if parts and not parts.charged:
        raise Refusal("wrong_status", _("The deposit pays this fee: nothing is left to pay."))
    rest, applied = (parts.charged, parts.applied.minor) if parts else (amount, failed.applied_minor if failed else 0)
    fee.charge = paying.open_for_link(
        appointment, fee.kind, rest, applied_minor=applied, booking_no=fee.booking_no, instead_of=failed, by=by, at=at
    )
    if failed is None:
        fee.decision, fee.amount_minor, fee.currency, fee.by, fee.at = Decision.CHARGE, amount.minor, amount.currency, by, at
        journal.record("fee.decided", appointment, by=by, at=at, decision=fee.decision, minor=amount.minor, currency=amount.currency)
    fee.save()
    return fee.charge


def _agreed(appointment: Appointment, fee: Fee, at: datetime) -> Money:
    """What the patient had accepted to pay for it (R4, I9). A fee that was spared is asked for once it cannot be undone (R7e)."""
    if fee.decision == Decision.SPARED and at <= decide_until(appointment):
        raise Refusal("wrong_status", _("The fee is spared. Undo that first."))
    if fee.decision == Decision.UNDECIDED:
        return fee.amount
    if appointment.acceptance is None or fee.decision == Decision.NOT_OFFERED and fee.why_not not in STILL_AGREED:
        raise Refusal("fee_not_available", _("No fee can be charged: %s") % WHY_NOT.get(fee.why_not, ""), reason=fee.why_not)
    return owed(appointment, at=at, kind=Kind(fee.kind), fee=fee) or fee.amount
