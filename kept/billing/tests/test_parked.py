"""Reports that fit nothing in the book: they stand under Needs attention until they fit, or somebody sets them aside (I12)."""

from collections.abc import Callable, Iterator

import pytest
from django.urls import reverse

from kept.billing.models import GatewayEvent
from kept.billing.queries import parked_reports
from kept.events.models import Event
from kept.ops.cast import House
from kept.practice.models import Member, MemberClinic
from tests.kit.browser import Browser
from tests.kit.checks import queued
from tests.kit.gateway import clock_at
from tests.kit.html import words
from tests.kit.visits import QUARTER_PAST

ATTENTION = reverse("billing:attention")


@pytest.fixture(autouse=True)
def a_quarter_past() -> Iterator[None]:
    with clock_at(QUARTER_PAST):
        yield


@pytest.fixture
def lost(juniper: House) -> GatewayEvent:
    about = {"id": "pi_lost", "amount": 7500, "currency": "usd"}
    return GatewayEvent.objects.create(
        practice=juniper.practice,
        event_id="evt_lost",
        kind="payment_intent.succeeded",
        body={"data": {"object": about}},
        received_at=QUARTER_PAST,
        state=GatewayEvent.State.PARKED,
    )


@pytest.fixture
def desk(odette: Member, signed_in: Callable[[Member], Browser]) -> Browser:
    return signed_in(odette)


def state(event: GatewayEvent) -> str:
    return GatewayEvent.objects.get(pk=event.pk).state


def test_it_is_shown_and_counted(desk: Browser, lost: GatewayEvent) -> None:
    text = words(desk.get(ATTENTION))

    assert "Payments that the book does not know" in text
    assert "pi_lost, $75.00 payment_intent.succeeded · Today, 3:45 PM" in text
    assert "Needs attention: 1" in text


def test_it_can_be_looked_at_again(desk: Browser, lost: GatewayEvent) -> None:
    answer = desk.post(reverse("billing:look-again", args=[lost.pk]))

    assert (answer.status_code, queued("billing.apply_event"), state(lost)) == (302, {str(lost.pk)}, "parked")


def test_set_aside_with_a_reason_it_is_kept_and_asks_nobody(desk: Browser, odette: Member, lost: GatewayEvent) -> None:
    answer = desk.post(reverse("billing:set-aside", args=[lost.pk]), {"why": "Refunded in the dashboard"})

    assert (answer.status_code, state(lost)) == (302, "set_aside")
    told = Event.objects.get(kind="report.set_aside")
    assert (told.by_id, told.particulars) == (odette.pk, {"why": "Refunded in the dashboard"})
    assert "Nothing needs you" in words(desk.get(ATTENTION))


def test_without_a_reason_it_stays(desk: Browser, lost: GatewayEvent) -> None:
    answer = desk.post(reverse("billing:set-aside", args=[lost.pk]), {"why": " "})

    assert (answer.status_code, state(lost)) == (422, "parked")


def test_one_that_was_dealt_with_is_not_found_again(desk: Browser, lost: GatewayEvent) -> None:
    GatewayEvent.objects.update(state="applied")

    assert desk.post(reverse("billing:look-again", args=[lost.pk])).status_code == 404


def test_r24_a_member_of_one_clinic_is_not_shown_what_belongs_to_none(odette: Member, juniper: House, lost: GatewayEvent) -> None:
    MemberClinic.objects.create(practice=juniper.practice, member=odette, clinic=juniper.clinics["Elm Street"])

    assert not parked_reports(Member.objects.get(pk=odette.pk)).exists()


def test_an_auditor_sees_it_and_has_no_button(philomena: Member, signed_in: Callable[[Member], Browser], lost: GatewayEvent) -> None:
    page = signed_in(philomena)

    assert "pi_lost" in words(page.get(ATTENTION))
    assert page.post(reverse("billing:set-aside", args=[lost.pk]), {"why": "x"}).status_code == 403
