"""Payment intents: created unconfirmed, charged once, cancelled before that."""

from collections.abc import Callable

import pytest
import requests
import stripe

Intents = Callable[..., stripe.PaymentIntent]


def test_an_intent_moves_no_money_before_it_is_confirmed(client: stripe.StripeClient, customer: str, intent: Intents) -> None:
    created = intent(metadata={"charge": "c1"}, description="Fee", statement_descriptor_suffix="FEE", receipt_email="mara@example.org")

    assert (created.status, created.amount, created.currency, created.customer) == ("requires_confirmation", 7500, "usd", customer)
    assert (created.latest_charge, created.amount_received) == (None, 0)
    assert (created.description, created.statement_descriptor_suffix, created.receipt_email) == ("Fee", "FEE", "mara@example.org")
    assert client.v1.charges.list({"payment_intent": created.id}).data == []


def test_without_a_card_it_waits_for_one(client: stripe.StripeClient, customer: str) -> None:
    created = client.v1.payment_intents.create({"amount": 7500, "currency": "usd", "customer": customer})

    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.confirm(created.id, {"off_session": True})

    assert created.status == "requires_payment_method"
    assert refused.value.code == "payment_intent_unexpected_state"


@pytest.mark.parametrize("token", ["visa", "mastercard", "amex"])
def test_a_good_card_on_file_pays_off_session(client: stripe.StripeClient, intent: Intents, token: str) -> None:
    created = intent(token, metadata={"charge": "c1"})

    paid = client.v1.payment_intents.confirm(created.id, {"off_session": True, "expand": ["latest_charge", "payment_method"]})

    assert (paid.status, paid.amount_received) == ("succeeded", 7500)
    charge = paid.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert isinstance(paid.payment_method, stripe.PaymentMethod)
    assert (charge.status, charge.paid, charge.captured, charge.amount, charge.payment_intent) == ("succeeded", True, True, 7500, paid.id)
    assert charge.metadata is not None
    assert charge.metadata.to_dict() == {"charge": "c1"}
    assert client.v1.charges.retrieve(charge.id).amount_refunded == 0


def test_create_can_confirm_at_once(intent: Intents) -> None:
    assert intent(confirm=True, off_session=True).status == "succeeded"


def test_one_intent_is_charged_once(client: stripe.StripeClient, paid: Callable[[], stripe.PaymentIntent]) -> None:
    done = paid()

    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.confirm(done.id, {"off_session": True})

    assert refused.value.code == "payment_intent_unexpected_state"
    assert refused.value.error is not None
    assert refused.value.error.payment_intent is not None
    assert refused.value.error.payment_intent.status == "succeeded"
    assert len(client.v1.charges.list({"payment_intent": done.id}).data) == 1


def test_a_card_that_is_not_on_file_cannot_be_charged_off_session(client: stripe.StripeClient, customer: str) -> None:
    loose = client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}}).id
    created = client.v1.payment_intents.create({"amount": 7500, "currency": "usd", "customer": customer, "payment_method": loose})

    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.confirm(created.id, {"off_session": True})

    assert refused.value.http_status == 400
    assert client.v1.payment_intents.retrieve(created.id).status == "requires_confirmation"


def test_another_customers_card_cannot_be_used(client: stripe.StripeClient, saved: Callable[[str], str]) -> None:
    other = client.v1.customers.create().id

    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.create({"amount": 7500, "currency": "usd", "customer": other, "payment_method": saved("visa")})


def test_on_session_a_new_card_pays_and_can_be_kept(client: stripe.StripeClient, customer: str) -> None:
    created = client.v1.payment_intents.create(
        {"amount": 7500, "currency": "usd", "customer": customer, "setup_future_usage": "off_session"}
    )

    paid = client.v1.payment_intents.confirm(created.id, {"payment_method": "pm_card_visa", "return_url": "http://clinic.example/"})

    assert paid.status == "succeeded"
    assert [method.id for method in client.v1.customers.payment_methods.list(customer).data] == [paid.payment_method]


def test_on_session_a_return_url_is_asked_for_unless_only_cards_are_taken(client: stripe.StripeClient, intent: Intents) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.confirm(intent().id)

    assert refused.value.param == "return_url"
    assert client.v1.payment_intents.confirm(intent(allowed_payment_method_types=["card"]).id).status == "succeeded"


