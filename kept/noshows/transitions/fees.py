"""Deciding about a fee: charged, spared, not offered, or left to decide."""

from datetime import datetime

from django.utils.translation import gettext as _

import kept.billing.transitions.charging as charging
from kept.billing.models import Kind
from kept.foundation.money import Money
from kept.foundation.refusals import Refusal
from kept.noshows.models import Decision, Fee
from kept.noshows.offers import FeeOffer
from kept.practice.models import Member
from kept.practice.rules import Right
from kept.scheduling.models import Appointment


def decide(
    appointment: Appointment,
    offer: FeeOffer,
    *,
    charge_fee: bool | None,
    amount: Money | None,
    fee_reason: str,
    by: Member,
    at: datetime,
) -> Fee:
    """The fee of a no-show and, where it is charged, its charge. One row per kind and booked time (R5).

    Raises Refusal `choice_required`, `fee_not_available`, `already_charged`, `charge_in_flight`, `fee_exceeds_policy`,
    `reason_required`, `not_permitted`.
    """
    if charge_fee:
        by.must(Right.CHARGE, appointment)
    decision, fee_amount = _decision(offer, charge_fee, amount, fee_reason, by)
    fee, _new = Fee.objects.update_or_create(
        practice_id=appointment.practice_id,
        appointment=appointment,
        kind=Kind.NO_SHOW,
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
        },
    )
    if decision == Decision.CHARGE and fee_amount and offer.chargeable_from:
        if offer.earlier and offer.earlier.live:
            charging.supersede(offer.earlier)
        fee.charge = charging.open_charge(appointment, Kind.NO_SHOW, fee_amount, due_at=offer.chargeable_from, by=by, at=at)
        fee.save(update_fields=["charge"])
    elif decision == Decision.CHARGE:
        fee.charge = offer.earlier
        fee.save(update_fields=["charge"])
    elif fee.charge_id and not still_paid(fee):
        fee.charge = None
        fee.save(update_fields=["charge"])
    return fee


def still_paid(fee: Fee) -> bool:
    """Money of this fee is with the practice: it stands whatever happens to the appointment."""
    return fee.charge is not None and fee.charge.captured_minor > fee.charge.refunded_minor


def _decision(offer: FeeOffer, charge_fee: bool | None, amount: Money | None, fee_reason: str, by: Member) -> tuple[Decision, Money | None]:
    if not offer.offered:
        if charge_fee and offer.in_flight:
            raise Refusal("charge_in_flight", _("An earlier charge for this appointment is still being followed up."))
        if charge_fee and offer.why_not == "already_charged":
            raise Refusal("already_charged", _("Not charged: %s") % offer.reason_sentence)
        if charge_fee:
            raise Refusal("fee_not_available", _("No fee can be charged: %s") % offer.reason_sentence, reason=offer.why_not)
        if offer.earlier and (offer.in_flight or offer.why_not == "already_charged"):
            return Decision.CHARGE, offer.earlier.amount  # it is followed to its end, or was paid before a restore and stands
        return Decision.NOT_OFFERED, None
    if charge_fee is None:
        if by.may(Right.CHARGE):
            raise Refusal("choice_required", _("Choose whether to charge the fee."), field="charge_fee")
        return Decision.UNDECIDED, offer.amount
    if not charge_fee:
        return Decision.SPARED, offer.amount
    return Decision.CHARGE, _lowered(offer, amount, fee_reason)


def _lowered(offer: FeeOffer, amount: Money | None, fee_reason: str) -> Money | None:
    """Staff may lower the accepted fee with a reason, never raise it (R4)."""
    if amount is None or amount == offer.amount or offer.amount is None:
        return offer.amount
    if amount.currency != offer.amount.currency or amount > offer.amount:
        raise Refusal("fee_exceeds_policy", _("Enter %s or less: that is what the patient accepted.") % offer.amount, field="amount")
    if amount.minor <= 0:
        raise Refusal("invalid", _("Enter an amount above zero, or choose not to charge."), field="amount")
    if not fee_reason.strip():
        raise Refusal("reason_required", _("Say why the fee is lower."), field="fee_reason")
    return amount
