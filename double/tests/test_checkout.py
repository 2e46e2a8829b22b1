"""Checkout: the session, and the page on which a card is given, or a sum is paid with it."""

import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
import stripe

from double import checkout
from double.ledger import Call
from double.objects import now
from double.server import Double

CARD = {"number": "4242 4242 4242 4242", "expiry": "04/40", "cvc": "123", "name": "Mara Ilves"}
Open = Callable[..., Any]


@pytest.fixture
def session(client: stripe.StripeClient, customer: str) -> Open:
    def create(**more: object) -> Any:
        given: Any = {
            "mode": "setup",
            "customer": customer,
            "currency": "usd",
            "success_url": "http://clinic.example/done?session={CHECKOUT_SESSION_ID}",
            "cancel_url": "http://clinic.example/back",
            "metadata": {"booking": "b1"},
            "setup_intent_data": {"metadata": {"consent": "c1"}},
            **more,
        }
        return client.v1.checkout.sessions.create(given)

    return create


def fill(url: str, **changed: str) -> requests.Response:
    return requests.post(url, data=CARD | changed, allow_redirects=False, timeout=10)


def test_a_session_is_open_for_a_day(session: Open, double: Double) -> None:
    opened = session()

    assert opened.id.startswith("cs_test_")
    assert (opened.mode, opened.status, opened.payment_status) == ("setup", "open", "no_payment_required")
    assert opened.url == f"{double.address}/c/pay/{opened.id}"
    assert opened.expires_at == pytest.approx(time.time() + 86400, abs=5)
    assert opened.metadata.to_dict() == {"booking": "b1"}


def test_its_setup_intent_carries_its_own_metadata(session: Open, client: stripe.StripeClient, customer: str) -> None:
    intent = client.v1.checkout.sessions.retrieve(session().id, {"expand": ["setup_intent"]}).setup_intent

    assert isinstance(intent, stripe.SetupIntent)
    assert intent.metadata is not None
    assert (intent.metadata.to_dict(), intent.customer, intent.status) == ({"consent": "c1"}, customer, "requires_payment_method")


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"mode": "subscription"}, "mode"),
        ({"mode": "payment"}, "line_items[0][price_data][unit_amount]"),
        ({"success_url": "/done"}, "success_url"),
        ({"success_url": ""}, "success_url"),
        ({"currency": ""}, "currency"),
        ({"customer": "cus_nobody"}, "customer"),
        ({"expires_at": 1}, "expires_at"),
        ({"expires_at": 4102444800}, "expires_at"),
    ],
)
def test_a_wrong_session_is_refused(session: Open, given: dict[str, object], param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        session(**given)

    assert refused.value.param == param


def test_the_page_is_labelled_and_says_what_it_is(session: Open) -> None:
    page = requests.get(session(custom_text={"submit": {"message": "A missed visit costs <75>."}}).url, timeout=10)

    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
    assert "form-action 'self' http://clinic.example" in page.headers["Content-Security-Policy"]
    for label in ("Card number", "Expiry", "CVC", "Name on card"):
        assert f">{label}</label>" in page.text
    assert "stand-in for the payment provider" in page.text
    assert "4000 0025 0000 3155" in page.text
    assert "A missed visit costs &lt;75&gt;." in page.text
    assert '<a href="http://clinic.example/back">Back</a>' in page.text
    assert "<script" not in page.text
    assert "style=" not in page.text


def test_its_style_sheet_is_served(double: Double) -> None:
    sheet = requests.get(f"{double.address}/c/style.css", timeout=10)

    assert (sheet.status_code, sheet.headers["Content-Type"]) == (200, "text/css; charset=utf-8")


@pytest.mark.parametrize("number", ["4242424242424242", "4000 0000 0000 0341", "4000-0025-0000-3155", "4000000000009995"])
def test_a_card_is_saved_and_the_patient_goes_on(session: Open, client: stripe.StripeClient, customer: str, number: str) -> None:
    opened = session()

    answer = fill(opened.url, number=number)

    assert (answer.status_code, answer.headers["Location"]) == (303, f"http://clinic.example/done?session={opened.id}")
    after = client.v1.checkout.sessions.retrieve(opened.id, {"expand": ["setup_intent.payment_method"]})
    assert (after.status, after.url) == ("complete", None)
    intent = after.setup_intent
    assert isinstance(intent, stripe.SetupIntent)
    assert intent.status == "succeeded"
    method = intent.payment_method
    assert isinstance(method, stripe.PaymentMethod)
    assert method.card is not None
    assert (method.customer, method.card.last4, method.billing_details.name) == (customer, number[-4:], "Mara Ilves")


@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        ({"number": "4242 4242 4242 4241"}, "number", "This card number is not right."),
        ({"number": ""}, "number", "This card number is not right."),
        ({"number": "4111111111111111"}, "number", "Only test cards are taken here."),
        ({"expiry": "04/20"}, "expiry", "This card has expired."),
        ({"expiry": "13/40"}, "expiry", "Type the expiry as MM/YY"),
        ({"expiry": "soon"}, "expiry", "Type the expiry as MM/YY"),
        ({"cvc": "12"}, "cvc", "The CVC of this card has 3 digits."),
        ({"number": "378282246310005"}, "cvc", "The CVC of this card has 4 digits."),
        ({"name": " "}, "name", "Type the name"),
    ],
)
def test_a_wrong_field_says_so_and_the_rest_is_kept(
    session: Open, client: stripe.StripeClient, changed: dict[str, str], field: str, sentence: str
) -> None:
    opened = session()

    page = fill(opened.url, **changed)

    assert page.status_code == 422
    assert f'id="{field}-error">{sentence}' in page.text
    assert page.text.count('aria-invalid="true"') == 1
    assert (CARD | changed)["number"] not in page.text.split("Test cards")[0] or not (CARD | changed)["number"]
    for kept in {"expiry", "cvc", "name"} - {field}:
        assert f'value="{CARD[kept]}"' in page.text
    assert client.v1.checkout.sessions.retrieve(opened.id).status == "open"


