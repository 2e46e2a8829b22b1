"""From an empty database to the first bookable hour: what somebody finds who comes in."""

from collections.abc import Callable

import pytest
from django.urls import reverse

from kept.foundation.scope import outside, scope
from kept.ops.cast import House
from kept.ops.opening import open_practice
from kept.practice import queries
from kept.practice.models import Member, Provider, Service
from tests.kit.browser import Browser
from tests.kit.html import words
from tests.kit.visits import BOOKED_AT

ENTER = reverse("desk:enter")


@pytest.fixture
def owner(db: None) -> Member:
    """Of a practice that was opened just now."""
    with outside():
        practice_id = open_practice(
            slug="north", name="North Skin", currency="GBP", clinic="High Street", zone="Europe/London",
            owner_name="Agnes Thorpewell", owner_email="agnes@example.com", at=BOOKED_AT,
        )  # fmt: skip
        with scope(practice_id, actor="test"):
            return Member.objects.select_related("practice", "user").get()


def test_where_no_practice_is_open_it_says_how_one_is_opened(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "any_practice", lambda: False)

    page = words(Browser().get(ENTER))

    assert "kept create-practice" in page
    assert "Getting started" in page


def test_with_one_a_stranger_signs_in(juniper: House) -> None:
    assert Browser().get(ENTER)["Location"].startswith(reverse("account_login"))


def test_an_owner_is_led_to_what_is_left_until_there_is_an_hour_to_book(owner: Member, signed_in: Callable[[Member], Browser]) -> None:
    browser = signed_in(owner)

    assert browser.get(ENTER)["Location"] == reverse("desk:settings")
    page = words(browser.get(reverse("desk:settings")))
    assert "Getting started" in page

    browser.post(reverse("desk:provider-new"), {"name": "Iris Vale", "title": "", "clinics": [_clinic(owner)]})
    new = {"name": "Peeling", "minutes": "30", "price": "60", "zones": "1", "buffer_before": "0", "buffer_after": "0", "online": "on"}
    browser.post(reverse("desk:service-new"), new)
    with outside(), scope(owner.practice_id, actor="test"):
        assert (Provider.objects.count(), Service.objects.count()) == (1, 1)
    assert browser.get(ENTER)["Location"] == reverse("desk:day")


def _clinic(owner: Member) -> str:
    with outside(), scope(owner.practice_id, actor="test"):
        return str(owner.given_clinics[0].pk)


def test_the_others_go_to_their_work(odette: Member, leonora: Member, signed_in: Callable[[Member], Browser]) -> None:
    assert [signed_in(each).get(ENTER)["Location"] for each in (odette, leonora)] == [reverse("desk:day")] * 2
