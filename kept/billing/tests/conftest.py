"""Fixtures of the money: a fee that is due from a card of a kind, and one that is paid."""

from collections.abc import Callable
from datetime import datetime

import pytest

import kept.billing.transitions.charging as charging
from kept.billing.models import Charge, Kind
from kept.billing.tasks import follow_up
from kept.foundation.money import Money
from kept.foundation.scope import outside
from kept.ops.cast import House
from kept.practice.rules import Role
from tests.kit.gateway import Double, clock_at, do_jobs
from tests.kit.visits import QUARTER_PAST, accepted, book

FEE = Money(7500, "USD")
Due = Callable[..., Charge]


@pytest.fixture
def due(juniper: House, gateway: Double) -> Due:
    """`due("visa")`: the no-show fee of a visit booked with such a card, due at a quarter past, its job queued."""

    def opened(kind: str = "visa", *, at: datetime = QUARTER_PAST, due_at: datetime = QUARTER_PAST) -> Charge:
        appointment = accepted(book(juniper), gateway.card(juniper.patients[0], kind))
        return charging.open_charge(appointment, Kind.NO_SHOW, FEE, due_at=due_at, by=juniper.members[Role.FRONT_DESK], at=at)

    return opened


@pytest.fixture
def paid(due: Due) -> Charge:
    """$75.00 charged to Visa ••4242."""
    charge = due()
    do_jobs(at=QUARTER_PAST)
    return now(charge)


def now(charge: Charge) -> Charge:
    """The charge as it is now."""
    return Charge.objects.select_related("appointment", "invoice", "card", "patient").get(pk=charge.pk)


def look_after(charge: Charge, at: datetime) -> list[str]:
    """The minute's look at what was left behind, and all jobs that are due by then; their names."""
    with clock_at(at), outside():
        follow_up(str(charge.practice_id))
    return do_jobs(at=at)
