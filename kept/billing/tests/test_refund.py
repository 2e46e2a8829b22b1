"""Refunds: never more in total than was captured, whoever asks at the same time and whatever answer is lost (R21, I6)."""

from collections import Counter
from datetime import datetime, timedelta

import pytest
import stripe
from django.db import IntegrityError, transaction

import kept.billing.transitions.charging as charging
from kept.billing import reports, sending
from kept.billing.models import Charge, Kind, Refund
from kept.billing.tasks import follow_up
from kept.billing.tests.conftest import FEE, Due, look_after, now
from kept.billing.transitions.refunding import refund
from kept.events.models import Event
from kept.foundation.money import Money
from kept.foundation.refusals import Refusal
from kept.foundation.scope import outside, scope
from kept.ops.people import JUNIPER
from kept.practice.models import Member, Settings
from kept.practice.rules import Role
from tests.kit.checks import queued, refused
from tests.kit.database import Cloned
from tests.kit.gateway import Double, clock_at, do_jobs
from tests.kit.people import seen
from tests.kit.together import together
from tests.kit.visits import QUARTER_PAST, accepted, book

LATER = QUARTER_PAST + timedelta(hours=1)
MINUTE = timedelta(minutes=1)
REFUNDS = "POST /v1/refunds"


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def money(charge: Charge) -> tuple[int, int, int]:
    """Captured, refunded and reserved."""
    row = now(charge)
    return row.captured_minor, row.refunded_minor, row.refund_reserved_minor


# All, a part, several


def test_all_of_it_goes_back_to_the_card_it_came_from(paid: Charge, silas: Member, gateway: Double) -> None:
    sent = refund(paid, None, reason=" Goodwill ", note="Called", by=silas, at=LATER)
    reserved = money(paid)

    do_jobs(at=LATER)

    sent.refresh_from_db()
    (there,) = gateway.ledger()["refunds"]
    assert (reserved, money(paid)) == ((7500, 0, 7500), (7500, 7500, 0))
    assert (sent.state, sent.amount, sent.why, sent.note, sent.settled_at, sent.gateway_refund_id) == (
        "succeeded",
        FEE,
        "Goodwill",
        "Called",
        LATER,
        there["id"],
    )
    assert (there["amount"], there["intent"], there["metadata"]["refund"]) == (7500, paid_intent(paid), str(sent.id))
    assert now(paid).invoice.status == "balanced"  # what was paid was paid; the refund stands beside


def paid_intent(charge: Charge) -> str:
    return now(charge).gateway_intent_id or ""


def test_several_parts_to_the_last_cent(paid: Charge, silas: Member, gateway: Double) -> None:
    for minor in (2500, 4999, 1):
        refund(paid, usd(minor), reason="Goodwill", by=silas, at=LATER)
        do_jobs(at=LATER)

    assert money(paid) == (7500, 7500, 0)
    assert sorted(there["amount"] for there in gateway.ledger()["refunds"]) == [1, 2500, 4999]
    with refused("refund_exceeds_captured") as refusal:
        refund(paid, usd(1), reason="Goodwill", by=silas, at=LATER)
    assert refusal.value.sentence == "There is nothing left to refund."


@pytest.mark.parametrize(
    ("amount", "code", "sentence"),
    [
        (usd(0), "invalid", "Enter an amount above zero."),
        (usd(-100), "invalid", "Enter an amount above zero."),
        (Money(100, "EUR"), "wrong_currency", "It was paid in USD."),
        (usd(7501), "refund_exceeds_captured", "Enter $75.00 or less. That is all that is left of what was paid."),
    ],
)
def test_no_other_amount(paid: Charge, silas: Member, amount: Money, code: str, sentence: str) -> None:
    with refused(code) as refusal:
        refund(paid, amount, reason="Goodwill", by=silas, at=LATER)

    assert (refusal.value.sentence, money(paid), Refund.objects.count()) == (sentence, (7500, 0, 0), 0)


def test_what_is_under_way_is_not_left_to_refund(paid: Charge, silas: Member) -> None:
    refund(paid, usd(5000), reason="Goodwill", by=silas, at=LATER)

    with refused("refund_exceeds_captured") as refusal:
        refund(paid, usd(2501), reason="Goodwill", by=silas, at=LATER)

    assert refusal.value.facts == {"refundable": {"minor": 2500, "currency": "USD"}}


@pytest.mark.parametrize(("captured", "reserved", "refunded"), [(7500, 7501, 0), (7500, 1, 7500), (7500, 0, 7501)])
def test_i6_the_database_itself_refuses_more(paid: Charge, captured: int, reserved: int, refunded: int) -> None:
    with pytest.raises(IntegrityError, match="refund_within_captured"), transaction.atomic():
        Charge.objects.filter(pk=paid.pk).update(captured_minor=captured, refund_reserved_minor=reserved, refunded_minor=refunded)


@pytest.mark.parametrize("state", ["sending", "unknown"])
def test_nothing_is_refunded_while_the_charge_is_under_way(due: Due, silas: Member, state: str) -> None:
    charge = due()
    Charge.objects.filter(pk=charge.pk).update(state=state)

    with refused("charge_in_flight"):
        refund(charge, usd(100), reason="Goodwill", by=silas, at=LATER)


