"""Paid another way, and not to be paid at all: recorded and voided by staff; what was paid by hand goes back by hand (R6, R21)."""

from datetime import timedelta

import pytest

import kept.billing.transitions.charging as charging
import kept.billing.transitions.recording as recording
from kept.billing.models import Charge, CreditNote, Invoice, Payment, Refund
from kept.billing.tests.conftest import FEE, Due, now
from kept.billing.transitions.refunding import refund
from kept.events.models import Event
from kept.foundation.money import Money
from kept.noshows.models import Fee
from kept.noshows.queries import fee_of
from kept.noshows.transitions.attendance import mark, restore
from kept.practice.models import Member, Settings
from kept.scheduling.models import Appointment
from tests.kit.checks import queued, refused
from tests.kit.gateway import do_jobs
from tests.kit.money import marked
from tests.kit.visits import QUARTER_PAST

LATER = QUARTER_PAST + timedelta(hours=1)


def state(appointment: Appointment) -> str | None:
    fee = fee_of(Appointment.objects.get(pk=appointment.pk), at=LATER)
    return fee.state if fee else None


def by_hand(appointment: Appointment, by: Member, *, method: str = "cash", note: str = "") -> Charge:
    """A failed fee, whose payment at the gateway cannot go through any more, paid at the desk."""
    return recording.record_payment(marked(appointment, "failed", by=by), method=method, note=note, by=by, at=LATER)


# Record payment


@pytest.mark.parametrize("method", ["cash", "terminal", "transfer", "other"])
def test_r6_it_is_recorded_by_whom_how_and_why(appointment: Appointment, odette: Member, method: str) -> None:
    charge = by_hand(appointment, odette, method=method, note=" Receipt 12 ")

    payment = Payment.objects.get()
    assert (payment.method, payment.amount, payment.by, payment.note, payment.at) == (method, FEE, odette, "Receipt 12", LATER)
    assert (now(charge).captured, now(charge).captured_at, Invoice.objects.get().status) == (FEE, LATER, "balanced")
    assert state(appointment) == "paid"
    told = Event.objects.get(kind="payment.recorded")
    assert (told.by_id, told.particulars) == (odette.id, {"method": method, "minor": 7500})


def test_the_invoice_is_paid_only_once(appointment: Appointment, odette: Member, silas: Member) -> None:
    charge = by_hand(appointment, odette)

    with refused("wrong_status") as refusal:
        recording.record_payment(charge, method="cash", by=silas, at=LATER)

    assert (refusal.value.sentence, Payment.objects.count()) == ("It is paid already.", 1)


def test_nor_while_it_is_being_recorded(due: Due, odette: Member, silas: Member) -> None:
    charge = due("chargeCustomerFail")
    do_jobs(at=QUARTER_PAST)
    recording.record_payment(charge, method="cash", by=odette, at=LATER)

    with refused("wrong_status") as refusal:
        recording.record_payment(charge, method="terminal", by=silas, at=LATER)

    assert refusal.value.sentence == "A payment for it is being recorded. It appears by itself."


@pytest.mark.parametrize("method", ["card", "", "gold"])
def test_only_ways_that_are_no_card_of_ours(appointment: Appointment, odette: Member, method: str) -> None:
    charge = marked(appointment, "declined", by=odette)

    with refused("choice_required"):
        recording.record_payment(charge, method=method, by=odette, at=LATER)


@pytest.mark.parametrize("who", ["tess", "philomena"])
def test_provider_and_auditor_record_nothing(request: pytest.FixtureRequest, appointment: Appointment, odette: Member, who: str) -> None:
    charge = marked(appointment, "failed", by=odette)

    with refused("not_permitted"):
        recording.record_payment(charge, method="cash", by=request.getfixturevalue(who), at=LATER)


def test_r10_restoring_keeps_it_paid(appointment: Appointment, odette: Member) -> None:
    by_hand(appointment, odette)

    restore(appointment, by=odette, at=LATER)

    assert (state(appointment), Fee.objects.get().open, CreditNote.objects.count()) == ("paid", True, 0)


def test_r5_marked_again_it_is_not_charged_again(appointment: Appointment, odette: Member) -> None:
    by_hand(appointment, odette)
    restore(appointment, by=odette, at=LATER)

    with refused("already_charged"):
        mark(appointment, charge_fee=True, by=odette, at=LATER)
    mark(appointment, charge_fee=None, by=odette, at=LATER)

    assert (state(appointment), Charge.objects.count()) == ("paid", 1)


# What was paid by hand goes back by hand (R21)


def test_r21_it_goes_back_by_record_at_once(appointment: Appointment, odette: Member, silas: Member) -> None:
    charge = by_hand(appointment, odette)

    back = refund(charge, Money(4000, "USD"), reason="Goodwill", by=silas, at=LATER)

    assert (back.method, back.state, back.settled_at, queued("billing.send_refund")) == ("cash", "succeeded", LATER, set())
    assert (now(charge).refunded_minor, now(charge).refund_reserved_minor, state(appointment)) == (4000, 0, "part_refunded")
    told = Event.objects.get(kind="refund.succeeded")
    assert (told.by_id, told.particulars) == (silas.id, {"minor": 4000})


def test_i6_never_more_than_was_paid(appointment: Appointment, odette: Member, silas: Member) -> None:
    charge = by_hand(appointment, odette)
    refund(charge, Money(4000, "USD"), reason="Goodwill", by=silas, at=LATER)

    with refused("refund_exceeds_captured") as refusal:
        refund(charge, Money(3501, "USD"), reason="Goodwill", by=silas, at=LATER)
    refund(charge, None, reason="Goodwill", by=silas, at=LATER)

    assert refusal.value.facts == {"refundable": {"minor": 3500, "currency": "USD"}}
    assert (sorted(Refund.objects.values_list("amount_minor", flat=True)), state(appointment)) == ([3500, 4000], "refunded")


