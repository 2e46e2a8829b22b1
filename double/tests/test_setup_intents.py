"""Setup intents without a browser."""

import pytest
import stripe


def test_a_setup_intent_waits_for_a_card(client: stripe.StripeClient, customer: str) -> None:
    intent = client.v1.setup_intents.create({"customer": customer, "metadata": {"booking": "b1"}})

    assert (intent.status, intent.usage, intent.payment_method) == ("requires_payment_method", "off_session", None)
    assert intent.client_secret is not None
    assert intent.client_secret.startswith(f"{intent.id}_secret_")


@pytest.mark.parametrize("token", ["pm_card_visa", "pm_card_chargeCustomerFail", "pm_card_authenticationRequiredOnSetup"])
def test_a_confirmed_setup_intent_puts_the_card_on_file(client: stripe.StripeClient, customer: str, token: str) -> None:
    intent = client.v1.setup_intents.create({"customer": customer})

    done = client.v1.setup_intents.confirm(intent.id, {"payment_method": token})

    assert done.status == "succeeded"
    assert [method.id for method in client.v1.customers.payment_methods.list(customer).data] == [done.payment_method]


def test_a_declined_card_leaves_the_setup_intent_open(client: stripe.StripeClient, customer: str) -> None:
    intent = client.v1.setup_intents.create({"customer": customer})

    with pytest.raises(stripe.CardError) as declined:
        client.v1.setup_intents.confirm(intent.id, {"payment_method": "pm_card_chargeDeclined"})

    assert declined.value.error is not None
    assert declined.value.error.setup_intent is not None
    after = client.v1.setup_intents.retrieve(intent.id)
    assert after.status == "requires_payment_method"
    assert after.last_setup_error is not None
    assert after.last_setup_error.code == "card_declined"


def test_create_can_confirm_at_once_and_expand(client: stripe.StripeClient, customer: str) -> None:
    intent = client.v1.setup_intents.create(
        {"customer": customer, "payment_method": "pm_card_visa", "confirm": True, "expand": ["payment_method"]}
    )

    assert isinstance(intent.payment_method, stripe.PaymentMethod)
    assert intent.payment_method.customer == customer


def test_a_finished_setup_intent_stays_finished(client: stripe.StripeClient, customer: str) -> None:
    done = client.v1.setup_intents.create({"customer": customer, "payment_method": "pm_card_visa", "confirm": True})
    canceled = client.v1.setup_intents.cancel(client.v1.setup_intents.create({"customer": customer}).id)

    assert canceled.status == "canceled"
    for intent in (done, canceled):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            client.v1.setup_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
        assert refused.value.code == "setup_intent_unexpected_state"
