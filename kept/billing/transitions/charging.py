"""A fee on its way to the card: opened, sent, settled by what the gateway says, ended (invariants of docs/money.md)."""

from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from kept.billing.gateways.facts import IntentFacts
from kept.billing.models import Charge, Invoice, Kind, State
from kept.billing.rules import check_retry
from kept.billing.transitions.invoicing import balance_invoice, cancel_invoice, issue_invoice
from kept.events import journal
from kept.foundation import jobs
from kept.foundation.ids import new_id
from kept.foundation.money import Money
from kept.foundation.refusals import Refusal, refusing
from kept.patients.models import Card
from kept.practice.models import Member
from kept.practice.rules import Right
from kept.scheduling.models import Appointment

LEASE = timedelta(seconds=60)
LOOKS_AGAIN = timedelta(seconds=30)  # an unknown outcome is then looked up by the next minute's round
WAITS_FOR_HER = timedelta(days=14)
HARD_DECLINES = {
    "lost_card",
    "stolen_card",
    "pickup_card",
    "restricted_card",
    "expired_card",
    "invalid_account",
    "revocation_of_authorization",
}
NEVER_AGAIN = "do_not_try_again"  # the bank's advice
LINK_EXPIRED = "link_expired"


def open_charge(
    appointment: Appointment,
    kind: Kind,
    amount: Money,
    *,
    due_at: datetime,
    by: Member | None,
    at: datetime,
    booking_no: int | None = None,
    applied_minor: int = 0,
) -> Charge:
    """The fee is due at `due_at` from the card accepted at booking; its job is queued in the same transaction (I5). `booking_no` is of the
    time that was missed or left; None: the one it has. The deposit pays `applied_minor` of the fee beside it.

    The key of its first call is written with it. Raises Refusal `already_charged` while another is live (R5, I3).
    """
    charge = new_charge(appointment, kind, amount, booking_no=booking_no, due_at=max(due_at, at), at=at, applied_minor=applied_minor)
    jobs.defer("billing.send_charge", at=charge.due_at if charge.due_at > at else None, charge_id=str(charge.id))
    journal.record("charge.due", charge, by=by, at=at, minor=amount.minor, due_at=charge.due_at.isoformat())
    return charge


def new_charge(
    appointment: Appointment, kind: Kind, amount: Money, *, due_at: datetime, at: datetime, booking_no: int | None = None, **more: object
) -> Charge:
    """The row, with the key of its first call. Raises Refusal `already_charged` while another is live (R5, I3)."""
    charge_id = new_id()
    with refusing(charge_live_once=already_charged(appointment, kind)):
        return Charge.objects.create(
            id=charge_id,
            practice_id=appointment.practice_id,
            appointment=appointment,
            patient_id=appointment.patient_id,
            card=appointment.acceptance.card,
            kind=kind,
            booking_no=appointment.booking_no if booking_no is None else booking_no,
            amount_minor=amount.minor,
            currency=amount.currency,
            created_at=at,
            due_at=due_at,
            create_key=f"create:{charge_id}",
            **more,
        )


def hasten(charge: Charge, *, by: Member, at: datetime) -> Charge:
    """A charge that waits for its time is due now. The caller holds its lock, and has seen that it waits."""
    charge.due_at = at
    charge.save(update_fields=["due_at"])
    jobs.defer("billing.send_charge", charge_id=str(charge.id))
    journal.record("charge.due", charge, by=by, at=at, minor=charge.amount_minor, due_at=at.isoformat())
    return charge


def already_charged(appointment: Appointment, kind: Kind) -> Refusal:
    return Refusal("already_charged", _("The fee for this appointment was already charged. It is charged at most once."))


def locked(charge_id: UUID | str) -> Charge:
    """The charge as it is now, locked until the scope ends, with what its settlement needs; read after the lock, invoice included."""
    Charge.objects.select_for_update(no_key=True).only("pk").get(pk=charge_id)
    return Charge.objects.select_related("appointment__clinic", "appointment__provider", "card", "patient", "invoice").get(pk=charge_id)


def begin(charge_id: UUID | str, *, at: datetime) -> Charge | None:
    """A worker takes the charge. None when there is nothing to send: ended, already sent, or not yet due. A job may run twice (I13)."""
    charge = locked(charge_id)
    if charge.state != State.DUE or charge.due_at > at or charge.cancel_requested:
        return None
    return take(charge, at=at)


