"""Deciding about a fee: charged, spared, not offered, or left to decide; and deciding otherwise later (R7b, R7e)."""

from datetime import datetime

from django.utils.translation import gettext as _

import kept.billing.transitions.charging as charging
from kept.billing.models import Charge, Kind
from kept.events import journal
from kept.foundation.money import Money
from kept.foundation.refusals import Refusal
from kept.noshows.models import Decision, Fee
from kept.noshows.offers import FeeOffer, fee_offer, offer_refusal, owed
from kept.noshows.queries import open_fee
from kept.noshows.rules import UNPAID, Check, check_charge, check_charge_now, check_decidable, check_spare, check_unspare
from kept.practice.models import Member
from kept.practice.rules import Right
from kept.scheduling.models import Appointment
from kept.scheduling.rules import check_version


def decide(
    appointment: Appointment,
    offer: FeeOffer,
    *,
    charge_fee: bool | None,
    amount: Money | None,
    fee_reason: str,
    by: Member | None,
    at: datetime,
) -> Fee:
    """The fee of a no-show or of a late cancellation and, where it is charged, its charge. One row per kind and booked time (R5).

    Raises Refusal `choice_required`, `fee_not_available`, `already_charged`, `charge_in_flight`, `fee_exceeds_policy`, `wrong_currency`,
    `reason_required`, `not_permitted`.
    """
    if charge_fee and by:
        by.must(Right.CHARGE, appointment)
    decision, fee_amount = _decision(offer, charge_fee, amount, fee_reason, by)
    fee, _new = Fee.objects.update_or_create(
        practice_id=appointment.practice_id,
        appointment=appointment,
        kind=offer.kind,
        booking_no=appointment.booking_no,
        defaults={
            "decision": decision,
            "amount_minor": fee_amount.minor if fee_amount else 0,
            "currency": fee_amount.currency if fee_amount else "",
            "why_not": offer.why_not,
            "fee_reason": fee_reason.strip(),
            "by": by,
            "at": at,
            "open": True,
            "kept_on_purpose": False,
        },
    )
    if decision == Decision.CHARGE and fee_amount and offer.offered:
        fee.charge = _opened(appointment, offer, fee_amount, by, at)
        fee.save(update_fields=["charge"])
    elif decision == Decision.CHARGE:
        fee.charge = offer.earlier
        fee.save(update_fields=["charge"])
    elif fee.charge_id and not still_paid(fee):
        fee.charge = None
        fee.save(update_fields=["charge"])
    return fee


def charge(
    appointment: Appointment,
    *,
    amount: Money | None = None,
    fee_reason: str = "",
    by: Member,
    at: datetime,
    version: int | None = None,
) -> Fee:
    """A fee that was left undecided or spared is charged after all (R7e): due when the offer says, breathing space included (R7b, R7d).

    `amount` lowers it, with a reason (R4). Raises Refusal `wrong_status`, `fee_not_available` (also once it is too late),
    `already_charged`, `charge_in_flight`, `fee_exceeds_policy`, `wrong_currency`, `reason_required`, `stale_version`, `not_permitted`.
    """
    appointment, fee = _locked(appointment, check_charge, by, at, version)
    offer = fee_offer(appointment, at=at)
    if refusal := offer_refusal(offer):
        raise refusal
    assert offer.amount is not None
    lowered = _lowered(offer.amount, amount, fee_reason)
    fee.charge = _opened(appointment, offer, lowered, by, at)
    return _decided(fee, Decision.CHARGE, lowered, fee_reason, by=by, at=at)


def charge_now(
    appointment: Appointment,
    *,
    amount: Money | None = None,
    fee_reason: str = "",
    by: Member,
    at: datetime,
    version: int | None = None,
) -> Fee:
    """A waiting fee does not wait any longer, though never before the start plus the late minutes (R7b, R7d). `amount` lowers it.

    Raises Refusal `wrong_status`, `too_early`, `charge_in_flight` (the worker was faster), `fee_exceeds_policy`, `wrong_currency`,
    `reason_required`, `stale_version`, `not_permitted`.
    """
    appointment, fee = _locked(appointment, check_charge_now, by, at, version)
    lowered = _lowered(fee.amount, amount, fee_reason)
    if lowered == fee.amount:
        charging.hasten(fee.charge, by=by, at=at)
        journal.record("fee.hastened", appointment, by=by, at=at)
        return fee
    charging.end(fee.charge, why=_("Fee lowered"), by=by, at=at)
    fee.charge = charging.open_charge(appointment, Kind(fee.kind), lowered, due_at=at, by=by, at=at)
    return _decided(fee, Decision.CHARGE, lowered, fee_reason, by=by, at=at)


def spare(appointment: Appointment, *, fee_reason: str, by: Member, at: datetime, version: int | None = None) -> Fee:
    """It is not charged, for a reason (R7e). A waiting charge ends at once; a declined one once its payment is cancelled at the gateway.
    One that was sent is followed to its end: cancelled, or paid after all and put before staff, refund or keep (R12).

    Raises Refusal `wrong_status`, `fee_not_available`, `charge_in_flight` (it was ended before), `reason_required`, `stale_version`,
    `not_permitted`.
    """
    appointment, fee = _locked(appointment, check_spare, by, at, version)
    if not fee_reason.strip():
        raise Refusal("reason_required", _("Say why it is not charged."), field="fee_reason")
    if fee.charge and fee.decision == Decision.CHARGE:
        fee.charge = charging.end(fee.charge, why=_("Fee spared"), by=by, at=at)
    return _decided(fee, Decision.SPARED, fee.amount, fee_reason, by=by, at=at)


