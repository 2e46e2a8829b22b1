"""Deciding about a fee: charged, spared, not offered, or left to decide; and deciding otherwise later (R7b, R7e)."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

import kept.billing.transitions.charging as charging
from kept.billing.models import Charge, Kind
from kept.events import journal
from kept.foundation.money import Money
from kept.foundation.refusals import Refusal
from kept.noshows.models import GOES_ON, Answer, Decision, Fee
from kept.noshows.offers import FeeOffer, fee_offer, offer_refusal, owed
from kept.noshows.queries import fee_meant, open_fee
from kept.noshows.rules import UNPAID, Check, check_charge, check_charge_now, check_decidable, check_spare, check_unspare
from kept.noshows.transitions import closing, depositing
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
    later: bool = False,
) -> Fee:
    """The fee of a no-show, or of a late cancellation, move or arrival and, where it is charged, its charge. One row per kind and booked
    time (R5). `later`: also who may charge may leave it open.

    Raises Refusal `choice_required`, `fee_not_available`, `already_charged`, `charge_in_flight`, `fee_exceeds_policy`, `wrong_currency`,
    `reason_required`, `not_permitted`.
    """
    if charge_fee and by:
        by.must(Right.CHARGE, appointment)
    decision, fee_amount = _decision(offer, charge_fee, amount, fee_reason, by, later)
    fee, _new = Fee.objects.update_or_create(
        practice_id=appointment.practice_id,
        appointment=appointment,
        kind=offer.kind,
        booking_no=appointment.booking_no,
        defaults={
            "decision": decision,
            "amount_minor": fee_amount.minor if fee_amount else 0,
            "full_minor": offer.amount.minor if offer.amount else 0,
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
        fee.charge = _opened(appointment, offer, fee_amount, fee, by, at)
        fee.save(update_fields=["charge"])
    elif decision == Decision.CHARGE:
        fee.charge = offer.earlier
        fee.save(update_fields=["charge"])
    elif fee.charge_id and not still_paid(fee):
        fee.charge = None
        fee.save(update_fields=["charge"])
    return fee


def decide_late(
    appointment: Appointment,
    kind: Kind,
    *,
    charge_fee: bool | None,
    amount: Money | None,
    fee_reason: str,
    by: Member | None,
    at: datetime,
    later: bool = False,
) -> Fee | None:
    """The fee of what happens to the locked appointment at this instant, of its booked time as it still is: it is called off or moved, or
    the patient comes late (R14). None where that was charged before, and is once only (R5).

    Staff who may charge choose, and spare it for a reason; with `later` they may leave it open. `by` None: the patient, who does neither:
    the whole fee is charged where it can be. Raises as `decide` does.
    """
    offer = fee_offer(appointment, at=at, kind=kind)
    if kind in GOES_ON and not charge_fee and (offer.in_flight or offer.why_not == "already_charged"):
        return None
    if by is None:
        charge_fee = offer.offered or None
    elif offer.offered and charge_fee is False:
        by.must(Right.CHARGE, appointment)
        if not fee_reason.strip():
            raise Refusal("reason_required", _("Say why it is not charged."), field="fee_reason")
    fee = decide(appointment, offer, charge_fee=charge_fee, amount=amount, fee_reason=fee_reason, by=by, at=at, later=later)
    journal.record("fee.decided", appointment, by=by, at=at, decision=fee.decision, minor=fee.amount_minor, currency=fee.currency)
    return fee


def take_back(appointment: Appointment, kind: Kind, booking_no: int, *, why: str, by: Member, at: datetime) -> None:
    """What the fee of that booked time was for, if it has one, was undone: it ends."""
    fee = Fee.objects.filter(appointment=appointment, kind=kind, booking_no=booking_no, open=True).select_related("charge").first()
    if fee:
        end(fee, why=why, by=by, at=at)


def end(fee: Fee, *, why: str, by: Member, at: datetime) -> Charge | None:
    """An unpaid fee is closed, one in flight is followed to its end (R12), a paid one stays paid; a deposit that paid it stands again.
    Its charge as it is then."""
    ended = fee.charge = charging.end(fee.charge, why=why, by=by, at=at) if fee.charge else None
    depositing.stands_again(fee)
    if not still_paid(fee):
        fee.open = False
        fee.save(update_fields=["open"])
    return ended


def charge(
    appointment: Appointment,
    *,
    amount: Money | None = None,
    fee_reason: str = "",
    fee_id: UUID | None = None,
    by: Member,
    at: datetime,
    version: int | None = None,
) -> Fee:
    """A fee that was left undecided or spared is charged after all (R7e): due when the offer says, breathing space included (R7b, R7d).

    `amount` lowers it, with a reason (R4). Raises Refusal `wrong_status`, `fee_not_available` (also once it is too late),
    `already_charged`, `charge_in_flight`, `fee_exceeds_policy`, `wrong_currency`, `reason_required`, `stale_version`, `not_permitted`.
    """
    appointment, fee = _locked(appointment, check_charge, fee_id, by, at, version)
    offer = fee_offer(appointment, at=at, fee=fee)
    if refusal := offer_refusal(offer):
        raise refusal
    assert offer.amount is not None
    lowered = _lowered(offer.amount, amount, fee_reason)
    fee.charge = _opened(appointment, offer, lowered, fee, by, at)
    return _decided(fee, Decision.CHARGE, lowered, fee_reason, by=by, at=at)


def charge_now(
    appointment: Appointment,
    *,
    amount: Money | None = None,
    fee_reason: str = "",
    fee_id: UUID | None = None,
    by: Member,
    at: datetime,
    version: int | None = None,
) -> Fee:
    """A waiting fee does not wait any longer, though never before the start plus the late minutes (R7b, R7d). `amount` lowers it.

    Raises Refusal `wrong_status`, `too_early`, `charge_in_flight` (the worker was faster), `fee_exceeds_policy`, `wrong_currency`,
    `reason_required`, `stale_version`, `not_permitted`.
    """
    appointment, fee = _locked(appointment, check_charge_now, fee_id, by, at, version)
    lowered = _lowered(fee.amount, amount, fee_reason)
    if lowered == fee.amount:
        charging.hasten(fee.charge, by=by, at=at)
        journal.record("fee.hastened", appointment, by=by, at=at)
        return fee
    charging.end(fee.charge, why=_("Fee lowered"), by=by, at=at)
    fee.charge = depositing.open_charge(appointment, Kind(fee.kind), lowered, booking_no=fee.booking_no, due_at=at, by=by, at=at)
    return _decided(fee, Decision.CHARGE, lowered, fee_reason, by=by, at=at)


def spare(
    appointment: Appointment, *, fee_reason: str, fee_id: UUID | None = None, by: Member, at: datetime, version: int | None = None
) -> Fee:
    """It is not charged, for a reason (R7e). A waiting charge ends at once; a declined one once its payment is cancelled at the gateway.
    One that was sent is followed to its end: cancelled, or paid after all and put before staff, refund or keep (R12).

    Raises Refusal `wrong_status`, `fee_not_available`, `charge_in_flight` (it was ended before), `reason_required`, `stale_version`,
    `not_permitted`.
    """
    appointment, fee = _locked(appointment, check_spare, fee_id, by, at, version)
    if not fee_reason.strip():
        raise Refusal("reason_required", _("Say why it is not charged."), field="fee_reason")
    if fee.charge and fee.decision == Decision.CHARGE:
        fee.charge = charging.end(fee.charge, why=_("Fee spared"), by=by, at=at)
    return _decided(fee, Decision.SPARED, fee.amount, fee_reason, by=by, at=at)


def spare_by_itself(appointment: Appointment, *, fee_id: UUID | None = None, fee_reason: str, at: datetime) -> None:
    """The fee of a visit that the caller has locked, that one or else of its being missed or cancelled, is spared as the practice or the
    accepted version has it, by no member. What is paid, under way, decided otherwise or kept on purpose stays as it is."""
    found = fee_meant(appointment, fee_id) if fee_id else open_fee(appointment)
    charge_id = found.values_list("charge", flat=True).first()
    if charge_id:
        charging.locked(charge_id)
    fee = found.with_state(at).select_related("charge").first()
    if fee is None or fee.kept_on_purpose or fee.state not in UNPAID:
        return
    if fee.charge and fee.decision == Decision.CHARGE:
        fee.charge = charging.end(fee.charge, why=_("Fee spared"), by=None, at=at)
    _decided(fee, Decision.SPARED, fee.amount, fee_reason, by=None, at=at)


def unspare(appointment: Appointment, *, fee_id: UUID | None = None, by: Member, at: datetime, version: int | None = None) -> Fee:
    """A spared fee is to be decided anew, over the whole accepted amount (R7e). Raises Refusal `wrong_status`, `fee_not_available`,
    `stale_version`, `not_permitted`."""
    appointment, fee = _locked(appointment, check_unspare, fee_id, by, at, version)
    amount = owed(appointment, at=at, kind=Kind(fee.kind), fee=fee) or fee.amount
    return _decided(fee, Decision.UNDECIDED, amount, "", by=by, at=at)


def _locked(
    appointment: Appointment, check: Check, fee_id: UUID | None, by: Member, at: datetime, version: int | None
) -> tuple[Appointment, Fee]:
    """The appointment and the fee that is meant, else its last, as they are now, locked in this order with the fee's charge, so that the
    worker that sends it waits; and checked: the right, the status, the fee, then the version."""
    by.must(Right.CHARGE, appointment)
    appointment = Appointment.objects.locked(appointment)
    found = fee_meant(appointment, fee_id)
    charge_id = found.values_list("charge", flat=True).first()
    if charge_id:
        charging.locked(charge_id)
    fee = check_decidable(appointment, found.with_state(at).select_related("charge", "by").first())
    check(appointment, fee, at=at)
    check_version(appointment, version)
    return appointment, fee


def _opened(appointment: Appointment, offer: FeeOffer, amount: Money, fee: Fee, by: Member | None, at: datetime) -> Charge:
    """The charge of an offer. A wholly refunded one before it makes room (R5)."""
    if offer.earlier and offer.earlier.live:
        charging.supersede(offer.earlier)
    due_at = offer.chargeable_from or at
    return depositing.open_charge(appointment, offer.kind, amount, booking_no=fee.booking_no, due_at=due_at, by=by, at=at)


def _decided(fee: Fee, decision: Decision, amount: Money, fee_reason: str, *, by: Member | None, at: datetime) -> Fee:
    fee.decision, fee.amount_minor, fee.currency = decision, amount.minor, amount.currency
    fee.fee_reason, fee.by, fee.at = fee_reason.strip(), by, at
    fee.save(update_fields=["decision", "amount_minor", "currency", "fee_reason", "by", "at", "charge"])
    if decision == Decision.SPARED and fee.kind == Kind.NO_SHOW:
        closing.settle_all(fee.appointment, Answer.Outcome.SPARED, by=by, at=at)
    journal.record("fee.decided", fee.appointment, by=by, at=at, decision=decision, minor=amount.minor, currency=amount.currency)
    return fee


def still_paid(fee: Fee) -> bool:
    """Money of this fee is with the practice: it stands whatever happens to the appointment."""
    return fee.charge is not None and fee.charge.captured_minor > fee.charge.refunded_minor


def _decision(
    offer: FeeOffer, charge_fee: bool | None, amount: Money | None, fee_reason: str, by: Member | None, later: bool
) -> tuple[Decision, Money | None]:
    if refusal := offer_refusal(offer):
        if charge_fee:
            raise refusal
        if offer.earlier and (offer.in_flight or offer.why_not == "already_charged"):
            return Decision.CHARGE, offer.earlier.amount  # it is followed to its end, or was paid before a restore and stands
        return Decision.NOT_OFFERED, None
    if charge_fee is None:
        if by is None or by.may(Right.CHARGE) and not later:
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
