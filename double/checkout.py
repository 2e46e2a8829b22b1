"""Checkout sessions: a page of ours on which a patient gives a card, in setup mode, or pays once with it, in payment mode."""

from double import payment_intents, setup_intents
from double.cards import Card
from double.errors import missing_parameter, wrong_parameter, wrong_state
from double.ledger import Books
from double.lists import PAGED, page
from double.objects import Object, new, now
from double.params import Params, takes
from double.payment_methods import add as add_method

SHORTEST, LONGEST = 30 * 60, 24 * 60 * 60


@takes(
    "mode",
    "customer",
    "currency",
    "success_url",
    "cancel_url",
    "client_reference_id",
    "expires_at",
    "locale",
    "ui_mode",
    "allowed_payment_method_types[*]",
    "metadata[*]",
    "setup_intent_data[description]",
    "setup_intent_data[metadata][*]",
    "payment_intent_data[description]",
    "payment_intent_data[metadata][*]",
    "payment_intent_data[setup_future_usage]",
    "line_items[*][quantity]",
    "line_items[*][price_data][currency]",
    "line_items[*][price_data][unit_amount]",
    "line_items[*][price_data][product_data][name]",
    "custom_text[submit][message]",
)
def create(books: Books, params: Params) -> Object:
    """There is a card page at `url`, for 24 hours or until `expires_at`. In payment mode the intent is made when the patient pays."""
    if params.required("mode") not in ("setup", "payment"):
        raise wrong_parameter("The double plays Checkout in setup and payment mode only.", "mode")
    params.one_of("ui_mode", "hosted_page")
    success_url = params.address("success_url")
    if success_url is None:
        raise missing_parameter("success_url")
    customer = params.text("customer")
    if customer:
        books.get("customer", customer, "customer")
    how = _to_pay(params) if params.text("mode") == "payment" else _to_set_up(books, params, customer)
    session = new("checkout.session", "cs_test", 58) | {
        "cancel_url": params.address("cancel_url"),
        "client_reference_id": params.text("client_reference_id"),
        "custom_text": {"submit": {"message": text} if (text := params.text("custom_text[submit][message]")) else None},
        "customer": customer,
        "expires_at": _end(params),
        "locale": params.text("locale"),
        "metadata": params.metadata(),
        "payment_intent": None,
        "payment_method_types": ["card"],
        "status": "open",
        "success_url": success_url,
        "ui_mode": "hosted_page",
        **how,
    }
    session["url"] = f"{books.call.address}/c/pay/{session['id']}"
    return books.put(session)


def _to_set_up(books: Books, params: Params, customer: str | None) -> Object:
    if not params.each("allowed_payment_method_types") and not params.text("currency"):
        raise missing_parameter("currency")
    intent = setup_intents.add(
        books,
        customer=customer,
        metadata=params.metadata(name="setup_intent_data[metadata]"),
        description=params.text("setup_intent_data[description]"),
    )
    return {
        "mode": "setup",
        "currency": params.text("currency"),
        "setup_intent": intent["id"],
        "amount_total": None,
        "payment_status": "no_payment_required",
    }


def _to_pay(params: Params) -> Object:
    """One line: what it is for, how much, once. What the payment intent will be is kept with the session until it is paid."""
    amount, currency = payment_intents.amount_of(params, "line_items[0][price_data][unit_amount]"), "line_items[0][price_data][currency]"
    if params.required_whole("line_items[0][quantity]") != 1 or "line_items[1][quantity]" in params:
        raise wrong_parameter("The double sells one thing once.", "line_items")
    return {
        "mode": "payment",
        "currency": payment_intents.currency_of(params, currency),
        "setup_intent": None,
        "amount_total": amount,
        "payment_status": "unpaid",
        "line": params.required("line_items[0][price_data][product_data][name]"),
        "payment_intent_data": {
            "description": params.text("payment_intent_data[description]"),
            "metadata": params.metadata(name="payment_intent_data[metadata]"),
            "setup_future_usage": params.one_of("payment_intent_data[setup_future_usage]", "on_session", "off_session"),
        },
    }


def _end(params: Params) -> int:
    end = params.whole("expires_at") or now() + LONGEST
    if end < now() + SHORTEST - 60:  # a minute for the way here
        raise wrong_parameter("The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.", "expires_at")
    if end > now() + LONGEST + 60:
        raise wrong_parameter("The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.", "expires_at")
    return end


@takes()
def retrieve(books: Books, params: Params, session_id: str) -> Object:
    """The session as it is."""
    return current(books, session_id)


@takes(*PAGED, "customer", "status")
def listed(books: Books, params: Params) -> Object:
    """The account's sessions."""
    where = {"customer": params.text("customer"), "status": params.text("status")}
    return page(books, params, "checkout.session", "/v1/checkout/sessions", **where)


@takes()
def expire(books: Books, params: Params, session_id: str) -> Object:
    """The card page takes no card any more."""
    session = current(books, session_id)
    if session["status"] != "open":
        raise wrong_state(f'Only Checkout Sessions with a status in ["open"] can be expired. This one is {session["status"]}.')
    return _expired(books, session)


def current(books: Books, session_id: str) -> Object:
    """The session as it is now: expired when its time is over, even if nobody looked in between."""
    session = books.get("checkout.session", session_id, "session")
    overdue = session["status"] == "open" and session["expires_at"] <= now()
    return _expired(books, session) if overdue else session


def expire_overdue(books: Books, *, at: int) -> None:
    """Every open session of the account whose time is over has expired."""
    for session in books.all("checkout.session", status="open"):
        if session["expires_at"] <= at:
            _expired(books, session)


def _expired(books: Books, session: Object) -> Object:
    if session["payment_intent"]:
        payment_intents.give_up(books, session["payment_intent"])
    session |= {"status": "expired", "url": None}
    books.put(session)
    books.record("checkout.session.expired", session)
    return session


def complete(books: Books, session: Object, card: Card, month: int, year: int, name: str) -> str | None:
    """The card typed on the page is on file, or has paid, and the session is complete. Raises Declined, which leaves the page open.
    Returns the address of the bank's question, where it asks one before it pays."""
    method = add_method(books, card, month, year, name=name)
    if session["mode"] == "setup":
        setup_intents.finish(books, books.get("setup_intent", session["setup_intent"]), method)
        _completed(books, session)
        return None
    if session["payment_intent"] is None:
        session["payment_intent"] = payment_intents.of_session(books, session)["id"]
        books.put(session)
    intent = payment_intents.pay(books, session["payment_intent"], method, return_url=session["url"])
    if intent["status"] == "requires_action":
        return str(intent["next_action"]["redirect_to_url"]["url"])
    paid(books, intent)
    return None


def paid(books: Books, intent: Object) -> None:
    """The payment went through: the session that asked for it, if one did, is complete."""
    for session in books.all("checkout.session", payment_intent=intent["id"]):
        if session["status"] == "open" and intent["status"] == "succeeded":
            _completed(books, session | {"payment_status": "paid"})


def _completed(books: Books, session: Object) -> None:
    books.put(session | {"status": "complete", "url": None})
    books.record("checkout.session.completed", books.get("checkout.session", session["id"]))