def test_nor_what_was_never_paid(due: Due, silas: Member) -> None:
    charge = due("chargeCustomerFail")
    do_jobs(at=QUARTER_PAST)

    with refused("refund_exceeds_captured"):
        refund(charge, None, reason="Goodwill", by=silas, at=LATER)


# Who, and why


def test_a_reason_is_required(paid: Charge, silas: Member) -> None:
    with refused("reason_required"):
        refund(paid, None, reason="  ", by=silas, at=LATER)


def test_billing_refunds(paid: Charge, benedikt: Member) -> None:
    assert refund(paid, None, reason="Goodwill", by=benedikt, at=LATER).state == "reserved"


@pytest.mark.parametrize("who", ["odette", "tess", "philomena"])
def test_front_desk_provider_and_auditor_do_not(request: pytest.FixtureRequest, paid: Charge, who: str) -> None:
    with refused("not_permitted"):
        refund(paid, usd(1), reason="Goodwill", by=request.getfixturevalue(who), at=LATER)


@pytest.mark.parametrize(("minor", "allowed"), [(2000, True), (2001, False)])
def test_the_front_desk_up_to_what_the_practice_sets(paid: Charge, odette: Member, minor: int, allowed: bool) -> None:
    Settings.objects.update(front_desk_refund_limit_minor=2000)

    if allowed:
        refund(paid, usd(minor), reason="Goodwill", by=odette, at=LATER)
    else:
        with refused("not_permitted") as refusal:
            refund(paid, usd(minor), reason="Goodwill", by=odette, at=LATER)
        assert refusal.value.sentence == "The front desk may refund up to $20.00. Ask a manager or billing."


# One at the gateway, whatever answer is lost (R22)


def test_the_reservation_and_its_job_are_one(paid: Charge, silas: Member) -> None:
    with transaction.atomic():
        refund(paid, None, reason="Goodwill", by=silas, at=LATER)
        transaction.set_rollback(True)
    gone = queued("billing.send_refund"), money(paid)

    sent = refund(paid, None, reason="Goodwill", by=silas, at=LATER)

    assert gone == (set(), (7500, 0, 0))
    assert (queued("billing.send_refund"), money(paid), sent.key) == ({str(sent.id)}, (7500, 0, 7500), f"refund:{sent.id}")


@pytest.mark.parametrize("do", ["cut_before", "cut_after", "error429", "error409"])
def test_r22_a_lost_answer_is_asked_again_with_the_same_key(paid: Charge, silas: Member, gateway: Double, do: str) -> None:
    gateway.fault(REFUNDS, do)
    sent = refund(paid, usd(3000), reason="Goodwill", by=silas, at=LATER)

    do_jobs(at=LATER)
    sent.refresh_from_db()
    meanwhile = sent.state, money(paid)
    look_after(paid, LATER + 2 * MINUTE)

    assert meanwhile == ("unknown", (7500, 0, 3000))
    assert ([there["amount"] for there in gateway.ledger()["refunds"]], money(paid)) == ([3000], (7500, 3000, 0))


def test_r22_a_key_the_gateway_has_forgotten_makes_no_second_refund(paid: Charge, silas: Member, gateway: Double) -> None:
    gateway.fault(REFUNDS, "cut_after")
    refund(paid, usd(3000), reason="Goodwill", by=silas, at=LATER)
    do_jobs(at=LATER)
    gateway.ask("DELETE", "keys")

    look_after(paid, LATER + timedelta(hours=25))

    assert ([there["amount"] for there in gateway.ledger()["refunds"]], money(paid)) == ([3000], (7500, 3000, 0))


def test_i13_a_job_that_runs_twice_refunds_once(paid: Charge, silas: Member, gateway: Double) -> None:
    sent = refund(paid, usd(3000), reason="Goodwill", by=silas, at=LATER)

    with clock_at(LATER), outside():
        for _turn in range(2):
            sending.send_refund(str(paid.practice_id), str(sent.id))

    assert (len(gateway.ledger()["refunds"]), money(paid)) == (1, (7500, 3000, 0))


def test_what_the_gateway_refuses_is_released_and_says_why(paid: Charge, silas: Member, gateway: Double) -> None:
    (payment,) = gateway.ledger()["payments"]
    gateway.ask("POST", "disputes", {"charge": payment["id"]})
    sent = refund(paid, None, reason="Goodwill", by=silas, at=LATER)

    do_jobs(at=LATER)

    sent.refresh_from_db()
    assert (sent.state, money(paid), gateway.ledger()["refunds"]) == ("failed", (7500, 0, 0), [])
    assert "has been charged back" in sent.failure


# It fails, even days later


