"""Charging the card: the payment is created, its id committed, then confirmed; whatever the answer, it happens once (R5, R22, I4, I5)."""

from datetime import timedelta

import pytest
import stripe
from django.db import connection

import kept.billing.transitions.charging as charging
from kept.billing import sending
from kept.billing.models import Charge, Invoice, Payment
from kept.billing.tests.conftest import FEE, Due, look_after, now
from kept.events.models import Event
from kept.foundation.money import Money
from kept.foundation.scope import outside
from kept.ops.people import JUNIPER
from kept.practice.models import GatewayAccount, Member
from tests.kit.checks import queued, refused
from tests.kit.gateway import Double, clock_at, do_jobs, of_money
from tests.kit.visits import QUARTER_PAST

MINUTE = timedelta(minutes=1)
CREATE, CONFIRM = "POST /v1/payment_intents", "POST /v1/payment_intents/*/confirm"


# In order: create, commit the id, confirm


def test_paid(due: Due, gateway: Double) -> None:
    charge = due()

    do_jobs(at=QUARTER_PAST)

    charge, (taken,) = now(charge), gateway.ledger()["payments"]
    assert (charge.state, charge.captured, charge.captured_at, charge.attempt, charge.live, charge.flag) == (
        "succeeded",
        FEE,
        QUARTER_PAST,
        1,
        True,
        "",
    )
    assert (taken["intent"], taken["amount"], taken["currency"]) == (charge.gateway_intent_id, 7500, "usd")
    assert taken["metadata"] == {"installation": "tests", "charge": str(charge.id)}
    payment = Payment.objects.get()
    assert (payment.invoice, payment.charge, payment.amount, payment.gateway_charge_id, payment.at) == (
        charge.invoice,
        charge,
        FEE,
        taken["id"],
        QUARTER_PAST,
    )
    assert charge.invoice.status == "balanced"


def test_i4_its_keys_are_written_before_the_first_call(due: Due) -> None:
    charge = due()

    with outside(), clock_at(QUARTER_PAST):
        begun = charge.create_key
    begun_charge = charging.begin(charge.pk, at=QUARTER_PAST)

    assert (begun, now(charge).confirm_key) == (f"create:{charge.id}", f"confirm:{charge.id}:1")
    assert begun_charge == charge


def test_i4_the_payments_id_is_committed_before_it_is_confirmed(due: Due, gateway: Double) -> None:
    charge = due()
    gateway.fault(CONFIRM, "cut_before")

    do_jobs(at=QUARTER_PAST)

    (intent,) = gateway.ledger()["intents"]
    assert (now(charge).gateway_intent_id, intent["status"]) == (intent["id"], "requires_confirmation")


def test_i4_no_money_moves_by_creating_it(due: Due, gateway: Double) -> None:
    charge = due()
    gateway.fault(CREATE, "cut_after")

    do_jobs(at=QUARTER_PAST)

    assert (now(charge).state, now(charge).gateway_intent_id) == ("unknown", None)
    assert (len(gateway.ledger()["intents"]), gateway.ledger()["payments"]) == (1, [])


def test_r7d_a_charge_that_is_not_due_is_not_sent(due: Due, gateway: Double) -> None:
    charge = due(due_at=QUARTER_PAST + MINUTE)

    early = of_money(do_jobs(at=QUARTER_PAST + MINUTE - timedelta(seconds=1)))
    with clock_at(QUARTER_PAST), outside():
        sending.send_charge(str(charge.practice_id), str(charge.id))  # even if somebody asks

    assert (early, now(charge).state, gateway.ledger()["intents"]) == ([], "due", [])
    assert do_jobs(at=QUARTER_PAST + MINUTE)[0] == "billing.send_charge"
    assert now(charge).state == "succeeded"


def test_i13_a_job_that_runs_twice_pays_once(due: Due, gateway: Double) -> None:
    charge = due()

    with clock_at(QUARTER_PAST), outside():
        for _turn in range(2):
            sending.send_charge(str(charge.practice_id), str(charge.id))

    assert (now(charge).attempt, len(gateway.ledger()["payments"]), Payment.objects.count()) == (1, 1, 1)