def test_r5_wholly_given_back_it_may_be_charged_anew(appointment: Appointment, odette: Member, silas: Member) -> None:
    refund(by_hand(appointment, odette), None, reason="Goodwill", by=silas, at=LATER)
    restore(appointment, by=odette, at=LATER)

    mark(appointment, charge_fee=True, by=odette, at=LATER)

    assert sorted(Charge.objects.values_list("state", "live")) == [("due", True), ("failed", False)]


# The front desk's limit


@pytest.mark.parametrize(("limit", "allowed"), [(0, False), (7499, False), (7500, True)])
def test_the_front_desk_voids_and_refunds_up_to_what_the_practice_sets(
    appointment: Appointment, odette: Member, limit: int, allowed: bool
) -> None:
    Settings.objects.update(front_desk_refund_limit_minor=limit)
    charge = marked(appointment, "failed", by=odette)

    if allowed:
        recording.void(charge.invoice, charge, reason="Kindness", by=odette, at=LATER)
    else:
        with refused("not_permitted"):
            recording.void(charge.invoice, charge, reason="Kindness", by=odette, at=LATER)

    assert Invoice.objects.get().status == ("cancelled" if allowed else "issued")


@pytest.mark.parametrize(("limit", "allowed"), [(7499, False), (7500, True)])
def test_r10_restoring_with_a_refund_keeps_to_it_too(appointment: Appointment, odette: Member, limit: int, allowed: bool) -> None:
    Settings.objects.update(front_desk_refund_limit_minor=limit)
    marked(appointment, "paid", by=odette)

    if allowed:
        restore(appointment, refund=True, by=odette, at=LATER)
    else:
        with refused("not_permitted") as refusal:
            restore(appointment, refund=True, by=odette, at=LATER)
        assert refusal.value.sentence == "The front desk may refund up to $74.99. Ask a manager or billing."

    assert (Appointment.objects.get().status, Refund.objects.count()) == (("booked", 1) if allowed else ("noshow", 0))


def test_a_limit_says_nothing_of_another_currency(appointment: Appointment, odette: Member) -> None:
    Settings.objects.update(front_desk_refund_limit_minor=100_000, currency="EUR")
    charge = marked(appointment, "paid", by=odette)

    with refused("not_permitted"):
        refund(charge, Money(100, "USD"), reason="Goodwill", by=odette, at=LATER)


# Void


def test_voided_a_credit_note_answers_the_bill_and_the_fee_ends(due: Due, silas: Member) -> None:
    charge = due("chargeCustomerFail")
    do_jobs(at=QUARTER_PAST)

    recording.void(now(charge).invoice, charge, reason=" Bereavement ", by=silas, at=LATER)
    do_jobs(at=LATER)

    note = CreditNote.objects.get()
    assert (now(charge).state, now(charge).live, Invoice.objects.get().status) == ("canceled", False, "cancelled")
    assert (note.invoice, note.amount_minor, note.why) == (Invoice.objects.get(), 7500, "Bereavement")
    assert Event.objects.get(kind="invoice.voided").by_id == silas.id


@pytest.mark.parametrize("outcome", ["due", "sending", "unknown"])
def test_what_is_under_way_is_not_voided(appointment: Appointment, odette: Member, silas: Member, outcome: str) -> None:
    charge = marked(appointment, "sending", by=odette)
    Charge.objects.update(state=outcome)

    with refused("charge_in_flight"):
        recording.void(charge.invoice, charge, reason="Kindness", by=silas, at=LATER)


def test_what_is_paid_is_refunded_not_voided(appointment: Appointment, odette: Member, silas: Member) -> None:
    charge = marked(appointment, "paid", by=odette)

    with refused("wrong_status"):
        recording.void(charge.invoice, charge, reason="Kindness", by=silas, at=LATER)


def test_what_is_ended_is_ended_once(appointment: Appointment, odette: Member, silas: Member) -> None:
    charge = marked(appointment, "failed", by=odette)
    recording.void(charge.invoice, charge, reason="Kindness", by=silas, at=LATER)

    with refused("wrong_status"):
        recording.void(charge.invoice, charge, reason="Kindness", by=silas, at=LATER)

    assert CreditNote.objects.count() == 1


def test_a_reason_is_required(appointment: Appointment, odette: Member, silas: Member) -> None:
    charge = marked(appointment, "failed", by=odette)

    with refused("reason_required"):
        recording.void(charge.invoice, charge, reason=" ", by=silas, at=LATER)


@pytest.mark.parametrize("who", ["odette", "tess", "philomena"])
def test_front_desk_provider_and_auditor_void_nothing(
    request: pytest.FixtureRequest, appointment: Appointment, odette: Member, who: str
) -> None:
    charge = marked(appointment, "failed", by=odette)

    with refused("not_permitted"):
        recording.void(charge.invoice, charge, reason="Kindness", by=request.getfixturevalue(who), at=LATER)


def test_a_voided_fee_leaves_the_visit_missed(appointment: Appointment, odette: Member, silas: Member) -> None:
    charge = marked(appointment, "failed", by=odette)
    recording.void(charge.invoice, charge, reason="Kindness", by=silas, at=LATER)

    assert Appointment.objects.get().status == "noshow"
    charging.end(charge, why="Again", by=silas, at=LATER)
    assert CreditNote.objects.count() == 1