def take(charge: Charge, *, at: datetime) -> Charge:
    """On its way: `sending` with a lease, the attempt and its key written, the invoice issued. A job looks at it when the lease has run
    out, in case whoever took it died."""
    charge.state, charge.lease_until = State.SENDING, at + LEASE
    charge.save()
    jobs.defer("billing.look_up", at=charge.lease_until + timedelta(seconds=1), charge_id=str(charge.id))
    charge = next_attempt(charge.id)
    issue_invoice(charge, at=at)
    return charge


def next_attempt(charge_id: UUID | str) -> Charge:
    """Write the key of the next confirm, before it is made."""
    charge = locked(charge_id)
    charge.attempt += 1
    charge.confirm_key = f"confirm:{charge.id}:{charge.attempt}"
    charge.save(update_fields=["attempt", "confirm_key"])
    return charge


def create_anew(charge_id: UUID | str) -> Charge:
    """Number the next creation of the payment, before it is asked for: the gateway has none, and the key of the one before may answer a
    saved error for ever. Unconfirmed, a payment moves no money; that whose id is kept first is the charge's."""
    charge = locked(charge_id)
    charge.creations += 1
    charge.save(update_fields=["creations"])
    return charge


def note_intent(charge_id: UUID | str, intent_id: str) -> Charge:
    """Keep the id of the charge's one payment, before it is confirmed (I4)."""
    charge = locked(charge_id)
    if charge.gateway_intent_id is None:
        charge.gateway_intent_id = intent_id
        charge.save(update_fields=["gateway_intent_id"])
    return charge


def settle(charge_id: UUID | str, facts: IntentFacts, *, at: datetime, attempt: int | None = None) -> Charge:
    """The charge is what the gateway says its payment is. Told twice or out of order, it ends the same (I12).

    `attempt` is given by the one who sent it: the answer to an older attempt changes nothing. Money that moved is recorded in any
    state; against a wish to end the fee it is flagged for staff: refund or keep? Never refunded by itself (R12).
    """
    charge = locked(charge_id)
    if charge.state == State.SUCCEEDED or (attempt is not None and attempt != charge.attempt and not facts.paid):
        return charge
    if facts.paid:
        return _succeeded(charge, facts, at)
    if charge.state in (State.CANCELED, State.FAILED):
        return charge
    if facts.status == "canceled":
        return _ended(charge, at) if charge.cancel_requested else _canceled_unasked(charge, at)
    if attempt is None and charge.state == State.SENDING and charge.lease_until and charge.lease_until > at:
        return charge  # somebody has it: what the gateway says now may be of an older attempt
    if facts.status == "processing":
        return _unknown(charge, at)
    if facts.error_code == "authentication_required" or facts.status == "requires_action":
        return _stopped(charge, State.NEEDS_PATIENT, facts, at)
    if facts.error_code and (charge.in_flight or charge.link_at):
        return _stopped(charge, State.DECLINED, facts, at)
    return charge


def _succeeded(charge: Charge, facts: IntentFacts, at: datetime) -> Charge:
    if charge.cancel_requested or charge.state in (State.CANCELED, State.FAILED):
        charge.flag = Charge.Flag.REFUND_OR_KEEP
    unrecorded = charge.recording if not charge.captured_minor else None
    if unrecorded:
        charge.recording = None
    charge.captured_minor += facts.captured_minor
    charge.state, charge.captured_at = State.SUCCEEDED, at
    charge.lease_until = charge.look_at = charge.unknown_since = None
    charge.gateway_intent_id = charge.gateway_intent_id or facts.id
    charge.save()
    balance_invoice(charge, Money(facts.captured_minor, charge.currency), gateway_charge_id=facts.gateway_charge_id, at=at)
    journal.record("charge.succeeded", charge, by=None, at=at, minor=facts.captured_minor, flag=charge.flag)
    if unrecorded:
        journal.record("payment.not_recorded", charge, by=None, at=at, method=unrecorded["method"], minor=charge.amount_minor)
    return charge


