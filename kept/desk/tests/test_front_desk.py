"""Settings > Front desk's rights: what the practice lets its front desk do beyond its role."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from kept.events.models import Event
from kept.foundation.money import Money
from kept.ops.cast import House
from kept.practice import transitions
from kept.practice.models import Member, Settings
from kept.practice.rules import Right
from tests.kit.browser import Browser
from tests.kit.checks import refused
from tests.kit.html import fields, links, words
from tests.kit.visits import QUARTER_PAST

PAGE = reverse("desk:front-desk-settings")


@pytest.fixture
def manager(silas: Member, signed_in: Callable[[Member], Browser]) -> Browser:
    return signed_in(silas)


def kept() -> tuple[Any, ...]:
    found = Settings.objects.get()
    return found.front_desk_refund_limit, found.front_desk_may_double_book


def test_the_home_leads_there_and_says_how_it_stands(manager: Browser, juniper: House) -> None:
    before = words(manager.get(reverse("desk:settings")))
    Settings.objects.update(front_desk_refund_limit_minor=5000, front_desk_may_double_book=True)
    after = manager.get(reverse("desk:settings"))

    assert "Front desk’s rights no refunds, may not double-book" in before
    assert "Front desk’s rights refunds up to $50.00, may double-book" in words(after)
    assert PAGE in links(after).values()


def test_it_is_saved_recorded_and_counts(manager: Browser, odette: Member, silas: Member) -> None:
    assert (fields(manager.get(PAGE))["refund_limit"], odette.may(Right.REFUND), odette.may(Right.DOUBLE_BOOK)) == ("0.00", False, False)

    answer = manager.post(PAGE, {"refund_limit": "$1,250.50", "may_double_book": "on"})

    assert (answer.status_code, kept()) == (302, (Money(125050, "USD"), True))
    assert "Front desk’s rights saved." in words(manager.get(PAGE))
    anew = Member.objects.get(pk=odette.pk)
    assert (anew.may(Right.REFUND), anew.may(Right.VOID), anew.may(Right.DOUBLE_BOOK)) == (True, True, True)
    assert Event.objects.values_list("by_id", "particulars").get(kind="settings.front_desk") == (
        silas.pk,
        {"double_book": True, "minor": 125050},
    )


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Enter an amount; zero for none."),
        ("much", "Enter an amount, for example 50.00."),
        ("-1", "Enter an amount, for example 50.00."),
        ("€50", "Enter an amount, for example 50.00."),
        ("1.001", "Enter an amount, for example 50.00."),
        ("1000000", "Enter $999,999.99 at most; zero for none."),
    ],
)
def test_what_cannot_be_is_said_at_its_field(manager: Browser, juniper: House, typed: str, sentence: str) -> None:
    answer = manager.post(PAGE, {"refund_limit": typed, "may_double_book": "on"})

    assert (answer.status_code, answer.context["form"].errors, kept()) == (422, {"refund_limit": [sentence]}, (Money(0, "USD"), False))
    assert fields(answer)["refund_limit"] == typed


def test_only_owner_and_manager(odette: Member) -> None:
    with refused("not_permitted"):
        transitions.set_front_desk(may_double_book=True, refund_limit=Money(100, "USD"), by=odette, at=QUARTER_PAST)


def test_a_limit_is_in_the_currency_of_the_practice(silas: Member) -> None:
    with refused("wrong_currency") as refusal:
        transitions.set_front_desk(may_double_book=True, refund_limit=Money(100, "EUR"), by=silas, at=QUARTER_PAST)

    assert refusal.value.field == "refund_limit"
