"""A clinic's own website books: where a card or a deposit is asked for, its patient is led to the page that takes it (R18, R19)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

import kept.policies.transitions as policies
from kept.api.tests.conftest import Caller, problem
from kept.billing.models import Charge
from kept.policies.document import Ask, Sum, flat
from kept.practice.models import Member
from kept.scheduling.models import Appointment
from kept.scheduling.transitions.holding import HOLD
from tests.kit.browser import Browser
from tests.kit.gateway import Double, do_jobs, on_the_gateways_page
from tests.kit.html import fields, words
from tests.kit.visits import QUARTER_PAST

SECOND = timedelta(seconds=1)


@pytest.fixture
def website(caller: Callable[..., Caller], odette: Member) -> Caller:
    return caller(odette, "consent")


@pytest.fixture
def deposit_asked(leonora: Member) -> int:
    """$75.00 for missing it, and a deposit of $25.00 at booking; the version's number."""
    terms = flat(7500).model_copy(update={"asks": (Ask(deposit=Sum(minor=2500)),)})
    return policies.publish(description="d", authorization_text="a", terms=terms, currency="USD", by=leonora, at=QUARTER_PAST).number


def page_of(booked: Any) -> str:
    return urlsplit(booked.json()["card_page"]["url"]).path


def paid(booked: Any) -> None:
    """On her phone, from the page that the booking names."""
    hers = Browser()
    card_page = hers.get(page_of(booked))["Location"]
    shown = hers.get(card_page)
    assert "You pay $25.00 now." in words(shown)
    hers.get(on_the_gateways_page(hers.post(card_page, {**fields(shown), "accept": "yes"})["Location"]))


def test_r18_a_deposit_is_paid_on_the_page_that_the_booking_names(
    website: Caller, desk: Caller, wish: dict[str, Any], deposit_asked: int, gateway: Double
) -> None:
    booked = website.post("/appointments", wish)
    assert (booked.status_code, booked.json()["display"], booked.json()["deposit"]) == (201, "awaiting_card", None)

    paid(booked)

    said = desk.get(f"/appointments/{booked.json()['id']}").json()
    assert (said["display"], said["deposit"]["left"]["minor"], said["policy"]["channel"]) == ("booked", 2500, "online")
    assert Charge.objects.get().captured_minor == 2500


def test_r21_what_no_fee_takes_of_it_is_given_back_by_an_act_of_its_own(
    website: Caller,
    caller: Callable[..., Caller],
    silas: Member,
    wish: dict[str, Any],
    deposit_asked: int,
    gateway: Double,
    hour: Callable[[datetime], None],
) -> None:
    booked, manager = website.post("/appointments", wish), caller(silas)
    paid(booked)
    visit = f"/appointments/{booked.json()['id']}"
    hour(datetime.fromisoformat(wish["start"]) + timedelta(minutes=20))
    missed = manager.post(f"{visit}/no-show", {"charge_fee": False, "fee_reason": "Ill"}).json()

    no_reason = manager.post(f"{visit}/refund-deposit")
    given_back = manager.post(f"{visit}/refund-deposit", {"reason": "Goodwill"}).json()

    assert (problem(no_reason), no_reason.json()["errors"][0]["field"]) == ((422, "reason_required"), "reason")
    assert [said["actions"]["refund-deposit"]["allowed"] for said in (missed, given_back)] == [True, False]
    assert [said["deposit"]["left"]["minor"] for said in (missed, given_back)] == [2500, 0]


def test_r19_unpaid_the_time_is_held_for_half_an_hour_and_then_free(
    website: Caller, wish: dict[str, Any], deposit_asked: int, hour: Callable[[datetime], None]
) -> None:
    booked = website.post("/appointments", wish).json()
    assert datetime.fromisoformat(booked["card_page"]["expires_at"]) == QUARTER_PAST + HOLD

    hour(QUARTER_PAST + HOLD + SECOND)
    do_jobs()

    assert Appointment.objects.get(pk=booked["id"]).status == "cancelled"


def test_r18_a_card_alone_does_not_stand_for_the_deposit(website: Caller, wish: dict[str, Any], deposit_asked: int) -> None:
    accepted = {"version": deposit_asked, "accepted_at": QUARTER_PAST.isoformat(), "channel": "website"}

    refused = website.post("/appointments", wish | {"card": "pm_card_visa", "policy_accepted": accepted})

    assert (problem(refused), refused.json()["errors"][0]["field"]) == ((422, "payment_due"), "card")
    assert "a deposit of $25.00" in refused.json()["detail"]
    assert not Appointment.objects.exists()


def test_r18_where_a_card_is_asked_for_the_page_takes_it(website: Caller, wish: dict[str, Any]) -> None:
    booked = website.post("/appointments", wish)

    hers = Browser()
    assert "Nothing is charged today." in words(hers.get(hers.get(page_of(booked))["Location"]))


def test_sent_again_with_its_key_the_page_is_the_same(website: Caller, wish: dict[str, Any], deposit_asked: int) -> None:
    first, again = (website.post("/appointments", wish, key="k").json() for _turn in range(2))

    assert again == first


def test_the_page_is_for_websites_alone(desk: Caller, wish: dict[str, Any], deposit_asked: int) -> None:
    assert "card_page" not in desk.post("/appointments", wish).json()


def test_r18_where_nothing_is_asked_for_there_is_no_page(website: Caller, wish: dict[str, Any], leonora: Member) -> None:
    terms = flat(7500).model_copy(update={"asks": ()})
    policies.publish(description="d", authorization_text="a", terms=terms, currency="USD", by=leonora, at=QUARTER_PAST)

    assert "card_page" not in website.post("/appointments", wish).json()
