"""Customers and the cards on their file."""

from collections.abc import Callable
from typing import Any

import pytest
import requests
import stripe

from double.server import Double


def test_a_customer_is_kept_as_given(client: stripe.StripeClient) -> None:
    created = client.v1.customers.create({"name": "Mara Ilves", "email": "mara@example.org", "metadata": {"patient": "p1"}})

    found = client.v1.customers.retrieve(created.id)

    assert found.to_dict() == created.to_dict()
    assert found.id.startswith("cus_")
    assert (found.object, found.name, found.email, found.livemode) == ("customer", "Mara Ilves", "mara@example.org", False)
    assert found.metadata is not None
    assert found.metadata.to_dict() == {"patient": "p1"}


def test_an_update_changes_what_it_names_and_leaves_the_rest(client: stripe.StripeClient) -> None:
    created = client.v1.customers.create({"name": "Mara Ilves", "phone": "+1", "metadata": {"patient": "p1", "old": "yes"}})

    updated = client.v1.customers.update(created.id, {"name": "Mara Tamm", "metadata": {"old": "", "new": "yes"}})

    assert (updated.name, updated.phone) == ("Mara Tamm", "+1")
    assert updated.metadata is not None
    assert updated.metadata.to_dict() == {"patient": "p1", "new": "yes"}


def test_empty_metadata_clears_all_pairs(api: Callable[..., requests.Response], customer: str) -> None:
    api("POST", f"/v1/customers/{customer}", {"metadata[a]": "1"})

    assert api("POST", f"/v1/customers/{customer}", {"metadata": ""}).json()["metadata"] == {}


def test_customers_are_listed_newest_first_a_page_at_a_time(client: stripe.StripeClient) -> None:
    ids = [client.v1.customers.create({"name": str(number)}).id for number in range(5)]

    first = client.v1.customers.list({"limit": 2})
    everyone = [customer.id for customer in client.v1.customers.list({"limit": 2}).auto_paging_iter()]

    assert ([customer.id for customer in first.data], first.has_more) == ([ids[4], ids[3]], True)
    assert everyone == ids[::-1]


@pytest.mark.parametrize(
    ("token", "brand", "last4"),
    [("visa", "visa", "4242"), ("mastercard", "mastercard", "4444"), ("amex", "amex", "0005"), ("chargeCustomerFail", "visa", "0341")],
)
def test_a_test_token_becomes_a_card_on_file(client: stripe.StripeClient, customer: str, token: str, brand: str, last4: str) -> None:
    method = client.v1.payment_methods.attach(f"pm_card_{token}", {"customer": customer})

    assert method.id.startswith("pm_")
    assert not method.id.startswith("pm_card")
    assert method.card is not None
    assert (method.card.brand, method.card.last4, method.customer) == (brand, last4, customer)


def test_both_lists_show_the_cards_on_file(client: stripe.StripeClient, customer: str, saved: Callable[[str], str]) -> None:
    first, second = saved("visa"), saved("amex")

    by_customer = client.v1.customers.payment_methods.list(customer)
    by_filter = client.v1.payment_methods.list({"customer": customer, "type": "card"})

    assert [method.id for method in by_customer.data] == [method.id for method in by_filter.data] == [second, first]


def test_a_card_can_be_made_from_its_number(client: stripe.StripeClient, customer: str) -> None:
    card = {"number": "5555 5555 5555 4444", "exp_month": 4, "exp_year": 2040, "cvc": "123"}
    given: Any = {"type": "card", "card": card, "billing_details": {"name": "Mara Ilves"}}
    method = client.v1.payment_methods.create(given)

    attached = client.v1.payment_methods.attach(method.id, {"customer": customer})

    assert attached.card is not None
    assert (attached.card.last4, attached.card.exp_month, attached.card.exp_year) == ("4444", 4, 2040)
    assert attached.billing_details.name == "Mara Ilves"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"number": "4242424242424241"}, "incorrect_number"),
        ({"number": "4111111111111111"}, "card_declined"),
        ({"exp_month": 13}, "invalid_expiry_month"),
        ({"exp_year": 2020}, "invalid_expiry_year"),
        ({"cvc": "12"}, "invalid_cvc"),
    ],
)
def test_a_wrong_card_is_refused(client: stripe.StripeClient, changed: dict[str, str | int], code: str) -> None:
    given: Any = {"type": "card", "card": {"number": "4242424242424242", "exp_month": 4, "exp_year": 2040, "cvc": "123"} | changed}

    with pytest.raises(stripe.CardError) as refused:
        client.v1.payment_methods.create(given)

    assert refused.value.code == code


def test_no_card_number_is_kept(double: Double, saved: Callable[[str], str]) -> None:
    saved("visa")

    with double.ledger.transaction() as db:
        kept = "".join(str(row) for table in ("object", "answer", "delivery") for row in db.execute(f"select * from {table}"))

    assert "4242424242424242" not in kept


def test_the_card_that_its_bank_refuses_cannot_be_attached(client: stripe.StripeClient, customer: str) -> None:
    with pytest.raises(stripe.CardError) as refused:
        client.v1.payment_methods.attach("pm_card_chargeDeclined", {"customer": customer})

    assert refused.value.code == "card_declined"


def test_a_detached_card_can_never_be_used_again(client: stripe.StripeClient, customer: str, saved: Callable[[str], str]) -> None:
    card = saved("visa")

    assert client.v1.payment_methods.detach(card).customer is None

    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_methods.attach(card, {"customer": customer})
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.create({"amount": 500, "currency": "usd", "customer": customer, "payment_method": card})
    assert client.v1.customers.payment_methods.list(customer).data == []


def test_a_card_on_one_file_cannot_go_to_another(client: stripe.StripeClient, saved: Callable[[str], str]) -> None:
    other = client.v1.customers.create().id

    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_methods.attach(saved("visa"), {"customer": other})
