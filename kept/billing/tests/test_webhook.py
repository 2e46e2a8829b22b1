"""Where the gateway reports: authentic, stored once, answered at once, applied by a job that asks what is true (I12)."""

import hashlib
import hmac
import json
import time
from datetime import timedelta
from typing import Any

import pytest
import stripe
from django.http import HttpResponse
from django.urls import reverse

from kept.billing.models import Charge, GatewayEvent, Payment
from kept.billing.tests.conftest import Due, now
from kept.foundation.scope import outside, scope
from kept.ops.cast import House
from kept.ops.people import JUNIPER, QUINTA, PracticePlan
from kept.practice.models import Member
from tests.kit.browser import Browser
from tests.kit.checks import queued
from tests.kit.gateway import Double, do_jobs
from tests.kit.visits import QUARTER_PAST

MINUTE = timedelta(minutes=1)
SUCCEEDED = "payment_intent.succeeded"


def event(kind: str, about: str, *, event_id: str = "evt_1", **more: Any) -> bytes:
    return json.dumps({"id": event_id, "object": "event", "type": kind, "data": {"object": {"id": about, **more}}}).encode()


def signature(body: bytes, secret: str = JUNIPER.webhook_secret, *, seconds_ago: int = 0) -> str:
    at = int(time.time()) - seconds_ago
    return f"t={at},v1={hmac.new(secret.encode(), f'{at}.'.encode() + body, hashlib.sha256).hexdigest()}"


def report(browser: Browser, body: bytes, signed: str | None = None, *, to: PracticePlan = JUNIPER) -> HttpResponse:
    headers = {"Stripe-Signature": signature(body) if signed is None else signed}
    return browser.post(reverse("billing:webhook", args=[to.slug]), body, content_type="application/json", headers=headers)


# Authentic


def test_a_signed_event_is_stored_and_answered_and_its_job_is_queued(browser: Browser, juniper: House) -> None:
    body = event(SUCCEEDED, "pi_1")

    answer = report(browser, body)

    assert (answer.status_code, GatewayEvent.objects.values_list("event_id", "kind", "body").get()) == (
        200,
        ("evt_1", SUCCEEDED, json.loads(body)),
    )
    assert queued("billing.apply_event") == {str(GatewayEvent.objects.get().pk)}


FORGED = {
    "not signed": "",
    "garbled": "t=1,v1=ffff",
    "signed with another secret": signature(event(SUCCEEDED, "pi_1"), "whsec_of_somebody_else"),
    "signed by another practice's account": signature(event(SUCCEEDED, "pi_1"), QUINTA.webhook_secret),
    "signed for another body": signature(event(SUCCEEDED, "pi_2")),
    "older than five minutes": signature(event(SUCCEEDED, "pi_1"), seconds_ago=3600),
}


@pytest.mark.parametrize("case", FORGED)
def test_a_forged_or_stale_one_leaves_nothing(browser: Browser, juniper: House, case: str) -> None:
    answer = report(browser, event(SUCCEEDED, "pi_1"), FORGED[case])

    assert (answer.status_code, GatewayEvent.objects.count(), queued("billing.apply_event")) == (400, 0, set())


def test_an_address_of_no_practice_is_not_found(browser: Browser, juniper: House) -> None:
    assert browser.post(reverse("billing:webhook", args=["nobody"]), b"{}", content_type="application/json").status_code == 404


def test_only_posts_are_taken(browser: Browser, juniper: House) -> None:
    assert browser.get(reverse("billing:webhook", args=["juniper"])).status_code == 405


def test_what_is_too_large_is_not_read(browser: Browser, juniper: House) -> None:
    assert report(browser, b"x" * (256 * 1024 + 1)).status_code == 413


# Once


def test_the_same_event_twice_is_one(browser: Browser, juniper: House) -> None:
    body = event(SUCCEEDED, "pi_1")

    answers = [report(browser, body).status_code for _turn in range(2)]

    assert (answers, GatewayEvent.objects.count(), len(queued("billing.apply_event"))) == ([200, 200], 1, 1)


def test_the_same_number_at_another_practice_is_another_event(browser: Browser, juniper: House, quinta: House) -> None:
    body = event(SUCCEEDED, "pi_1")

    report(browser, body)
    answer = report(browser, body, signature(body, QUINTA.webhook_secret), to=QUINTA)

    with outside(), scope(quinta.practice.id, actor="test"):
        assert (answer.status_code, GatewayEvent.objects.count()) == (200, 1)
    assert GatewayEvent.objects.count() == 1


