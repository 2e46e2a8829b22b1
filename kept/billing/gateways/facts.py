"""What a payment gateway can say, in our words; and how it can fail to say anything."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kept.foundation.money import Money


class NoAnswer(Exception):
    """Cut, timed out or broken after the call may have been accepted: the outcome is unknown until it is asked for."""


class Busy(Exception):
    """Refused before anything was accepted: the same call with the same key may be made later."""


class Rejected(Exception):
    """The gateway will never accept this call: wrong request, wrong keys, or an object that is gone. `code` is the gateway's."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class IntentFacts:
    """A payment intent as the gateway has it now. `status` is the gateway's own word; `bank_url` where the patient answers her bank;
    `ours`: this installation made it, by the mark it leaves there. `charge_id`, `capture_id`: for which charge, or by which capture."""

    id: str
    status: str
    captured_minor: int = 0
    gateway_charge_id: str = ""
    error_code: str = ""
    decline_code: str = ""
    error_text: str = ""
    advice_code: str = ""
    charge_id: str = ""
    capture_id: str = ""
    bank_url: str = ""
    ours: bool = True

    @property
    def paid(self) -> bool:
        return self.status == "succeeded"


@dataclass(frozen=True, slots=True)
class RefundFacts:
    """A refund as the gateway has it now: `pending`, `succeeded`, `failed` or `canceled`. `refund_id` is ours; empty where somebody made
    it there."""

    id: str
    status: str
    amount_minor: int
    failure: str = ""
    refund_id: str = ""
    intent_id: str = ""


@dataclass(frozen=True, slots=True)
class DisputeFacts:
    """A dispute as the gateway has it now: the patient's bank took the money back, and asks for evidence until `due_by`. `answered`: it
    was sent some."""

    id: str
    status: str
    reason: str
    amount_minor: int
    due_by: datetime | None
    answered: bool = False

    @property
    def outcome(self) -> str:
        """`open`, `won` (the clinic keeps the money) or `lost`. An inquiry that was closed took nothing, so it is won."""
        return {"won": "won", "warning_closed": "won", "prevented": "won", "lost": "lost"}.get(self.status, "open")


@dataclass(frozen=True, slots=True)
class CardFacts:
    """A card that the gateway holds for one of its customers."""

    customer_id: str
    payment_method_id: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    setup_intent_id: str = ""


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """A visit to the gateway's card page: where it is, and the card once there is one; `payment` once something was paid there."""

    id: str
    url: str
    status: str
    card: CardFacts | None
    payment: IntentFacts | None = None


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """The account of a key, as the gateway has it now. `charges_on`: it may charge cards; `livemode`: with real money."""

    id: str
    name: str
    country: str
    currency: str
    charges_on: bool
    livemode: bool


class Gateway(Protocol):
    """A practice's account at a payment gateway. Every call leaves the database first; none runs inside a transaction."""

    def account(self) -> AccountFacts: ...

    def create_customer(self, *, patient_id: str, key: str) -> str: ...

    def delete_customer(self, customer: str) -> None: ...

    def open_card_page(
        self, *, customer: str, success_url: str, cancel_url: str, capture_id: str, key: str, deposit: Money | None = None
    ) -> SessionFacts: ...

    def card_page(self, session_id: str) -> SessionFacts: ...

    def close_card_page(self, session_id: str) -> None: ...

    def stored_card(self, payment_method_id: str) -> CardFacts: ...

    def create_intent(self, *, amount: Money, customer: str, payment_method: str, charge_id: str, key: str) -> IntentFacts: ...

    def confirm_intent(self, intent_id: str, *, payment_method: str, key: str, return_url: str = "") -> IntentFacts: ...

    def intent(self, intent_id: str) -> IntentFacts: ...

    def cancel_intent(self, intent_id: str) -> IntentFacts: ...

    def find_intent(self, *, customer: str, charge_id: str, since: datetime) -> IntentFacts | None: ...

    def create_refund(self, *, intent_id: str, amount_minor: int, refund_id: str, key: str) -> RefundFacts: ...

    def refunds(self, intent_id: str) -> list[RefundFacts]: ...

    def disputes(self, intent_id: str) -> list[DisputeFacts]: ...

    def answer_dispute(self, dispute_id: str, evidence: dict[str, str], *, key: str) -> DisputeFacts: ...

    def intents_since(self, since: datetime) -> Iterator[IntentFacts]: ...

    def refunds_since(self, since: datetime) -> Iterator[RefundFacts]: ...