def test_a_refund_that_fails_days_later_makes_its_amount_refundable_again(paid: Charge, silas: Member, gateway: Double) -> None:
    sent = refund(paid, usd(3000), reason="Goodwill", by=silas, at=LATER)
    do_jobs(at=LATER)
    sent.refresh_from_db()
    gateway.ask("POST", "settle", {"id": sent.gateway_refund_id, "outcome": "failed"})

    days_later = LATER + timedelta(days=4)
    _reported(paid, days_later)
    _reported(paid, days_later)  # twice: it is taken off once

    sent.refresh_from_db()
    assert (sent.state, sent.settled_at, sent.failure) == ("failed", days_later, "expired_or_canceled_card")
    assert (money(paid), now(paid).refundable) == ((7500, 0, 0), FEE)
    assert list(Event.objects.filter(subject_id=sent.id).order_by("id").values_list("kind", flat=True)) == [
        "refund.reserved",
        "refund.succeeded",
        "refund.failed",
    ]


def _reported(charge: Charge, at: datetime) -> None:
    intent_id = paid_intent(charge)
    with clock_at(at), outside():
        reports.look_at_payment(str(charge.practice_id), intent_id)


@pytest.mark.parametrize(("outcome", "expected"), [("succeeded", (7500, 3000, 0)), ("failed", (7500, 0, 0))])
def test_a_refund_on_its_way_holds_its_amount_until_it_is_known(
    paid: Charge, silas: Member, gateway: Double, outcome: str, expected: tuple[int, int, int]
) -> None:
    gateway.fault(REFUNDS, "pending")
    sent = refund(paid, usd(3000), reason="Goodwill", by=silas, at=LATER)
    do_jobs(at=LATER)
    sent.refresh_from_db()
    meanwhile = sent.state, money(paid)

    gateway.ask("POST", "settle", {"id": sent.gateway_refund_id, "outcome": outcome})
    _reported(paid, LATER + MINUTE)

    sent.refresh_from_db()
    assert meanwhile == ("pending", (7500, 0, 3000))
    assert (sent.state, money(paid)) == (outcome, expected)


def test_r22_a_refund_on_its_way_is_asked_for_every_hour_in_case_its_report_is_lost(paid: Charge, silas: Member, gateway: Double) -> None:
    gateway.fault(REFUNDS, "pending")
    sent = refund(paid, usd(3000), reason="Goodwill", by=silas, at=LATER)
    do_jobs(at=LATER)
    do_jobs(at=LATER + 2 * MINUTE)

    asked = [look_after(paid, LATER + minutes * MINUTE) for minutes in (59, 60, 61, 120)]
    sent.refresh_from_db()
    gateway.ask("POST", "settle", {"id": sent.gateway_refund_id, "outcome": "succeeded"})
    look_after(paid, LATER + 180 * MINUTE)

    sent.refresh_from_db()
    assert asked == [[], ["billing.look_at_payment"], [], ["billing.look_at_payment"]]
    assert (sent.state, money(paid)) == ("succeeded", (7500, 3000, 0))
    assert Event.objects.filter(subject_id=sent.id, kind="refund.pending").count() == 1


def test_i6_what_was_refunded_at_the_gateway_itself_is_refused_there_and_ours_released(
    paid: Charge, silas: Member, gateway: Double
) -> None:
    client = stripe.StripeClient(JUNIPER.gateway_key, base_addresses={"api": gateway.url})
    client.v1.refunds.create({"payment_intent": paid_intent(paid), "amount": 5000})
    sent = refund(paid, usd(3000), reason="Goodwill", by=silas, at=LATER)

    do_jobs(at=LATER)

    sent.refresh_from_db()
    assert (sent.state, [there["amount"] for there in gateway.ledger()["refunds"]]) == ("failed", [5000])
    assert now(paid).refund_reserved_minor == 0


def test_a_refund_decides_what_was_flagged(paid: Charge, silas: Member) -> None:
    Charge.objects.filter(pk=paid.pk).update(flag="refund_or_keep")

    refund(paid, None, reason="Goodwill", by=silas, at=LATER)

    assert now(paid).flag == ""


# At the same moment


def test_i6_of_twenty_at_once_who_ask_for_60_percent_one_gets_it(committed: Cloned, gateway: Double) -> None:
    house = seen(JUNIPER)
    manager, practice_id = house.members[Role.MANAGER], house.practice.id
    card = gateway.card(house.patients[0])
    with scope(practice_id, actor="test"):
        appointment = accepted(book(house), card)
        charge = charging.open_charge(appointment, Kind.NO_SHOW, FEE, due_at=QUARTER_PAST, by=manager, at=QUARTER_PAST)
    do_jobs(at=QUARTER_PAST)

    def ask() -> Refund:
        with scope(practice_id, actor=f"user:{manager.user_id}"):
            return refund(charge, FEE.percent(60), reason="Goodwill", by=manager, at=LATER)

    asked = together([ask] * 20)
    do_jobs(at=LATER)
    with clock_at(LATER + 2 * MINUTE):
        follow_up(str(practice_id))
    do_jobs(at=LATER + 2 * MINUTE)

    outcomes = Counter(outcome.code if isinstance(outcome, Refusal) else type(outcome).__name__ for outcome in asked)
    assert outcomes == {"Refund": 1, "refund_exceeds_captured": 19}
    assert [there["amount"] for there in gateway.ledger()["refunds"]] == [4500]
    with scope(practice_id, actor="test"):
        assert money(charge) == (7500, 4500, 0)