@pytest.mark.parametrize("kind", ["customer.updated", "payout.paid", "charge.succeeded"])
def test_an_event_about_nothing_of_ours_is_stored_and_starts_nothing(browser: Browser, juniper: House, kind: str) -> None:
    answer = report(browser, event(kind, "xx_1"))

    assert (answer.status_code, GatewayEvent.objects.count(), queued("billing.apply_event")) == (200, 1, set())


# Applied: the object is asked, the event is not believed


def _lost(due: Due, gateway: Double, do: str) -> Charge:
    charge = due()
    gateway.fault("POST /v1/payment_intents/*/confirm", do)
    do_jobs(at=QUARTER_PAST)
    return now(charge)


def test_the_report_of_a_payment_whose_answer_was_lost_settles_it(browser: Browser, due: Due, gateway: Double) -> None:
    charge = _lost(due, gateway, "cut_after")

    report(browser, event(SUCCEEDED, charge.gateway_intent_id or ""))
    do_jobs(at=QUARTER_PAST + MINUTE / 2)

    assert (charge.state, now(charge).state, Payment.objects.count()) == ("unknown", "succeeded", 1)


def test_a_report_that_says_more_than_is_true_changes_nothing(browser: Browser, due: Due, gateway: Double) -> None:
    charge = _lost(due, gateway, "cut_before")

    report(browser, event(SUCCEEDED, charge.gateway_intent_id or "", status="succeeded", amount_received=7500))
    do_jobs(at=QUARTER_PAST + MINUTE / 2)

    assert (now(charge).state, Payment.objects.count()) == ("unknown", 0)


def test_a_report_before_we_know_the_payments_id_finds_the_charge_by_ours(browser: Browser, due: Due, gateway: Double) -> None:
    charge = due()
    gateway.fault("POST /v1/payment_intents", "cut_after")
    do_jobs(at=QUARTER_PAST)
    (intent,) = gateway.ledger()["intents"]

    report(browser, event("payment_intent.created", intent["id"]))
    do_jobs(at=QUARTER_PAST + MINUTE / 2)

    assert (now(charge).state, now(charge).gateway_intent_id) == ("unknown", intent["id"])


def test_reports_in_any_order_and_twice_end_the_same(browser: Browser, paid: Charge) -> None:
    kinds = [SUCCEEDED, "payment_intent.created", "payment_intent.processing", "payment_intent.payment_failed"]

    for number, kind in enumerate(kinds * 2):
        report(browser, event(kind, paid.gateway_intent_id or now(paid).gateway_intent_id or "", event_id=f"evt_{number}"))
    do_jobs(at=QUARTER_PAST + MINUTE)

    assert (now(paid).state, Payment.objects.count(), GatewayEvent.objects.count()) == ("succeeded", 1, 8)


def test_a_payment_of_somebody_elses_in_the_same_account_is_left_alone(browser: Browser, paid: Charge, gateway: Double) -> None:
    client = stripe.StripeClient(JUNIPER.gateway_key, base_addresses={"api": gateway.url})
    foreign = client.v1.payment_intents.create({"amount": 999, "currency": "usd", "metadata": {"charge": "none of ours"}})

    report(browser, event(SUCCEEDED, foreign.id))
    done = do_jobs(at=QUARTER_PAST + MINUTE)

    assert (done, Charge.objects.count(), Payment.objects.count()) == (["billing.apply_event"], 1, 1)


def test_the_gateways_own_delivery_is_taken(browser: Browser, silas: Member, paid: Charge, gateway: Double) -> None:
    """What the double would post for this payment, signed as it signs."""
    client = stripe.StripeClient(JUNIPER.gateway_key, base_addresses={"api": gateway.url})
    told = [each for each in client.v1.events.list({"limit": 20}).data if each.type == SUCCEEDED]
    body = json.dumps(told[0].to_dict()).encode()

    answer = report(browser, body)
    do_jobs(at=QUARTER_PAST + MINUTE)

    assert (answer.status_code, GatewayEvent.objects.get().kind, now(paid).state) == (200, SUCCEEDED, "succeeded")
