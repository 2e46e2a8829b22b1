"""Settings: the home, and how the calendar is drawn."""

from collections.abc import Callable
from datetime import time
from typing import Any

import pytest
from django.urls import reverse

from kept.events.models import Event
from kept.ops.cast import House
from kept.practice import transitions
from kept.practice.models import Member, Settings
from tests.kit.browser import Browser
from tests.kit.checks import refused
from tests.kit.html import fields, links, words
from tests.kit.visits import QUARTER_PAST

HOME, CALENDAR = reverse("desk:settings"), reverse("desk:calendar-settings")
WISHED = {"ghosts": "on", "step_minutes": "10", "shown_from": "08:00", "shown_to": "19:30"}


@pytest.fixture
def manager(silas: Member, signed_in: Callable[[Member], Browser]) -> Browser:
    return signed_in(silas)


def kept() -> tuple[Any, ...]:
    found = Settings.objects.get()
    return found.calendar_ghosts, found.calendar_step_minutes, found.calendar_from, found.calendar_to


def test_the_home_leads_to_what_works_and_says_how_it_stands(manager: Browser, juniper: House) -> None:
    Settings.objects.update(calendar_ghosts=True, calendar_step_minutes=20)

    answer = manager.get(HOME)

    assert "Booking Calendar settings 20 min steps, no-shows shown Cancellation policy Version 3 in use" in words(answer)
    assert {CALENDAR, reverse("desk:policy")} <= set(links(answer).values())


def test_it_is_saved_and_counts(manager: Browser, juniper: House) -> None:
    answer = manager.post(CALENDAR, WISHED)

    assert (answer.status_code, kept()) == (302, (True, 10, time(8), time(19, 30)))
    assert "Calendar settings saved." in words(manager.get(CALENDAR))
    assert fields(manager.get(CALENDAR)).items() >= WISHED.items()


def test_no_hours_are_the_clinics_own(manager: Browser, juniper: House) -> None:
    manager.post(CALENDAR, WISHED)
    manager.post(CALENDAR, {"step_minutes": "15", "shown_from": "", "shown_to": ""})

    assert kept() == (False, 15, None, None)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"shown_from": ""}, "shown_from"),
        ({"shown_to": ""}, "shown_to"),
        ({"shown_to": "08:00"}, "shown_to"),
        ({"shown_to": "07:00"}, "shown_to"),
        ({"shown_from": "8 o'clock"}, "shown_from"),
        ({"step_minutes": "7"}, "step_minutes"),
        ({"step_minutes": ""}, "step_minutes"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_changes_nothing(
    manager: Browser, juniper: House, said: dict[str, str], field: str
) -> None:
    before = kept()

    answer = manager.post(CALENDAR, WISHED | said)

    assert (answer.status_code, list(answer.context["form"].errors), kept()) == (422, [field], before)


def test_r23_it_has_its_record(silas: Member) -> None:
    wished = {"ghosts": True, "step_minutes": 30, "shown_from": None, "shown_to": None}
    transitions.set_calendar(**wished, by=silas, at=QUARTER_PAST)  # type: ignore[arg-type]

    event = Event.objects.get(kind="settings.calendar")
    assert (event.by_id, event.particulars) == (silas.pk, {"ghosts": True, "step": 30})


def test_the_front_desk_may_not(odette: Member) -> None:
    with refused("not_permitted"):
        transitions.set_calendar(ghosts=True, step_minutes=15, shown_from=None, shown_to=None, by=odette, at=QUARTER_PAST)
