"""Settings > Webhooks: an endpoint is added, tried, changed and given a new secret; each message shows its tries and is sent again."""

import re
from collections.abc import Callable

import pytest
from django.urls import reverse

import kept.noshows.transitions.attendance as noshows
from kept.foundation import vault
from kept.foundation.ids import new_id
from kept.ops.cast import House
from kept.practice.models import Member
from kept.scheduling.models import Appointment
from kept.webhooks import transitions
from kept.webhooks.models import Delivery, Endpoint
from kept.webhooks.posting import Answer
from tests.kit.browser import Browser
from tests.kit.checks import queued
from tests.kit.gateway import clock_at
from tests.kit.html import words
from tests.kit.visits import BOOKED_AT, QUARTER_PAST

SENT = {"url": "https://example.com/kept", "kinds": ["appointment.noshow", "charge.succeeded"]}


@pytest.fixture
def manager(silas: Member, signed_in: Callable[[Member], Browser]) -> Browser:
    return signed_in(silas)


@pytest.fixture
def endpoint(juniper: House, silas: Member) -> Endpoint:
    return transitions.add_endpoint(**SENT, endpoint_id=new_id(), by=silas, at=BOOKED_AT)[0]


@pytest.fixture
def delivery(endpoint: Endpoint, appointment: Appointment, odette: Member) -> Delivery:
    """A message that met a redirect."""
    noshows.mark(appointment, charge_fee=False, by=odette, at=QUARTER_PAST)
    found = Delivery.objects.get()
    transitions.begin(found.pk, at=QUARTER_PAST)
    return transitions.settle(found.pk, Answer(301, "<b>moved</b>", "", 7), at=QUARTER_PAST)


def secret_in(page: str) -> str:
    found = re.search(r'id="secret">([^<]+)<', page)
    assert found, page
    return found[1]


def test_an_endpoint_is_added_and_its_secret_shown_once(manager: Browser, juniper: House) -> None:
    sent = SENT | {"endpoint_id": str(new_id())}

    answer = manager.post(reverse("desk:webhook-new"), sent)
    twice = manager.post(reverse("desk:webhook-new"), sent)

    found = Endpoint.objects.get()
    secret = secret_in(answer.content.decode())
    assert (answer.status_code, answer["Cache-Control"], twice.status_code) == (200, "no-store", 409)
    assert (found.url, found.kinds, vault.unseal(found.secret_box)) == (SENT["url"], SENT["kinds"], secret)
    assert secret not in manager.get(reverse("desk:webhook", args=[found.pk])).content.decode()


def test_what_is_wrong_with_an_address_stands_beside_it(manager: Browser, juniper: House) -> None:
    answer = manager.post(reverse("desk:webhook-new"), SENT | {"url": "https://169.254.169.254/latest", "endpoint_id": str(new_id())})

    assert (answer.status_code, Endpoint.objects.count()) == (422, 0)
    assert "That address lies inside a network." in words(answer)
    assert 'value="https://169.254.169.254/latest"' in answer.content.decode()


def test_it_is_changed_and_taken_out_of_use(manager: Browser, endpoint: Endpoint) -> None:
    page = reverse("desk:webhook", args=[endpoint.pk])

    answer = manager.post(page, {"url": "https://example.com/other", "kinds": ["refund.succeeded"]})

    endpoint.refresh_from_db()
    assert (answer.status_code, endpoint.url, endpoint.kinds, endpoint.active) == (
        302,
        "https://example.com/other",
        ["refund.succeeded"],
        False,
    )
    assert "Not in use" in words(manager.get(reverse("desk:webhooks")))
    assert "Send a test" not in words(manager.get(page))


def test_a_new_secret_is_shown_once(manager: Browser, endpoint: Endpoint) -> None:
    before = vault.unseal(endpoint.secret_box)

    answer = manager.post(reverse("desk:webhook-secret", args=[endpoint.pk]))

    endpoint.refresh_from_db()
    assert secret_in(answer.content.decode()) == vault.unseal(endpoint.secret_box) != before
    assert "The one before signs until" in words(answer)


def test_a_test_message_leads_to_what_became_of_it(manager: Browser, endpoint: Endpoint) -> None:
    answer = manager.post(reverse("desk:webhook-test", args=[endpoint.pk]))

    assert answer["Location"] == reverse("desk:delivery", args=[Delivery.objects.get().pk])
    assert "Test message" in words(manager.get(answer["Location"]))


def test_a_message_shows_each_try_and_goes_again(manager: Browser, delivery: Delivery) -> None:
    page = reverse("desk:delivery", args=[delivery.pk])
    with clock_at(QUARTER_PAST):
        shown = manager.get(page)
        listed = words(manager.get(reverse("desk:webhook", args=[delivery.endpoint_id])))
        answer = manager.post(reverse("desk:delivery-again", args=[delivery.pk]))

    assert "HTTP 301" in words(shown)
    assert "Today, 3:45 PM · 7 ms" in words(shown)
    assert "Redirects are not followed" in words(shown)
    assert "<b>moved</b>" not in shown.content.decode()
    assert "Appointments: No-show" in listed
    assert "Messages do not arrive" in listed
    delivery.refresh_from_db()
    assert (answer.status_code, delivery.state, delivery.tries) == (302, "queued", 0)
    assert queued("webhooks.send") == {str(delivery.pk)}


def test_one_that_was_turned_off_says_why_wherever_it_stands(manager: Browser, endpoint: Endpoint) -> None:
    Endpoint.objects.update(active=False, off_why="Nothing arrived for 5 days.")

    pages = [words(manager.get(path)) for path in (reverse("desk:webhooks"), reverse("desk:webhook", args=[endpoint.pk]))]

    assert all("Nothing arrived for 5 days." in page for page in pages)
    assert "Webhooks Needs a look" in words(manager.get(reverse("desk:settings")))
