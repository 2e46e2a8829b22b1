"""What happened, in one view: for tests as JSON, for a person as tables."""

from typing import Any

from double.ledger import Books, Call, Ledger
from double.objects import Object

Overview = dict[str, list[dict[str, Any]]]


def everything(ledger: Ledger, account: str | None, address: str) -> Overview:
    """The books of one account, or of all, newest first; each row names its account key."""
    view: Overview = {"payments": [], "refunds": [], "intents": [], "customers": [], "sessions": []}
    for key in [account] if account else ledger.accounts():
        with ledger.books(key, Call(address)) as books:
            for name, rows in _of_account(books).items():
                view[name] += [row | {"account": key} for row in rows]
    return view


def _of_account(books: Books) -> Overview:
    return {
        "payments": [_payment(charge) for charge in books.all("charge", status="succeeded")],
        "refunds": [_refund(refund) for refund in books.all("refund")],
        "intents": [_intent(intent) for intent in books.all("payment_intent")],
        "customers": [_customer(books, customer) for customer in books.all("customer")],
        "sessions": [_session(session) for session in books.all("checkout.session")],
    }


def _payment(charge: Object) -> dict[str, Any]:
    kept = {name: charge[name] for name in ("amount", "currency", "customer", "payment_method", "metadata", "disputed", "created")}
    return {"id": charge["id"], "intent": charge["payment_intent"], "refunded": charge["amount_refunded"]} | kept


def _refund(refund: Object) -> dict[str, Any]:
    kept = {name: refund[name] for name in ("amount", "currency", "status", "charge", "reason", "metadata", "created")}
    return {"id": refund["id"], "intent": refund["payment_intent"]} | kept


def _intent(intent: Object) -> dict[str, Any]:
    names = ("id", "amount", "currency", "status", "customer", "payment_method", "latest_charge", "metadata", "created")
    error = intent["last_payment_error"]
    return {name: intent[name] for name in names} | {"error": error["code"] if error else None}


def _customer(books: Books, customer: Object) -> dict[str, Any]:
    cards = [
        {"id": method["id"]} | {name: method["card"][name] for name in ("brand", "last4", "exp_month", "exp_year")}
        for method in books.all("payment_method", customer=customer["id"])
    ]
    return {name: customer[name] for name in ("id", "name", "email", "metadata", "created")} | {"cards": cards}


def _session(session: Object) -> dict[str, Any]:
    return {
        name: session[name]
        for name in ("id", "status", "customer", "mode", "setup_intent", "payment_intent", "metadata", "created", "expires_at", "url")
    }