def test_what_was_typed_is_escaped(session: Open) -> None:
    page = fill(session().url, name='"><script>', expiry="x")

    assert "<script" not in page.text


def test_the_banks_no_stands_at_the_number_and_another_card_can_be_given(session: Open, client: stripe.StripeClient) -> None:
    opened = session()

    page = fill(opened.url, number="4000000000000002")

    assert 'id="number-error">Your bank declined this card. Try another.' in page.text
    intent = client.v1.checkout.sessions.retrieve(opened.id, {"expand": ["setup_intent"]}).setup_intent
    assert isinstance(intent, stripe.SetupIntent)
    assert intent.last_setup_error is not None
    assert (intent.status, intent.last_setup_error.code) == ("requires_payment_method", "card_declined")
    assert fill(opened.url).status_code == 303


def test_a_page_that_was_used_takes_no_second_card(session: Open, client: stripe.StripeClient, customer: str) -> None:
    opened = session()
    fill(opened.url)

    again = fill(opened.url)

    assert "Your card is saved." in again.text
    assert len(client.v1.customers.payment_methods.list(customer).data) == 1


def test_an_expired_session_takes_no_card(session: Open, client: stripe.StripeClient, customer: str) -> None:
    opened = session()

    assert client.v1.checkout.sessions.expire(opened.id).status == "expired"

    page = fill(opened.url)
    assert page.status_code == 410
    assert "http://clinic.example/back" in page.text
    assert client.v1.customers.payment_methods.list(customer).data == []
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.checkout.sessions.expire(opened.id)


def test_a_session_expires_by_itself(session: Open, client: stripe.StripeClient, double: Double, key: str) -> None:
    short, long = session(expires_at=now() + 1800), session()

    with double.ledger.books(key, Call(double.address)) as books:
        checkout.expire_overdue(books, at=now() + 1801)

    assert [client.v1.checkout.sessions.retrieve(one.id).status for one in (short, long)] == ["expired", "open"]
    assert [event.type for event in client.v1.events.list({"type": "checkout.session.expired"}).data] == ["checkout.session.expired"]


