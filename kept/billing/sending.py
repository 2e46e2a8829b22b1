"""Talking to the gateway about one charge or refund: commit the intent, call, commit the outcome. Each `scope` is one transaction;
between them no lock is held. Jobs call these; each may run twice, be killed anywhere, and be run again."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial
from uuid import UUID

from kept.billing.gateways import accounts
from kept.billing.gateways.facts import Busy, Gateway, IntentFacts, NoAnswer, RefundFacts, Rejected
from kept.billing.models import Charge, Dispute, Refund, State
from kept.billing.transitions import charging, disputing, erasing, paying, refunding
from kept.billing.transitions.cards import payments_off
from kept.foundation import clock
from kept.foundation.crashpoints import crashpoint
from kept.foundation.scope import job_scope, scope

KEY_LIFE = timedelta(hours=23)  # the gateway may forget an idempotency key after 24

Door = Callable[[], AbstractContextManager[object]]


def open_gateway(practice_id: str) -> Gateway | None:
    """The practice's account; None where it has none."""
    with job_scope(practice_id, "open_gateway"):
        keys = accounts.secrets(clock.now())
    return accounts.gateway(keys.secret_key) if keys else None


def send_charge(practice_id: str, charge_id: str) -> None:
    """Charge the card: create unconfirmed, commit the intent's id, confirm, settle (I4)."""
    door = partial(job_scope, practice_id, "send_charge")
    with door():
        charge = charging.begin(charge_id, at=clock.now())
    if charge is None:
        return
    crashpoint("charge.begun")
    gateway = open_gateway(practice_id)
    if gateway is None:
        with door():
            charging.fail(charge_id, why="Card payments are not set up.", code="payments_off", at=clock.now())
        return
    try:
        confirm(gateway, charge, door)
    except Rejected as refused:
        _refused(gateway, practice_id, charge, refused)


def confirm(gateway: Gateway, charge: Charge, door: Door, *, return_url: str = "") -> IntentFacts | None:
    """Confirm a charge that was begun: by its job, or with the patient there, whose bank then leads back to `return_url`. None when the
    answer did not come or the gateway was busy. Raises Rejected."""
    try:
        intent_id = charge.gateway_intent_id or _create(gateway, charge, door)
        crashpoint("charge.created")
        facts = gateway.confirm_intent(
            intent_id, payment_method=charge.card.payment_method_id, key=charge.confirm_key, return_url=return_url
        )
    except Busy:
        with door():
            charging.put_back(charge.id, at=clock.now())
        return None
    except NoAnswer:
        with door():
            charging.lose_sight(charge.id, at=clock.now())
        return None
    crashpoint("charge.confirmed")
    with door():
        charging.settle(charge.id, facts, at=clock.now(), attempt=charge.attempt)
    return facts


def pay(practice_id: str, charge_id: str, card_id: UUID | None, *, return_url: str) -> str:
    """The patient pays with that card, on her own phone: the same payment, confirmed while she is there (I4). The charge then says what
    became of it. Returns the address of her bank's question, if it asks one.

    Raises Refusal `charge_in_flight`, `wrong_status`, `card_required`, `fee_not_available`.
    """
    door = partial(scope, practice_id, actor="patient:link", source="pay page")
    gateway = open_gateway(practice_id)
    if gateway is None:
        raise payments_off()
    with door():
        charge = paying.begin(charge_id, card_id, at=clock.now())
    crashpoint("charge.begun")
    try:
        facts = confirm(gateway, charge, door, return_url=return_url)
    except Rejected as refused:
        with door():
            paying.give_back(charge.id, card_is_gone=refused.code == "resource_missing", at=clock.now())
        return ""
    return facts.bank_url if facts else ""


def look_in(practice_id: str, charge_id: str) -> None:
    """The patient comes back from her bank: what it answered is asked, not believed from the address."""
    with scope(practice_id, actor="patient:link", source="pay page"):
        charge = charging.locked(charge_id)
    gateway = open_gateway(practice_id)
    if gateway is None or charge.gateway_intent_id is None or charge.state != State.NEEDS_PATIENT:
        return
    facts = gateway.intent(charge.gateway_intent_id)
    with scope(practice_id, actor="patient:link", source="pay page"):
        charging.settle(charge_id, facts, at=clock.now())


