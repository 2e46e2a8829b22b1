"""The table of a charge's states, row by row: what happens, from where, to where, and what is true at the gateway then (I3-I5, R12)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import stripe
from django.db import IntegrityError, transaction

import kept.billing.transitions.charging as charging
import kept.billing.transitions.paying as paying
import kept.billing.transitions.recording as recording
from kept.billing import reports, sending
from kept.billing.models import Charge, CreditNote, Invoice, Payment
from kept.billing.tests.conftest import FEE, Due, look_after, now
from kept.billing.transitions.refunding import refund
from kept.events.models import Event
from kept.foundation.ids import new_id
from kept.foundation.scope import job_scope, outside
from kept.ops.people import JUNIPER
from kept.practice.models import Member
from kept.scheduling.models import Appointment
from tests.kit.checks import queued, refused
from tests.kit.gateway import Double, clock_at, do_jobs, of_money
from tests.kit.visits import QUARTER_PAST

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
LATER = QUARTER_PAST + MINUTE
CREATE, CONFIRM, CANCEL = "POST /v1/payment_intents", "POST /v1/payment_intents/*/confirm", "POST /v1/payment_intents/*/cancel"
DECLINES, ASKS = "chargeCustomerFail", "authenticationRequired"

Fee = Callable[[str], Charge]


@pytest.fixture
def fee(due: Due, odette: Member, gateway: Double) -> Fee:
    """`fee("unknown")`: one in that state, as the gateway and staff brought it there; `retried` is one due again after a decline."""

    def made(state: str) -> Charge:
        charge = due({"declined": DECLINES, "retried": DECLINES, "needs_patient": ASKS}.get(state, "visa"))
        if state in ("unknown", "failed"):
            gateway.fault(CONFIRM, "cut_before" if state == "unknown" else "error429")
        if state == "sending":
            charging.begin(charge.pk, at=QUARTER_PAST)
        elif state != "due":
            do_jobs(at=QUARTER_PAST)
        if state == "failed":
            stripe_client(gateway).v1.payment_methods.detach(charge.card.payment_method_id)
            do_jobs(at=LATER)
        if state == "retried":
            charging.retry(charge, by=odette, at=QUARTER_PAST)
        charge = now(charge)
        assert charge.state == {"retried": "due"}.get(state, state)
        return charge

    return made


def stripe_client(gateway: Double) -> stripe.StripeClient:
    return stripe.StripeClient(JUNIPER.gateway_key, base_addresses={"api": gateway.url})


def paid_there(charge: Charge, gateway: Double) -> None:
    """The patient pays at the gateway by another card, past us."""
    client = stripe_client(gateway)
    method = client.v1.payment_methods.attach(
        client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}}).id, {"customer": charge.card.gateway_customer_id}
    )
    client.v1.payment_intents.confirm(charge.gateway_intent_id or "", {"payment_method": method.id})


def there(gateway: Double) -> list[str]:
    """What became of the payments at the gateway."""
    return [intent["status"] for intent in gateway.ledger()["intents"]]


def ended(charge: Charge, by: Member) -> Charge:
    return charging.end(charge, why="Appointment restored", by=by, at=LATER)


# A no-show with a fee: due


def test_without_an_accepted_policy_there_is_no_charge_even_in_sql(appointment_without_card: Appointment, fee: Fee) -> None:
    charge = fee("due")
    charge.pk, charge.create_key, charge.appointment = new_id(), "another", appointment_without_card

    with pytest.raises(IntegrityError, match="a fee above what was accepted"), transaction.atomic():
        charge.save(force_insert=True)


# A worker claims: sending


def test_a_worker_takes_what_is_due_and_nothing_that_was_ended(fee: Fee, odette: Member) -> None:
    charge = fee("due")
    Charge.objects.update(cancel_requested=True)

    assert charging.begin(charge.pk, at=QUARTER_PAST) is None


# Its lease is over, or an unknown outcome is due for a look


@pytest.mark.parametrize("state", ["sending", "unknown"])
def test_what_vanished_is_looked_up_and_confirmed_once(fee: Fee, gateway: Double, state: str) -> None:
    charge = fee(state)

    look_after(charge, QUARTER_PAST + 2 * MINUTE)

    assert (now(charge).state, there(gateway), len(gateway.ledger()["payments"])) == ("succeeded", ["succeeded"], 1)


# A decline keeps its code and the bank's advice


def test_a_decline_keeps_code_and_advice(fee: Fee) -> None:
    charge = fee("declined")

    assert (charge.decline_code, charge.decline_advice, charge.card.state) == ("generic_decline", "try_again_later", "active")


def test_a_bank_that_advises_never_again_blocks_the_card(due: Due, odette: Member) -> None:
    charge = due("chargeDeclinedExpiredCard")
    do_jobs(at=QUARTER_PAST)

    assert (now(charge).decline_advice, now(charge).card.state) == ("do_not_try_again", "blocked")


# The bank asks for the patient: 14 days


def test_what_waits_for_the_patient_fails_after_14_days_its_payment_cancelled(fee: Fee, gateway: Double) -> None:
    charge = fee("needs_patient")
    last = QUARTER_PAST + 14 * DAY

    look_after(charge, last - MINUTE)
    meanwhile = now(charge).state, there(gateway)
    look_after(charge, last)

    assert charge.expires_at == last
    assert meanwhile == ("needs_patient", ["requires_payment_method"])
    assert (now(charge).state, now(charge).live, now(charge).decline_code, there(gateway)) == (
        "failed",
        False,
        "link_expired",
        ["canceled"],
    )
    assert Invoice.objects.get().status == "issued"  # staff decide


def test_a_payment_that_came_at_the_last_moment_counts(fee: Fee, gateway: Double) -> None:
    charge = fee("needs_patient")
    paid_there(charge, gateway)

    look_after(charge, QUARTER_PAST + 14 * DAY)

    assert (now(charge).state, now(charge).flag, there(gateway)) == ("succeeded", "", ["succeeded"])


# No answer: unknown


@pytest.mark.parametrize("do", ["cut_before", "cut_after", "error500", "error409"])
def test_a_silence_is_unknown_never_failed(due: Due, gateway: Double, do: str) -> None:
    charge = due()
    gateway.fault(CONFIRM, do)

    do_jobs(at=QUARTER_PAST)

    assert (now(charge).state, now(charge).attempt) == ("unknown", 1)


# Refused before acceptance: due again


def test_a_busy_gateway_gets_the_same_key_again(due: Due, gateway: Double) -> None:
    charge = due()
    gateway.fault(CONFIRM, "error429")

    do_jobs(at=QUARTER_PAST)
    do_jobs(at=LATER)

    assert (now(charge).state, now(charge).confirm_key) == ("succeeded", f"confirm:{charge.id}:1")


@pytest.mark.parametrize(("match", "left"), [(CREATE, []), (CONFIRM, ["canceled"])])
def test_r12_but_what_was_ended_meanwhile_is_not_sent_again(due: Due, odette: Member, gateway: Double, match: str, left: list[str]) -> None:
    charge = due()
    begun = charging.begin(charge.pk, at=QUARTER_PAST)
    assert begun is not None
    ended(charge, odette)
    gateway.fault(match, "error429")

    with clock_at(QUARTER_PAST), outside():
        found = sending.open_gateway(str(charge.practice_id))
        assert found is not None
        sending.confirm(found, begun, lambda: job_scope(str(charge.practice_id), "send_charge"))
    do_jobs(at=LATER + 5 * MINUTE)

    assert (now(charge).state, there(gateway), gateway.ledger()["payments"]) == ("canceled", left, [])


# An invalid request: failed, its payment cancelled first


def test_a_request_that_is_refused_fails_once_its_payment_is_cancelled(fee: Fee, gateway: Double) -> None:
    charge = fee("failed")

    assert (charge.live, there(gateway), Invoice.objects.get().status) == (False, ["canceled"], "issued")


@pytest.mark.parametrize("do", ["cut_before", "cut_after", "error500", "error429"])
def test_while_the_gateway_does_not_say_that_it_is_cancelled_it_is_being_checked(due: Due, gateway: Double, do: str) -> None:
    charge = due()
    gateway.fault(CONFIRM, "error429")
    do_jobs(at=QUARTER_PAST)
    stripe_client(gateway).v1.payment_methods.detach(charge.card.payment_method_id)
    gateway.fault(CANCEL, do)

    do_jobs(at=LATER)
    meanwhile = now(charge).state
    for minutes in range(2, 5):
        look_after(charge, QUARTER_PAST + minutes * MINUTE)

    assert meanwhile == "unknown"
    assert (now(charge).state, there(gateway)) == ("failed", ["canceled"])
    assert now(charge).decline_text.startswith("The provided PaymentMethod was detached")


def test_what_was_ended_and_fails_has_its_bill_cancelled(due: Due, odette: Member) -> None:
    charge = due()
    charging.begin(charge.pk, at=QUARTER_PAST)
    ended(charge, odette)

    charging.fail(charge.pk, why="No such customer", code="resource_missing", at=LATER)

    assert (now(charge).state, Invoice.objects.get().status, CreditNote.objects.get().why) == (
        "failed",
        "cancelled",
        "Appointment restored",
    )


# A report first


@pytest.mark.parametrize("state", ["retried", "unknown", "declined", "needs_patient"])
def test_what_the_gateway_reports_first_is_what_it_is(fee: Fee, gateway: Double, state: str) -> None:
    charge = fee(state)
    paid_there(charge, gateway)

    with clock_at(LATER), outside():
        reports.look_at_payment(str(charge.practice_id), charge.gateway_intent_id or "")
    do_jobs(at=LATER)

    assert (now(charge).state, now(charge).flag, len(gateway.ledger()["payments"])) == ("succeeded", "", 1)


@pytest.mark.parametrize("state", ["retried", "declined", "needs_patient"])
def test_a_payment_that_is_processing_there_is_being_checked(fee: Fee, gateway: Double, state: str) -> None:
    charge = fee(state)
    gateway.fault(CONFIRM, "pending")
    paid_there(charge, gateway)

    with clock_at(LATER), outside():
        reports.look_at_payment(str(charge.practice_id), charge.gateway_intent_id or "")
    do_jobs(at=LATER)

    assert now(charge).state == "unknown"


@pytest.mark.parametrize("state", ["retried", "unknown", "declined", "needs_patient"])
def test_one_cancelled_there_by_somebody_has_failed_and_staff_decide(fee: Fee, gateway: Double, state: str) -> None:
    charge = fee(state)
    stripe_client(gateway).v1.payment_intents.cancel(charge.gateway_intent_id or "")

    with clock_at(LATER), outside():
        reports.look_at_payment(str(charge.practice_id), charge.gateway_intent_id or "")
    do_jobs(at=LATER)

    assert (now(charge).state, now(charge).decline_code, Invoice.objects.get().status) == ("failed", "canceled_at_gateway", "issued")


# Restored or spared


def test_what_was_not_sent_ends_at_once(fee: Fee, odette: Member, gateway: Double) -> None:
    charge = ended(fee("due"), odette)

    assert (charge.state, charge.live, of_money(do_jobs(at=LATER))) == ("canceled", False, ["billing.send_charge"])
    assert there(gateway) == []


@pytest.mark.parametrize("state", ["retried", "declined", "needs_patient"])
def test_what_was_stopped_is_cancelled_at_the_gateway_first(fee: Fee, odette: Member, gateway: Double, state: str) -> None:
    charge = ended(fee(state), odette)
    meanwhile = charge.ending, Invoice.objects.get().status
    do_jobs(at=LATER)

    assert meanwhile == (True, "issued")
    assert (now(charge).state, now(charge).live, there(gateway)) == ("canceled", False, ["canceled"])
    assert (Invoice.objects.get().status, CreditNote.objects.count()) == ("cancelled", 1)


@pytest.mark.parametrize("state", ["declined", "needs_patient"])
def test_r12_if_it_says_paid_it_is_paid_and_flagged(fee: Fee, odette: Member, gateway: Double, state: str) -> None:
    charge = ended(fee(state), odette)
    paid_there(charge, gateway)

    do_jobs(at=LATER)

    assert (now(charge).state, now(charge).flag, Invoice.objects.get().status) == ("succeeded", "refund_or_keep", "balanced")


@pytest.mark.parametrize(("do", "ending"), [("cut_before", "canceled"), ("cut_after", "succeeded")])
def test_r12_what_was_sent_is_followed_to_its_end(due: Due, odette: Member, gateway: Double, do: str, ending: str) -> None:
    charge = due()
    gateway.fault(CONFIRM, do)
    do_jobs(at=QUARTER_PAST)

    charge = ended(charge, odette)
    meanwhile = charge.state, charge.cancel_requested
    look_after(charge, QUARTER_PAST + 2 * MINUTE)

    assert meanwhile == ("unknown", True)
    assert (now(charge).state, there(gateway)) == (ending, [ending])
    assert now(charge).flag == ("refund_or_keep" if ending == "succeeded" else "")


# Cash recorded


@pytest.mark.parametrize("state", ["due", "retried", "declined", "needs_patient", "failed"])
def test_cash_counts_once_the_card_can_not_pay_any_more(fee: Fee, odette: Member, gateway: Double, state: str) -> None:
    charge = recording.record_payment(fee(state), method="cash", note="Left at the desk", by=odette, at=LATER)
    meanwhile = charge.ending, Payment.objects.count()
    do_jobs(at=LATER + MINUTE)

    charge, payment = now(charge), Payment.objects.get()
    assert meanwhile == ((True, 0) if state in ("retried", "declined", "needs_patient") else (False, 1))
    assert (charge.state, charge.live, charge.captured) == ("failed" if state == "failed" else "canceled", True, FEE)
    assert (payment.method, payment.amount, payment.by, payment.note, payment.at) == ("cash", FEE, odette, "Left at the desk", LATER)
    assert (Invoice.objects.get().status, CreditNote.objects.count()) == ("balanced", 0)
    assert there(gateway) in ([], ["canceled"])
    assert gateway.ledger()["payments"] == []


@pytest.mark.parametrize("state", ["sending", "unknown"])
def test_while_it_is_under_way_no_cash_is_recorded(fee: Fee, odette: Member, state: str) -> None:
    charge = fee(state)

    with refused("charge_in_flight"):
        recording.record_payment(charge, method="cash", by=odette, at=LATER)

    assert (now(charge).recording, now(charge).state) == (None, state)


def test_if_the_card_has_paid_meanwhile_the_cash_is_not_recorded_and_staff_decide(fee: Fee, odette: Member, gateway: Double) -> None:
    charge = recording.record_payment(fee("needs_patient"), method="cash", by=odette, at=LATER)
    paid_there(charge, gateway)

    do_jobs(at=LATER)

    charge = now(charge)
    assert (charge.state, charge.captured, charge.flag, charge.recording) == ("succeeded", FEE, "refund_or_keep", None)
    assert Payment.objects.get().method == "card"
    assert Event.objects.filter(kind="payment.not_recorded").count() == 1


# The gateway says paid after it was ended


@pytest.mark.parametrize("state", ["canceled", "failed"])
def test_i5_a_late_success_is_recorded_at_once_and_flagged(fee: Fee, odette: Member, gateway: Double, state: str) -> None:
    charge = fee("declined")
    Charge.objects.update(state=state, live=False)
    paid_there(charge, gateway)

    with clock_at(LATER), outside():
        reports.look_at_payment(str(charge.practice_id), charge.gateway_intent_id or "")

    assert (now(charge).state, now(charge).flag, now(charge).live) == ("succeeded", "refund_or_keep", False)


def test_i5_even_after_cash_was_recorded_and_what_goes_back_goes_to_the_card(
    fee: Fee, odette: Member, silas: Member, gateway: Double
) -> None:
    charge = recording.record_payment(fee("due"), method="cash", by=odette, at=LATER)
    paid = charging.IntentFacts("pi_late", "succeeded", captured_minor=7500, gateway_charge_id="ch_late")

    charging.settle(charge.pk, paid, at=LATER)
    sent = refund(now(charge), None, reason="Paid twice", by=silas, at=LATER)

    assert sorted(Payment.objects.values_list("method", flat=True)) == ["card", "cash"]
    assert (now(charge).captured_minor, now(charge).state, now(charge).flag) == (15000, "succeeded", "")
    assert (sent.method, sent.amount, queued("billing.send_refund")) == ("card", FEE, {str(sent.id)})


# The patient's link is no second payment


def test_i4_a_link_pays_the_same_payment(fee: Fee, odette: Member, gateway: Double) -> None:
    charge = fee("declined")
    paying.payment_link(charge, by=odette, at=LATER)

    assert (now(charge).state, now(charge).gateway_intent_id, now(charge).expires_at) == (
        "needs_patient",
        charge.gateway_intent_id,
        LATER + 14 * DAY,
    )