def _stopped(charge: Charge, state: State, facts: IntentFacts, at: datetime) -> Charge:
    """Not paid this time: declined, or for the patient to go on with. A fee that she pays by her link always waits for her."""
    became = state
    if charge.link_at:
        state = State.NEEDS_PATIENT
    is_new = charge.state != state
    charge.state, charge.lease_until, charge.look_at, charge.unknown_since = state, None, None, None
    charge.decline_code = facts.decline_code or facts.error_code or "authentication_required"
    charge.decline_text, charge.decline_advice = facts.error_text, facts.advice_code
    if state == State.NEEDS_PATIENT:
        charge.expires_at = charge.expires_at or at + WAITS_FOR_HER
    charge.save()
    if facts.decline_code in HARD_DECLINES or facts.error_code == "expired_card" or facts.advice_code == NEVER_AGAIN:
        charge.card.state = Card.State.BLOCKED
        charge.card.save(update_fields=["state"])
    if is_new:
        journal.record(f"charge.{became}", charge, by=None, at=at, code=charge.decline_code, attempt=charge.attempt)
    return _end(charge, at) if charge.cancel_requested and is_new else charge


def _unknown(charge: Charge, at: datetime) -> Charge:
    is_new = charge.state != State.UNKNOWN
    charge.state, charge.lease_until = State.UNKNOWN, None
    charge.unknown_since = charge.unknown_since or at
    charge.look_at = at + (LOOKS_AGAIN if at - charge.unknown_since < timedelta(hours=1) else timedelta(minutes=10))
    charge.save(update_fields=["state", "lease_until", "unknown_since", "look_at"])
    if is_new:
        journal.record("charge.unknown", charge, by=None, at=at, attempt=charge.attempt)
    return charge


def lose_sight(charge_id: UUID | str, *, at: datetime) -> Charge:
    """No answer came: the outcome is unknown, shown as *being checked*, and looked up until it is known (R22). Never called failed."""
    charge = locked(charge_id)
    return _unknown(charge, at) if charge.in_flight else charge


def put_back(charge_id: UUID | str, *, at: datetime) -> Charge:
    """The gateway has not tried it: due again in half a minute, as the same attempt with the same keys. A fee that is wanted no more
    ends instead; one that the patient pays herself waits for her."""
    charge = locked(charge_id)
    if not (charge.state == State.SENDING or charge.state == State.UNKNOWN and charge.link_at):
        return charge
    if charge.state == State.SENDING:
        charge.attempt -= 1
    charge.lease_until = charge.look_at = charge.unknown_since = None
    if charge.link_at:
        charge.state = State.NEEDS_PATIENT
    else:
        charge.state, charge.due_at = State.DUE, at + timedelta(seconds=30)
    charge.save()
    if charge.cancel_requested:
        return _end(charge, at)
    if charge.state == State.DUE:
        jobs.defer("billing.send_charge", at=charge.due_at, charge_id=str(charge.id))
    return charge


def note_refusal(charge_id: UUID | str, *, why: str, code: str) -> Charge:
    """The gateway refused the request itself. Its cause is kept first: the charge fails once its payment is cancelled there."""
    charge = locked(charge_id)
    charge.decline_code, charge.decline_text = code[:80], why[:300]
    charge.save(update_fields=["decline_code", "decline_text"])
    return charge


def fail(charge_id: UUID | str, *, why: str = "", code: str, at: datetime) -> Charge:
    """It can never go through this way, and no payment exists at the gateway. Staff see the cause; nothing was charged."""
    charge = locked(charge_id)
    if charge.in_flight or charge.state == State.NEEDS_PATIENT:
        return _failed(charge, code, why, at)
    return charge


def _canceled_unasked(charge: Charge, at: datetime) -> Charge:
    """Its payment is cancelled at the gateway though the fee was not ended: the gateway had refused it, the patient did not pay in time,
    or somebody did it there."""
    if charge.in_flight and (charge.decline_code or charge.decline_text):
        return _failed(charge, charge.decline_code, charge.decline_text, at)
    is_over = charge.state == State.NEEDS_PATIENT and charge.expires_at and charge.expires_at <= at
    return _failed(charge, LINK_EXPIRED if is_over else "canceled_at_gateway", "", at)


def _failed(charge: Charge, code: str, why: str, at: datetime) -> Charge:
    charge.state, charge.live, charge.decline_code, charge.decline_text = State.FAILED, False, code[:80], why[:300]
    charge.lease_until = charge.look_at = charge.unknown_since = None
    charge.save()
    journal.record("charge.failed", charge, by=None, at=at, code=charge.decline_code)
    return _ended(charge, at) if charge.cancel_requested else charge


