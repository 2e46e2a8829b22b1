"""Stripe, through its SDK: the one place that knows its words. Against the real API or, by STRIPE_API_BASE, the double."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, cast

import stripe
from django.conf import settings
from stripe.params import DisputeUpdateParams, PaymentIntentConfirmParams
from stripe.params.checkout import SessionCreateParams

from kept.billing.gateways.facts import (
    AccountFacts,
    Busy,
    CardFacts,
    DisputeFacts,
    IntentFacts,
    NoAnswer,
    RefundFacts,
    Rejected,
    SessionFacts,
)
from kept.foundation.money import Money
from kept.foundation.network import leave_the_database

EXPAND_CARD = ["setup_intent.payment_method", "payment_intent.payment_method", "payment_intent.latest_charge"]
DEPOSIT_LINE = "Appointment deposit"


class StripeGateway:
    """`gateways.facts.Gateway` for one Stripe account. Metadata holds opaque ids of ours, never a name or a treatment."""

    def __init__(self, secret_key: str) -> None:
        self._livemode = "_live_" in secret_key[:8]
        self._client = stripe.StripeClient(
            secret_key,
            base_addresses={"api": settings.STRIPE_API_BASE},
            max_network_retries=0,  # its own retries would bring keys of its own
            http_client=stripe.RequestsClient(timeout=settings.GATEWAY_TIMEOUT_SECONDS),
        )

    def account(self) -> AccountFacts:
        with _speaking():
            said = self._client.v1.accounts.retrieve_current().to_dict()
        dashboard = (said.get("settings") or {}).get("dashboard") or {}
        return AccountFacts(
            id=said["id"],
            name=dashboard.get("display_name") or (said.get("business_profile") or {}).get("name") or "",
            country=said.get("country") or "",
            currency=(said.get("default_currency") or "").upper(),
            charges_on=bool(said.get("charges_enabled")),
            livemode=self._livemode,
        )

    def create_customer(self, *, patient_id: str, key: str) -> str:
        with _speaking():
            created = self._client.v1.customers.create({"metadata": _ours(patient=patient_id)}, {"idempotency_key": key})
        return created.id

    def delete_customer(self, customer: str) -> None:
        """Gone for good with her cards; payments, refunds and disputes stay. One who is gone already is no error."""
        try:
            with _speaking():
                self._client.v1.customers.delete(customer)
        except Rejected as refused:
            if refused.code != "resource_missing":
                raise

    def open_card_page(
        self, *, customer: str, success_url: str, cancel_url: str, capture_id: str, key: str, deposit: Money | None = None
    ) -> SessionFacts:
        """Where a card is given for later; with a deposit, where that is paid, and the card kept by it."""
        marks = _ours(capture=capture_id)
        params: SessionCreateParams = {
            "mode": "payment" if deposit else "setup",
            "customer": customer,
            "allowed_payment_method_types": ["card"],
            "success_url": success_url,
            "cancel_url": cancel_url,
            "metadata": marks,
        }
        if deposit:
            sold: Any = {"currency": deposit.currency.lower(), "unit_amount": deposit.minor, "product_data": {"name": DEPOSIT_LINE}}
            params["line_items"] = [{"quantity": 1, "price_data": sold}]
            params["payment_intent_data"] = {"setup_future_usage": "off_session", "metadata": marks}
        with _speaking():
            session = self._client.v1.checkout.sessions.create(params, {"idempotency_key": key})
        return _session(session)

    def card_page(self, session_id: str) -> SessionFacts:
        with _speaking():
            return _session(self._client.v1.checkout.sessions.retrieve(session_id, {"expand": EXPAND_CARD}))

    def close_card_page(self, session_id: str) -> None:
        """No card can be given there any more. Raises Rejected where one was, or its time is over."""
        with _speaking():
            self._client.v1.checkout.sessions.expire(session_id)

    def stored_card(self, payment_method_id: str) -> CardFacts:
        """A card that a clinic's own website had saved. Raises Rejected when it is none, or belongs to no customer."""
        with _speaking():
            method = self._client.v1.payment_methods.retrieve(payment_method_id).to_dict()
        if not method.get("customer") or not method.get("card"):
            raise Rejected("That payment method is no card saved for a customer.", "card_not_saved")
        return _card(method, customer=method["customer"])

    def create_intent(self, *, amount: Money, customer: str, payment_method: str, charge_id: str, key: str) -> IntentFacts:
        """Unconfirmed: no money moves until `confirm_intent`, so a repeat with the same key is harmless."""
        with _speaking():
            intent = self._client.v1.payment_intents.create(
                {
                    "amount": amount.minor,
                    "currency": amount.currency.lower(),
                    "customer": customer,
                    "payment_method": payment_method,
                    "allowed_payment_method_types": ["card"],
                    "metadata": _ours(charge=charge_id),
                },
                {"idempotency_key": key},
            )
        return _intent(intent)

    def confirm_intent(self, intent_id: str, *, payment_method: str, key: str, return_url: str = "") -> IntentFacts:
        """To that card; on session, the patient being there, with an address to which her bank leads her back. A decline is an answer,
        not an error."""
        params: PaymentIntentConfirmParams = {"payment_method": payment_method, "expand": ["latest_charge"]}
        if return_url:
            params["return_url"] = return_url
        else:
            params["off_session"] = True
        try:
            with _speaking():
                return _intent(self._client.v1.payment_intents.confirm(intent_id, params, {"idempotency_key": key}))
        except stripe.CardError as declined:
            return _declined(intent_id, declined)

    def intent(self, intent_id: str) -> IntentFacts:
        with _speaking():
            return _intent(self._client.v1.payment_intents.retrieve(intent_id, {"expand": ["latest_charge"]}))

    def cancel_intent(self, intent_id: str) -> IntentFacts:
        """Cancelled, or what it had become before: a payment that went through is told, not undone."""
        try:
            with _speaking():
                return _intent(self._client.v1.payment_intents.cancel(intent_id))
        except Rejected as refused:
            if refused.code != "payment_intent_unexpected_state":
                raise
            return self.intent(intent_id)

    def find_intent(self, *, customer: str, charge_id: str, since: datetime) -> IntentFacts | None:
        """By our id in its metadata, from the list: the search endpoint lags behind."""
        with _speaking():
            listed = self._client.v1.payment_intents.list(
                {"customer": customer, "created": {"gte": int(since.timestamp()) - 60}, "limit": 100, "expand": ["data.latest_charge"]}
            )
            found = [intent for intent in listed.auto_paging_iter() if intent.to_dict().get("metadata", {}).get("charge") == charge_id]
        return _intent(found[0]) if found else None

    def create_refund(self, *, intent_id: str, amount_minor: int, refund_id: str, key: str) -> RefundFacts:
        with _speaking():
            refund = self._client.v1.refunds.create(
                {"payment_intent": intent_id, "amount": amount_minor, "metadata": _ours(refund=refund_id)}, {"idempotency_key": key}
            )
        return _refund(refund)

    def refunds(self, intent_id: str) -> list[RefundFacts]:
        with _speaking():
            return [_refund(refund) for refund in self._client.v1.refunds.list({"payment_intent": intent_id, "limit": 100}).data]

    def disputes(self, intent_id: str) -> list[DisputeFacts]:
        with _speaking():
            return [_dispute(each) for each in self._client.v1.disputes.list({"payment_intent": intent_id, "limit": 100}).data]

    def answer_dispute(self, dispute_id: str, evidence: dict[str, str], *, key: str) -> DisputeFacts:
        """Sent to the bank at once, which takes one answer only."""
        with _speaking():
            answered = self._client.v1.disputes.update(
                dispute_id, cast(DisputeUpdateParams, {"evidence": evidence, "submit": True}), {"idempotency_key": key}
            )
        return _dispute(answered)

    def intents_since(self, since: datetime) -> Iterator[IntentFacts]:
        """All that were created since then, newest first, whoever made them."""
        with _speaking():
            listed = self._client.v1.payment_intents.list(_since(since) | {"expand": ["data.latest_charge"]})
            for intent in listed.auto_paging_iter():
                yield _intent(intent)

    def refunds_since(self, since: datetime) -> Iterator[RefundFacts]:
        with _speaking():
            for refund in self._client.v1.refunds.list(_since(since)).auto_paging_iter():
                yield _refund(refund)


