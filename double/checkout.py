"""Checkout sessions in setup mode: a page of ours on which a patient gives a card."""

from double import setup_intents
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
    "custom_text[submit][message]",
)
def create(books: Books, params: Params) -> Object:
    """There is a card page at `url`, for 24 hours or until `expires_at`."""
    if params.required("mode") != "setup":
        raise wrong_parameter("The double plays Checkout in setup mode only.", "mode")
    params.one_of("ui_mode", "hosted_page")
    if not params.each("allowed_payment_method_types") and not params.text("currency"):
        raise missing_parameter("currency")
    success_url = params.address("success_url")
    if success_url is None:
        raise missing_parameter("success_url")
    customer = params.text("customer")
    if customer:
        books.get("customer", customer, "customer")
    intent = setup_intents.add(
        books,
        customer=customer,
        metadata=params.metadata(name="setup_intent_data[metadata]"),
        description=params.text("setup_intent_data[description]"),
    )
    session = new("checkout.session", "cs_test", 58) | {
        "cancel_url": params.address("cancel_url"),
        "client_reference_id": params.text("client_reference_id"),
        "currency": params.text("currency"),
        "custom_text": {"submit": {"message": text} if (text := params.text("custom_text[submit][message]")) else None},
        "customer": customer,
        "expires_at": _end(params),
        "locale": params.text("locale"),
        "metadata": params.metadata(),
        "mode": "setup",
        "payment_intent": None,
        "payment_method_types": ["card"],
        "payment_status": "no_payment_required",
        "setup_intent": intent["id"],
        "status": "open",
        "success_url": success_url,
        "ui_mode": "hosted_page",
    }
    session["url"] = f"{books.call.address}/c/pay/{session['id']}"
    return books.put(session)


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
    session |= {"status": "expired", "url": None}
    books.put(session)
    books.record("checkout.session.expired", session)
    return session


def complete(books: Books, session: Object, card: Card, month: int, year: int, name: str) -> Object:
    """The card typed on the page is on file and the session is complete. Raises Declined, which leaves the page open."""
    intent = books.get("setup_intent", session["setup_intent"])
    setup_intents.finish(books, intent, add_method(books, card, month, year, name=name))
    session |= {"status": "complete", "url": None}
    books.put(session)
    books.record("checkout.session.completed", session)
    return session