def retry(charge: Charge, *, by: Member, at: datetime) -> Charge:
    """A declined card is tried again: due at once, at most 4 tries in 30 days, the first included (R6).

    Raises Refusal `charge_in_flight`, `wrong_status`, `card_required` when the bank will not take that card again, `not_permitted`.
    """
    by.must(Right.COLLECT, charge.appointment)
    charge = locked(charge.pk)
    check_retry(charge, at=at)
    charge.state, charge.due_at, charge.decline_code, charge.decline_text, charge.decline_advice = State.DUE, at, "", "", ""
    charge.save(update_fields=["state", "due_at", "decline_code", "decline_text", "decline_advice"])
    jobs.defer("billing.send_charge", charge_id=str(charge.id))
    journal.record("charge.retried", charge, by=by, at=at, attempt=charge.attempt + 1)
    return charge


def end(charge: Charge, *, why: str, by: Member | None, at: datetime) -> Charge:
    """The fee is no longer wanted: restored or spared. What was not sent ends at once; what may have been sent is followed to its end
    first (R12); what was paid stays paid."""
    charge = locked(charge.pk)
    if charge.captured_minor or charge.state in (State.SUCCEEDED, State.CANCELED):
        return charge
    charge.cancel_requested, charge.cancel_why = True, why
    charge.save(update_fields=["cancel_requested", "cancel_why"])
    return charge if charge.in_flight else _end(charge, at)


def _end(charge: Charge, at: datetime) -> Charge:
    """It is not in flight: without a payment at the gateway it ends at once, else a job cancels that first."""
    if charge.gateway_intent_id is None or charge.state == State.FAILED:
        return _ended(charge, at)
    if charge.state == State.DUE:  # a retry that was not sent: its payment exists at the gateway, unpaid
        charge.state = State.DECLINED
        charge.save(update_fields=["state"])
    jobs.defer("billing.end_charge", charge_id=str(charge.id))
    return charge


def _ended(charge: Charge, at: datetime) -> Charge:
    """No card can pay it any more. What staff recorded counts now; else the bill is answered by a credit note."""
    charge.state = charge.state if charge.state == State.FAILED else State.CANCELED
    charge.lease_until = charge.look_at = charge.unknown_since = None
    if charge.recording:
        return _recorded(charge)
    charge.live = False
    charge.save()
    if charge.invoice and charge.invoice.status == Invoice.Status.ISSUED:
        cancel_invoice(charge.invoice, why=charge.cancel_why or _("Fee ended"), by=None, at=at)
    journal.record("charge.canceled", charge, by=None, at=at)
    return charge


def _recorded(charge: Charge) -> Charge:
    """What staff say was paid another way is a payment from the instant at which they said it. The fee stands, so it stays live."""
    said = charge.recording or {}
    by, at = Member.objects.get(pk=said["by"]), datetime.fromisoformat(said["at"])
    charge.live, charge.captured_minor, charge.captured_at = True, charge.amount_minor, at
    with refusing(charge_live_once=already_charged(charge.appointment, Kind(charge.kind))):
        charge.save()
    balance_invoice(charge, charge.amount, method=said["method"], by=by, note=said["note"], at=at)
    journal.record("payment.recorded", charge, by=by, at=at, method=said["method"], minor=charge.amount_minor)
    return charge


def supersede(charge: Charge) -> None:
    """A fee that was wholly refunded makes room for a new one (R5)."""
    charge.live = False
    charge.save(update_fields=["live"])


def end_replaced(charge: Charge) -> None:
    """A failed charge in whose place another was opened: nobody has to decide about it any more."""
    charge.live, charge.cancel_requested, charge.cancel_why = False, True, "Replaced"
    charge.save(update_fields=["live", "cancel_requested", "cancel_why"])


def keep(charge: Charge, *, by: Member, at: datetime) -> Charge:
    """Staff decided: a payment that came through after its fee was ended, or whose refund failed, is kept. Raises Refusal
    `not_permitted`."""
    by.must(Right.COLLECT, charge.appointment)
    charge = locked(charge.pk)
    if charge.flag:
        charge.flag = ""
        charge.save(update_fields=["flag"])
        journal.record("charge.kept", charge, by=by, at=at)
    return charge


def ask_again(charge: Charge, *, by: Member, at: datetime) -> Charge:
    """Staff do not want to wait for the next look at an unknown outcome. Raises Refusal `wrong_status`, `not_permitted`."""
    by.must(Right.COLLECT, charge.appointment)
    charge = locked(charge.pk)
    if charge.state != State.UNKNOWN:
        raise Refusal("wrong_status", _("Its outcome is known by now."))
    jobs.defer("billing.look_up", charge_id=str(charge.id))
    journal.record("charge.asked_again", charge, by=by, at=at)
    return charge
