"""Payment intents: an amount that is to be paid, tried at the bank until it succeeds once or is given up."""

from typing import Any, NoReturn

from double import cards, charges
from double.cards import Decline
from double.errors import Declined, wrong_parameter, wrong_state
from double.ledger import Books
from double.lists import PAGED, page
from double.objects import Object, client_secret, new, now
from double.params import Params, takes
from double.payment_methods import SPENT, attach_to, named, particulars

SMALLEST, LARGEST = 50, 99_999_999
UPDATABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
CANCELABLE = (*UPDATABLE, "processing")

DESCRIBED = ("description", "receipt_email", "statement_descriptor_suffix")
CHANGED = (*DESCRIBED, "payment_method", "setup_future_usage", "metadata[*]")
CONFIRMED = ("off_session", "return_url", "error_on_requires_action", "payment_method", "receipt_email", "setup_future_usage")

NO_METHOD = (
    "You cannot confirm this PaymentIntent because it's missing a payment method. "
    "Update the PaymentIntent with a payment method, or confirm it directly with one."
)
NO_RETURN_URL = (
    "This PaymentIntent may redirect the customer to another page, so a `return_url` is needed to confirm it. To accept cards without one, "
    "create it with `allowed_payment_method_types[]=card` or with `automatic_payment_methods[allow_redirects]=never`."
)
NOT_CONFIRMED = (
    "The provided PaymentMethod has failed authentication. Provide a new PaymentMethod to attempt to fulfill this PaymentIntent again."
)


@takes(
    *CHANGED,
    *CONFIRMED,
    "amount",
    "currency",
    "customer",
    "confirm",
    "capture_method",
    "confirmation_method",
    "allowed_payment_method_types[*]",
    "automatic_payment_methods[enabled]",
    "automatic_payment_methods[allow_redirects]",
)
def create(books: Books, params: Params) -> Object:
    """An amount is to be paid. No money moves before the intent is confirmed, which `confirm` does at once."""
    params.one_of("capture_method", "automatic", "automatic_async")
    params.one_of("confirmation_method", "automatic")
    amount, currency = amount_of(params), currency_of(params)
    if "off_session" in params and not params.flag("confirm"):
        raise wrong_parameter("You can only set `off_session` when `confirm` is true.", "off_session")
    intent = _blank(amount, currency, _customer(books, params)) | {
        "automatic_payment_methods": _automatic(params),
        "payment_method_types": params.each("allowed_payment_method_types") or ["card"],
    }
    _change(books, intent, params)
    books.put(intent)
    books.record("payment_intent.created", intent)
    return _attempt(books, intent, params) if params.flag("confirm") else intent


def _blank(amount: int, currency: str, customer: str | None) -> Object:
    intent = new("payment_intent", "pi") | {
        "amount": amount,
        "amount_capturable": 0,
        "amount_received": 0,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "confirmation_method": "automatic",
        "currency": currency,
        "customer": customer,
        "description": None,
        "last_payment_error": None,
        "latest_charge": None,
        "metadata": {},
        "next_action": None,
        "payment_method": None,
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": None,
        "setup_future_usage": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
    }
    return intent | {"client_secret": client_secret(intent)}


def of_session(books: Books, session: Object) -> Object:
    """What Checkout's page asks to be paid, at the patient's first try there."""
    intent = _blank(session["amount_total"], session["currency"], session["customer"]) | session["payment_intent_data"]
    books.put(intent)
    books.record("payment_intent.created", intent)
    return intent


def pay(books: Books, intent_id: str, method: Object, *, return_url: str) -> Object:
    """With the card typed on Checkout's page, the patient being there. Raises Declined, after which she may type another."""
    intent = books.get("payment_intent", intent_id) | {"payment_method": method["id"], "status": "requires_confirmation"}
    return _at_the_bank(books, intent, method, return_url=return_url, question_is_no=False)


def give_up(books: Books, intent_id: str) -> None:
    """The page on which it was to be paid has expired."""
    intent = books.get("payment_intent", intent_id)
    if intent["status"] in CANCELABLE:
        _canceled(books, intent, "abandoned")


def amount_of(params: Params, name: str = "amount") -> int:
    """An amount that the gateway takes."""
    amount = params.required_whole(name)
    if amount < SMALLEST:
        raise wrong_parameter(f"Amount must be at least {SMALLEST} of the smallest currency unit.", name, "amount_too_small")
    if amount > LARGEST:
        raise wrong_parameter(f"Amount must be no more than {LARGEST} of the smallest currency unit.", name, "amount_too_large")
    return amount


