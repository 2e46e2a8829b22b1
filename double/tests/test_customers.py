"""A customer who is deleted."""

from collections.abc import Callable

import pytest
import stripe


def test_she_is_gone_with_her_cards_and_what_she_paid_stays(client: stripe.StripeClient, customer: str) -> None:
    setup = client.v1.setup_intents.create({"customer": customer, "payment_method": "pm_card_visa", "confirm": True})
    card = str(setup.payment_method)
    fee = client.v1.payment_intents.create(
        {"amount": 7500, "currency": "usd", "customer": customer, "payment_method": card, "confirm": True, "off_session": True}
    )

    gone = client.v1.customers.delete(customer)

    assert (gone.id, gone.deleted) == (customer, True)
    assert client.v1.customers.retrieve(customer).to_dict() == {"id": customer, "object": "customer", "deleted": True}
    assert customer not in [each.id for each in client.v1.customers.list().data]
    assert client.v1.payment_methods.retrieve(card).customer is None
    assert client.v1.refunds.create({"payment_intent": fee.id, "amount": 500}).status == "succeeded"
    again: list[Callable[[], object]] = [
        lambda: client.v1.customers.delete(customer),
        lambda: client.v1.customers.update(customer, {"name": "Mara"}),
        lambda: client.v1.setup_intents.create({"customer": customer}),
        lambda: client.v1.payment_intents.create({"amount": 7500, "currency": "usd", "customer": customer}),
    ]
    for act in again:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            act()
        assert refused.value.code == "resource_missing"


def test_another_account_deletes_nobody(client: stripe.StripeClient, stranger: stripe.StripeClient, customer: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        stranger.v1.customers.delete(customer)

    assert refused.value.code == "resource_missing"
    assert client.v1.customers.retrieve(customer).id == customer