def verified_event(body: bytes, signature: str, secrets: Iterable[str]) -> dict[str, Any]:
    """The event in a webhook's raw body. Raises ValueError when it was signed with none of those secrets in the last 300 seconds."""
    for secret in secrets:
        try:
            return stripe.Webhook.construct_event(body, signature, secret).to_dict()
        except (stripe.SignatureVerificationError, TypeError):  # TypeError: letters that no signature has
            continue
    raise ValueError("not signed by the gateway")


def _since(since: datetime) -> Any:
    return {"created": {"gte": int(since.timestamp())}, "limit": 100}


def _ours(**ids: str) -> dict[str, str]:
    return {"installation": settings.INSTALLATION, **ids}


@contextmanager
def _speaking() -> Iterator[None]:
    """Outside of any transaction; the SDK's errors become ours. A declined card (CardError) rises as it is."""
    leave_the_database()
    try:
        yield
    except stripe.CardError:
        raise
    except stripe.RateLimitError as error:
        raise Busy(str(error)) from error
    except (stripe.InvalidRequestError, stripe.AuthenticationError, stripe.PermissionError) as error:
        if error.http_status == 409:
            raise NoAnswer(str(error)) from error  # the same key is being worked on
        raise Rejected(error.user_message or str(error), error.code or "") from error
    except stripe.IdempotencyError as error:
        if error.http_status == 409:
            raise NoAnswer(str(error)) from error
        raise Rejected(error.user_message or str(error), error.code or "") from error
    except stripe.StripeError as error:
        raise NoAnswer(str(error)) from error