def test_an_intent_is_cancelled_before_success_only(
    client: stripe.StripeClient, intent: Intents, paid: Callable[[], stripe.PaymentIntent]
) -> None:
    canceled = client.v1.payment_intents.cancel(intent().id, {"cancellation_reason": "requested_by_customer"})

    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "requested_by_customer")
    for over in (canceled.id, paid().id):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            client.v1.payment_intents.cancel(over)
        assert refused.value.code == "payment_intent_unexpected_state"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.confirm(canceled.id, {"off_session": True})


def test_an_update_changes_the_card_of_an_open_intent(client: stripe.StripeClient, intent: Intents, saved: Callable[[str], str]) -> None:
    created, amex = intent("chargeCustomerFail"), saved("amex")

    updated = client.v1.payment_intents.update(created.id, {"payment_method": amex, "metadata": {"again": "yes"}})

    assert (updated.payment_method, updated.status) == (amex, "requires_confirmation")
    assert client.v1.payment_intents.confirm(created.id, {"off_session": True}).status == "succeeded"


def test_intents_are_listed_by_customer_and_time(client: stripe.StripeClient, customer: str, intent: Intents) -> None:
    ids = [intent().id for _ in range(3)]
    client.v1.payment_intents.create({"amount": 500, "currency": "usd"})
    created = client.v1.payment_intents.retrieve(ids[0]).created

    first = client.v1.payment_intents.list({"customer": customer, "created": {"gte": created}, "limit": 2})
    rest = client.v1.payment_intents.list({"customer": customer, "limit": 2, "starting_after": ids[1]})
    later = client.v1.payment_intents.list({"customer": customer, "created": {"gte": created + 60}})

    assert ([one.id for one in first.data], first.has_more) == ([ids[2], ids[1]], True)
    assert ([one.id for one in rest.data], rest.has_more) == ([ids[0]], False)
    assert later.data == []


def test_lists_expand_too(client: stripe.StripeClient, paid: Callable[[], stripe.PaymentIntent]) -> None:
    paid()

    (found,) = client.v1.payment_intents.list({"expand": ["data.latest_charge"]}).data

    assert isinstance(found.latest_charge, stripe.Charge)


@pytest.mark.parametrize(
    ("given", "code", "param"),
    [
        ({"amount": 49, "currency": "usd"}, "amount_too_small", "amount"),
        ({"amount": 100_000_000, "currency": "usd"}, "amount_too_large", "amount"),
        ({"amount": "7.50", "currency": "usd"}, "parameter_invalid_integer", "amount"),
        ({"currency": "usd"}, "parameter_missing", "amount"),
        ({"amount": 500}, "parameter_missing", "currency"),
        ({"amount": 500, "currency": "usd", "colour": "red"}, "parameter_unknown", "colour"),
        ({"amount": 500, "currency": "usd", "metadata[a][b]": "x"}, "parameter_unknown", "metadata[a][b]"),
        ({"amount": 500, "currency": "usd", "customer": "cus_nobody"}, "resource_missing", "customer"),
    ],
)
def test_wrong_parameters_are_refused(api: Callable[..., requests.Response], given: dict[str, object], code: str, param: str) -> None:
    answer = api("POST", "/v1/payment_intents", given)

    assert answer.status_code == (404 if code == "resource_missing" else 400)
    error = answer.json()["error"]
    assert (error["type"], error["code"], error["param"]) == ("invalid_request_error", code, param)


def test_what_cannot_be_expanded_is_refused(client: stripe.StripeClient, intent: Intents) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.retrieve(intent().id, {"expand": ["colour"]})


def test_a_late_answer_of_the_bank_is_processing_until_it_is_settled(
    client: stripe.StripeClient, intent: Intents, faults: Callable[..., None], kit: Callable[..., dict[str, object]]
) -> None:
    faults("POST /v1/payment_intents/*/confirm", "pending", times=2)
    first, second = (client.v1.payment_intents.confirm(intent().id, {"off_session": True}) for _ in range(2))
    assert (first.status, second.status, first.latest_charge) == ("processing", "processing", None)

    kit("POST", "settle", {"id": first.id, "outcome": "succeeded"})
    kit("POST", "settle", {"id": second.id, "outcome": "failed"})

    assert client.v1.payment_intents.retrieve(first.id).status == "succeeded"
    after = client.v1.payment_intents.retrieve(second.id)
    assert after.last_payment_error is not None
    assert (after.status, after.last_payment_error.code) == (
        "requires_payment_method",
        "card_declined",
    )
