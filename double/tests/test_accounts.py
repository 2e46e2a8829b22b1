"""Accounts are kept apart by their API key."""

from collections.abc import Callable

import pytest
import requests
import stripe

from double.server import Double


def test_another_account_finds_nothing(
    stranger: stripe.StripeClient, customer: str, saved: Callable[[str], str], paid: Callable[[], stripe.PaymentIntent]
) -> None:
    card, intent = saved("visa"), paid()
    tries: list[Callable[[], object]] = [
        lambda: stranger.v1.customers.retrieve(customer),
        lambda: stranger.v1.payment_methods.retrieve(card),
        lambda: stranger.v1.payment_intents.retrieve(intent.id),
        lambda: stranger.v1.payment_intents.create({"amount": 500, "currency": "usd", "customer": customer}),
        lambda: stranger.v1.refunds.create({"payment_intent": intent.id}),
    ]

    for ask in tries:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            ask()
        assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")
    assert stranger.v1.customers.list().data == []
    assert stranger.v1.events.list().data == []


def test_basic_and_bearer_name_the_same_account(double: Double, key: str, customer: str) -> None:
    answer = requests.get(f"{double.address}/v1/customers/{customer}", auth=(key, ""), timeout=10)

    assert answer.json()["id"] == customer


@pytest.mark.parametrize("authorization", ["", "Bearer sk_live_real", "Basic !!!", "Bearer"])
def test_a_key_that_is_none_is_refused(double: Double, authorization: str) -> None:
    answer = requests.get(f"{double.address}/v1/customers", headers={"Authorization": authorization}, timeout=10)

    assert (answer.status_code, answer.json()["error"]["type"]) == (401, "invalid_request_error")


def test_an_unknown_address_is_refused(api: Callable[..., requests.Response]) -> None:
    answer = api("GET", "/v1/unicorns")

    assert (answer.status_code, answer.json()["error"]["type"]) == (404, "invalid_request_error")


def test_an_answer_has_a_request_id_and_the_version_asked_for(api: Callable[..., requests.Response]) -> None:
    answer = api("GET", "/v1/customers", Stripe_Version="2026-10-28.endive")

    assert answer.headers["Request-Id"].startswith("req_")
    assert answer.headers["Stripe-Version"] == "2026-10-28.endive"
