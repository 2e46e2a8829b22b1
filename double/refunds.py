"""Refunds: money that goes back, never more than is left of its charge."""

from double.charges import paid_by
from double.errors import missing_parameter, wrong_parameter, wrong_state
from double.ledger import Books
from double.lists import PAGED, page
from double.objects import Object, in_words, new
from double.params import Params, takes

MOVES = {"pending": {"succeeded", "failed"}, "succeeded": {"failed"}}


@takes("charge", "payment_intent", "amount", "reason", "metadata[*]")
def create(books: Books, params: Params) -> Object:
    """The amount, or all that is left, goes back to the card."""
    params.one_of("reason", "duplicate", "fraudulent", "requested_by_customer")
    charge = _charge_named(books, params)
    rest = charge["amount_captured"] - charge["amount_refunded"]
    amount = rest if (given := params.whole("amount")) is None else given
    if given is not None and given < 1:
        raise wrong_parameter("Invalid positive integer", "amount", "parameter_invalid_integer")
    _must_be_refundable(charge, amount, rest)

    refund = new("refund", "re") | {
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "currency": charge["currency"],
        "destination_details": {
            "card": {"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund"},
            "type": "card",
        },
        "metadata": params.metadata(),
        "payment_intent": charge["payment_intent"],
        "reason": params.text("reason"),
        "receipt_number": None,
        "status": "pending" if books.call.stays_pending else "succeeded",
    }
    books.put(refund)
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    books.put(charge)
    books.record("charge.refunded", charge)
    books.record("refund.created", refund)
    return refund


def _charge_named(books: Books, params: Params) -> Object:
    if intent_id := params.text("payment_intent"):
        return paid_by(books, intent_id)
    charge_id = params.text("charge")
    if charge_id is None:
        raise missing_parameter("charge")
    return books.get("charge", charge_id, "charge")


def _must_be_refundable(charge: Object, amount: int, rest: int) -> None:
    if charge["status"] != "succeeded":
        raise wrong_state(f"Charge {charge['id']} was not successful, so it cannot be refunded.")
    if charge["disputed"]:
        raise wrong_state(f"Charge {charge['id']} has been charged back; cannot issue a refund.", "charge_disputed")
    if charge["refunded"]:
        raise wrong_state(f"Charge {charge['id']} has already been refunded.", "charge_already_refunded")
    if amount > rest:
        wanted, left = in_words(amount, charge["currency"]), in_words(rest, charge["currency"])
        raise wrong_state(f"Refund amount ({wanted}) is greater than unrefunded amount on charge ({left})", param="amount")


@takes()
def retrieve(books: Books, params: Params, refund_id: str) -> Object:
    """The refund as it is."""
    return books.get("refund", refund_id)


@takes("metadata[*]")
def update(books: Books, params: Params, refund_id: str) -> Object:
    """The refund's metadata are changed."""
    refund = books.get("refund", refund_id)
    refund["metadata"] = params.metadata(refund["metadata"])
    books.put(refund)
    books.record("refund.updated", refund)
    return refund


@takes(*PAGED, "charge", "payment_intent")
def listed(books: Books, params: Params) -> Object:
    """The account's refunds, of one charge or intent if it is named."""
    return page(books, params, "refund", "/v1/refunds", charge=params.text("charge"), payment_intent=params.text("payment_intent"))


def settle(books: Books, refund_id: str, outcome: str) -> Object:
    """A pending refund `succeeded` or `failed`; one that succeeded can fail days later. What failed can be refunded again."""
    refund = books.get("refund", refund_id)
    if outcome not in MOVES.get(refund["status"], set()):
        raise wrong_state(f"Refund {refund_id} is {refund['status']} and cannot become {outcome}.")
    refund["status"] = outcome
    if outcome == "failed":
        refund["failure_reason"] = "expired_or_canceled_card"
        charge = books.get("charge", refund["charge"])
        charge |= {"amount_refunded": charge["amount_refunded"] - refund["amount"], "refunded": False}
        books.put(charge)
    books.put(refund)
    books.record("refund.updated", refund)
    if outcome == "failed":
        books.record("refund.failed", refund)
    return refund
