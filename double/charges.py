"""Charges: each try of a payment intent at the bank, the money that came of it, and the disputes about it."""

from double.cards import Decline
from double.errors import no_such, wrong_state
from double.ledger import Books
from double.lists import PAGED, page
from double.objects import Object, new, now
from double.params import Params, takes

TEN_DAYS = 10 * 24 * 60 * 60


def add(books: Books, intent: Object, method: Object, decline: Decline | None = None) -> Object:
    """The bank was asked once: it paid, or it declined."""
    card = method["card"]
    shown = {
        name: card[name] for name in ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4", "wallet")
    }
    charge = new("charge", "ch") | {
        "amount": intent["amount"],
        "amount_captured": 0 if decline else intent["amount"],
        "amount_refunded": 0,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "captured": decline is None,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_code": decline.code if decline else None,
        "failure_message": decline.message if decline else None,
        "metadata": intent["metadata"],
        "outcome": _outcome(decline),
        "paid": decline is None,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {"card": shown | {"network": card["brand"], "three_d_secure": None}, "type": "card"},
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": "failed" if decline else "succeeded",
    }
    books.put(charge)
    books.record("charge.failed" if decline else "charge.succeeded", charge)
    return charge


def _outcome(decline: Decline | None) -> Object:
    if decline is None:
        return {
            "network_status": "approved_by_network",
            "reason": None,
            "risk_level": "normal",
            "seller_message": "Payment complete.",
            "type": "authorized",
        }
    return {
        "advice_code": decline.advice_code,
        "network_status": "declined_by_network",
        "reason": decline.decline_code,
        "risk_level": "normal",
        "seller_message": "The bank declined the payment.",
        "type": "issuer_declined",
    }


@takes()
def retrieve(books: Books, params: Params, charge_id: str) -> Object:
    """The charge as it is."""
    return books.get("charge", charge_id)


@takes(*PAGED, "payment_intent", "customer")
def listed(books: Books, params: Params) -> Object:
    """The account's charges, of one intent or customer if it is named."""
    where = {"payment_intent": params.text("payment_intent"), "customer": params.text("customer")}
    return page(books, params, "charge", "/v1/charges", **where)


def dispute(books: Books, charge_id: str) -> Object:
    """The patient's bank takes the money back and asks for evidence."""
    charge = books.get("charge", charge_id)
    if charge["status"] != "succeeded" or charge["disputed"]:
        raise wrong_state(f"Charge {charge_id} cannot be disputed.")
    books.put(charge | {"disputed": True})
    opened = new("dispute", "du") | {
        "amount": charge["amount"] - charge["amount_refunded"],
        "charge": charge_id,
        "currency": charge["currency"],
        "evidence_details": {"due_by": now() + TEN_DAYS, "has_evidence": False, "past_due": False, "submission_count": 0},
        "is_charge_refundable": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": "general",
        "status": "needs_response",
    }
    books.put(opened)
    books.record("charge.dispute.created", opened)
    return opened


def close_dispute(books: Books, dispute_id: str, outcome: str) -> Object:
    """The dispute is `won` or `lost`."""
    closed = books.get("dispute", dispute_id)
    if outcome not in ("won", "lost") or closed["status"] not in ("needs_response", "under_review"):
        raise wrong_state(f"Dispute {dispute_id} is {closed['status']} and cannot become {outcome}.")
    closed["status"] = outcome
    books.put(closed)
    books.record("charge.dispute.closed", closed)
    return closed


@takes("evidence[*]", "metadata[*]", "submit")
def answer_dispute(books: Books, params: Params, dispute_id: str) -> Object:
    """Evidence for the bank; submitted, it is final."""
    answered = books.get("dispute", dispute_id)
    if answered["status"] != "needs_response":
        raise wrong_state(f"Dispute {dispute_id} is {answered['status']} and takes no evidence.")
    answered["evidence"] = answered.get("evidence", {}) | params.pairs("evidence")
    answered["evidence_details"]["has_evidence"] = bool(answered["evidence"])
    if params.flag("submit"):
        answered["evidence_details"]["submission_count"] += 1
        answered["status"] = "under_review"
    books.put(answered)
    books.record("charge.dispute.updated", answered)
    return answered


@takes()
def retrieve_dispute(books: Books, params: Params, dispute_id: str) -> Object:
    """The dispute as it is."""
    return books.get("dispute", dispute_id)


@takes(*PAGED, "charge", "payment_intent")
def listed_disputes(books: Books, params: Params) -> Object:
    """The account's disputes, about one charge or intent if it is named."""
    return page(books, params, "dispute", "/v1/disputes", charge=params.text("charge"), payment_intent=params.text("payment_intent"))


def paid_by(books: Books, intent_id: str) -> Object:
    """The one successful charge of an intent."""
    intent = books.get("payment_intent", intent_id, "payment_intent")
    if intent["status"] != "succeeded":
        raise wrong_state(f"This PaymentIntent ({intent_id}) does not have a successful charge to refund.", param="payment_intent")
    charge = books.find(intent["latest_charge"], "charge")
    if charge is None:
        raise no_such("charge", intent["latest_charge"], "charge")
    return charge
