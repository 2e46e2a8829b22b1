"""Disputes: the patient's bank took a payment back. What the gateway says of one is recorded; while it is open nothing is refunded."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from kept.billing.gateways.facts import DisputeFacts
from kept.billing.models import Charge, Dispute
from kept.billing.transitions import charging
from kept.events import journal
from kept.foundation import jobs
from kept.foundation.refusals import Refusal
from kept.practice.models import Member
from kept.practice.rules import Right


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
    if facts.answered and dispute.evidence_sent_at is None:
        dispute.evidence_sent_at, dispute.evidence_trouble = at, ""
        journal.record("dispute.answered", charge, by=None, at=at)
    dispute.save(update_fields=["status", "due_by", "closed_at", "evidence_sent_at", "evidence_trouble"])
    charge.dispute = facts.outcome
    charge.save(update_fields=["dispute"])
    return dispute


def answer(dispute: Dispute, evidence: dict[str, str], *, by: Member, at: datetime) -> Dispute:
    """The evidence goes to the bank, by a job; once, for the bank takes one answer only.

    Raises Refusal `wrong_status` (closed, over its day, or answered already), `not_permitted`.
    """
    by.must(Right.COLLECT, dispute.charge.appointment)
    charging.locked(dispute.charge_id)
    dispute = Dispute.objects.select_for_update(no_key=True, of=("self",)).select_related("charge").get(pk=dispute.pk)
    check_answerable(dispute, at=at)
    dispute.evidence, dispute.evidence_by, dispute.evidence_at, dispute.evidence_trouble = evidence, by, at, ""
    dispute.save(update_fields=["evidence", "evidence_by", "evidence_at", "evidence_trouble"])
    jobs.defer("billing.answer_dispute", dispute_id=str(dispute.id))
    journal.record("dispute.evidence_given", dispute.charge, by=by, at=at)
    return dispute


def check_answerable(dispute: Dispute, *, at: datetime) -> None:
    """Raises Refusal `wrong_status` unless the bank still waits for an answer and none is on its way."""
    if dispute.closed_at:
        raise Refusal("wrong_status", _("The bank has decided already."))
    if dispute.evidence_sent_at or dispute.evidence_at and not dispute.evidence_trouble:
        raise Refusal("wrong_status", _("It is answered already; a bank takes one answer only."))
    if dispute.due_by and at > dispute.due_by:
        raise Refusal("wrong_status", _("The bank’s day for evidence is over."))


def not_taken(dispute_id: UUID | str, *, why: str) -> None:
    """The gateway refused the answer: staff see why, and may answer again."""
    Dispute.objects.filter(pk=dispute_id).update(evidence_trouble=why[:300])
