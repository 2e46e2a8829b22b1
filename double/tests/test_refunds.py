"""Refunds and disputes: money that goes back."""

from collections.abc import Callable
from typing import Any

import pytest
import stripe

Paid = Callable[[], stripe.PaymentIntent]


def charge_of(client: stripe.StripeClient, intent: stripe.PaymentIntent) -> stripe.Charge:
    assert isinstance(intent.latest_charge, str)
    return client.v1.charges.retrieve(intent.latest_charge)


def test_a_refund_of_an_intent_gives_all_of_it_back(client: stripe.StripeClient, paid: Paid) -> None:
    intent = paid()

    refund = client.v1.refunds.create({"payment_intent": intent.id, "reason": "requested_by_customer", "metadata": {"refund": "r1"}})

    assert (refund.status, refund.amount, refund.currency, refund.charge) == ("succeeded", 7500, "usd", intent.latest_charge)
    assert (refund.reason, refund.payment_intent) == ("requested_by_customer", intent.id)
    charge = charge_of(client, intent)
    assert (charge.amount_refunded, charge.refunded, charge.status) == (7500, True, "succeeded")
    assert client.v1.refunds.retrieve(refund.id).to_dict() == refund.to_dict()


def test_parts_add_up_to_the_whole_and_not_a_cent_more(client: stripe.StripeClient, paid: Paid) -> None:
    charge = charge_of(client, paid())
    client.v1.refunds.create({"charge": charge.id, "amount": 5000})

    with pytest.raises(stripe.InvalidRequestError) as too_much:
        client.v1.refunds.create({"charge": charge.id, "amount": 2501})
    client.v1.refunds.create({"charge": charge.id, "amount": 2500})
    with pytest.raises(stripe.InvalidRequestError) as over:
        client.v1.refunds.create({"charge": charge.id, "amount": 1})

    assert "(25.01 USD) is greater than unrefunded amount on charge (25.00 USD)" in str(too_much.value)
    assert (too_much.value.http_status, too_much.value.param) == (400, "amount")
    assert over.value.code == "charge_already_refunded"


@pytest.mark.parametrize("amount", [0, -1])
def test_an_amount_is_positive(client: stripe.StripeClient, paid: Paid, amount: int) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.refunds.create({"payment_intent": paid().id, "amount": amount})


def test_what_was_not_paid_cannot_be_refunded(client: stripe.StripeClient, intent: Callable[..., stripe.PaymentIntent]) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.refunds.create({"payment_intent": intent().id})


def test_refunds_are_listed_by_charge_and_by_intent(client: stripe.StripeClient, paid: Paid) -> None:
    intent, other = paid(), paid()
    charge = charge_of(client, intent)
    ids = [client.v1.refunds.create({"payment_intent": intent.id, "amount": 100}).id for _ in range(2)]
    client.v1.refunds.create({"payment_intent": other.id})

    assert [refund.id for refund in client.v1.refunds.list({"charge": charge.id}).data] == ids[::-1]
    assert [refund.id for refund in client.v1.refunds.list({"payment_intent": intent.id}).data] == ids[::-1]


def test_a_refund_can_fail_days_later_and_be_made_again(client: stripe.StripeClient, paid: Paid, kit: Callable[..., Any]) -> None:
    intent = paid()
    refund = client.v1.refunds.create({"payment_intent": intent.id})

    kit("POST", "settle", {"id": refund.id, "outcome": "failed"})

    after = client.v1.refunds.retrieve(refund.id)
    assert (after.status, after.failure_reason) == ("failed", "expired_or_canceled_card")
    assert (charge_of(client, intent).amount_refunded, charge_of(client, intent).refunded) == (0, False)
    assert client.v1.refunds.create({"payment_intent": intent.id}).amount == 7500


def test_a_refund_can_be_pending_first(
    client: stripe.StripeClient, paid: Paid, faults: Callable[..., None], kit: Callable[..., Any]
) -> None:
    intent = paid()
    faults("POST /v1/refunds", "pending")

    refund = client.v1.refunds.create({"payment_intent": intent.id})

    assert refund.status == "pending"
    assert kit("POST", "settle", {"id": refund.id, "outcome": "succeeded"})["status"] == "succeeded"


def test_a_disputed_charge_cannot_be_refunded(client: stripe.StripeClient, paid: Paid, kit: Callable[..., Any]) -> None:
    intent = paid()

    dispute = kit("POST", "disputes", {"charge": intent.latest_charge})

    assert charge_of(client, intent).disputed is True
    assert client.v1.disputes.retrieve(dispute["id"]).status == "needs_response"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": intent.id})
    assert refused.value.code == "charge_disputed"
    assert kit("POST", "settle", {"id": dispute["id"], "outcome": "lost"})["status"] == "lost"
