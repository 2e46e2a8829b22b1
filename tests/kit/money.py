"""Fees of tests without a gateway: what it would have answered, applied as the job would."""

from datetime import datetime, timedelta

import kept.billing.transitions.charging as charging
import kept.billing.transitions.refunding as refunding
import kept.noshows.transitions.attendance as noshows
from kept.billing.gateways.facts import IntentFacts, RefundFacts
from kept.billing.models import Charge, Refund
from kept.foundation.money import Money
from kept.practice.models import Member
from kept.scheduling.models import Appointment

ANSWERS = {
    "paid": ("succeeded", "", ""),
    "declined": ("requires_payment_method", "card_declined", "insufficient_funds"),
    "needs_patient": ("requires_payment_method", "authentication_required", "authentication_required"),
}


def marked(appointment: Appointment, outcome: str, *, by: Member, at: datetime | None = None) -> Charge:
    """Missed, its fee charged, and the charge `due`, `sending`, `unknown`, `failed`, or as the gateway answered: `paid`, `declined`,
    `needs_patient`. A quarter of an hour after the start, unless `at` says when."""
    at = at or appointment.starts_at + timedelta(minutes=15)
    noshows.mark(appointment, charge_fee=True, by=by, at=at)
    charge = Charge.objects.get(appointment=appointment, live=True)
    if outcome == "due":
        return charge
    at = max(at, charge.due_at)
    charging.begin(charge.pk, at=at)
    if outcome == "unknown":
        charging.lose_sight(charge.pk, at=at)
    elif outcome == "failed":
        charging.fail(charge.pk, why="No such customer", code="resource_missing", at=at)
    elif outcome != "sending":
        answered(charge, outcome, at=at)
    return Charge.objects.select_related("invoice", "card", "appointment__clinic").get(pk=charge.pk)


def answered(charge: Charge, outcome: str, *, at: datetime) -> Charge:
    """The gateway says `paid`, `declined` or `needs_patient` of that charge, to the worker who sent it."""
    status, error, decline = ANSWERS[outcome]
    captured = charge.amount_minor if outcome == "paid" else 0
    facts = IntentFacts(
        f"pi_{charge.pk.hex}", status, captured_minor=captured, gateway_charge_id="ch_1", error_code=error, decline_code=decline
    )
    return charging.settle(charge.pk, facts, at=at, attempt=Charge.objects.get(pk=charge.pk).attempt)


def refunded(charge: Charge, minor: int, *, by: Member, at: datetime) -> Refund:
    """That much went back, and the gateway says so."""
    sent = refunding.refund(charge, Money(minor, charge.currency), reason="Goodwill", by=by, at=at)
    return refunding.settle(sent.pk, RefundFacts(f"re_{sent.pk.hex}", "succeeded", minor), at=at)
