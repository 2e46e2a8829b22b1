"""Answers that come late, broken or never."""

import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
import stripe

from double.faults import Faults

CONFIRM = "POST /v1/payment_intents/*/confirm"
Intents = Callable[..., stripe.PaymentIntent]
Plan = Callable[..., None]


def test_cut_before_nothing_was_done(client: stripe.StripeClient, intent: Intents, faults: Plan) -> None:
    created = intent()
    faults(CONFIRM, "cut_before")

    with pytest.raises(stripe.APIConnectionError):
        client.v1.payment_intents.confirm(created.id, {"off_session": True}, {"idempotency_key": "confirm:1"})

    assert client.v1.payment_intents.retrieve(created.id).status == "requires_confirmation"
    again = client.v1.payment_intents.confirm(created.id, {"off_session": True}, {"idempotency_key": "confirm:1"})
    assert again.status == "succeeded"


def test_cut_after_the_money_moved_and_the_same_key_says_so(client: stripe.StripeClient, intent: Intents, faults: Plan) -> None:
    created = intent()
    faults(CONFIRM, "cut_after")

    with pytest.raises(stripe.APIConnectionError):
        client.v1.payment_intents.confirm(created.id, {"off_session": True}, {"idempotency_key": "confirm:1"})

    assert client.v1.payment_intents.retrieve(created.id).status == "succeeded"
    again = client.v1.payment_intents.confirm(created.id, {"off_session": True}, {"idempotency_key": "confirm:1"})
    assert again.status == "succeeded"
    assert len(client.v1.charges.list({"payment_intent": created.id}).data) == 1


def test_an_error_of_the_server_did_nothing(client: stripe.StripeClient, intent: Intents, faults: Plan) -> None:
    created = intent()
    faults(CONFIRM, "error500")

    with pytest.raises(stripe.APIError) as failed:
        client.v1.payment_intents.confirm(created.id, {"off_session": True})

    assert failed.value.http_status == 500
    assert client.v1.payment_intents.retrieve(created.id).status == "requires_confirmation"


def test_a_conflict_can_be_played(api: Callable[..., requests.Response], faults: Plan) -> None:
    faults("POST /v1/customers", "error409")

    assert api("POST", "/v1/customers").status_code == 409


@pytest.mark.parametrize("do", ["slow", "slow_after"])
def test_a_slow_answer_arrives(client: stripe.StripeClient, faults: Plan, do: str) -> None:
    faults("POST /v1/customers", do, seconds=0.3)
    begun = time.monotonic()

    client.v1.customers.create()

    assert time.monotonic() - begun >= 0.3


def test_others_are_served_while_one_is_slow(
    client: stripe.StripeClient, api: Callable[..., requests.Response], faults: Plan, customer: str
) -> None:
    faults("GET /v1/charges", "cut_before")
    begun = time.monotonic()

    assert client.v1.customers.retrieve(customer).id == customer

    assert time.monotonic() - begun < 0.5


def test_a_fault_is_used_up(api: Callable[..., requests.Response], faults: Plan, kit: Callable[..., Any]) -> None:
    faults("GET /v1/customers", "error500", times=2)

    assert [api("GET", "/v1/customers").status_code for _ in range(3)] == [500, 500, 200]
    assert kit("GET", "faults") == []


def test_a_star_stands_for_one_part_of_the_path(api: Callable[..., requests.Response], faults: Plan, customer: str) -> None:
    faults("GET /v1/customers/*", "error500")

    assert api("GET", f"/v1/customers/{customer}/payment_methods").status_code == 200
    assert api("GET", f"/v1/customers/{customer}").status_code == 500


def test_faults_can_be_cleared(api: Callable[..., requests.Response], faults: Plan, kit: Callable[..., Any]) -> None:
    faults("GET /v1/customers", "error500", times=9)

    kit("DELETE", "faults")

    assert api("GET", "/v1/customers").status_code == 200


@pytest.mark.parametrize("wrong", [[{"match": "GET /", "do": "explode"}], [{"do": "slow"}], [{"match": "GET /", "do": "slow", "x": 1}]])
def test_a_fault_that_cannot_be_is_refused(kit: Callable[..., Any], wrong: list[dict[str, object]]) -> None:
    assert "error" in kit("POST", "faults", wrong)


# A plan


PLAN = {"seed": 7, "faults": [{"match": "POST /v1/**", "do": "error429", "share": 0.5}]}
CUSTOMERS = "POST /v1/customers"


def drawn(seed: int = 7, *, keys: range = range(200)) -> list[bool]:
    """Which of the calls with these keys meet a fault."""
    faults = Faults()
    faults.follow(PLAN | {"seed": seed})
    return [faults.take(CUSTOMERS, f"key:{place}").do == "error429" for place in keys]


def test_the_same_seed_and_the_same_calls_meet_the_same_faults_in_whatever_order() -> None:
    backwards = drawn(keys=range(199, -1, -1))

    assert drawn() == drawn() == backwards[::-1]
    assert drawn(8) != drawn()
    assert 70 < sum(drawn()) < 130


def test_a_repeat_with_the_same_key_is_drawn_anew() -> None:
    faults = Faults()
    faults.follow(PLAN)

    assert {faults.take(CUSTOMERS, "key").do for _turn in range(50)} == {"error429", "nothing"}


def test_a_plan_is_posted_and_cleared(kit: Callable[..., Any], client: stripe.StripeClient) -> None:
    kit("POST", "faults", PLAN | {"faults": [{"match": "POST /v1/customers", "do": "error429", "share": 1}]})
    with pytest.raises(stripe.RateLimitError):
        client.v1.customers.create({})

    kit("DELETE", "faults")

    assert client.v1.customers.create({}).id


@pytest.mark.parametrize(
    "wrong", [{"match": "x", "do": "explode", "share": 0.5}, {"match": "x", "do": "slow", "share": 2}, {"share": "half"}]
)
def test_a_plan_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="share"):
        Faults().follow({"faults": [wrong]})
