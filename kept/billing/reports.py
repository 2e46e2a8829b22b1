"""What the gateway tells of itself: its events, and its lists once a day. The object is fetched and applied as it is now, so nothing
depends on the order or number of reports (I12)."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from kept.billing.gateways.facts import Gateway, IntentFacts, Rejected
from kept.billing.models import CardCapture, Charge, CustomerErasure, GatewayEvent, Refund
from kept.billing.sending import open_gateway
from kept.billing.transitions import cards, charging, disputing, refunding
from kept.foundation import clock
from kept.foundation.crashpoints import crashpoint
from kept.foundation.ids import as_id
from kept.foundation.money import Money
from kept.foundation.scope import job_scope

NOBODY = UUID(int=0)
OF_A_PAYMENT = ("refund.", "charge.refund", "charge.dispute.")


def speaks_of_us(kind: str) -> bool:
    """Whether an event of that kind is about something that the book follows."""
    return kind.startswith(("payment_intent.", *OF_A_PAYMENT)) or kind == "checkout.session.completed"


def apply_event(practice_id: str, event_id: str) -> None:
    """Bring up to date what a stored event speaks of. What is none of ours is left alone, what should be ours and is not is parked."""
    with job_scope(practice_id, "apply_event"):
        event = GatewayEvent.objects.get(pk=event_id)
    crashpoint("report.begun")
    said = event.body["data"]["object"]
    if event.kind == "checkout.session.completed":
        state = _finish_capture(practice_id, str(said["id"]))
    else:
        intent_id = said["id"] if event.kind.startswith("payment_intent.") else said.get("payment_intent")
        gateway = open_gateway(practice_id)
        if gateway is None:
            return
        state = _of_intent(gateway, practice_id, gateway.intent(intent_id)) if intent_id else GatewayEvent.State.FOREIGN
    crashpoint("report.applied")
    with job_scope(practice_id, "apply_event"):
        GatewayEvent.objects.filter(pk=event_id).update(state=state)


def _finish_capture(practice_id: str, session_id: str) -> GatewayEvent.State:
    with job_scope(practice_id, "apply_event"):
        capture = CardCapture.objects.filter(session_id=session_id).values_list("id", flat=True).first()
    if capture is None:
        return GatewayEvent.State.FOREIGN
    cards.finish(practice_id, str(capture))
    return GatewayEvent.State.APPLIED


def look_at_payment(practice_id: str, intent_id: str) -> None:
    """Ask for a payment and its refunds, and apply what they are now."""
    gateway = open_gateway(practice_id)
    if gateway:
        _of_intent(gateway, practice_id, gateway.intent(intent_id))


def _of_intent(gateway: Gateway, practice_id: str, facts: IntentFacts) -> GatewayEvent.State:
    """The charge whose payment that is, its refunds, those made at the gateway itself included, and its disputes."""
    charge_id = as_id(facts.charge_id) or _deposit_of(practice_id, facts) or NOBODY
    with job_scope(practice_id, "apply_event"):
        charge = Charge.objects.filter(Q(gateway_intent_id=facts.id) | Q(id=charge_id)).first()
        if charge is None and charge_id != NOBODY and facts.capture_id and not facts.paid:
            return GatewayEvent.State.APPLIED  # she has not paid yet
        if charge is None:
            return GatewayEvent.State.PARKED if facts.ours else GatewayEvent.State.FOREIGN
        if charging.note_intent(charge.id, facts.id).gateway_intent_id != facts.id and not facts.paid:
            return GatewayEvent.State.APPLIED  # created, and another was kept: it is never confirmed
        charging.settle(charge.id, facts, at=clock.now())
    for made in gateway.refunds(facts.id) if facts.paid else []:
        with job_scope(practice_id, "apply_event"):
            ours = Refund.objects.filter(Q(id=as_id(made.refund_id) or NOBODY) | Q(gateway_refund_id=made.id)).first()
            if ours:
                refunding.settle(ours.id, made, at=clock.now())
            else:
                refunding.found(charge.id, made, at=clock.now())
    for dispute in gateway.disputes(facts.id) if facts.paid else []:
        with job_scope(practice_id, "apply_event"):
            disputing.found(charge.id, dispute, at=clock.now())
    return GatewayEvent.State.APPLIED


def _deposit_of(practice_id: str, facts: IntentFacts) -> UUID | None:
    """A payment made on a card page is the deposit of its capture, whose id the charge has: once it is paid it is in the book."""
    capture_id = as_id(facts.capture_id) if facts.ours else None
    if capture_id is None:
        return None
    with job_scope(practice_id, "apply_event"):
        known = CardCapture.objects.filter(pk=capture_id).exists()
    if known and facts.paid:
        cards.finish(practice_id, str(capture_id))
    return capture_id if known else None


def reconcile(practice_id: str, *, since: datetime) -> Iterator[str]:
    """Compare the gateway's list since then with the book, both ways. What differs is brought up to date; what can't be is told, a
    sentence each. Raises NoAnswer, Busy."""
    gateway = open_gateway(practice_id)
    if gateway is None:
        return
    seen: dict[str, IntentFacts] = {facts.id: facts for facts in gateway.intents_since(since)}
    refunded = {refund.intent_id for refund in gateway.refunds_since(since)} - seen.keys() - {""}
    for facts in [*seen.values(), *map(gateway.intent, sorted(refunded))]:
        if _of_intent(gateway, practice_id, facts) == GatewayEvent.State.PARKED:
            yield f"Payment {facts.id} was made by this installation, and the book does not know it: {facts.status}."
    with job_scope(practice_id, "reconcile"):
        ours = Charge.objects.filter(created_at__gte=since, gateway_intent_id__isnull=False)
        unseen = list(ours.exclude(gateway_intent_id__in=[*seen]).values_list("id", "gateway_intent_id"))
    for charge_id, intent_id in unseen:
        try:
            _of_intent(gateway, practice_id, gateway.intent(str(intent_id)))
        except Rejected:
            yield f"Charge {charge_id} has payment {intent_id}, and the gateway does not know it."
    yield from _that_differ(practice_id, seen)
    yield from _not_erased(practice_id, before=since)


def _not_erased(practice_id: str, *, before: datetime) -> Iterator[str]:
    """Customers of patients who were erased so long ago, and whom the gateway still has."""
    with job_scope(practice_id, "reconcile"):
        left = list(CustomerErasure.objects.filter(done_at=None, asked_at__lt=before).select_related("patient").order_by("asked_at", "id"))
    for each in left:
        yield f"{each.patient} was erased, and the gateway still has customer {each.gateway_customer_id}. {each.why}".rstrip()


def _that_differ(practice_id: str, seen: dict[str, IntentFacts]) -> Iterator[str]:
    """After all was applied, nothing may differ."""
    with job_scope(practice_id, "reconcile"):
        rows: Any = Charge.objects.filter(gateway_intent_id__in=[*seen]).prefetch_related("payments")
        for charge in rows:
            facts = seen[charge.gateway_intent_id]
            by_card = sum(payment.amount_minor for payment in charge.payments.all() if payment.method == "card")
            if by_card != (facts.captured_minor if facts.paid else 0):
                there, here = Money(facts.captured_minor, charge.currency), Money(by_card, charge.currency)
                yield f"Charge {charge.id}: the gateway took {there}, the book says {here}."
