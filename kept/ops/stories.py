"""Visits of the sample that were missed, one for each state in which a fee can stay. Charges and refunds really go to the double."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import kept.noshows.transitions.attendance as noshows
from kept.billing import sending
from kept.billing.models import Charge
from kept.billing.transitions import refunding
from kept.foundation import clock
from kept.foundation.money import Money
from kept.foundation.scope import scope
from kept.ops.cast import House
from kept.practice.models import Member
from kept.practice.rules import Role
from kept.scheduling.models import Appointment

MISSED_AFTER = timedelta(minutes=20)
REGRETTED_AFTER = timedelta(hours=3)
PART_MINOR = 2_500


@dataclass(frozen=True, slots=True)
class Story:
    """A visit of some days ago, the card it was booked with ("" for none), and the state in which its fee is left."""

    state: str
    days_ago: int
    card: str = "visa"


STORIES = (
    Story("paid", 1),
    Story("undecided", 1),
    Story("declined", 2, "chargeCustomerFail"),
    Story("spared", 2),
    Story("refunded", 3),
    Story("paid", 3, "mastercard"),
    Story("needs_patient", 4, "authenticationRequired"),
    Story("not_offered", 4, ""),
    Story("part_refunded", 5),
    Story("declined", 5, "chargeDeclinedInsufficientFunds"),
    Story("paid", 6, "amex"),
    Story("spared", 7),
)


def tell(story: Story, house: House, appointment: Appointment, *, now: datetime) -> None:
    """The appointment is missed, and its fee comes to stand as the story says. Opens its own scopes."""
    ENDINGS[story.state](house, appointment, now)


def _charged(house: House, appointment: Appointment, now: datetime) -> None:
    """Paid, declined or stopped by the bank, as its card has it. A fee that is not due yet waits."""
    _mark(house, appointment, Role.FRONT_DESK, charge_fee=True)
    with _as(house, Role.FRONT_DESK):
        charge = Charge.objects.get(appointment=appointment)
    if charge.due_at <= now:
        with clock.standing_at(charge.due_at):
            sending.send_charge(str(house.practice.id), str(charge.id))


def _refunded(house: House, appointment: Appointment, now: datetime) -> None:
    _give_back(house, appointment, None, now)


def _part_refunded(house: House, appointment: Appointment, now: datetime) -> None:
    _give_back(house, appointment, PART_MINOR, now)


def _give_back(house: House, appointment: Appointment, minor: int | None, now: datetime) -> None:
    """That much of a paid fee; None: all of it."""
    _charged(house, appointment, now)
    with _as(house, Role.MANAGER) as manager:
        charge = Charge.objects.get(appointment=appointment)
        later = charge.due_at + REGRETTED_AFTER
        amount = Money(minor, charge.currency) if minor else None
        refund = refunding.refund(charge, amount, reason="Goodwill", by=manager, at=later)
    with clock.standing_at(later):
        sending.send_refund(str(house.practice.id), str(refund.id))


def _spared(house: House, appointment: Appointment, now: datetime) -> None:
    _mark(house, appointment, Role.FRONT_DESK, charge_fee=False, fee_reason="Was ill")


def _not_offered(house: House, appointment: Appointment, now: datetime) -> None:
    _mark(house, appointment, Role.FRONT_DESK, charge_fee=None)


def _undecided(house: House, appointment: Appointment, now: datetime) -> None:
    """Marked by the provider, who may not charge."""
    _mark(house, appointment, Role.PROVIDER, charge_fee=None)


ENDINGS: dict[str, Callable[[House, Appointment, datetime], None]] = {
    "paid": _charged,
    "declined": _charged,
    "needs_patient": _charged,
    "refunded": _refunded,
    "part_refunded": _part_refunded,
    "spared": _spared,
    "not_offered": _not_offered,
    "undecided": _undecided,
}


def _mark(house: House, appointment: Appointment, role: Role, *, charge_fee: bool | None, fee_reason: str = "") -> None:
    with _as(house, role) as member:
        at = appointment.starts_at + MISSED_AFTER
        noshows.mark(appointment, charge_fee=charge_fee, fee_reason=fee_reason, by=member, at=at)


@contextmanager
def _as(house: House, role: Role) -> Iterator[Member]:
    """In the scope of that member's act."""
    member = house.members[role]
    with scope(house.practice.id, actor=f"user:{member.user_id}", source="command"):
        yield member
