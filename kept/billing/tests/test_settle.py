"""Settling: the charge is what the gateway says its payment is, in any order and however often it is told (I5, I12, R12)."""

from itertools import permutations

import pytest
from django.db import IntegrityError, transaction

import kept.billing.transitions.charging as charging
from kept.billing.gateways.facts import IntentFacts
from kept.billing.models import Charge, CreditNote, Invoice, Payment
from kept.billing.tests.conftest import FEE, now
from kept.events.models import Event
from kept.foundation.money import Money
from kept.ops.cast import House
from kept.practice.models import Member
from kept.scheduling.models import Appointment
from tests.kit.checks import queued, refused
from tests.kit.visits import QUARTER_PAST

PAID = IntentFacts("pi_1", "succeeded", captured_minor=7500, gateway_charge_id="ch_1")
PROCESSING = IntentFacts("pi_1", "processing")
DECLINED = IntentFacts(
    "pi_1", "requires_payment_method", error_code="card_declined", decline_code="insufficient_funds", error_text="Not enough."
)
ASKED = IntentFacts("pi_1", "requires_action")
CANCELED = IntentFacts("pi_1", "canceled")
UNCONFIRMED = IntentFacts("pi_1", "requires_confirmation")


@pytest.fixture
def sent(odette: Member, appointment: Appointment) -> Charge:
    """A charge that a worker has sent; its answer is awaited."""
    opened = charging.open_charge(appointment, "no_show", FEE, due_at=QUARTER_PAST, by=odette, at=QUARTER_PAST)
    begun = charging.begin(opened.pk, at=QUARTER_PAST)
    assert begun is not None
    return charging.note_intent(begun.pk, "pi_1")


def told(charge: Charge, *facts: IntentFacts) -> Charge:
    for fact in facts:
        charging.settle(charge.pk, fact, at=QUARTER_PAST)
    return now(charge)


# Any order ends the same


@pytest.mark.parametrize(
    "order", list(permutations([PAID, PAID, DECLINED, PROCESSING])), ids=lambda order: "-".join(fact.status for fact in order)
)
def test_i12_once_it_is_paid_every_order_ends_paid_once(sent: Charge, order: tuple[IntentFacts, ...]) -> None:
    charge = told(sent, *order)

    assert (charge.state, charge.captured, charge.flag, charge.live) == ("succeeded", FEE, "", True)
    assert (charge.lease_until, charge.look_at, charge.unknown_since) == (None, None, None)
    assert Payment.objects.values_list("amount_minor", "gateway_charge_id").get() == (7500, "ch_1")
    assert Invoice.objects.get().status == "balanced"
    assert Event.objects.filter(kind="charge.succeeded").count() == 1


@pytest.mark.parametrize("late", [DECLINED, ASKED, PROCESSING, CANCELED, UNCONFIRMED])
def test_what_is_paid_stays_paid(sent: Charge, late: IntentFacts) -> None:
    charge = told(sent, PAID, late)

    assert (charge.state, charge.captured, Invoice.objects.get().status) == ("succeeded", FEE, "balanced")


def test_a_decline_told_twice_is_one(sent: Charge) -> None:
    for _turn in range(2):
        charging.settle(sent.pk, DECLINED, at=QUARTER_PAST, attempt=1)

    assert (now(sent).state, now(sent).decline_code, now(sent).decline_text) == ("declined", "insufficient_funds", "Not enough.")
    assert Event.objects.filter(kind="charge.declined").count() == 1


def test_a_worker_who_has_it_is_not_overtaken_by_a_report_of_an_older_try(sent: Charge) -> None:
    assert told(sent, DECLINED).state == "sending"


def test_the_answer_to_an_older_try_changes_nothing(sent: Charge, odette: Member) -> None:
    charging.settle(sent.pk, DECLINED, at=QUARTER_PAST, attempt=1)
    charging.retry(sent, by=odette, at=QUARTER_PAST)
    charging.begin(sent.pk, at=QUARTER_PAST)

    charging.settle(sent.pk, DECLINED, at=QUARTER_PAST, attempt=1)

    assert (now(sent).state, now(sent).attempt) == ("sending", 2)


def test_unless_it_says_paid(sent: Charge, odette: Member) -> None:
    charging.settle(sent.pk, DECLINED, at=QUARTER_PAST, attempt=1)
    charging.retry(sent, by=odette, at=QUARTER_PAST)

    charging.settle(sent.pk, PAID, at=QUARTER_PAST, attempt=1)

    assert (now(sent).state, now(sent).flag) == ("succeeded", "")


@pytest.mark.parametrize("state", ["due", "sending", "unknown", "declined", "needs_patient", "canceled", "failed"])
def test_i5_money_that_moved_is_recorded_in_any_state(sent: Charge, state: str) -> None:
    Charge.objects.filter(pk=sent.pk).update(state=state, live=state not in ("canceled", "failed"))

    charge = told(sent, PAID)

    assert (charge.state, charge.captured, Payment.objects.count()) == ("succeeded", FEE, 1)
    assert charge.flag == ("refund_or_keep" if state in ("canceled", "failed") else "")