def test_i13_of_two_workers_one_takes_it(due: Due) -> None:
    charge = due()

    takers = [charging.begin(charge.pk, at=QUARTER_PAST) for _worker in range(2)]

    assert (takers, now(charge).lease_until) == ([charge, None], QUARTER_PAST + MINUTE)


def test_i7_each_step_is_told(due: Due) -> None:
    charge = due()

    do_jobs(at=QUARTER_PAST)

    told = Event.objects.exclude(kind__startswith="letter.")
    events = told.filter(subject_id__in=[charge.id, now(charge).invoice_id]).order_by("id")
    assert [(event.kind, event.actor) for event in events] == [
        ("charge.due", "test"),
        ("invoice.issued", "job:send_charge"),
        ("invoice.paid", "job:send_charge"),
        ("charge.succeeded", "job:send_charge"),
    ]


# Declined, or stopped by the bank (R6)


def test_r6_a_decline_keeps_its_reason_and_the_invoice_stays_open(due: Due, gateway: Double) -> None:
    charge = due("chargeDeclinedInsufficientFunds")

    do_jobs(at=QUARTER_PAST)

    charge = now(charge)
    assert (charge.state, charge.decline_code, charge.captured, charge.live) == ("declined", "insufficient_funds", Money(0, "USD"), True)
    assert charge.decline_text == "Your card has insufficient funds."
    assert (charge.invoice.status, charge.card.state, gateway.ledger()["payments"]) == ("issued", "active", [])


def test_a_bank_that_asks_for_authentication_needs_the_patient(due: Due, gateway: Double) -> None:
    charge = due("authenticationRequired")

    do_jobs(at=QUARTER_PAST)

    charge = now(charge)
    assert (charge.state, charge.decline_code, charge.invoice.status) == ("needs_patient", "authentication_required", "issued")
    assert gateway.ledger()["payments"] == []


def test_r6_a_declined_card_is_tried_again_as_the_same_payment(due: Due, odette: Member, gateway: Double) -> None:
    charge = due("chargeCustomerFail")
    do_jobs(at=QUARTER_PAST)

    charging.retry(charge, by=odette, at=QUARTER_PAST + MINUTE)
    do_jobs(at=QUARTER_PAST + MINUTE)

    charge = now(charge)
    assert (charge.state, charge.attempt, charge.confirm_key) == ("declined", 2, f"confirm:{charge.id}:2")
    assert (len(gateway.ledger()["intents"]), Invoice.objects.count()) == (1, 1)


def test_r6_at_most_four_times_in_thirty_days_the_first_included(due: Due, odette: Member) -> None:
    charge = due("chargeCustomerFail")
    do_jobs(at=QUARTER_PAST)
    for turn in range(1, 4):
        charging.retry(charge, by=odette, at=QUARTER_PAST + turn * MINUTE)
        do_jobs(at=QUARTER_PAST + turn * MINUTE)

    with refused("wrong_status") as refusal:
        charging.retry(charge, by=odette, at=QUARTER_PAST + 5 * MINUTE)

    assert (now(charge).attempt, refusal.value.sentence) == (4, "All 4 tries in 30 days are used. Ask for another way to pay.")


@pytest.mark.parametrize(("days", "code"), [(timedelta(days=30), None), (timedelta(days=30, seconds=1), "wrong_status")])
def test_r6_and_not_after_thirty_days(due: Due, odette: Member, days: timedelta, code: str | None) -> None:
    charge = due("chargeCustomerFail")
    do_jobs(at=QUARTER_PAST)

    if code:
        with refused(code):
            charging.retry(charge, by=odette, at=QUARTER_PAST + days)
    else:
        charging.retry(charge, by=odette, at=QUARTER_PAST + days)

    assert now(charge).state == ("declined" if code else "due")


def test_a_hard_decline_blocks_the_card(due: Due, odette: Member) -> None:
    charge = due("chargeDeclinedExpiredCard")
    do_jobs(at=QUARTER_PAST)

    with refused("card_required") as refusal:
        charging.retry(charge, by=odette, at=QUARTER_PAST + MINUTE)

    assert (now(charge).state, now(charge).card.state) == ("declined", "blocked")
    assert refusal.value.sentence == "The bank will not take Visa ••0069 again. Ask for another card."


