"""Disputes: the patient's bank took a payment back. What the gateway says of one is recorded; while it is open nothing is refunded."""

from datetime import datetime
from uuid import UUID

from kept.billing.gateways.facts import DisputeFacts
from kept.billing.models import Charge, Dispute
from kept.billing.transitions import charging
from kept.events import journal


def found(charge_id: UUID, facts: DisputeFacts, *, at: datetime) -> Dispute:
    """The dispute is what the gateway says. Told twice or out of order it ends the same (I12)."""
    charge = charging.locked(charge_id)
    dispute, is_new = Dispute.objects.get_or_create(
        practice_id=charge.practice_id,
        gateway_dispute_id=facts.id,
        defaults={
            "charge": charge,
            "status": facts.status,
            "reason": facts.reason,
            "amount_minor": facts.amount_minor,
            "currency": charge.currency,
            "due_by": facts.due_by,
            "opened_at": at,
        },
    )
    if is_new:
        journal.record("dispute.opened", charge, by=None, at=at, minor=facts.amount_minor, reason=facts.reason)
    closes = facts.outcome != Charge.Disputed.OPEN and dispute.closed_at is None
    if closes:
        dispute.closed_at = at
        journal.record(f"dispute.{facts.outcome}", charge, by=None, at=at, minor=facts.amount_minor)
    dispute.status, dispute.due_by = facts.status, facts.due_by
    dispute.save(update_fields=["status", "due_by", "closed_at"])
    charge.dispute = facts.outcome
    charge.save(update_fields=["dispute"])
    return dispute
