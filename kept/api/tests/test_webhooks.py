"""Webhooks over the API: a program registers itself, sees what became of its messages, and has them sent again."""

from collections.abc import Callable
from typing import Any

import pytest

from kept.api.tests.conftest import Caller, problem
from kept.ops.cast import House
from kept.practice.models import Member, MemberClinic
from kept.webhooks import transitions
from kept.webhooks.models import Delivery, Endpoint
from kept.webhooks.posting import Answer
from tests.kit.checks import queued
from tests.kit.visits import QUARTER_PAST

SENT = {"url": "https://example.com/kept", "events": ["charge.failed", "appointment.noshow"]}


@pytest.fixture
def manager(caller: Callable[..., Caller], silas: Member) -> Caller:
    return caller(silas)


@pytest.fixture
def made(manager: Caller) -> dict[str, Any]:
    answer = manager.post("/webhooks", SENT)
    assert answer.status_code == 201
    said: dict[str, Any] = answer.json()
    return said


def test_an_endpoint_is_added_and_its_secret_said_once(manager: Caller, made: dict[str, Any]) -> None:
    secret = made.pop("secret")

    assert secret.startswith("whsec_")
    assert made == {
        "id": str(Endpoint.objects.get().pk), "url": SENT["url"], "events": ["appointment.noshow", "charge.failed"], "active": True,
        "failing_since": None, "turned_off": None, "created_at": "2026-10-14T19:45:00Z",
    }  # fmt: skip
    assert manager.get(f"/webhooks/{made['id']}").json() == made
    assert manager.get("/webhooks").json() == {"items": [made], "next": None}


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"url": "http://example.com/"}, "url"),
        ({"url": "https://10.0.0.1/"}, "url"),
        ({"url": "https://example.com/ x"}, "url"),
        ({"events": []}, "events"),
        ({"events": ["patient.changed"]}, "events"),
        ({"secret": "mine"}, "secret"),
    ],
)
def test_what_is_wrong_is_said_of_its_field(manager: Caller, sent: dict[str, Any], field: str) -> None:
    answer = manager.post("/webhooks", SENT | sent)

    assert (problem(answer), answer.json()["errors"][0]["field"]) == ((422, "invalid"), field)
    assert Endpoint.objects.count() == 0


def test_what_is_sent_changes_and_nothing_else(manager: Caller, made: dict[str, Any]) -> None:
    del made["secret"]

    after = manager.patch(f"/webhooks/{made['id']}", {"active": False}).json()

    assert after == made | {"active": False}
    assert problem(manager.post(f"/webhooks/{made['id']}/test")) == (409, "wrong_status")


def test_a_new_secret_takes_the_place_of_the_old_one(manager: Caller, made: dict[str, Any]) -> None:
    again = manager.post(f"/webhooks/{made['id']}/secret").json()

    assert again.pop("secret") != made.pop("secret")
    assert again == made


def test_a_message_is_sent_seen_and_sent_again(manager: Caller, made: dict[str, Any]) -> None:
    sent = manager.post(f"/webhooks/{made['id']}/test").json()
    delivery = Delivery.objects.get()
    transitions.begin(delivery.pk, at=QUARTER_PAST)
    transitions.settle(delivery.pk, Answer(410, "gone", "", 5), at=QUARTER_PAST)

    listed = manager.get(f"/webhooks/{made['id']}/messages").json()["items"]
    whole = manager.get(f"/webhooks/messages/{sent['id']}").json()
    turned_off = manager.get(f"/webhooks/{made['id']}").json()["turned_off"]
    manager.patch(f"/webhooks/{made['id']}", {"active": True})
    again = manager.post(f"/webhooks/messages/{sent['id']}/send-again").json()

    assert (sent["state"], sent["event"], sent["message_id"]) == ("queued", "webhook.test", delivery.message_id)
    assert [each["state"] for each in listed] == ["failed"]
    assert whole["attempts"] == [{"at": "2026-10-14T19:45:00Z", "status": 410, "text": "gone", "trouble": "", "took_ms": 5}]
    assert turned_off == "It answered that it is gone."
    assert (again["state"], again["tries"]) == ("queued", 0)
    assert str(delivery.pk) in queued("webhooks.send")


def test_r24_who_works_at_some_clinics_finds_none(caller: Callable[..., Caller], juniper: House, silas: Member) -> None:
    MemberClinic.objects.create(practice=juniper.practice, member=silas, clinic=juniper.clinics["Elm Street"])

    assert problem(caller(silas).get("/webhooks")) == (403, "not_permitted")
