"""The ledger: what a test compares with, and what a person reads."""

from collections.abc import Callable
from typing import Any

import pytest
import requests
import stripe

from double.server import Double


def test_the_ledger_names_everything_of_an_account(
    client: stripe.StripeClient,
    kit: Callable[..., Any],
    key: str,
    customer: str,
    intent: Callable[..., stripe.PaymentIntent],
    paid: Callable[[], stripe.PaymentIntent],
) -> None:
    done, open_one = paid(), intent(metadata={"charge": "c2"})
    refund = client.v1.refunds.create({"payment_intent": done.id, "amount": 500})
    session = client.v1.checkout.sessions.create(
        {"mode": "setup", "customer": customer, "currency": "usd", "success_url": "http://clinic.example/"}
    )

    ledger = kit("GET", f"ledger?key={key}")

    (payment,) = ledger["payments"]
    assert (payment["intent"], payment["amount"], payment["currency"], payment["account"]) == (done.id, 7500, "usd", key)
    assert (payment["id"], payment["refunded"]) == (done.latest_charge, 500)
    assert [row["id"] for row in ledger["refunds"]] == [refund.id]
    assert [(row["id"], row["status"], row["metadata"]) for row in ledger["intents"]] == [
        (open_one.id, "requires_confirmation", {"charge": "c2"}),
        (done.id, "succeeded", {}),
    ]
    assert [row["id"] for row in ledger["sessions"]] == [session.id]
    assert [card["last4"] for card in ledger["customers"][0]["cards"]] == ["4242", "4242"]


def test_without_a_key_it_shows_all_accounts(client: stripe.StripeClient, stranger: stripe.StripeClient, kit: Callable[..., Any]) -> None:
    ids = {client.v1.customers.create().id, stranger.v1.customers.create().id}

    assert ids <= {row["id"] for row in kit("GET", "ledger")["customers"]}


def test_a_declined_try_is_no_payment(
    client: stripe.StripeClient, intent: Callable[..., stripe.PaymentIntent], kit: Callable[..., Any], key: str
) -> None:
    with pytest.raises(stripe.CardError):
        client.v1.payment_intents.confirm(intent("chargeCustomerFail").id, {"off_session": True})

    ledger = kit("GET", f"ledger?key={key}")

    assert (ledger["payments"], ledger["intents"][0]["error"]) == ([], "card_declined")


def test_a_person_reads_the_same_as_a_page(double: Double, client: stripe.StripeClient, key: str) -> None:
    client.v1.customers.create({"name": "<b>Mara</b>"})

    page = requests.get(f"{double.address}/_double/?key={key}", timeout=10)

    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Customers (1)" in page.text
    assert "&lt;b&gt;Mara" in page.text
    assert "<b>Mara" not in page.text
    assert requests.get(double.address, timeout=10).url == f"{double.address}/_double/"


def test_the_test_cards_say_what_they_do(kit: Callable[..., Any]) -> None:
    cards = {card["number"]: card["does"] for card in kit("GET", "cards")}

    assert cards["4242424242424242"] == "Pays."
    assert set(cards) >= {"5555555555554444", "378282246310005", "4000000000000002", "4000000000009995", "4000000000000069"}
    assert set(cards) >= {"4000000000000341", "4000002500003155"}


def test_what_is_not_understood_is_said(kit: Callable[..., Any], double: Double) -> None:
    assert "error" in kit("POST", "webhooks", {"key": "sk_test_a"})
    assert "error" in kit("POST", "settle", {"id": "cus_1", "outcome": "succeeded"})
    assert "error" in kit("POST", "disputes", {"charge": "ch_nobody"})
    assert requests.get(f"{double.address}/_double/unicorns", timeout=10).status_code == 404


def test_a_reset_forgets_what_happened() -> None:
    with Double() as fresh:
        account = {"Authorization": "Bearer sk_test_a"}
        requests.post(f"{fresh.address}/v1/customers", headers=account, timeout=10)
        requests.post(f"{fresh.address}/_double/faults", json=[{"match": "GET /v1/*", "do": "error500"}], timeout=10)

        requests.post(f"{fresh.address}/_double/reset", timeout=10)

        assert requests.get(f"{fresh.address}/v1/customers", headers=account, timeout=10).json()["data"] == []
        assert requests.get(f"{fresh.address}/_double/ledger", timeout=10).json()["customers"] == []