def _intent(intent: Any) -> IntentFacts:
    said = intent.to_dict()
    marks = said.get("metadata") or {}
    error = said.get("last_payment_error") or {}
    paid = said.get("latest_charge") or {}
    return IntentFacts(
        id=said["id"],
        status=said["status"],
        captured_minor=said.get("amount_received") or 0,
        gateway_charge_id=paid.get("id", "") if isinstance(paid, dict) else paid,
        error_code=error.get("code") or "",
        decline_code=error.get("decline_code") or "",
        error_text=error.get("message") or "",
        advice_code=error.get("advice_code") or "",
        charge_id=marks.get("charge", ""),
        capture_id=marks.get("capture", ""),
        ours=marks.get("installation") == settings.INSTALLATION,
        bank_url=((said.get("next_action") or {}).get("redirect_to_url") or {}).get("url") or "",
    )


def _declined(intent_id: str, declined: stripe.CardError) -> IntentFacts:
    error = declined.error
    return IntentFacts(
        id=intent_id,
        status="requires_payment_method",
        error_code=declined.code or "",
        decline_code=getattr(error, "decline_code", None) or "",
        error_text=declined.user_message or "",
        advice_code=getattr(error, "advice_code", None) or "",
    )


def _refund(refund: Any) -> RefundFacts:
    said = refund.to_dict()
    return RefundFacts(
        id=said["id"],
        status=said["status"],
        amount_minor=said["amount"],
        failure=said.get("failure_reason") or "",
        refund_id=(said.get("metadata") or {}).get("refund", ""),
        intent_id=said.get("payment_intent") or "",
    )


def _dispute(dispute: Any) -> DisputeFacts:
    said = dispute.to_dict()
    details = said.get("evidence_details") or {}
    due = datetime.fromtimestamp(details["due_by"], UTC) if details.get("due_by") else None
    answered = bool(details.get("submission_count"))
    return DisputeFacts(said["id"], said["status"], said.get("reason") or "", said["amount"], due, answered)


def _session(session: Any) -> SessionFacts:
    said = session.to_dict()
    setup, paid = said.get("setup_intent"), said.get("payment_intent")
    intent = paid if said.get("mode") == "payment" else setup
    given = isinstance(intent, dict) and intent.get("status") == "succeeded" and isinstance(intent.get("payment_method"), dict)
    setup_intent_id = setup["id"] if isinstance(setup, dict) else ""
    card = _card(intent["payment_method"], customer=said["customer"], setup_intent_id=setup_intent_id) if given else None
    payment = _intent(session.payment_intent) if isinstance(paid, dict) else None
    return SessionFacts(id=said["id"], url=said.get("url") or "", status=said.get("status") or "", card=card, payment=payment)


def _card(method: dict[str, Any], *, customer: str, setup_intent_id: str = "") -> CardFacts:
    shown = method["card"]
    return CardFacts(customer, method["id"], shown["brand"], shown["last4"], shown["exp_month"], shown["exp_year"], setup_intent_id)