def currency_of(params: Params, name: str = "currency") -> str:
    """Three letters."""
    currency = params.required(name).lower()
    if not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
        raise wrong_parameter(f"Invalid currency: {currency}.", name)
    return currency


def _customer(books: Books, params: Params) -> str | None:
    name = params.text("customer")
    return books.get("customer", name, "customer")["id"] if name else None


def _automatic(params: Params) -> Object | None:
    if params.each("allowed_payment_method_types"):
        return None
    redirects = params.one_of("automatic_payment_methods[allow_redirects]", "always", "never")
    return {"allow_redirects": redirects or "always", "enabled": True}


def _change(books: Books, intent: Object, params: Params) -> None:
    """Take over what the request says about an intent that is not paid yet."""
    intent |= {field: params.text(field) for field in DESCRIBED if field in params}
    intent["setup_future_usage"] = params.one_of("setup_future_usage", "on_session", "off_session") or intent["setup_future_usage"]
    intent["metadata"] = params.metadata(intent["metadata"])
    if name := params.text("payment_method"):
        method = named(books, name)
        _must_be_usable(books, intent, method)
        intent |= {"payment_method": method["id"], "status": "requires_confirmation", "next_action": None}


def _must_be_usable(books: Books, intent: Object, method: Object) -> None:
    if books.is_spent(method["id"]):
        raise wrong_state(SPENT, param="payment_method")
    if method["customer"] not in (None, intent["customer"]):
        raise wrong_state(
            f"The payment method {method['id']} is attached to a customer, for whom alone it can be used. Name her in the request.",
            param="payment_method",
        )


@takes()
def retrieve(books: Books, params: Params, intent_id: str) -> Object:
    """The intent as it is."""
    return books.get("payment_intent", intent_id, "intent")


@takes(*PAGED, "customer")
def listed(books: Books, params: Params) -> Object:
    """The account's intents, of one customer if she is named."""
    return page(books, params, "payment_intent", "/v1/payment_intents", customer=params.text("customer"))


@takes(*CHANGED)
def update(books: Books, params: Params, intent_id: str) -> Object:
    """The named fields are changed, the card only while nothing is paid."""
    intent = books.get("payment_intent", intent_id, "intent")
    if "payment_method" in params:
        _must_be(intent, UPDATABLE, "update")
    _change(books, intent, params)
    return books.put(intent)


@takes(*CONFIRMED)
def confirm(books: Books, params: Params, intent_id: str) -> Object:
    """The bank was asked once. Raises Declined, after which the intent waits for another payment method."""
    intent = books.get("payment_intent", intent_id, "intent")
    _must_be(intent, UPDATABLE, "confirm")
    _change(books, intent, params)
    return _attempt(books, intent, params)


def _attempt(books: Books, intent: Object, params: Params) -> Object:
    off_session = params.text("off_session") not in (None, "false")
    return_url = params.address("return_url")
    if intent["payment_method"] is None:
        raise wrong_state(NO_METHOD, "payment_intent_unexpected_state", payment_intent=intent)
    method = books.get("payment_method", intent["payment_method"], "payment_method")
    _must_be_usable(books, intent, method)
    if off_session and (intent["customer"] is None or method["customer"] != intent["customer"]):
        raise wrong_state(
            f"The customer does not have a payment method with the ID {method['id']}. The payment method must be attached to the customer.",
            param="payment_method",
        )
    if not off_session and not return_url and (intent["automatic_payment_methods"] or {}).get("allow_redirects") == "always":
        raise wrong_parameter(NO_RETURN_URL, "return_url")

    question_is_no = off_session or params.flag("error_on_requires_action")
    return _at_the_bank(books, intent, method, return_url=return_url, question_is_no=question_is_no)


def _at_the_bank(books: Books, intent: Object, method: Object, *, return_url: str | None, question_is_no: bool) -> Object:
    card = cards.behind(method)
    intent |= {"last_payment_error": None, "next_action": None}
    if books.call.stays_pending:
        intent["status"] = "processing"
        books.put(intent)
        books.record("payment_intent.processing", intent)
        return intent
    if card.decline:
        _decline(books, intent, method, card.decline)
    if card.asks_for_authentication and question_is_no:
        _decline(books, intent, method, cards.AUTHENTICATION)
    if card.asks_for_authentication:
        return _ask_the_patient(books, intent, return_url)
    return _succeed(books, intent, method)


