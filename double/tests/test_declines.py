"""The bank says no, and the intent waits for another card."""

from collections.abc import Callable

import pytest
import stripe

Intents = Callable[..., stripe.PaymentIntent]


@pytest.mark.parametrize(
    ("token", "code", "decline_code", "advice_code"),
    [
        ("chargeCustomerFail", "card_declined", "generic_decline", "try_again_later"),
        ("chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds", "try_again_later"),
        ("chargeDeclinedExpiredCard", "expired_card", "expired_card", "do_not_try_again"),
    ],
)
def test_a_decline_says_why_and_carries_the_intent(
    client: stripe.StripeClient, intent: Intents, token: str, code: str, decline_code: str, advice_code: str
) -> None:
    created = intent(token)

    with pytest.raises(stripe.CardError) as declined:
        client.v1.payment_intents.confirm(created.id, {"off_session": True})

    error = declined.value.error
    assert error is not None
    assert error.payment_intent is not None
    assert (declined.value.http_status, error.type, error.code, error.decline_code) == (402, "card_error", code, decline_code)
    assert (error.advice_code, error.payment_intent.id) == (advice_code, created.id)
    assert error.payment_intent.status == "requires_payment_method"


def test_the_failed_try_stays_in_the_books(client: stripe.StripeClient, intent: Intents) -> None:
    created = intent("chargeCustomerFail")
    with pytest.raises(stripe.CardError):
        client.v1.payment_intents.confirm(created.id, {"off_session": True})

    after = client.v1.payment_intents.retrieve(created.id, {"expand": ["latest_charge"]})

    assert (after.status, after.payment_method) == ("requires_payment_method", None)
    assert after.last_payment_error is not None
    assert after.last_payment_error.payment_method is not None
    assert after.last_payment_error.payment_method.id == created.payment_method
    charge = after.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert charge.outcome is not None
    assert (charge.status, charge.paid, charge.failure_code, charge.outcome.reason) == ("failed", False, "card_declined", "generic_decline")


def test_another_card_confirms_the_same_intent(client: stripe.StripeClient, intent: Intents, saved: Callable[[str], str]) -> None:
    created = intent("chargeDeclinedInsufficientFunds")
    with pytest.raises(stripe.CardError):
        client.v1.payment_intents.confirm(created.id, {"off_session": True})

    paid = client.v1.payment_intents.confirm(created.id, {"off_session": True, "payment_method": saved("visa")})

    assert (paid.status, paid.last_payment_error) == ("succeeded", None)
    assert [charge.status for charge in client.v1.charges.list({"payment_intent": created.id}).data] == ["succeeded", "failed"]


def test_an_intent_that_is_declined_at_its_creation_exists(client: stripe.StripeClient, customer: str, intent: Intents) -> None:
    with pytest.raises(stripe.CardError) as declined:
        intent("chargeCustomerFail", confirm=True, off_session=True)

    assert declined.value.error is not None
    assert declined.value.error.payment_intent is not None
    (found,) = client.v1.payment_intents.list({"customer": customer}).data
    assert found.id == declined.value.error.payment_intent.id


def test_a_new_card_can_be_declined_on_session(client: stripe.StripeClient, customer: str) -> None:
    created = client.v1.payment_intents.create({"amount": 7500, "currency": "usd", "customer": customer})

    with pytest.raises(stripe.CardError):
        client.v1.payment_intents.confirm(created.id, {"payment_method": "pm_card_chargeDeclined", "return_url": "http://clinic.example/"})