@pytest.mark.parametrize("state", ["due", "sending", "unknown"])
def test_a_charge_under_way_is_not_tried_again(due: Due, odette: Member, state: str) -> None:
    charge = due()
    Charge.objects.filter(pk=charge.pk).update(state=state)

    with refused("charge_in_flight"):
        charging.retry(charge, by=odette, at=QUARTER_PAST)


@pytest.mark.parametrize("state", ["succeeded", "canceled", "failed", "needs_patient"])
def test_nor_one_that_was_not_declined(due: Due, odette: Member, state: str) -> None:
    charge = due()
    Charge.objects.filter(pk=charge.pk).update(state=state)

    with refused("wrong_status"):
        charging.retry(charge, by=odette, at=QUARTER_PAST)


@pytest.mark.parametrize("who", ["tess", "philomena"])
def test_provider_and_auditor_do_not_collect(request: pytest.FixtureRequest, due: Due, who: str) -> None:
    charge = due("chargeCustomerFail")
    do_jobs(at=QUARTER_PAST)

    with refused("not_permitted"):
        charging.retry(charge, by=request.getfixturevalue(who), at=QUARTER_PAST)


# No answer: being checked, never called failed (R22, I5)

SILENCES = [(match, do) for match in (CREATE, CONFIRM) for do in ("cut_before", "cut_after", "error409")]


@pytest.mark.parametrize(("match", "do"), [*SILENCES, (CONFIRM, "error500")])
def test_r22_an_answer_that_never_came_is_being_checked_then_known(due: Due, gateway: Double, match: str, do: str) -> None:
    charge = due()
    gateway.fault(match, do)

    do_jobs(at=QUARTER_PAST)
    meanwhile = now(charge)
    look_after(charge, QUARTER_PAST + MINUTE)

    assert (meanwhile.state, meanwhile.unknown_since, meanwhile.look_at) == ("unknown", QUARTER_PAST, QUARTER_PAST + charging.LOOKS_AGAIN)
    assert (now(charge).state, now(charge).captured, now(charge).unknown_since) == ("succeeded", FEE, None)
    assert (len(gateway.ledger()["intents"]), len(gateway.ledger()["payments"]), Payment.objects.count()) == (1, 1, 1)


def test_r22_the_silence_of_a_decline_ends_as_a_decline(due: Due, gateway: Double) -> None:
    charge = due("chargeDeclinedInsufficientFunds")
    gateway.fault(CONFIRM, "cut_after")

    do_jobs(at=QUARTER_PAST)
    look_after(charge, QUARTER_PAST + MINUTE)

    assert (now(charge).state, now(charge).decline_code) == ("declined", "insufficient_funds")


def test_r22_a_broken_creation_moves_no_money_and_is_made_anew_with_the_next_key(due: Due, gateway: Double) -> None:
    charge = due()
    gateway.fault(CREATE, "error500")  # the gateway says the same to the same key again

    do_jobs(at=QUARTER_PAST)
    meanwhile = now(charge).state, gateway.ledger()["intents"]
    look_after(charge, QUARTER_PAST + MINUTE)

    assert meanwhile == ("unknown", [])
    assert (now(charge).state, now(charge).creations) == ("succeeded", 2)
    assert (len(gateway.ledger()["intents"]), len(gateway.ledger()["payments"])) == (1, 1)


def test_r22_it_is_asked_every_minute_for_an_hour_then_every_ten(due: Due, gateway: Double) -> None:
    charge = due()
    gateway.fault(CREATE, "cut_before", times=100)
    do_jobs(at=QUARTER_PAST)

    looks = [now(charge).look_at]
    for minutes in (1, 59, 60, 70):
        look_after(charge, QUARTER_PAST + minutes * MINUTE)
        looks.append(now(charge).look_at)

    assert [look and (look - QUARTER_PAST) / MINUTE for look in looks] == [0.5, 1.5, 59.5, 70, 80]
    assert now(charge).state == "unknown"


def test_r22_a_forgotten_key_makes_no_second_payment(due: Due, gateway: Double) -> None:
    charge = due()
    gateway.fault(CREATE, "cut_after")
    do_jobs(at=QUARTER_PAST)
    gateway.ask("DELETE", "keys")

    look_after(charge, QUARTER_PAST + timedelta(hours=23, minutes=1))

    assert (now(charge).state, len(gateway.ledger()["intents"]), len(gateway.ledger()["payments"])) == ("succeeded", 1, 1)