def test_what_was_captured_is_what_the_gateway_says(sent: Charge) -> None:
    charge = told(sent, IntentFacts("pi_1", "succeeded", captured_minor=7000, gateway_charge_id="ch_1"))

    assert (charge.captured, charge.refundable, Payment.objects.get().amount) == (Money(7000, "USD"),) * 3


# Ended, and paid all the same (R12)


def test_r12_the_late_success_of_a_cancelled_charge_is_recorded_and_flagged(sent: Charge, odette: Member) -> None:
    charging.lose_sight(sent.pk, at=QUARTER_PAST)
    charging.end(now(sent), why="Appointment restored", by=odette, at=QUARTER_PAST)
    ended = told(sent, CANCELED)
    before = ended.state, ended.live, ended.invoice.status

    charge = told(sent, PAID)

    assert before == ("canceled", False, "cancelled")
    assert (charge.state, charge.live, charge.captured, charge.flag) == ("succeeded", False, FEE, "refund_or_keep")
    assert (Payment.objects.get().invoice, charge.invoice.status, CreditNote.objects.count()) == (charge.invoice, "cancelled", 1)
    assert Event.objects.get(kind="charge.succeeded").particulars == {"minor": 7500, "flag": "refund_or_keep"}


def test_r12_kept_by_staff_it_is_flagged_no_more(sent: Charge, odette: Member) -> None:
    charging.end(sent, why="Appointment restored", by=odette, at=QUARTER_PAST)
    told(sent, PAID)

    charging.keep(now(sent), by=odette, at=QUARTER_PAST)
    charging.keep(now(sent), by=odette, at=QUARTER_PAST)

    assert (now(sent).flag, now(sent).captured, now(sent).refunded) == ("", FEE, Money(0, "USD"))
    assert list(Event.objects.filter(kind="charge.kept").values_list("by_id", flat=True)) == [odette.id]


@pytest.mark.parametrize("who", ["tess", "philomena"])
def test_r12_kept_only_by_those_who_collect(request: pytest.FixtureRequest, sent: Charge, who: str) -> None:
    with refused("not_permitted"):
        charging.keep(sent, by=request.getfixturevalue(who), at=QUARTER_PAST)


def test_r12_a_decline_after_the_end_was_asked_for_is_cancelled_there_first(sent: Charge, odette: Member) -> None:
    charging.end(sent, why="Appointment restored", by=odette, at=QUARTER_PAST)
    before = now(sent).state, queued("billing.end_charge")

    charging.settle(sent.pk, DECLINED, at=QUARTER_PAST, attempt=1)

    assert before == ("sending", set())
    assert (now(sent).state, queued("billing.end_charge")) == ("declined", {str(sent.id)})


def test_ending_twice_ends_once(sent: Charge, odette: Member) -> None:
    told(charging.end(sent, why="Restored", by=odette, at=QUARTER_PAST), CANCELED, CANCELED)

    charging.end(now(sent), why="Again", by=odette, at=QUARTER_PAST)

    assert (now(sent).cancel_why, CreditNote.objects.count(), Event.objects.filter(kind="charge.canceled").count()) == ("Restored", 1, 1)


# One payment for life (I4), one actor for each change (I7)


@pytest.mark.parametrize(
    "change", [{"gateway_intent_id": "pi_2"}, {"amount_minor": 1}, {"create_key": "another"}, {"booking_no": 2}, {"currency": "EUR"}]
)
def test_i4_a_charge_keeps_its_payment_amount_and_key(sent: Charge, change: dict[str, object]) -> None:
    with pytest.raises(IntegrityError, match="a charge keeps its payment"), transaction.atomic():
        Charge.objects.filter(pk=sent.pk).update(**change)


def test_i4_one_payment_belongs_to_one_charge(sent: Charge, juniper: House) -> None:
    with pytest.raises(IntegrityError, match="charge_intent_once"), transaction.atomic():
        Charge.objects.create(
            practice=sent.practice,
            appointment=sent.appointment,
            patient=sent.patient,
            card=sent.card,
            kind="no_show",
            booking_no=2,
            amount_minor=100,
            currency="USD",
            created_at=QUARTER_PAST,
            due_at=QUARTER_PAST,
            create_key="create:2",
            gateway_intent_id="pi_1",
        )


def test_i7_no_charge_is_deleted(sent: Charge) -> None:
    with pytest.raises(IntegrityError, match="charges are never deleted"), transaction.atomic():
        Charge.objects.filter(pk=sent.pk).delete()


def test_i7_history_has_every_state_it_was_in(sent: Charge) -> None:
    told(sent, PROCESSING)
    charging.lose_sight(sent.pk, at=QUARTER_PAST)
    told(sent, PAID)

    states = [state for (state,) in now(sent).history.order_by("pgh_id").values_list("state")]
    assert list(dict.fromkeys(states)) == ["due", "sending", "unknown", "succeeded"]