def _create(gateway: Gateway, charge: Charge, door: Door) -> str:
    intent = gateway.create_intent(
        amount=charge.amount,
        customer=charge.card.gateway_customer_id,
        payment_method=charge.card.payment_method_id,
        charge_id=str(charge.id),
        key=charge.create_key if charge.creations == 1 else f"{charge.create_key}:{charge.creations}",
    )
    crashpoint("charge.accepted")
    with door():
        return charging.note_intent(charge.id, intent.id).gateway_intent_id or intent.id


def _settle(practice_id: str, charge_id: str | UUID, facts: IntentFacts, *, attempt: int | None = None) -> None:
    with job_scope(practice_id, "settle_charge"):
        charging.settle(charge_id, facts, at=clock.now(), attempt=attempt)


def _refused(gateway: Gateway, practice_id: str, charge: Charge, refused: Rejected) -> None:
    """The request itself was refused. Before that is called failed, the payment is cancelled at the gateway; what it had become counts,
    and while the gateway does not say, it is not known."""
    with job_scope(practice_id, "send_charge"):
        charge = charging.note_refusal(charge.id, why=str(refused), code=refused.code)
        if charge.gateway_intent_id is None:
            charging.fail(charge.id, why=str(refused), code=refused.code, at=clock.now())
            return
    try:
        facts = gateway.cancel_intent(charge.gateway_intent_id)
    except (NoAnswer, Busy, Rejected):
        with job_scope(practice_id, "send_charge"):
            charging.lose_sight(charge.id, at=clock.now())
        return
    _settle(practice_id, charge.id, facts, attempt=charge.attempt)


def look_up(practice_id: str, charge_id: str) -> None:
    """End an unknown outcome by asking (docs/money.md): retrieve the intent; without its id look through the list, and create it anew
    where that has none. A further confirm only after the gateway shows the intent unconfirmed; one that
    the patient was making waits for her instead."""
    with job_scope(practice_id, "look_up"):
        charge = charging.locked(charge_id)
        if not charge.in_flight or (charge.state == State.SENDING and charge.lease_until and charge.lease_until > clock.now()):
            return
        charging.lose_sight(charge_id, at=clock.now())
    gateway = open_gateway(practice_id)
    if gateway is None:
        return
    try:
        facts = _find(gateway, practice_id, charge)
        untried = facts.status in ("requires_confirmation", "requires_payment_method") and not facts.error_code
        if charge.cancel_requested and not facts.paid:
            facts = gateway.cancel_intent(facts.id)
        elif untried and charge.link_at:
            with job_scope(practice_id, "look_up"):
                charging.put_back(charge_id, at=clock.now())
            return
        elif untried:
            facts = _confirm_anew(gateway, practice_id, charge)
    except (NoAnswer, Busy):
        return  # asked again when `look_at` comes
    except Rejected as refused:
        _refused(gateway, practice_id, charge, refused)
        return
    _settle(practice_id, charge_id, facts)


def _confirm_anew(gateway: Gateway, practice_id: str, charge: Charge) -> IntentFacts:
    """The gateway shows the intent unconfirmed: confirm it with the next key. The old one may answer a saved error for ever."""
    with job_scope(practice_id, "look_up"):
        charge = charging.next_attempt(charge.id)
    return gateway.confirm_intent(charge.gateway_intent_id or "", payment_method=charge.card.payment_method_id, key=charge.confirm_key)


def _find(gateway: Gateway, practice_id: str, charge: Charge) -> IntentFacts:
    if charge.gateway_intent_id:
        return gateway.intent(charge.gateway_intent_id)
    found = gateway.find_intent(customer=charge.card.gateway_customer_id, charge_id=str(charge.id), since=charge.created_at)
    door = partial(job_scope, practice_id, "look_up")
    with door():
        if found:
            charging.note_intent(charge.id, found.id)
            return found
        charge = charging.create_anew(charge.id)
    return gateway.intent(_create(gateway, charge, door))


def end_charge(practice_id: str, charge_id: str) -> None:
    """Cancel the payment of a fee that is no longer wanted, at the gateway first. If it says paid, paid it is, and flagged (R12)."""
    with job_scope(practice_id, "end_charge"):
        charge = charging.locked(charge_id)
    if charge.ending and charge.gateway_intent_id:
        _cancel(practice_id, charge_id, charge.gateway_intent_id)