@pytest.fixture
def sale(session: Open) -> Open:
    """A session in payment mode over $25.00, whose card stays on file."""
    line = {"quantity": 1, "price_data": {"currency": "usd", "unit_amount": 2500, "product_data": {"name": "Deposit"}}}
    more = {"metadata": {"charge": "c1"}, "setup_future_usage": "off_session"}

    def create(**changed: object) -> Any:
        return session(**{"mode": "payment", "line_items": [line], "setup_intent_data": None, "payment_intent_data": more, **changed})

    return create


def test_in_payment_mode_it_is_paid_once_and_the_card_stays_on_file(sale: Open, client: stripe.StripeClient, customer: str) -> None:
    opened = sale()
    assert (opened.amount_total, opened.payment_status, opened.payment_intent, opened.setup_intent) == (2500, "unpaid", None, None)
    assert "Deposit: <strong>25.00 USD" in requests.get(opened.url, timeout=10).text

    first, again = fill(opened.url), fill(opened.url)

    assert first.headers["Location"] == f"http://clinic.example/done?session={opened.id}"
    assert "Thank you. It is paid." in again.text
    paid = client.v1.checkout.sessions.retrieve(opened.id, {"expand": ["payment_intent.payment_method"]})
    assert (paid.status, paid.payment_status) == ("complete", "paid")
    intent = paid.payment_intent
    assert isinstance(intent, stripe.PaymentIntent)
    assert isinstance(intent.payment_method, stripe.PaymentMethod)
    assert (intent.status, intent.amount_received, intent.metadata.to_dict()) == ("succeeded", 2500, {"charge": "c1"})
    assert intent.payment_method.customer == customer
    told = [event.type for event in client.v1.events.list({"limit": 100}).data]
    assert [each for each in told if "succeeded" in each or "session" in each] == [
        "checkout.session.completed",
        "payment_intent.succeeded",
        "charge.succeeded",
    ]
    assert len(client.v1.charges.list({}).data) == 1


def test_in_payment_mode_a_decline_leaves_the_page_open_for_another_card(sale: Open, client: stripe.StripeClient) -> None:
    opened = sale()

    page = fill(opened.url, number="4000000000009995")

    assert 'id="number-error">Your bank declined this card. Try another.' in page.text
    assert client.v1.checkout.sessions.retrieve(opened.id).status == "open"
    assert fill(opened.url).status_code == 303
    assert [(intent.status, intent.amount_received) for intent in client.v1.payment_intents.list({}).data] == [("succeeded", 2500)]


@pytest.mark.parametrize(("answer", "status", "paid"), [("confirm", "complete", 2500), ("refuse", "open", 0)])
def test_in_payment_mode_the_bank_may_ask_first(sale: Open, client: stripe.StripeClient, answer: str, status: str, paid: int) -> None:
    opened = sale()

    bank = fill(opened.url, number="4000 0027 6000 3184").headers["Location"]
    back = requests.post(bank, data={"outcome": answer}, allow_redirects=False, timeout=10).headers["Location"]

    assert back.startswith(opened.url)
    assert client.v1.checkout.sessions.retrieve(opened.id).status == status
    assert [intent.amount_received for intent in client.v1.payment_intents.list({}).data] == [paid]


def test_in_payment_mode_what_was_tried_ends_with_the_session(sale: Open, client: stripe.StripeClient) -> None:
    opened = sale()
    fill(opened.url, number="4000000000000002")

    client.v1.checkout.sessions.expire(opened.id)

    assert fill(opened.url).status_code == 410
    assert [intent.status for intent in client.v1.payment_intents.list({}).data] == ["canceled"]


def test_an_unknown_page_says_so(double: Double) -> None:
    assert requests.get(f"{double.address}/c/pay/cs_test_nobody", timeout=10).status_code == 404
