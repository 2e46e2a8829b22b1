"""Setup intents: a card is being put on file, without money moving."""

from typing import Any, NoReturn

from double.errors import Declined, wrong_state
from double.ledger import Books
from double.objects import Object, client_secret, new
from double.params import Params, takes
from double.payment_methods import attach_to, must_be_savable, named

OPEN = {"requires_payment_method", "requires_confirmation", "requires_action"}
CONFIRMED = ("payment_method", "return_url", "usage")


def add(
    books: Books, *, customer: str | None, metadata: dict[str, str], description: str | None = None, usage: str = "off_session"
) -> Object:
    """A card can be put on the customer's file."""
    intent = new("setup_intent", "seti") | {
        "application": None,
        "automatic_payment_methods": None,
        "cancellation_reason": None,
        "customer": customer,
        "description": description,
        "last_setup_error": None,
        "latest_attempt": None,
        "mandate": None,
        "metadata": metadata,
        "next_action": None,
        "payment_method": None,
        "payment_method_types": ["card"],
        "status": "requires_payment_method",
        "usage": usage,
    }
    intent["client_secret"] = client_secret(intent)
    books.put(intent)
    books.record("setup_intent.created", intent)
    return intent


def finish(books: Books, intent: Object, method: Object) -> Object:
    """The card is on file and the intent is done. Raises Declined when the bank refuses; the intent then waits for another card."""
    try:
        must_be_savable(method)
    except Declined as declined:
        _fail(books, intent, method, declined)
    if intent["customer"]:
        attach_to(books, method, intent["customer"])
    intent |= {"status": "succeeded", "payment_method": method["id"], "last_setup_error": None}
    books.put(intent)
    books.record("setup_intent.succeeded", intent)
    return intent


def _fail(books: Books, intent: Object, method: Object, declined: Declined) -> NoReturn:
    error: dict[str, Any] = declined.body["error"]
    intent |= {"status": "requires_payment_method", "payment_method": None, "last_setup_error": error | {"payment_method": method}}
    books.put(intent)
    books.record("setup_intent.setup_failed", intent)
    raise Declined(error["message"], **{name: error[name] for name in ("code", "decline_code", "advice_code")}, setup_intent=intent)


@takes(
    *CONFIRMED,
    "customer",
    "confirm",
    "description",
    "metadata[*]",
    "allowed_payment_method_types[*]",
    "automatic_payment_methods[enabled]",
    "automatic_payment_methods[allow_redirects]",
)
def create(books: Books, params: Params) -> Object:
    """A card can be put on file; with `confirm`, it is at once."""
    customer = params.text("customer")
    if customer:
        books.get("customer", customer, "customer")
    usage = params.one_of("usage", "on_session", "off_session") or "off_session"
    intent = add(books, customer=customer, metadata=params.metadata(), description=params.text("description"), usage=usage)
    if name := params.text("payment_method"):
        intent |= {"payment_method": named(books, name)["id"], "status": "requires_confirmation"}
        books.put(intent)
    return _confirm(books, intent) if params.flag("confirm") else intent


@takes()
def retrieve(books: Books, params: Params, intent_id: str) -> Object:
    """The intent as it is."""
    return books.get("setup_intent", intent_id, "intent")


@takes(*CONFIRMED)
def confirm(books: Books, params: Params, intent_id: str) -> Object:
    """The card is on file. Raises Declined when the bank refuses it."""
    intent = books.get("setup_intent", intent_id, "intent")
    if name := params.text("payment_method"):
        intent["payment_method"] = named(books, name)["id"]
    return _confirm(books, intent)


def _confirm(books: Books, intent: Object) -> Object:
    _must_be_open(intent, "confirm")
    if not intent["payment_method"]:
        raise wrong_state(
            "You cannot confirm this SetupIntent because it's missing a payment method.",
            "setup_intent_unexpected_state",
            setup_intent=intent,
        )
    return finish(books, intent, books.get("payment_method", intent["payment_method"], "payment_method"))


@takes("cancellation_reason")
def cancel(books: Books, params: Params, intent_id: str) -> Object:
    """No card can be put on file with it any more."""
    intent = books.get("setup_intent", intent_id, "intent")
    _must_be_open(intent, "cancel")
    intent |= {"status": "canceled", "cancellation_reason": params.text("cancellation_reason")}
    books.put(intent)
    books.record("setup_intent.canceled", intent)
    return intent


def _must_be_open(intent: Object, verb: str) -> None:
    if intent["status"] not in OPEN:
        raise wrong_state(
            f"You cannot {verb} this SetupIntent because it has a status of {intent['status']}.",
            "setup_intent_unexpected_state",
            setup_intent=intent,
        )
