"""Holds whose half hour is over, which each booking looks for, are found by an index of their own, whatever waits beside them (R19)."""

from datetime import timedelta

import pytest
from django.db import connections

from kept.foundation.scope import scope
from kept.ops.cast import House
from kept.ops.people import JUNIPER
from kept.scheduling.models import Appointment
from kept.scheduling.transitions.holding import HOLD, holds
from tests.kit.database import Cloned
from tests.kit.people import seen
from tests.kit.visits import BOOKED_AT, STARTS_AT

HOUR = timedelta(hours=1)
DESK, ONLINE = Appointment.Channel.DESK, Appointment.Channel.ONLINE


def waiting(house: House, channel: str, count: int, *, first: int) -> list[Appointment]:
    """That many visits ahead whose cards are awaited."""
    where = {"clinic": house.clinics["Elm Street"], "provider": house.providers["Tess Marrowby"], "patient": house.patients[0]}
    return [
        Appointment(
            **where,
            practice=house.practice,
            number=first + each,
            starts_at=STARTS_AT + each * HOUR,
            ends_at=STARTS_AT + (each + 1) * HOUR,
            booked_at=BOOKED_AT - each * HOUR,
            status_at=BOOKED_AT - each * HOUR,
            channel=channel,
            card_wanted=True,
        )
        for each in range(count)
    ]


@pytest.mark.parametrize("channel", [DESK, ONLINE])
def test_holds_that_are_over_are_found_by_when_they_end(committed: Cloned, channel: str) -> None:
    """Among a thousand cards awaited at the desk, and among a thousand holds that are not over."""
    house = seen(JUNIPER)
    with scope(house.practice.id, actor="test"):
        Appointment.objects.bulk_create(waiting(house, channel, 1000, first=90_000_000))
    with connections["owner"].cursor() as cursor:
        cursor.execute("analyze scheduling_appointment")

    with scope(house.practice.id, actor="test"):
        plan = holds().filter(booked_at__lte=BOOKED_AT - 990 * HOUR - HOLD).explain()

    conditions = next(line for line in plan.splitlines() if "Index Cond" in line)
    assert "hold_by_expiry" in plan, plan
    assert all(f"({name} " in conditions for name in ("practice_id", "booked_at")), plan