def expire_charge(practice_id: str, charge_id: str) -> None:
    """The patient did not pay in time: her payment is cancelled at the gateway first, then the charge has failed, and staff decide."""
    with job_scope(practice_id, "expire_charge"):
        charge = charging.locked(charge_id)
        if charge.state != State.NEEDS_PATIENT or charge.expires_at is None or charge.expires_at > clock.now():
            return
        if charge.gateway_intent_id is None:
            charging.fail(charge_id, code=charging.LINK_EXPIRED, at=clock.now())
            return
    _cancel(practice_id, charge_id, charge.gateway_intent_id)


def _cancel(practice_id: str, charge_id: str, intent_id: str) -> None:
    gateway = open_gateway(practice_id)
    if gateway:
        _settle(practice_id, charge_id, gateway.cancel_intent(intent_id))


def send_refund(practice_id: str, refund_id: str) -> None:
    """Send a reserved refund. Its key is for life, so a second sending is the same refund."""
    with job_scope(practice_id, "send_refund"):
        refund = refunding.begin(refund_id, at=clock.now())
    if refund is None:
        return
    crashpoint("refund.begun")
    gateway = open_gateway(practice_id)
    if gateway is None:
        return
    intent_id = refund.charge.gateway_intent_id or ""
    try:
        facts = _refund_made(gateway, refund, intent_id) or gateway.create_refund(
            intent_id=intent_id, amount_minor=refund.amount_minor, refund_id=str(refund.id), key=refund.key
        )
    except (NoAnswer, Busy):
        with job_scope(practice_id, "send_refund"):
            refunding.lose_sight(refund_id)
        return
    except Rejected as refused:
        with job_scope(practice_id, "send_refund"):
            refunding.give_up(refund_id, why=str(refused), at=clock.now())
        return
    crashpoint("refund.accepted")
    with job_scope(practice_id, "send_refund"):
        refunding.settle(refund_id, facts, at=clock.now())


def _refund_made(gateway: Gateway, refund: Refund, intent_id: str) -> RefundFacts | None:
    """Once its key may be forgotten, a refund is made only if the gateway's list does not have it."""
    if clock.now() - refund.created_at <= KEY_LIFE:
        return None
    return next((made for made in gateway.refunds(intent_id) if made.refund_id == str(refund.id)), None)


def erase_customer(practice_id: str, erasure_id: str) -> None:
    """An erased patient's customer goes at the gateway too. Where that does not work now, the minute's round tries it again."""
    door = partial(job_scope, practice_id, "erase_customer")
    with door():
        erasure = erasing.begin(erasure_id, at=clock.now())
    if erasure is None:
        return
    gateway = open_gateway(practice_id)
    if gateway is None:
        with door():
            erasing.put_off(erasure_id, why="Card payments are not set up.", at=clock.now())
        return
    try:
        gateway.delete_customer(erasure.gateway_customer_id)
    except (NoAnswer, Busy):
        with door():
            erasing.put_off(erasure_id, why="It did not answer.", at=clock.now(), by=erasing.SOON)
        return
    except Rejected as refused:
        with door():
            erasing.put_off(erasure_id, why=str(refused), at=clock.now())
        return
    crashpoint("customer.erased")
    with door():
        erasing.done(erasure_id, at=clock.now())


def answer_dispute(practice_id: str, dispute_id: str) -> None:
    """Send the evidence to the gateway; its key is of this answer, so a lost answer is asked for again. Raises
    NoAnswer, Busy: then the job runs again."""
    with job_scope(practice_id, "answer_dispute"):
        dispute = Dispute.objects.get(pk=dispute_id)
    gateway = open_gateway(practice_id)
    if gateway is None or dispute.evidence is None or dispute.evidence_at is None or dispute.evidence_sent_at:
        return
    key = f"evidence:{dispute.id}:{int(dispute.evidence_at.timestamp())}"
    try:
        facts = gateway.answer_dispute(dispute.gateway_dispute_id, dispute.evidence, key=key)
    except Rejected as refused:
        with job_scope(practice_id, "answer_dispute"):
            disputing.not_taken(dispute_id, why=str(refused))
        return
    with job_scope(practice_id, "answer_dispute"):
        disputing.found(dispute.charge_id, facts, at=clock.now())