def _succeed(books: Books, intent: Object, method: Object) -> Object:
    charge = charges.add(books, intent, method)
    intent |= {"status": "succeeded", "amount_received": intent["amount"], "latest_charge": charge["id"], "next_action": None}
    books.put(intent)
    if intent["setup_future_usage"] and intent["customer"]:
        attach_to(books, method, intent["customer"])
    books.record("payment_intent.succeeded", intent)
    if cards.behind(method).is_disputed:
        charges.dispute(books, charge["id"])
    return intent


def _decline(books: Books, intent: Object, method: Object, decline: Decline) -> NoReturn:
    charge = charges.add(books, intent, method, decline)
    error = particulars(decline) | {"charge": charge["id"]}
    _fail(books, intent, {"type": "card_error", "payment_method": method} | error, latest_charge=charge["id"])
    raise Declined(**error, payment_intent=intent, payment_method=method)


def _fail(books: Books, intent: Object, error: dict[str, Any], **changed: Any) -> None:
    intent |= {"status": "requires_payment_method", "payment_method": None, "next_action": None, "last_payment_error": error, **changed}
    books.put(intent)
    books.record("payment_intent.payment_failed", intent)


def _ask_the_patient(books: Books, intent: Object, return_url: str | None) -> Object:
    page_url = f"{books.call.address}/c/confirm/{intent['id']}"
    if return_url:
        action: Object = {"redirect_to_url": {"return_url": return_url, "url": page_url}, "type": "redirect_to_url"}
    else:
        action = {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": page_url}}
    intent |= {"status": "requires_action", "next_action": action}
    books.put(intent)
    books.record("payment_intent.requires_action", intent)
    return intent


def authenticate(books: Books, intent_id: str, *, confirmed: bool) -> Object:
    """The patient confirmed the payment with her bank, which pays; or she refused, and the intent waits for another card."""
    intent = books.get("payment_intent", intent_id)
    _must_be(intent, ("requires_action",), "authenticate")
    method = books.get("payment_method", intent["payment_method"])
    if confirmed:
        return _succeed(books, intent, method)
    error = {
        "type": "invalid_request_error",
        "code": "payment_intent_authentication_failure",
        "message": NOT_CONFIRMED,
        "payment_method": method,
    }
    _fail(books, intent, error)
    return intent


def settle(books: Books, intent_id: str, outcome: str) -> Object:
    """The bank's late answer to an intent in `processing`: `succeeded`, or `failed` as a plain decline."""
    intent = books.get("payment_intent", intent_id)
    _must_be(intent, ("processing",), "settle")
    method = books.get("payment_method", intent["payment_method"])
    if outcome == "succeeded":
        return _succeed(books, intent, method)
    if outcome != "failed":
        raise wrong_state(f"A payment ends `succeeded` or `failed`, not `{outcome}`.")
    charge = charges.add(books, intent, method, cards.GENERIC)
    error = particulars(cards.GENERIC) | {"type": "card_error", "charge": charge["id"], "payment_method": method}
    _fail(books, intent, error, latest_charge=charge["id"])
    return intent


@takes("cancellation_reason")
def cancel(books: Books, params: Params, intent_id: str) -> Object:
    """No money will move with this intent."""
    intent = books.get("payment_intent", intent_id, "intent")
    reason = params.one_of("cancellation_reason", "duplicate", "fraudulent", "requested_by_customer", "abandoned")
    _must_be(intent, CANCELABLE, "cancel")
    return _canceled(books, intent, reason)


def _canceled(books: Books, intent: Object, reason: str | None) -> Object:
    intent |= {"status": "canceled", "canceled_at": now(), "cancellation_reason": reason, "next_action": None}
    books.put(intent)
    books.record("payment_intent.canceled", intent)
    return intent


def _must_be(intent: Object, statuses: tuple[str, ...], verb: str) -> None:
    if intent["status"] not in statuses:
        raise wrong_state(
            f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}. "
            f"Only a PaymentIntent with one of the following statuses may be used so: {', '.join(statuses)}.",
            "payment_intent_unexpected_state",
            payment_intent=intent,
        )
