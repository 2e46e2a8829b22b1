"""The bank wants to hear from the patient herself."""

from collections.abc import Callable

import pytest
import requests
import stripe

CARDS = ["authenticationRequired", "authenticationRequiredOnSetup"]
Intents = Callable[..., stripe.PaymentIntent]


@pytest.fixture
def asked(client: stripe.StripeClient, intent: Intents) -> stripe.PaymentIntent:
    """An intent that was refused off session, then confirmed on session."""
    created = intent(CARDS[1])
    with pytest.raises(stripe.CardError):
        client.v1.payment_intents.confirm(created.id, {"off_session": True})
    method = created.payment_method
    assert isinstance(method, str)
    return client.v1.payment_intents.confirm(created.id, {"payment_method": method, "return_url": "http://clinic.example/pay?a=1"})


def page_of(intent: stripe.PaymentIntent) -> str:
    assert intent.next_action is not None
    assert intent.next_action.redirect_to_url is not None
    url = intent.next_action.redirect_to_url.url
    assert url is not None
    return url


def answer(intent: stripe.PaymentIntent, outcome: str) -> requests.Response:
    return requests.post(page_of(intent), data={"outcome": outcome}, allow_redirects=False, timeout=10)


@pytest.mark.parametrize("token", CARDS)
def test_off_session_it_is_refused(client: stripe.StripeClient, intent: Intents, token: str) -> None:
    created = intent(token)

    with pytest.raises(stripe.CardError) as refused:
        client.v1.payment_intents.confirm(created.id, {"off_session": True})

    assert (refused.value.http_status, refused.value.code) == (402, "authentication_required")
    after = client.v1.payment_intents.retrieve(created.id)
    assert after.last_payment_error is not None
    assert (after.status, after.last_payment_error.code) == ("requires_payment_method", "authentication_required")


def test_on_session_the_same_intent_sends_the_patient_to_her_bank(asked: stripe.PaymentIntent) -> None:
    page = requests.get(page_of(asked), timeout=10)

    assert asked.status == "requires_action"
    assert "Confirm payment" in page.text
    assert "Refuse" in page.text
    assert "75.00 USD" in page.text
    assert "form-action 'self' http://clinic.example" in page.headers["Content-Security-Policy"]


def test_confirmed_it_is_paid_and_she_comes_back(client: stripe.StripeClient, asked: stripe.PaymentIntent) -> None:
    back = answer(asked, "confirm")

    assert back.status_code == 303
    assert back.headers["Location"].startswith(f"http://clinic.example/pay?a=1&payment_intent={asked.id}&payment_intent_client_secret=")
    assert back.headers["Location"].endswith("&redirect_status=succeeded")
    after = client.v1.payment_intents.retrieve(asked.id)
    assert (after.status, after.amount_received, after.next_action) == ("succeeded", 7500, None)


def test_refused_it_waits_for_another_card(client: stripe.StripeClient, asked: stripe.PaymentIntent) -> None:
    back = answer(asked, "refuse")

    assert back.headers["Location"].endswith("&redirect_status=failed")
    after = client.v1.payment_intents.retrieve(asked.id)
    assert after.last_payment_error is not None
    assert (after.status, after.last_payment_error.code) == ("requires_payment_method", "payment_intent_authentication_failure")


def test_the_page_answers_once(client: stripe.StripeClient, asked: stripe.PaymentIntent) -> None:
    answer(asked, "confirm")

    again = answer(asked, "refuse")

    assert again.status_code == 410
    assert client.v1.payment_intents.retrieve(asked.id).status == "succeeded"


def test_she_can_begin_again_or_the_intent_be_cancelled(client: stripe.StripeClient, asked: stripe.PaymentIntent) -> None:
    again = client.v1.payment_intents.confirm(asked.id, {"return_url": "http://clinic.example/pay"})
    assert again.status == "requires_action"

    client.v1.payment_intents.cancel(asked.id)

    assert answer(again, "confirm").status_code == 410


def test_without_a_return_url_the_action_is_the_sdks(client: stripe.StripeClient, intent: Intents) -> None:
    confirmed = client.v1.payment_intents.confirm(intent(CARDS[0], allowed_payment_method_types=["card"]).id)

    assert confirmed.next_action is not None
    assert (confirmed.status, confirmed.next_action.type) == ("requires_action", "use_stripe_sdk")


def test_an_error_can_be_asked_for_instead(client: stripe.StripeClient, intent: Intents) -> None:
    created = intent(CARDS[0], allowed_payment_method_types=["card"])

    with pytest.raises(stripe.CardError) as refused:
        client.v1.payment_intents.confirm(created.id, {"error_on_requires_action": True})

    assert refused.value.code == "authentication_required"