def spare_by_itself(appointment: Appointment, *, fee_reason: str, at: datetime) -> None:
    """The fee of a missed visit that the caller has locked is spared as the practice has set it, by no member. What is paid, under way or
    decided otherwise stays as it is."""
    found = open_fee(appointment)
    charge_id = found.values_list("charge", flat=True).first()
    if charge_id:
        charging.locked(charge_id)
    fee = found.with_state(at).select_related("charge").first()
    if fee is None or fee.state not in UNPAID:
        return
    if fee.charge and fee.decision == Decision.CHARGE:
        fee.charge = charging.end(fee.charge, why=_("Fee spared"), by=None, at=at)
    _decided(fee, Decision.SPARED, fee.amount, fee_reason, by=None, at=at)


def unspare(appointment: Appointment, *, by: Member, at: datetime, version: int | None = None) -> Fee:
    """A spared fee is to be decided anew, over the whole accepted amount (R7e). Raises Refusal `wrong_status`, `fee_not_available`,
    `stale_version`, `not_permitted`."""
    appointment, fee = _locked(appointment, check_unspare, by, at, version)
    amount = owed(appointment, at=at, kind=Kind(fee.kind)) or fee.amount
    return _decided(fee, Decision.UNDECIDED, amount, "", by=by, at=at)


def _locked(appointment: Appointment, check: Check, by: Member, at: datetime, version: int | None) -> tuple[Appointment, Fee]:
    """The appointment and its fee as they are now, locked in this order with the fee's charge, so that the worker that sends it waits;
    and checked: the right, the status, the fee, then the version."""
    by.must(Right.CHARGE, appointment)
    appointment = Appointment.objects.locked(appointment)
    found = open_fee(appointment)
    charge_id = found.values_list("charge", flat=True).first()
    if charge_id:
        charging.locked(charge_id)
    fee = check_decidable(appointment, found.with_state(at).select_related("charge", "by").first())
    check(appointment, fee, at=at)
    check_version(appointment, version)
    return appointment, fee


def _opened(appointment: Appointment, offer: FeeOffer, amount: Money, by: Member | None, at: datetime) -> Charge:
    """The charge of an offer. A wholly refunded one before it makes room (R5)."""
    if offer.earlier and offer.earlier.live:
        charging.supersede(offer.earlier)
    return charging.open_charge(appointment, offer.kind, amount, due_at=offer.chargeable_from or at, by=by, at=at)


def _decided(fee: Fee, decision: Decision, amount: Money, fee_reason: str, *, by: Member | None, at: datetime) -> Fee:
    fee.decision, fee.amount_minor, fee.currency = decision, amount.minor, amount.currency
    fee.fee_reason, fee.by, fee.at = fee_reason.strip(), by, at
    fee.save(update_fields=["decision", "amount_minor", "currency", "fee_reason", "by", "at", "charge"])
    journal.record("fee.decided", fee.appointment, by=by, at=at, decision=decision, minor=amount.minor, currency=amount.currency)
    return fee


def still_paid(fee: Fee) -> bool:
    """Money of this fee is with the practice: it stands whatever happens to the appointment."""
    return fee.charge is not None and fee.charge.captured_minor > fee.charge.refunded_minor


def _decision(
    offer: FeeOffer, charge_fee: bool | None, amount: Money | None, fee_reason: str, by: Member | None
) -> tuple[Decision, Money | None]:
    if refusal := offer_refusal(offer):
        if charge_fee:
            raise refusal
        if offer.earlier and (offer.in_flight or offer.why_not == "already_charged"):
            return Decision.CHARGE, offer.earlier.amount  # it is followed to its end, or was paid before a restore and stands
        return Decision.NOT_OFFERED, None
    if charge_fee is None:
        if by is None or by.may(Right.CHARGE):
            raise Refusal("choice_required", _("Choose whether to charge the fee."), field="charge_fee")
        return Decision.UNDECIDED, offer.amount
    if not charge_fee:
        return Decision.SPARED, offer.amount
    return Decision.CHARGE, _lowered(offer.amount, amount, fee_reason) if offer.amount else None


def _lowered(fee: Money, amount: Money | None, fee_reason: str) -> Money:
    """Staff may lower the accepted fee with a reason, never raise it (R4)."""
    if amount is None or amount == fee:
        return fee
    if amount.currency != fee.currency:
        raise Refusal("wrong_currency", _("The fee is in %s.") % fee.currency, field="amount")
    if amount > fee:
        raise Refusal("fee_exceeds_policy", _("Enter %s or less: that is what the patient accepted.") % fee, field="amount")
    if amount.minor <= 0:
        raise Refusal("invalid", _("Enter an amount above zero, or choose not to charge."), field="amount")
    if not fee_reason.strip():
        raise Refusal("reason_required", _("Say why the fee is lower."), field="fee_reason")
    return amount
