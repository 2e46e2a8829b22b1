"""Payment methods: cards that were given, and the customer each is attached to."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from double import cards
from double.cards import Card, Decline
from double.errors import Declined, Refusal, wrong_parameter, wrong_state
from double.ledger import Books
from double.lists import PAGED, page
from double.objects import Object, new
from double.params import Params, takes

NOWHERE = {"city": None, "country": None, "line1": None, "line2": None, "postal_code": None, "state": None}
SPENT = "The provided PaymentMethod was detached from a Customer. It may not be used again."


def add(books: Books, card: Card, month: int, year: int, *, name: str | None = None, metadata: Mapping[str, str] | None = None) -> Object:
    """A card was given. It belongs to nobody yet."""
    method = new("payment_method", "pm") | {
        "allow_redisplay": "unspecified",
        "billing_details": {"address": dict(NOWHERE), "email": None, "name": name, "phone": None, "tax_id": None},
        "card": {
            "brand": card.brand,
            "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
            "country": "US",
            "display_brand": card.brand,
            "exp_month": month,
            "exp_year": year,
            "fingerprint": card.fingerprint,
            "funding": "credit",
            "generated_from": None,
            "last4": card.number[-4:],
            "networks": {"available": [card.brand], "preferred": None},
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        },
        "customer": None,
        "metadata": dict(metadata or {}),
        "type": "card",
    }
    return books.put(method)


def attach_to(books: Books, method: Object, customer_id: str) -> Object:
    """The card is on the customer's file. Raises Declined for the card that its bank refuses at once."""
    if books.is_spent(method["id"]):
        raise wrong_state(SPENT)
    if method["customer"] not in (None, customer_id):
        raise wrong_state("The payment method you provided has already been attached to a customer.")
    must_be_savable(method)
    if method["customer"] is None:
        method["customer"] = books.get("customer", customer_id, "customer")["id"]
        books.put(method)
        books.record("payment_method.attached", method)
    return method


def must_be_savable(method: Object) -> None:
    """Raises Declined for the card that its bank refuses before any money is asked for."""
    card = cards.behind(method)
    if card.decline and not card.can_be_saved:
        raise Declined(**particulars(card.decline))


def particulars(decline: Decline) -> dict[str, Any]:
    """What Stripe says about a decline, wherever it says it."""
    return {
        "message": decline.message,
        "code": decline.code,
        "decline_code": decline.decline_code,
        "advice_code": decline.advice_code,
    }


def named(books: Books, name: str, param: str = "payment_method") -> Object:
    """The payment method of this id; a test token such as `pm_card_visa` gives a new one each time."""
    if name in cards.BY_TOKEN:
        return add(books, cards.BY_TOKEN[name], 12, datetime.now(UTC).year + 3)
    return books.get("payment_method", name, param)


@takes("type", "card[number]", "card[exp_month]", "card[exp_year]", "card[cvc]", "card[token]", "billing_details[name]", "metadata[*]")
def create(books: Books, params: Params) -> Object:
    """A card is known by a token or by its number, month and year."""
    if params.required("type") != "card":
        raise wrong_parameter("The double takes cards only.", "type")
    if token := params.text("card[token]"):
        if token not in cards.BY_TOKEN:
            raise wrong_parameter(f"No such token: '{token}'", "card[token]", "resource_missing")
        return named(books, token)
    number = params.required("card[number]").replace(" ", "")
    month, year = params.required_whole("card[exp_month]"), params.required_whole("card[exp_year]")
    year += 2000 if year < 100 else 0
    for field, problem in cards.problems(number, month, year, params.text("card[cvc]"), today=datetime.now(UTC).date()).items():
        raise Refusal(402, "card_error", problem.sentence, code=problem.code, param=field)
    return add(books, cards.BY_NUMBER[number], month, year, name=params.text("billing_details[name]"), metadata=params.metadata())


@takes()
def retrieve(books: Books, params: Params, method_id: str) -> Object:
    """The payment method as it is."""
    return named(books, method_id)


@takes("customer")
def attach(books: Books, params: Params, method_id: str) -> Object:
    """The card is on the file of the customer named."""
    return attach_to(books, named(books, method_id), params.required("customer"))


@takes()
def detach(books: Books, params: Params, method_id: str) -> Object:
    """The card is on nobody's file and can never be used again."""
    method = books.get("payment_method", method_id)
    if method["customer"] is None:
        raise wrong_state("The payment method you provided is not attached to a customer so detachment is impossible.")
    method["customer"] = None
    books.put(method)
    books.spend(method_id)
    books.record("payment_method.detached", method)
    return method


@takes(*PAGED, "customer", "type")
def listed(books: Books, params: Params) -> Object:
    """The cards on a customer's file."""
    customer = books.get("customer", params.required("customer"), "customer")
    return page(books, params, "payment_method", "/v1/payment_methods", customer=customer["id"], type=params.text("type"))


@takes(*PAGED, "type")
def of_customer(books: Books, params: Params, customer_id: str) -> Object:
    """The cards on this customer's file."""
    customer = books.get("customer", customer_id, "customer")
    url = f"/v1/customers/{customer_id}/payment_methods"
    return page(books, params, "payment_method", url, customer=customer["id"], type=params.text("type"))


@takes()
def one_of_customer(books: Books, params: Params, customer_id: str, method_id: str) -> Object:
    """One card of this customer's file."""
    method = books.get("payment_method", method_id)
    if method["customer"] != customer_id:
        raise wrong_state(
            f"The customer does not have a payment method with the ID {method_id}.", "resource_missing", param="payment_method"
        )
    return method
