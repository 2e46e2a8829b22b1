"""A new time booked over the API gives the second chance of the accepted version; the fee says what is proposed."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from kept.api.tests.conftest import Caller
from kept.noshows.transitions.attendance import mark
from kept.ops.cast import House
from kept.policies.document import Chance, flat
from kept.policies.transitions import publish
from kept.practice.models import Member, Settings
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.gateway import Double, do_jobs, on_the_gateways_page
from tests.kit.html import fields
from tests.kit.visits import BOOKED_AT, QUARTER_PAST, accepted, book, card_of


@pytest.fixture
def missed(juniper: House, silas: Member, odette: Member) -> Callable[[str], Appointment]:
    """`missed("propose")`: Renata missed a visit under terms that give a new time within 48 hours that chance; the fee waits."""
    Settings.objects.update(breathing_space_minutes=240)

    def one(mode: str) -> Appointment:
        terms = flat(7500).model_copy(update={"new_time": Chance.model_validate({"mode": mode, "within": 48})})
        publish(description="d", authorization_text="a", terms=terms, currency="USD", by=silas, at=BOOKED_AT)
        return mark(accepted(book(juniper), card_of(juniper.patients[0])), charge_fee=True, by=odette, at=QUARTER_PAST)

    return one


@pytest.mark.parametrize(("mode", "expected"), [("propose", ("waiting", "spare")), ("by_itself", ("spared", None))])
def test_a_new_time_over_the_api_is_proposed_or_spares_by_itself(
    desk: Caller, juniper: House, missed: Callable[[str], Appointment], wish: dict[str, Any], mode: str, expected: tuple[str, str | None]
) -> None:
    visit = missed(mode)

    assert desk.post("/appointments", wish | {"patient": str(juniper.patients[0].pk)}).status_code == 201

    fee = desk.get(f"/appointments/{visit.pk}").json()["fee"]
    assert (fee["state"], fee["proposal"]) == expected


def test_another_patients_booking_over_the_api_does_not_count(
    desk: Caller, missed: Callable[[str], Appointment], wish: dict[str, Any]
) -> None:
    visit = missed("by_itself")

    assert desk.post("/appointments", wish).status_code == 201

    fee = desk.get(f"/appointments/{visit.pk}").json()["fee"]
    assert (fee["state"], fee["proposal"]) == ("waiting", None)


def test_what_a_website_holds_for_a_card_counts_when_the_card_is_there(
    caller: Callable[..., Caller],
    desk: Caller,
    gateway: Double,
    juniper: House,
    odette: Member,
    missed: Callable[[str], Appointment],
    wish: dict[str, Any],
) -> None:
    visit, hers = missed("by_itself"), Browser()

    booked = caller(odette, "consent").post("/appointments", wish | {"patient": str(juniper.patients[0].pk)})
    held = desk.get(f"/appointments/{visit.pk}").json()["fee"]
    page = hers.get(urlsplit(booked.json()["card_page"]["url"]).path)["Location"]
    hers.get(on_the_gateways_page(hers.post(page, {**fields(hers.get(page)), "accept": "yes"})["Location"]))
    do_jobs(at=QUARTER_PAST)

    assert (held["state"], held["proposal"]) == ("waiting", None)
    assert desk.get(f"/appointments/{visit.pk}").json()["fee"]["state"] == "spared"
