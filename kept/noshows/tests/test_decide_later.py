"""Deciding about a fee later: it waits, is charged without further waiting, spared, and taken back (R7b, R7d, R7e)."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

import kept.billing.transitions.charging as charging
from kept.billing.models import Charge, CreditNote, Invoice
from kept.events.models import Event
from kept.foundation.money import Money
from kept.noshows.actions import Action, actions
from kept.noshows.models import Fee
from kept.noshows.queries import fee_of
from kept.noshows.transitions.attendance import mark, restore
from kept.noshows.transitions.fees import charge, charge_now, spare, unspare
from kept.noshows.words import fee_words
from kept.ops.cast import House
from kept.practice.models import Member, Settings
from kept.scheduling.models import Appointment
from tests.kit.checks import queued, refused
from tests.kit.gateway import Double
from tests.kit.money import answered, marked
from tests.kit.visits import QUARTER_PAST, STARTS_AT, accepted, book

Jobs = Callable[..., list[str]]
FEE, LESS = Money(7500, "USD"), Money(4000, "USD")
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
TWO_HOURS = timedelta(hours=2)
LAST_MOMENT = STARTS_AT + timedelta(days=30)


@pytest.fixture
def breathing_space(juniper: House) -> timedelta:
    """The practice gives a fee two hours."""
    Settings.objects.update(breathing_space_minutes=120)
    return TWO_HOURS


@pytest.fixture
def undecided(tess: Member, appointment: Appointment) -> Appointment:
    """Marked by a provider, who may not charge."""
    return mark(appointment, charge_fee=None, by=tess, at=QUARTER_PAST)


@pytest.fixture
def spared(odette: Member, appointment: Appointment) -> Appointment:
    return mark(appointment, charge_fee=False, by=odette, at=QUARTER_PAST)


@pytest.fixture
def waiting(odette: Member, breathing_space: timedelta, appointment: Appointment) -> Appointment:
    """Marked at 3:45 PM; charges at 5:45 PM."""
    return mark(appointment, charge_fee=True, by=odette, at=QUARTER_PAST)


def state(appointment: Appointment, at: datetime) -> str:
    fee = fee_of(Appointment.objects.get(pk=appointment.pk), at=at)
    assert fee is not None
    return fee.state


def may(appointment: Appointment, member: Member, at: datetime) -> dict[str, Action]:
    """What is said of the acts on its fee."""
    now = Appointment.objects.locked(appointment)
    found = actions(now, member, fee_of(now, at=at), at=at)
    return {name.removeprefix("fee."): action for name, action in found.items() if name.startswith("fee.")}


def allowed(appointment: Appointment, member: Member, at: datetime) -> set[str]:
    return {name for name, action in may(appointment, member, at).items() if action.allowed}


# It waits (R7b)


def test_r7b_a_fee_waits_for_the_breathing_space_and_says_so(odette: Member, waiting: Appointment, run_jobs: Jobs) -> None:
    due = Charge.objects.get()
    assert due.due_at == QUARTER_PAST + TWO_HOURS

    run_jobs(at=due.due_at - SECOND)

    assert state(waiting, due.due_at - SECOND) == "waiting"
    words = fee_words(waiting, fee_of(waiting, at=QUARTER_PAST), at=QUARTER_PAST)
    assert (words.label, words.title) == ("Charges 5:45 PM", "$75.00 is charged today, 5:45 PM")
    assert allowed(waiting, odette, QUARTER_PAST) == {"charge_now", "spare"}
    assert not Invoice.objects.exists()


def test_r7b_then_it_is_charged_by_itself(
    juniper: House, odette: Member, breathing_space: timedelta, gateway: Double, run_jobs: Jobs
) -> None:
    visit = accepted(book(juniper), gateway.card(juniper.patients[0]))
    mark(visit, charge_fee=True, by=odette, at=QUARTER_PAST)

    run_jobs(at=QUARTER_PAST + TWO_HOURS)

    assert state(visit, QUARTER_PAST + TWO_HOURS) == "paid"


def test_r7b_a_worker_that_was_down_charges_it_when_it_is_back(
    juniper: House, odette: Member, breathing_space: timedelta, gateway: Double, run_jobs: Jobs
) -> None:
    visit = accepted(book(juniper), gateway.card(juniper.patients[0]))
    mark(visit, charge_fee=True, by=odette, at=QUARTER_PAST)
    back = QUARTER_PAST + timedelta(hours=5)
    assert state(visit, back) == "charging"

    run_jobs(at=back)

    assert state(visit, back) == "paid"
    assert [payment["amount"] for payment in gateway.ledger()["payments"]] == [7500]


def test_r7b_while_the_worker_is_down_a_fee_whose_time_has_come_can_still_be_spared(odette: Member, waiting: Appointment) -> None:
    at = QUARTER_PAST + timedelta(hours=5)

    spare(waiting, fee_reason="Illness", by=odette, at=at)

    assert state(waiting, at) == "spared"
    assert charging.begin(Charge.objects.get().pk, at=at) is None


def test_r7b_restore_with_check_in_ends_it_and_the_patient_never_sees_a_charge(
    odette: Member, waiting: Appointment, gateway: Double, run_jobs: Jobs
) -> None:
    restored = restore(waiting, check_in=True, by=odette, at=QUARTER_PAST + MINUTE)
    run_jobs(at=QUARTER_PAST + TWO_HOURS)

    assert restored.status == "arrived"
    assert Charge.objects.get().state == "canceled"
    assert (gateway.ledger()["intents"], Invoice.objects.count()) == ([], 0)


# Charge now (R7b, R7d)


def test_r7b_charge_now_ends_the_waiting(
    juniper: House, odette: Member, breathing_space: timedelta, gateway: Double, run_jobs: Jobs
) -> None:
    visit = mark(accepted(book(juniper), gateway.card(juniper.patients[0])), charge_fee=True, by=odette, at=QUARTER_PAST)

    charge_now(visit, by=odette, at=QUARTER_PAST + MINUTE)
    run_jobs(at=QUARTER_PAST + MINUTE)
    run_jobs(at=QUARTER_PAST + TWO_HOURS)

    assert Charge.objects.values_list("state", "attempt").get() == ("succeeded", 1)
    assert Event.objects.filter(kind="fee.hastened", subject_id=visit.pk, by_id=odette.pk).count() == 1


def test_r7d_charge_now_is_never_before_the_start_plus_the_late_minutes(odette: Member, appointment: Appointment) -> None:
    early = mark(appointment, charge_fee=True, by=odette, at=STARTS_AT - MINUTE)

    with refused("too_early") as told:
        charge_now(early, by=odette, at=QUARTER_PAST - SECOND)

    assert told.value.sentence == "It is not charged before 3:45 PM: until then the patient may still come."
    assert told.value.facts == {"chargeable_from": "2026-10-14T19:45:00+00:00"}
    assert may(early, odette, STARTS_AT)["charge_now"] == Action(False, told.value.sentence, "too_early")
    assert Charge.objects.get().due_at == QUARTER_PAST


def test_r4_a_waiting_fee_can_be_lowered_with_a_reason(odette: Member, waiting: Appointment) -> None:
    at = QUARTER_PAST + MINUTE
    with refused("reason_required"):
        charge_now(waiting, amount=LESS, by=odette, at=at)
    with refused("fee_exceeds_policy"):
        charge_now(waiting, amount=FEE + LESS, fee_reason="x", by=odette, at=at)

    fee = charge_now(waiting, amount=LESS, fee_reason="Goodwill", by=odette, at=at)

    assert (fee.amount, fee.fee_reason) == (LESS, "Goodwill")
    assert sorted(Charge.objects.values_list("state", "amount_minor", "live", "due_at")) == [
        ("canceled", 7500, False, QUARTER_PAST + TWO_HOURS),
        ("due", 4000, True, at),
    ]


def test_r5_charge_now_after_the_worker_took_it_changes_nothing(odette: Member, waiting: Appointment) -> None:
    at = QUARTER_PAST + TWO_HOURS
    charging.begin(Charge.objects.get().pk, at=at)

    with refused("charge_in_flight"):
        charge_now(waiting, by=odette, at=at)

    assert Charge.objects.values_list("state", "cancel_requested").get() == ("sending", False)


# Charged after all (R7e)


@pytest.mark.parametrize("before", ["undecided", "spared"])
def test_r7e_what_was_not_decided_or_was_spared_can_be_charged(
    before: str, odette: Member, request: pytest.FixtureRequest, appointment: Appointment
) -> None:
    missed = request.getfixturevalue(before)
    at = QUARTER_PAST + timedelta(days=3)
    assert "charge" in allowed(missed, odette, at)

    fee = charge(missed, by=odette, at=at)

    due = Charge.objects.get()
    assert (fee.decision, fee.amount, fee.charge, fee.by, fee.at) == ("charge", FEE, due, odette, at)
    assert (due.state, due.amount, due.due_at) == ("due", FEE, at)
    assert queued("billing.send_charge") == {str(due.pk)}
    assert Event.objects.filter(kind="fee.decided", subject_id=missed.pk, by_id=odette.pk, at=at).get().particulars["decision"] == "charge"


def test_r7b_it_has_its_breathing_space_then_too(odette: Member, undecided: Appointment) -> None:
    Settings.objects.update(breathing_space_minutes=120)

    charge(undecided, by=odette, at=QUARTER_PAST + MINUTE)

    assert Charge.objects.get().due_at == QUARTER_PAST + MINUTE + TWO_HOURS


def test_r4_it_can_be_lowered_then_too(odette: Member, undecided: Appointment) -> None:
    with refused("reason_required"):
        charge(undecided, amount=LESS, by=odette, at=QUARTER_PAST)
    with refused("fee_exceeds_policy"):
        charge(undecided, amount=FEE + LESS, fee_reason="x", by=odette, at=QUARTER_PAST)

    charge(undecided, amount=LESS, fee_reason="Goodwill", by=odette, at=QUARTER_PAST)

    assert Charge.objects.get().amount == LESS


def test_r7e_until_the_practices_last_day_and_later_only_by_payment_link(odette: Member, undecided: Appointment) -> None:
    assert allowed(undecided, odette, LAST_MOMENT) == {"charge", "spare"}
    assert allowed(undecided, odette, LAST_MOMENT + SECOND) == set()

    for act in (charge, lambda visit, **who: spare(visit, fee_reason="x", **who)):
        with refused("fee_not_available") as told:
            act(undecided, by=odette, at=LAST_MOMENT + SECOND)
        assert told.value.sentence == "It could be decided until Nov 13, 2026. Later only by payment link."
        assert told.value.facts == {"reason": "too_late"}
    words = fee_words(undecided, fee_of(undecided, at=LAST_MOMENT + SECOND), at=LAST_MOMENT + SECOND)
    assert words.text == "Tess Marrowby marked it Oct 14, 3:45 PM. It could be decided until Nov 13; now only by payment link."


def test_r7e_the_practice_says_how_many_days(odette: Member, undecided: Appointment) -> None:
    Settings.objects.update(decide_days=5)

    with refused("fee_not_available"):
        charge(undecided, by=odette, at=STARTS_AT + timedelta(days=5, seconds=1))

    charge(undecided, by=odette, at=STARTS_AT + timedelta(days=5))


def test_r3_without_a_card_there_is_nothing_to_decide(odette: Member, appointment_without_card: Appointment) -> None:
    at = QUARTER_PAST + timedelta(days=1)
    missed = mark(appointment_without_card, charge_fee=False, by=odette, at=at)

    for act in (charge, charge_now, unspare, lambda visit, **who: spare(visit, fee_reason="x", **who)):
        with refused("fee_not_available"):
            act(missed, by=odette, at=at)


def test_r5_a_fee_that_was_paid_is_not_charged_again(odette: Member, undecided: Appointment) -> None:
    charge(undecided, by=odette, at=QUARTER_PAST)
    due = Charge.objects.get()
    charging.begin(due.pk, at=QUARTER_PAST)
    answered(due, "paid", at=QUARTER_PAST)

    for act in (charge, charge_now, unspare, lambda visit, **who: spare(visit, fee_reason="x", **who)):
        with refused("wrong_status"):
            act(undecided, by=odette, at=QUARTER_PAST)

    assert Charge.objects.count() == 1


# Spared (R7e)


@pytest.mark.parametrize("before", ["undecided", "waiting"])
def test_r7e_sparing_needs_a_reason(before: str, odette: Member, request: pytest.FixtureRequest, appointment: Appointment) -> None:
    missed = request.getfixturevalue(before)
    with refused("reason_required") as told:
        spare(missed, fee_reason="  ", by=odette, at=QUARTER_PAST)
    assert told.value.field == "fee_reason"

    fee = spare(missed, fee_reason=" Illness ", by=odette, at=QUARTER_PAST)

    assert (fee.decision, fee.amount, fee.fee_reason, fee.by) == ("spared", FEE, "Illness", odette)
    assert set(Charge.objects.values_list("state", "live")) <= {("canceled", False)}
    words = fee_words(missed, fee_of(missed, at=QUARTER_PAST), at=QUARTER_PAST)
    assert words.text == "Spared by Odette Farnley today, 3:45 PM. Reason: Illness. Can be undone until Nov 13."


@pytest.mark.parametrize("outcome", ["declined", "needs_patient"])
def test_r7e_sparing_a_declined_fee_cancels_its_payment_first_and_then_its_invoice(
    juniper: House, odette: Member, gateway: Double, run_jobs: Jobs, outcome: str
) -> None:
    kind = {"declined": "chargeCustomerFail", "needs_patient": "authenticationRequired"}[outcome]
    visit = mark(accepted(book(juniper), gateway.card(juniper.patients[0], kind)), charge_fee=True, by=odette, at=QUARTER_PAST)
    run_jobs(at=QUARTER_PAST)
    assert state(visit, QUARTER_PAST) == outcome
    assert allowed(visit, odette, QUARTER_PAST) == {"spare"}

    spare(visit, fee_reason="Goodwill", by=odette, at=QUARTER_PAST)
    assert (state(visit, QUARTER_PAST), Invoice.objects.get().status) == ("spared", "issued")
    run_jobs(at=QUARTER_PAST)

    assert Charge.objects.values_list("state", "live").get() == ("canceled", False)
    assert [intent["status"] for intent in gateway.ledger()["intents"]] == ["canceled"]
    assert (Invoice.objects.get().status, CreditNote.objects.get().why) == ("cancelled", "Fee spared")


def test_r7e_a_failed_fee_is_spared_at_once(odette: Member, appointment: Appointment) -> None:
    marked(appointment, "failed", by=odette)

    spare(appointment, fee_reason="Goodwill", by=odette, at=QUARTER_PAST)

    assert (state(appointment, QUARTER_PAST), Invoice.objects.get().status) == ("spared", "cancelled")


def test_r12_money_that_moved_all_the_same_is_shown_and_put_before_staff(odette: Member, appointment: Appointment) -> None:
    declined = marked(appointment, "declined", by=odette)
    spare(appointment, fee_reason="Goodwill", by=odette, at=QUARTER_PAST)

    answered(declined, "paid", at=QUARTER_PAST)

    assert state(appointment, QUARTER_PAST) == "paid"
    assert Charge.objects.get().flag == "refund_or_keep"


# Taken back (R7e)


def test_r7e_a_sparing_can_be_undone_and_is_to_be_decided_anew(odette: Member, silas: Member, waiting: Appointment) -> None:
    charge_now(waiting, amount=LESS, fee_reason="Goodwill", by=odette, at=QUARTER_PAST + MINUTE)
    spare(waiting, fee_reason="Illness", by=odette, at=QUARTER_PAST + MINUTE)
    assert allowed(waiting, odette, LAST_MOMENT) == {"charge", "unspare"}

    fee = unspare(waiting, by=silas, at=LAST_MOMENT)

    assert (fee.decision, fee.amount, fee.fee_reason, fee.by) == ("undecided", FEE, "", silas)
    assert state(waiting, LAST_MOMENT) == "undecided"
    words = fee_words(waiting, fee_of(waiting, at=LAST_MOMENT), at=LAST_MOMENT)
    assert words.text.startswith("Silas Whitcombe undid the sparing today, 2:30 PM. Decide until Nov 13;")
    charge(waiting, by=odette, at=LAST_MOMENT)
    assert Charge.objects.filter(live=True).get().amount == FEE


def test_r7e_within_the_same_limit(odette: Member, spared: Appointment) -> None:
    with refused("fee_not_available"):
        unspare(spared, by=odette, at=LAST_MOMENT + SECOND)

    assert may(spared, odette, LAST_MOMENT + SECOND)["unspare"].code == "fee_not_available"


def test_r5_a_spared_fee_whose_payment_is_still_being_ended_is_not_charged_a_second_time(odette: Member, appointment: Appointment) -> None:
    charging.note_intent(marked(appointment, "declined", by=odette).pk, "pi_1")
    spare(appointment, fee_reason="Goodwill", by=odette, at=QUARTER_PAST)

    with refused("charge_in_flight"):
        charge(appointment, by=odette, at=QUARTER_PAST)

    assert Charge.objects.count() == 1


# Who, and when not


@pytest.mark.parametrize("who", ["tess", "philomena"])
def test_who_may_not_charge_decides_nothing(who: str, request: pytest.FixtureRequest, undecided: Appointment) -> None:
    member = request.getfixturevalue(who)

    for act in (charge, charge_now, unspare, lambda visit, **them: spare(visit, fee_reason="x", **them)):
        with refused("not_permitted"):
            act(undecided, by=member, at=QUARTER_PAST)

    assert allowed(undecided, member, QUARTER_PAST) == set()


def test_billing_decides_though_it_marks_nothing(benedikt: Member, undecided: Appointment) -> None:
    charge(undecided, by=benedikt, at=QUARTER_PAST)

    assert Fee.objects.get().by == benedikt


@pytest.mark.parametrize("status", ["booked", "arrived", "fulfilled", "cancelled", "entered-in-error"])
def test_only_a_no_show_has_a_fee_to_decide(odette: Member, appointment_that_is: Callable[[str], Appointment], status: str) -> None:
    visit = appointment_that_is(status)

    for act in (charge, charge_now, unspare, lambda visit, **who: spare(visit, fee_reason="x", **who)):
        with refused("wrong_status"):
            act(visit, by=odette, at=QUARTER_PAST)


def test_what_was_decided_on_an_old_page_is_refused(odette: Member, undecided: Appointment) -> None:
    with refused("stale_version"):
        charge(undecided, by=odette, at=QUARTER_PAST, version=1)


def test_the_second_desk_is_told_who_was_faster(odette: Member, silas: Member, waiting: Appointment) -> None:
    spare(waiting, fee_reason="Illness", by=odette, at=QUARTER_PAST)

    with refused("wrong_status") as told:
        spare(waiting, fee_reason="Goodwill", by=silas, at=QUARTER_PAST)

    assert told.value.sentence == "It is spared already: Odette Farnley decided it at 3:45 PM."
    assert told.value.facts["by"] == "Odette Farnley"