def test_r22_a_worker_that_vanished_is_followed_up_when_its_lease_is_over(due: Due, gateway: Double) -> None:
    charge = due()
    charging.begin(charge.pk, at=QUARTER_PAST)

    early = look_after(charge, QUARTER_PAST + MINUTE)
    look_after(charge, QUARTER_PAST + MINUTE + timedelta(seconds=1))

    assert of_money(early) == ["billing.send_charge"]  # it finds nothing to do
    assert (now(charge).state, len(gateway.ledger()["payments"])) == ("succeeded", 1)


def test_r22_a_lost_job_is_queued_again(due: Due) -> None:
    charge = due()
    _lose_jobs()

    look_after(charge, QUARTER_PAST + 2 * MINUTE)

    assert now(charge).state == "succeeded"


def _lose_jobs() -> None:
    with connection.cursor() as cursor:
        cursor.execute("update procrastinate_jobs set status = 'failed'")


def test_a_payment_that_is_still_processing_is_being_checked(due: Due, gateway: Double) -> None:
    charge = due()
    gateway.fault(CONFIRM, "pending")

    do_jobs(at=QUARTER_PAST)
    look_after(charge, QUARTER_PAST + MINUTE)
    meanwhile = now(charge).state
    gateway.ask("POST", "settle", {"id": now(charge).gateway_intent_id, "outcome": "succeeded"})
    look_after(charge, QUARTER_PAST + 2 * MINUTE)

    assert (meanwhile, now(charge).state) == ("unknown", "succeeded")


# Refused before it was accepted


@pytest.mark.parametrize("match", [CREATE, CONFIRM])
def test_a_busy_gateway_gets_the_same_call_with_the_same_keys_later(due: Due, gateway: Double, match: str) -> None:
    charge = due()
    gateway.fault(match, "error429", times=2)

    done = of_money(do_jobs(at=QUARTER_PAST))
    meanwhile = now(charge)
    do_jobs(at=QUARTER_PAST + MINUTE / 2)
    do_jobs(at=QUARTER_PAST + MINUTE)

    assert (done, meanwhile.state, meanwhile.attempt, meanwhile.due_at) == (
        ["billing.send_charge"],
        "due",
        0,
        QUARTER_PAST + MINUTE / 2,
    )
    assert (now(charge).state, now(charge).confirm_key) == ("succeeded", f"confirm:{charge.id}:1")
    assert (len(gateway.ledger()["intents"]), len(gateway.ledger()["payments"])) == (1, 1)


def test_a_card_withdrawn_at_the_gateway_fails_with_its_cause_and_the_payment_is_cancelled_first(due: Due, gateway: Double) -> None:
    charge = due()
    client = stripe.StripeClient(JUNIPER.gateway_key, base_addresses={"api": gateway.url})
    gateway.fault(CONFIRM, "error429")
    do_jobs(at=QUARTER_PAST)
    client.v1.payment_methods.detach(charge.card.payment_method_id)

    do_jobs(at=QUARTER_PAST + MINUTE)

    charge, (intent,) = now(charge), gateway.ledger()["intents"]
    assert (charge.state, charge.live, intent["status"], gateway.ledger()["payments"]) == ("failed", False, "canceled", [])
    assert charge.decline_text


def test_without_an_account_it_fails_and_says_so(due: Due) -> None:
    charge = due()
    GatewayAccount.objects.all().delete()

    do_jobs(at=QUARTER_PAST)

    assert (now(charge).state, now(charge).decline_code) == ("failed", "payments_off")


def test_the_charge_and_its_job_are_one(due: Due) -> None:
    charge = due()

    assert queued("billing.send_charge") == {str(charge.id)}


def test_r5_a_second_live_charge_for_the_same_booked_time_is_refused(due: Due, odette: Member) -> None:
    charge = due()

    with refused("already_charged"):
        charging.open_charge(charge.appointment, charge.kind, FEE, due_at=QUARTER_PAST, by=odette, at=QUARTER_PAST)

    assert Charge.objects.count() == 1
