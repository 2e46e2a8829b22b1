"""Missed visits of the sample, and how each fee came to stand where it stands. Charges and refunds really go to the double."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import NamedTuple

import kept.noshows.transitions.attendance as noshows
import kept.noshows.transitions.fees as fees
import kept.scheduling.transitions.attendance as attendance
from kept.billing.models import Charge, Method
from kept.billing.transitions import recording, refunding
from kept.foundation import clock, jobs
from kept.foundation.money import Money
from kept.ops import consent, courses
from kept.ops.cast import House
from kept.ops.telling import telling
from kept.ops.timetable import Visit
from kept.patients.models import Card
from kept.practice.models import Member
from kept.practice.rules import Role
from kept.scheduling.models import Appointment

Act = Callable[..., object]  # of an appointment, `by` a member, `at` an instant

WHY_MISSED = ("", "", "Forgot", "Car trouble", "Did not answer the phone")
PART_MINOR = 2_500


class Step(NamedTuple):
    """How long after the visit's start, who, and what."""

    after: timedelta
    role: Role
    act: Act


@dataclass(frozen=True, slots=True)
class Ending:
    """One of `odds` of all missed visits; booked with her own card, or with another of that kind at the double, or with one that was
    withdrawn there."""

    odds: int
    steps: tuple[Step, ...]
    card: str = ""
    withdrawn: bool = False


def miss(house: House, visit: Visit, name: str, card: Card | None, *, now: datetime) -> None:
    """The visit booked, missed, and its fee as that ending has it by now. Opens its own scopes."""
    ending = ENDINGS[name]
    if ending.card:
        card = consent.give_card(visit.patient, ending.card, gateway_key=house.plan.gateway_key, at=visit.booked_at)
    if card and ending.withdrawn:
        consent.withdraw_card(card, gateway_key=house.plan.gateway_key)
    with telling(house.practice.id, now=now):
        appointment = courses.booked(house, visit, card)
        _take(ending.steps[0], house, visit, appointment)
    for step in ending.steps[1:]:
        if visit.starts_at + step.after <= now:
            with telling(house.practice.id, now=now):
                _take(step, house, visit, appointment)


def _take(step: Step, house: House, visit: Visit, appointment: Appointment) -> None:
    at = visit.starts_at + step.after
    by = courses.desk_of(house, visit.clinic) if step.role == Role.FRONT_DESK else house.members[step.role]
    with clock.standing_at(at):
        step.act(appointment, by=by, at=at)


def _mark(charge_fee: bool | None, *, lowered: bool = False, fee_reason: str = "", role: Role = Role.FRONT_DESK) -> Step:
    def act(appointment: Appointment, *, by: Member, at: datetime) -> None:
        amount = Money(PART_MINOR, appointment.clinic.currency) if lowered else None
        reason = Random(at.isoformat()).choice(WHY_MISSED)
        noshows.mark(appointment, charge_fee=charge_fee, amount=amount, fee_reason=fee_reason, reason=reason, by=by, at=at)

    return Step(MARKED, role, act)


def _with_charge(verb: Act, **how: object) -> Act:
    """An act upon the appointment's charge, whatever became of it."""

    def act(appointment: Appointment, *, by: Member, at: datetime) -> None:
        verb(Charge.objects.select_related("appointment", "invoice").get(appointment=appointment, live=True), by=by, at=at, **how)

    return act


def _void(charge: Charge, *, by: Member, at: datetime) -> None:
    assert charge.invoice
    recording.void(charge.invoice, charge, reason="Long-standing patient", by=by, at=at)


def _refund_part(charge: Charge, *, by: Member, at: datetime) -> None:
    refunding.refund(charge, Money(PART_MINOR, charge.currency), reason="Goodwill", by=by, at=at)


def _hear_of_it(charge: Charge, *, by: Member, at: datetime) -> None:
    """The gateway reports what happened there."""
    jobs.defer("billing.look_at_payment", intent_id=str(charge.gateway_intent_id))


MARKED = timedelta(minutes=20)
SOON, LATER, NEXT_DAY, DAYS_LATER = timedelta(minutes=40), timedelta(hours=3), timedelta(hours=22), timedelta(days=4)
CHARGE, SPARE, UNOFFERED = _mark(True), _mark(False, fee_reason="Was ill"), _mark(None)
BY_PROVIDER = _mark(None, role=Role.PROVIDER)
DECLINES, LACKS_MONEY, ASKS = "chargeCustomerFail", "chargeDeclinedInsufficientFunds", "authenticationRequired"
DISPUTES = "createDispute"

# By what the fee ends as, then by how else it can come to that.
ENDINGS = {
    "paid": Ending(45, (CHARGE,)),
    "declined": Ending(5, (CHARGE,), card=DECLINES),
    "spared": Ending(14, (SPARE,)),
    "refunded": Ending(4, (CHARGE, Step(LATER, Role.MANAGER, _with_charge(refunding.refund, amount=None, reason="Was in hospital")))),
    "needs_patient": Ending(3, (CHARGE,), card=ASKS),
    "part_refunded": Ending(4, (CHARGE, Step(LATER, Role.BILLING, _with_charge(_refund_part)))),
    "failed": Ending(1, (CHARGE,), withdrawn=True),
    "disputed": Ending(1, (CHARGE, Step(NEXT_DAY, Role.BILLING, _with_charge(_hear_of_it))), card=DISPUTES),
    "undecided": Ending(0, (BY_PROVIDER,)),
    "not_offered": Ending(0, (UNOFFERED,)),
    "lowered": Ending(5, (_mark(True, lowered=True, fee_reason="First time"),)),
    "paid in cash": Ending(
        4, (CHARGE, Step(DAYS_LATER, Role.BILLING, _with_charge(recording.record_payment, method=Method.CASH))), card=LACKS_MONEY
    ),
    "voided": Ending(3, (CHARGE, Step(DAYS_LATER, Role.MANAGER, _with_charge(_void))), card=DECLINES),
    "charged by billing": Ending(0, (BY_PROVIDER, Step(NEXT_DAY, Role.BILLING, fees.charge))),
    "came after all": Ending(
        4,
        (
            SPARE,
            Step(SOON, Role.FRONT_DESK, partial(noshows.restore, check_in=True)),
            Step(timedelta(hours=2), Role.FRONT_DESK, attendance.complete),
        ),
    ),
}


def can_end(visit: Visit, name: str, house: House) -> bool:
    """Whether that ending fits the visit: without acceptance no fee is offered, and only the provider with a seat marks her own."""
    if (name == "not_offered") == visit.accepts:
        return False
    return ENDINGS[name].steps[0] is not BY_PROVIDER or visit.provider.pk == house.members[Role.PROVIDER].provider_id


def ending_of(visit: Visit, house: House) -> str:
    """By the odds, the same each time."""
    if not visit.accepts:
        return "not_offered"
    chance = Random(f"{visit.provider.name} {visit.starts_at}")
    if can_end(visit, "undecided", house) and chance.random() < 0.2:
        return "charged by billing"
    return chance.choices(list(ENDINGS), [ending.odds for ending in ENDINGS.values()])[0]
