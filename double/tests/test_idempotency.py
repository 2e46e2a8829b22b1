"""The same request asked again reads the first answer; nothing is done twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
import stripe

Api = Callable[..., requests.Response]
FEE = {"amount": 7500, "currency": "usd"}


def test_the_same_key_and_parameters_give_the_same_answer(api: Api) -> None:
    first = api("POST", "/v1/payment_intents", FEE, Idempotency_Key="create:1")
    second = api("POST", "/v1/payment_intents", FEE, Idempotency_Key="create:1")

    assert (second.status_code, second.text) == (first.status_code, first.text)
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert len(api("GET", "/v1/payment_intents").json()["data"]) == 1


@pytest.mark.parametrize(("path", "data"), [("/v1/payment_intents", FEE | {"amount": 7501}), ("/v1/customers", {})])
def test_the_same_key_with_another_request_is_refused(client: stripe.StripeClient, api: Api, path: str, data: dict[str, Any]) -> None:
    api("POST", "/v1/payment_intents", FEE, Idempotency_Key="create:1")

    answer = api("POST", path, data, Idempotency_Key="create:1")

    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "idempotency_error")
    with pytest.raises(stripe.IdempotencyError):
        client.v1.payment_intents.create({"amount": 9900, "currency": "usd"}, {"idempotency_key": "create:1"})


def test_a_decline_is_read_again_and_not_tried_again(client: stripe.StripeClient, intent: Callable[..., stripe.PaymentIntent]) -> None:
    created = intent("chargeCustomerFail")

    for _ in range(2):
        with pytest.raises(stripe.CardError):
            client.v1.payment_intents.confirm(created.id, {"off_session": True}, {"idempotency_key": "confirm:1"})

    assert len(client.v1.charges.list({"payment_intent": created.id}).data) == 1


def test_a_refusal_by_state_is_read_again(api: Api, paid: Callable[[], stripe.PaymentIntent]) -> None:
    path = f"/v1/payment_intents/{paid().id}/cancel"

    first, second = (api("POST", path, {}, Idempotency_Key="cancel:1") for _ in range(2))

    assert (first.status_code, second.status_code) == (400, 400)
    assert second.headers["Idempotent-Replayed"] == "true"


def test_refused_parameters_leave_the_key_free(api: Api) -> None:
    refused = api("POST", "/v1/payment_intents", FEE | {"amount": 1}, Idempotency_Key="create:1")
    accepted = api("POST", "/v1/payment_intents", FEE, Idempotency_Key="create:1")

    assert (refused.status_code, accepted.status_code) == (400, 200)


def test_too_many_requests_leave_the_key_free(api: Api, client: stripe.StripeClient, faults: Callable[..., None]) -> None:
    faults("POST /v1/payment_intents", "error429")

    with pytest.raises(stripe.RateLimitError):
        client.v1.payment_intents.create({"amount": 7500, "currency": "usd"}, {"idempotency_key": "create:1"})

    assert api("POST", "/v1/payment_intents", FEE, Idempotency_Key="create:1").status_code == 200


def test_a_saved_error_of_the_server_is_read_again(api: Api, faults: Callable[..., None]) -> None:
    faults("POST /v1/payment_intents", "error500")

    first, second = (api("POST", "/v1/payment_intents", FEE, Idempotency_Key="create:1") for _ in range(2))

    assert (first.status_code, second.status_code, second.text) == (500, 500, first.text)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert api("POST", "/v1/payment_intents", FEE, Idempotency_Key="create:2").status_code == 200


def test_two_at_the_same_time_are_one_and_a_refusal(api: Api, faults: Callable[..., None]) -> None:
    faults("POST /v1/payment_intents", "slow", times=2, seconds=0.4)

    with ThreadPoolExecutor(2) as both:
        answers = list(both.map(lambda _: api("POST", "/v1/payment_intents", FEE, Idempotency_Key="create:1"), range(2)))

    first, second = sorted(answers, key=lambda answer: answer.status_code)
    assert (first.status_code, second.status_code) == (200, 409)
    assert second.json()["error"]["code"] == "idempotency_key_in_use"
    assert len(api("GET", "/v1/payment_intents").json()["data"]) == 1


def test_each_account_has_keys_of_its_own(client: stripe.StripeClient, stranger: stripe.StripeClient) -> None:
    mine = client.v1.customers.create({"name": "Mara"}, {"idempotency_key": "create:1"})
    theirs = stranger.v1.customers.create({"name": "Nora"}, {"idempotency_key": "create:1"})

    assert mine.id != theirs.id


def test_keys_can_be_forgotten(api: Api, kit: Callable[..., Any]) -> None:
    first = api("POST", "/v1/payment_intents", FEE, Idempotency_Key="create:1").json()["id"]

    kit("DELETE", "keys")

    assert api("POST", "/v1/payment_intents", FEE, Idempotency_Key="create:1").json()["id"] != first
