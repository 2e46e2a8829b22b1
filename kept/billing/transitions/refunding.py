"""Money going back: reserved under the database's check before the gateway is asked, settled by what it says (I6, R21). What was paid
another way goes back by record."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext as _

from kept.billing.gateways.facts import RefundFacts
from kept.billing.models import Charge, Method, Payment, Refund
from kept.billing.rules import check_refund, check_returnable
from kept.billing.transitions import charging
from kept.billing.transitions.invoicing import credit_refund, reverse_credit
from kept.events import journal
from kept.foundation import jobs
from kept.foundation.ids import new_id
from kept.foundation.money import Money
from kept.foundation.refusals import Refusal, refusing
from kept.practice.models import Member
from kept.practice.rules import Right

LEASE = timedelta(seconds=60)
ON_ITS_WAY = timedelta(hours=1)  # after which a pending refund is asked for, in case its report was lost
GIVEN_UP = (Refund.State.FAILED,)
UNHEARD_OF = (Refund.State.RESERVED, Refund.State.SENDING, Refund.State.UNKNOWN)


def refund(
    charge: Charge, amount: Money | None, *, reason: str, note: str = "", by: Member, at: datetime, refund_id: UUID | None = None
) -> Refund:
    """Reserve the amount (None: the whole rest) to go back to the card it came from, and queue its job. What was not paid by card is
    given back by hand: this records it.

    `refund_id` is given out with the form: sent twice, it is one refund.

    Raises Refusal `refund_exceeds_captured`, `wrong_currency`, `charge_in_flight`, `reason_required`, `invalid`,
    `idempotency_conflict`, `not_permitted`; `wrong_status` while it is disputed.
    """
    by.must(Right.REFUND, charge.appointment)
    charge = charging.locked(charge.pk)
    if refund_id and (sent := Refund.objects.filter(pk=refund_id, charge=charge).first()):
        return sent
    check_returnable(charge)
    payment = payment_to_refund(charge)
    most = most_to_refund(charge, payment)
    amount = most if amount is None else amount
    if amount.currency != charge.currency:
        raise Refusal("wrong_currency", _("It was paid in %s.") % charge.currency, field="amount")
    if amount.minor <= 0 and most.minor > 0:
        raise Refusal("invalid", _("Enter an amount above zero."), field="amount")
    too_much = Refusal(
        "refund_exceeds_captured",
        _("Enter %s or less. That is all that is left of what was paid.") % most if most else _("There is nothing left to refund."),
        field="amount",
        refundable={"minor": most.minor, "currency": charge.currency},
    )
    if payment is None or amount > most or amount.minor <= 0:
        raise too_much
    check_refund(by, amount, charge.appointment)
    if not reason.strip():
        raise Refusal("reason_required", _("Say why it is refunded."), field="reason")

    used = Refusal("idempotency_conflict", _("This form was sent for another charge. Open it again."))
    with refusing(refund_within_captured=too_much, billing_refund_pkey=used):
        return _reserved(charge, payment, amount, why=reason, note=note, by=by, at=at, refund_id=refund_id or new_id())


def give_back(charge: Charge, *, at_most: Money | None = None, why: str, at: datetime) -> Refund | None:
    """What is left of it goes back by itself, as the policy says, to the card it came from. None where nothing is left, or the patient's
    bank decides about it."""
    charge = charging.locked(charge.pk)
    payment = payment_to_refund(charge)
    most = min(most_to_refund(charge, payment), at_most or charge.captured)
    if payment is None or most.minor <= 0 or charge.dispute in Charge.TAKEN_BACK:
        return None
    return _reserved(charge, payment, most, why=why, note="", by=None, at=at, refund_id=new_id())


def _reserved(
    charge: Charge, payment: Payment, amount: Money, *, why: str, note: str, by: Member | None, at: datetime, refund_id: UUID
) -> Refund:
    Charge.objects.filter(pk=charge.pk).update(refund_reserved_minor=F("refund_reserved_minor") + amount.minor)
    reserved = Refund.objects.create(
        id=refund_id,
        practice_id=charge.practice_id,
        charge=charge,
        invoice=payment.invoice,
        method=payment.method,
        amount_minor=amount.minor,
        currency=amount.currency,
        why=why.strip(),
        note=note.strip(),
        key=f"refund:{refund_id}",
        created_at=at,
    )
    Charge.objects.filter(pk=charge.pk).exclude(flag="").update(flag="")
    if payment.method != Method.CARD:
        return _settled(reserved, Refund.State.SUCCEEDED, by=by, at=at)
    jobs.defer("billing.send_refund", refund_id=str(reserved.id))
    journal.record("refund.reserved", reserved, by=by, at=at, minor=amount.minor)
    return reserved


def payment_to_refund(charge: Charge) -> Payment | None:
    """What a refund of the charge goes back to: the card, where it was paid by card."""
    return next(iter(sorted(charge.payments.all(), key=lambda payment: payment.method != Method.CARD)), None)


def most_to_refund(charge: Charge, payment: Payment | None) -> Money:
    """Of that payment, what can still go back; refunds under way already taken off."""
    return min(charge.refundable, payment.amount) if payment else charge.nothing


def locked(refund_id: UUID | str) -> Refund:
    """The refund, locked after its charge."""
    charge_id = Refund.objects.values_list("charge_id", flat=True).get(pk=refund_id)
    Charge.objects.select_for_update(no_key=True).get(pk=charge_id)
    return Refund.objects.select_for_update(no_key=True, of=("self",)).select_related("charge", "invoice").get(pk=refund_id)


def begin(refund_id: UUID | str, *, at: datetime) -> Refund | None:
    """A worker takes the refund. None when there is nothing to send, or another has it. The key is for life, so sending twice is one: a
    job does when the lease has run out, in case the worker died."""
    refund = locked(refund_id)
    if refund.state not in UNHEARD_OF:
        return None
    if refund.lease_until and refund.lease_until > at:
        return None
    refund.state, refund.lease_until = Refund.State.SENDING, at + LEASE
    refund.save(update_fields=["state", "lease_until"])
    jobs.defer("billing.send_refund", at=refund.lease_until + timedelta(seconds=1), refund_id=str(refund.id))
    return refund


def settle(refund_id: UUID | str, facts: RefundFacts, *, at: datetime) -> Refund:
    """The refund is what the gateway says; a failure, even days later, makes the amount refundable again."""
    refund = locked(refund_id)
    was_done = refund.state == Refund.State.SUCCEEDED
    went = facts.status in ("succeeded", "pending")
    if refund.state == Refund.State.FAILED and went and refund.gateway_refund_id is None:
        _reserve_again(refund, at=at)
    elif refund.state in GIVEN_UP or (was_done and went):
        return refund
    if refund.state == Refund.State.PENDING and facts.status == "pending":
        refund.lease_until = at + ON_ITS_WAY
        refund.save(update_fields=["lease_until"])
        return refund
    refund.gateway_refund_id, refund.lease_until = facts.id, None
    if facts.status == "succeeded":
        return _settled(refund, Refund.State.SUCCEEDED, at=at)
    if facts.status == "pending":
        refund.state, refund.lease_until = Refund.State.PENDING, at + ON_ITS_WAY
        refund.save()
        journal.record("refund.pending", refund, by=None, at=at, minor=refund.amount_minor)
        return refund
    refund.failure = facts.failure
    return _settled(refund, Refund.State.FAILED, was_done=was_done, at=at)


def _settled(refund: Refund, state: Refund.State, *, by: Member | None = None, at: datetime, was_done: bool = False) -> Refund:
    """It went back, or it did not: then the amount can be refunded again, and staff are asked what to do."""
    refund.state, refund.settled_at, refund.lease_until = state, at, None
    refund.save()
    charge, minor = Charge.objects.filter(pk=refund.charge_id), refund.amount_minor
    if state == Refund.State.SUCCEEDED:
        charge.update(refund_reserved_minor=F("refund_reserved_minor") - minor, refunded_minor=F("refunded_minor") + minor)
        credit_refund(refund, at=at)
    else:
        column = "refunded_minor" if was_done else "refund_reserved_minor"
        charge.update(**{column: F(column) - minor}, flag=Charge.Flag.REFUND_FAILED)
        reverse_credit(refund, at=at)
    journal.record(f"refund.{state}", refund, by=by, at=at, minor=minor)
    return refund


def found(charge_id: UUID, facts: RefundFacts, *, at: datetime) -> Refund | None:
    """Somebody refunded at the gateway itself: a fact, so it is recorded, and of our own refunds those that no longer fit give way (I6).
    None for one that moved nothing."""
    charge = charging.locked(charge_id)
    if facts.status not in ("succeeded", "pending") or Refund.objects.filter(gateway_refund_id=facts.id).exists():
        return None
    _make_room(charge, facts.amount_minor, at=at)
    refund = Refund.objects.create(
        practice_id=charge.practice_id,
        charge=charge,
        invoice=charge.payments.get(method=Method.CARD).invoice,
        amount_minor=facts.amount_minor,
        currency=charge.currency,
        why=_("Refunded at the payment provider"),
        key=f"external:{facts.id}",
        gateway_refund_id=facts.id,
        created_at=at,
        external=True,
    )
    Charge.objects.filter(pk=charge.pk).update(refund_reserved_minor=F("refund_reserved_minor") + facts.amount_minor)
    journal.record("refund.found", refund, by=None, at=at, minor=facts.amount_minor)
    return settle(refund.id, facts, at=at)


def _reserve_again(refund: Refund, *, at: datetime) -> None:
    """It was given up, and the gateway made it after all."""
    _make_room(refund.charge, refund.amount_minor, at=at)
    Charge.objects.filter(pk=refund.charge_id).update(refund_reserved_minor=F("refund_reserved_minor") + refund.amount_minor, flag="")


def _make_room(charge: Charge, minor: int, *, at: datetime) -> None:
    """What the gateway refunded fits, whatever we had reserved: refunds it has not told of give way, the largest first. One that it made
    after all is told, and counts then."""
    over = minor - Charge.objects.get(pk=charge.pk).refundable.minor
    for ours in charge.refunds.filter(state__in=UNHEARD_OF, external=False).order_by("-amount_minor", "-id"):
        if over <= 0:
            return
        give_up(ours.pk, why=_("Refunded at the payment provider meanwhile."), at=at)
        over -= ours.amount_minor


def give_up(refund_id: UUID | str, *, why: str, at: datetime) -> Refund:
    """The gateway will not make this refund: the reservation is released, and staff see why."""
    refund = locked(refund_id)
    if refund.state in UNHEARD_OF:
        refund.failure = why[:300]
        return _settled(refund, Refund.State.FAILED, at=at)
    return refund


def lose_sight(refund_id: UUID | str) -> Refund:
    """No answer came: unknown until it is asked again with the same key."""
    refund = locked(refund_id)
    if refund.state == Refund.State.SENDING:
        refund.state, refund.lease_until = Refund.State.UNKNOWN, None
        refund.save(update_fields=["state", "lease_until"])
    return refund
