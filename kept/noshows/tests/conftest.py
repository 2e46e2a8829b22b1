"""Fixtures of the dialogs and lists: a desk at a quarter past, and a missed visit whose time was booked again."""

from collections.abc import Callable, Iterator

import pytest

import kept.noshows.transitions.attendance as noshows
from kept.ops.cast import House
from kept.practice.models import Member
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.gateway import clock_at
from tests.kit.visits import QUARTER_PAST, book


@pytest.fixture
def a_quarter_past() -> Iterator[None]:
    with clock_at(QUARTER_PAST):
        yield


@pytest.fixture
def desk(odette: Member, htmx: Callable[[Member], Browser]) -> Browser:
    return htmx(odette)


@pytest.fixture
def taken(juniper: House, odette: Member, appointment: Appointment) -> Appointment:
    """Missed, and its time has been booked again by Bram Holloway-Lin."""
    noshows.mark(appointment, charge_fee=False, by=odette, at=QUARTER_PAST)
    book(juniper, patient=juniper.patients[2], service="Wrinkle relaxer")
    return appointment
