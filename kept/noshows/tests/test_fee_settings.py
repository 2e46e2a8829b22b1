"""Settings > Fees and letters."""

from collections.abc import Callable
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

FEES = reverse("noshows:fee-settings")
WISHED = {"breathing_space_minutes": "120", "decide_days": "14", "fee_choice": "charge", "when_filled": "spare"}


@pytest.fixture
def manager(silas: Member, signed_in: Callable[[Member], Browser]) -> Browser:
    return signed_in(silas)


def kept() -> tuple[Any, ...]:
    found = Settings.objects.get()
    return found.breathing_space_minutes, found.decide_days, found.fee_choice, found.tell_patients


def test_the_home_leads_there_and_says_how_it_stands(manager: Browser, juniper: House) -> None:
    Settings.objects.update(breathing_space_minutes=30, tell_patients=False)

    answer = manager.get(reverse("desk:settings"))

    assert "Fees and letters 30 minutes, patients are not told" in words(answer)
    assert FEES in links(answer).values()


def test_it_is_saved_and_recorded(manager: Browser, silas: Member, juniper: House) -> None:
    assert kept() == (0, 30, "", True)

    answer = manager.post(FEES, WISHED)

    assert (answer.status_code, kept()) == (302, (120, 14, "charge", False))
    assert "Fees and letters saved." in words(manager.get(FEES))
    assert fields(manager.get(FEES)) == WISHED | {"q": ""}  # the search beside it
    assert Event.objects.filter(kind="settings.fees", by_id=silas.pk).count() == 1


def test_a_space_that_is_none_of_the_usual_stays_as_it_is(manager: Browser, juniper: House) -> None:
    Settings.objects.update(breathing_space_minutes=45)

    assert fields(manager.get(FEES))["breathing_space_minutes"] == "45"


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"breathing_space_minutes": "1441"}, "breathing_space_minutes"),
        ({"decide_days": "0"}, "decide_days"),
        ({"decide_days": "366"}, "decide_days"),
        ({"fee_choice": "always"}, "fee_choice"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(manager: Browser, juniper: House, said: dict[str, str], field: str) -> None:
    before = kept()

    answer = manager.post(FEES, WISHED | said)

    assert (answer.status_code, kept()) == (422, before)
    assert answer.context["form"].errors.keys() == {field}


def test_the_transition_refuses_the_same(silas: Member, odette: Member) -> None:
    wished = {
        "breathing_space_minutes": 0,
        "decide_days": 30,
        "fee_choice": "",
        "when_filled": "propose",
        "tell_patients": True,
        "at": QUARTER_PAST,
    }
    for wrong in ({"breathing_space_minutes": 1441}, {"decide_days": 0}, {"fee_choice": "always"}, {"when_filled": "always"}):
        with refused("invalid") as told:
            transitions.set_fees(**wished | wrong, by=silas)
        assert told.value.field in wrong
    with refused("not_permitted"):
        transitions.set_fees(**wished, by=odette)
