"""Money going back: reserved under the database's check before the gateway is asked, settled by what it says (I6, R21)."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext as _

from kept.billing.gateways.facts import RefundFacts
from kept.billing.models import Charge, Refund
from kept.billing.transitions import charging
from kept.events import journal
from kept.foundation import jobs
from kept.foundation.ids import new_id
from kept.foundation.money import Money
from kept.foundation.refusals import Refusal, refusing
from kept.practice.models import Member
from kept.practice.rules import Right, Role

LEASE = timedelta(seconds=60)
ON_ITS_WAY = timedelta(hours=1)  # after which a pending refund is asked for, in case its report was lost
GIVEN_UP = (Refund.State.FAILED,)


def refund(
    charge: Charge, amount: Money | None, *, reason: str, note: str = "", by: Member, at: datetime, refund_id: UUID | None = None
) -> Refund:
    """Reserve the amount (None: the whole rest) to go back to the card it came from, and queue its job.

    `refund_id` is given out with the form: sent twice, it is one refund.

    Raises Refusal `refund_exceeds_captured`, `charge_in_flight`, `reason_required`, `invalid`, `idempotency_conflict`, `not_permitted`.
    """
    by.must(Right.REFUND, charge.appointment)
    charge = charging.locked(charge.pk)
    if refund_id and (sent := Refund.objects.filter(pk=refund_id, charge=charge).first()):
        return sent
    if charge.in_flight:
        raise Refusal("charge_in_flight", _("The charge is still under way. Refund it once it is known to be paid."))
    amount = charge.refundable if amount is None else amount
    if amount.currency != charge.currency:
        raise Refusal("invalid", _("It was paid in %s.") % charge.currency, field="amount")
    if amount.minor <= 0 and charge.refundable.minor > 0:
        raise Refusal("invalid", _("Enter an amount above zero."), field="amount")
    too_much = Refusal(
        "refund_exceeds_captured",
        _("Enter %s or less. That is all that is left of what was paid.") % charge.refundable
        if charge.refundable
        else _("There is nothing left to refund."),
        field="amount",
        refundable={"minor": charge.refundable.minor, "currency": charge.currency},
    )
    if amount > charge.refundable or amount.minor <= 0:
        raise too_much
    limit = by.practice.settings.front_desk_refund_limit_minor
    if by.role == Role.FRONT_DESK and amount.minor > limit:
        raise Refusal("not_permitted", _("The front desk may refund up to %s. Ask a manager or billing.") % Money(limit, charge.currency))
    if not reason.strip():
        raise Refusal("reason_required", _("Say why it is refunded."), field="reason")

    with refusing(refund_within_captured=too_much):
        Charge.objects.filter(pk=charge.pk).update(refund_reserved_minor=F("refund_reserved_minor") + amount.minor)
    refund_id = refund_id or new_id()
    used = Refusal("idempotency_conflict", _("This form was sent for another charge. Open it again."))
    with refusing(billing_refund_pkey=used):
        reserved = Refund.objects.create(
            id=refund_id,
            practice_id=charge.practice_id,
            charge=charge,
            invoice=charge.invoice,
            amount_minor=amount.minor,
            currency=amount.currency,
            why=reason.strip(),
            note=note.strip(),
            key=f"refund:{refund_id}",
            created_at=at,
        )
    Charge.objects.filter(pk=charge.pk).exclude(flag="").update(flag="")
    jobs.defer("billing.send_refund", refund_id=str(reserved.id))
    journal.record("refund.reserved", reserved, by=by, at=at, minor=amount.minor)
    return reserved


def locked(refund_id: UUID | str) -> Refund:
    """The refund, locked after its charge."""
    charge_id = Refund.objects.values_list("charge_id", flat=True).get(pk=refund_id)
    Charge.objects.select_for_update(no_key=True).get(pk=charge_id)
    return Refund.objects.select_for_update(no_key=True, of=("self",)).select_related("charge", "invoice").get(pk=refund_id)


def begin(refund_id: UUID | str, *, at: datetime) -> Refund | None:
    """A worker takes the refund. None when there is nothing to send, or another has it. The key is for life, so sending twice is one."""
    refund = locked(refund_id)
    if refund.state not in (Refund.State.RESERVED, Refund.State.SENDING, Refund.State.UNKNOWN):
        return None
    if refund.lease_until and refund.lease_until > at:
        return None
    refund.state, refund.lease_until = Refund.State.SENDING, at + LEASE
    refund.save(update_fields=["state", "lease_until"])
    return refund


def settle(refund_id: UUID | str, facts: RefundFacts, *, at: datetime) -> Refund:
    """The refund is what the gateway says; a failure, even days later, makes the amount refundable again."""
    refund = locked(refund_id)
    was_done = refund.state == Refund.State.SUCCEEDED
    if refund.state in GIVEN_UP or (was_done and facts.status in ("succeeded", "pending")):
        return refund
    if refund.state == Refund.State.PENDING and facts.status == "pending":
        refund.lease_until = at + ON_ITS_WAY
        refund.save(update_fields=["lease_until"])
        return refund
    refund.gateway_refund_id, refund.lease_until = facts.id, None
    if facts.status == "succeeded":
        refund.state, refund.settled_at = Refund.State.SUCCEEDED, at
        Charge.objects.filter(pk=refund.charge_id).update(
            refund_reserved_minor=F("refund_reserved_minor") - refund.amount_minor, refunded_minor=F("refunded_minor") + refund.amount_minor
        )
    elif facts.status == "pending":
        refund.state, refund.lease_until = Refund.State.PENDING, at + ON_ITS_WAY
    else:
        refund.state, refund.settled_at, refund.failure = Refund.State.FAILED, at, facts.failure
        column = "refunded_minor" if was_done else "refund_reserved_minor"
        Charge.objects.filter(pk=refund.charge_id).update(**{column: F(column) - refund.amount_minor})
    refund.save()
    journal.record(f"refund.{refund.state}", refund, by=None, at=at, minor=refund.amount_minor)
    return refund


def give_up(refund_id: UUID | str, *, why: str, at: datetime) -> Refund:
    """The gateway will not make this refund: the reservation is released, and staff see why."""
    refund = locked(refund_id)
    if refund.state in (Refund.State.SENDING, Refund.State.UNKNOWN, Refund.State.RESERVED):
        refund.state, refund.settled_at, refund.failure, refund.lease_until = Refund.State.FAILED, at, why[:300], None
        refund.save()
        Charge.objects.filter(pk=refund.charge_id).update(refund_reserved_minor=F("refund_reserved_minor") - refund.amount_minor)
        journal.record("refund.failed", refund, by=None, at=at, minor=refund.amount_minor)
    return refund


def lose_sight(refund_id: UUID | str) -> Refund:
    """No answer came: unknown until it is asked again with the same key."""
    refund = locked(refund_id)
    if refund.state == Refund.State.SENDING:
        refund.state, refund.lease_until = Refund.State.UNKNOWN, None
        refund.save(update_fields=["state", "lease_until"])
    return refund
