"""The sample: days that fit, the same each time, and a fee in every state that lasts."""

from collections import Counter
from datetime import date, timedelta

import pytest

from kept.foundation.scope import scope
from kept.ops import sample, timetable
from kept.ops.cast import House
from kept.ops.people import JUNIPER
from kept.scheduling.models import Appointment
from tests.kit.database import Cloned
from tests.kit.gateway import Double
from tests.kit.people import seen
from tests.kit.visits import STARTS_AT

LASTING = {"paid", "declined", "needs_patient", "spared", "not_offered", "waiting", "refunded", "part_refunded", "undecided"}
DAYS = [date(2026, 10, 25), date(2026, 11, 1), date(2026, 11, 2), date(2026, 12, 31)]


@pytest.mark.parametrize("on", DAYS)
def test_a_day_is_the_same_each_time(juniper: House, on: date) -> None:
    clinic = juniper.clinics["Elm Street"]

    assert timetable.visits(juniper, clinic, on) == timetable.visits(juniper, clinic, on)


@pytest.mark.parametrize("on", DAYS)
def test_a_day_fits_into_its_clinics_hours_with_buffers_and_lunch(juniper: House, on: date) -> None:
    for clinic in juniper.clinics.values():
        opening, closing = clinic.hours(on)
        visits = timetable.visits(juniper, clinic, on)
        assert visits
        assert max(Counter(visit.patient.id for visit in visits).values()) == 1
        for provider in {visit.provider for visit in visits}:
            free_from = opening
            for visit in (each for each in visits if each.provider == provider):
                assert free_from <= visit.starts_at - timedelta(minutes=visit.service.buffer_before)
                free_from = visit.ends_at + timedelta(minutes=visit.service.buffer_after)
            assert free_from <= closing


def test_the_book_is_opened_with_a_fee_in_every_state_that_lasts(committed: Cloned, gateway: Double) -> None:
    sample.open_book(JUNIPER, now=STARTS_AT)

    assert set(sample.states(JUNIPER, at=STARTS_AT)) == LASTING
    charged = {payment["amount"] - payment["refunded"] for payment in gateway.ledger()["payments"]}
    assert charged == {7_500, 5_000, 0}


def test_the_week_follows_once(committed: Cloned, gateway: Double, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "DAYS", 2)
    sample.open_book(JUNIPER, now=STARTS_AT)
    before = _count()

    sample.fill_week(JUNIPER, now=STARTS_AT)
    once = _count()
    sample.fill_week(JUNIPER, now=STARTS_AT)

    assert before < once == _count()


def _count() -> int:
    with scope(seen(JUNIPER).practice.id, actor="test"):
        return Appointment.objects.count()
