"""Events: in the log, and at the account's endpoint, signed, until it takes them."""

import time
from collections.abc import Callable

import pytest
import requests
import stripe

from double import courier, endpoints
from double.endpoints import Endpoint
from double.tests.conftest import SECRET, Listener

Intents = Callable[..., stripe.PaymentIntent]


def test_every_delivery_is_signed_and_read_by_the_sdk(client: stripe.StripeClient, customer: str, listener: Listener) -> None:
    client.v1.customers.update(customer, {"name": "Mara Tamm"})
    listener.hears("customer.updated")

    body, signature = listener.received[-1]
    event = client.construct_event(body, signature, SECRET)

    assert (event.type, event.livemode, event.api_version) == ("customer.updated", False, "2026-10-28.endive")
    assert event.data.object["name"] == "Mara Tamm"
    assert client.v1.events.retrieve(event.id).to_dict() == event.to_dict()
    with pytest.raises(stripe.SignatureVerificationError):
        client.construct_event(body + " ", signature, SECRET)


def test_a_payment_tells_its_story(client: stripe.StripeClient, intent: Intents, saved: Callable[[str], str], listener: Listener) -> None:
    created = intent("chargeCustomerFail")
    with pytest.raises(stripe.CardError):
        client.v1.payment_intents.confirm(created.id, {"off_session": True})
    client.v1.payment_intents.confirm(created.id, {"off_session": True, "payment_method": saved("visa")})
    client.v1.refunds.create({"payment_intent": created.id})
    client.v1.payment_intents.cancel(intent().id)

    listener.hears("payment_intent.canceled")

    assert [kind for kind in listener.types() if not kind.startswith(("customer", "payment_method"))] == [
        "payment_intent.created",
        "charge.failed",
        "payment_intent.payment_failed",
        "charge.succeeded",
        "payment_intent.succeeded",
        "charge.refunded",
        "refund.created",
        "payment_intent.created",
        "payment_intent.canceled",
    ]


def test_a_card_page_tells_its_story(client: stripe.StripeClient, customer: str, listener: Listener) -> None:
    def open_page() -> stripe.checkout.Session:
        return client.v1.checkout.sessions.create(
            {"mode": "setup", "customer": customer, "currency": "usd", "success_url": "http://clinic.example/"}
        )

    typed = {"number": "4242424242424242", "expiry": "04/40", "cvc": "123", "name": "Mara Ilves"}
    requests.post(str(open_page().url), data=typed, allow_redirects=False, timeout=10)
    client.v1.checkout.sessions.expire(open_page().id)

    heard = listener.hears("setup_intent.succeeded", "checkout.session.completed", "checkout.session.expired", "payment_method.attached")
    assert heard.index("setup_intent.succeeded") < heard.index("checkout.session.completed")


def test_authentication_late_refunds_and_disputes_are_told(
    client: stripe.StripeClient, intent: Intents, paid: Callable[[], stripe.PaymentIntent], listener: Listener, kit: Callable[..., object]
) -> None:
    client.v1.payment_intents.confirm(intent("authenticationRequired").id, {"return_url": "http://clinic.example/"})
    refund = client.v1.refunds.create({"payment_intent": paid().id})
    kit("POST", "settle", {"id": refund.id, "outcome": "failed"})
    kit("POST", "disputes", {"charge": paid().latest_charge})

    listener.hears("payment_intent.requires_action", "refund.updated", "refund.failed", "charge.dispute.created")


def test_an_event_names_the_request_that_caused_it(client: stripe.StripeClient) -> None:
    client.v1.customers.create({"name": "Mara"}, {"idempotency_key": "create:1"})

    (event,) = client.v1.events.list({"type": "customer.created"}).data

    assert event.request is not None
    assert event.request.idempotency_key == "create:1"


def test_an_event_keeps_what_was_true_when_it_happened(client: stripe.StripeClient, intent: Intents) -> None:
    created = intent()
    client.v1.payment_intents.confirm(created.id, {"off_session": True})

    (event,) = client.v1.events.list({"type": "payment_intent.created"}).data

    assert event.data.object["status"] == "requires_confirmation"


def test_what_an_endpoint_refuses_comes_again(client: stripe.StripeClient, listener: Listener) -> None:
    listener.refusals = 1

    client.v1.customers.create()
    end = time.monotonic() + 5
    while len(listener.received) < 2 and time.monotonic() < end:
        time.sleep(0.05)

    assert len(listener.received) == 2
    assert listener.received[0][0] == listener.received[1][0]


def test_it_waits_twice_as_long_each_time_and_tries_eight_times() -> None:
    assert [courier.FIRST_PAUSE * 2**tries for tries in range(courier.TRIES - 1)] == [0.5, 1, 2, 4, 8, 16, 32]


@pytest.mark.parametrize(("do", "times"), [("twice", 2), ("never", 0)])
def test_an_event_can_come_twice_or_never(
    client: stripe.StripeClient, listener: Listener, faults: Callable[..., None], do: str, times: int
) -> None:
    faults("EVENT customer.created", do)

    customer = client.v1.customers.create()
    client.v1.customers.update(customer.id, {"name": "Mara"})

    assert listener.hears("customer.updated").count("customer.created") == times


def test_an_event_can_come_after_its_follower(client: stripe.StripeClient, listener: Listener, faults: Callable[..., None]) -> None:
    faults("EVENT customer.created", "slow", seconds=0.3)

    customer = client.v1.customers.create()
    client.v1.customers.update(customer.id, {"name": "Mara"})

    assert listener.hears("customer.created", "customer.updated") == ["customer.updated", "customer.created"]


def test_one_account_hears_nothing_of_another(stranger: stripe.StripeClient, client: stripe.StripeClient, listener: Listener) -> None:
    stranger.v1.customers.create()
    client.v1.customers.create()

    assert listener.hears("customer.created") == ["customer.created"]


def test_an_endpoint_is_written_as_key_url_and_secret() -> None:
    written = endpoints.parse("sk_test_a=http://localhost:8000/hooks/?practice=1=whsec_b")

    assert written == Endpoint("sk_test_a", "http://localhost:8000/hooks/?practice=1", "whsec_b")
    with pytest.raises(ValueError, match="http"):
        endpoints.parse("sk_test_a=whsec_b")
