"""Moving late and its fee (R14): what it costs and from when, who decides, once only, and undone with the move."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from django.urls import reverse

import kept.billing.transitions.charging as charging
from kept.billing.models import Charge
from kept.foundation.money import Money
from kept.messaging.letters import facts_of
from kept.messaging.models import Message
from kept.noshows.evidence import _rebuttal
from kept.noshows.models import Fee
from kept.noshows.queries import fee_of, fees_of
from kept.noshows.transitions.attendance import mark
from kept.noshows.transitions.fees import charge, charge_now, spare, unspare
from kept.noshows.transitions.moving import move_back, reschedule
from kept.ops.cast import House
from kept.practice.models import Member, Settings
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.checks import queued, refused
from tests.kit.gateway import clock_at
from tests.kit.html import offered, words
from tests.kit.money import answered
from tests.kit.visits import STARTS_AT

pytestmark = pytest.mark.usefixtures("all_rounders")

PATIENT, CLINIC = Appointment.Asked.PATIENT, Appointment.Asked.CLINIC
FEE = Money(7500, "USD")
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
LAST_FREE = STARTS_AT - DAY  # Tue, Oct 13, 2026, 3:30 PM
LATE = STARTS_AT - timedelta(hours=2, minutes=18)  # Wed, Oct 14, 2026, 1:12 PM
NEXT_DAY, DAY_AFTER = STARTS_AT + DAY, STARTS_AT + 2 * DAY


@pytest.fixture(autouse=True)
def two_hours_before() -> Iterator[None]:
    with clock_at(LATE):
        yield


def now(appointment: Appointment) -> Appointment:
    return Appointment.objects.get(pk=appointment.pk)


def fee_state(appointment: Appointment, at: datetime = LATE) -> str | None:
    fee = fee_of(now(appointment), at=at)
    return fee.state if fee else None


def paid() -> None:
    made = Charge.objects.get()
    charging.begin(made.pk, at=LATE)
    answered(made, "paid", at=LATE)


def test_r14_a_late_move_is_charged_for_the_time_that_it_leaves(odette: Member, appointment: Appointment) -> None:
    moved = reschedule(appointment, starts_at=NEXT_DAY, charge_fee=True, by=odette, at=LATE)

    made = Charge.objects.get()
    assert (moved.status, moved.starts_at, moved.booking_no, fee_state(moved)) == ("booked", NEXT_DAY, 2, "charging")
    assert (made.kind, made.amount, made.booking_no, made.due_at) == ("late_reschedule", FEE, 1, LATE)
    assert queued("billing.send_charge") == {str(made.pk)}


@pytest.mark.parametrize(("at", "fees"), [(LAST_FREE, 0), (LAST_FREE + SECOND, 1)])
def test_r14_at_the_exact_boundary_the_patient_gets_the_benefit(odette: Member, appointment: Appointment, at: datetime, fees: int) -> None:
    reschedule(appointment, starts_at=NEXT_DAY, charge_fee=True if fees else None, by=odette, at=at)

    assert Fee.objects.count() == fees


def test_r14a_a_moved_visits_windows_run_against_its_new_start(odette: Member, appointment: Appointment) -> None:
    far = reschedule(appointment, starts_at=STARTS_AT + 7 * DAY, charge_fee=True, by=odette, at=LATE)

    reschedule(far, starts_at=STARTS_AT + 8 * DAY, by=odette, at=LATE + SECOND)

    assert Fee.objects.count() == 1


def test_r14_the_clinics_own_move_is_free_and_so_is_another_provider(odette: Member, juniper: House, appointment: Appointment) -> None:
    with refused("fee_not_available"):
        reschedule(appointment, starts_at=NEXT_DAY, asked=CLINIC, charge_fee=True, by=odette, at=LATE)
    other = reschedule(appointment, starts_at=STARTS_AT, provider=juniper.providers["Priya Ramsethi"], by=odette, at=LATE)
    reschedule(other, starts_at=NEXT_DAY, asked=CLINIC, by=odette, at=LATE)

    assert Fee.objects.count() == 0


def test_r14_it_is_spared_with_a_reason_lowered_or_left_to_whoever_may(odette: Member, tess: Member, appointment: Appointment) -> None:
    for code, choice in (
        ("choice_required", {}),
        ("reason_required", {"charge_fee": False}),
        ("fee_exceeds_policy", {"charge_fee": True, "amount": Money(7501, "USD"), "fee_reason": "No"}),
    ):
        with refused(code):
            reschedule(appointment, starts_at=NEXT_DAY, by=odette, at=LATE, **choice)
    assert now(appointment).starts_at == STARTS_AT

    moved = reschedule(appointment, starts_at=NEXT_DAY, by=tess, at=LATE)
    assert fee_state(moved) == "undecided"
    spare(moved, fee_reason="Illness", by=odette, at=LATE)
    assert (fee_state(moved), Charge.objects.count()) == ("spared", 0)
    assert unspare(moved, by=odette, at=LATE).amount == FEE
    charge(moved, amount=Money(2500, "USD"), fee_reason="Half of it", by=odette, at=LATE)

    assert (Charge.objects.get().amount, Charge.objects.get().booking_no) == (Money(2500, "USD"), 1)


def test_r7b_in_the_breathing_space_it_waits_or_is_charged_now(odette: Member, appointment: Appointment) -> None:
    Settings.objects.update(breathing_space_minutes=120)
    moved = reschedule(appointment, starts_at=NEXT_DAY, charge_fee=True, by=odette, at=LATE)
    assert fee_state(moved) == "waiting"

    charge_now(moved, by=odette, at=LATE + SECOND)

    assert Charge.objects.get().due_at == LATE + SECOND


def test_undone_an_unpaid_fee_ends_with_the_move(odette: Member, appointment: Appointment) -> None:
    moved = reschedule(appointment, starts_at=NEXT_DAY, charge_fee=True, by=odette, at=LATE)

    back = move_back(moved, by=odette, at=LATE + SECOND)

    assert (back.starts_at, fee_state(back), Charge.objects.get().state) == (STARTS_AT, None, "canceled")


def test_r5_undone_a_paid_one_stays_paid_and_leaving_that_time_again_is_not_charged_twice(odette: Member, appointment: Appointment) -> None:
    moved = reschedule(appointment, starts_at=NEXT_DAY, charge_fee=True, by=odette, at=LATE)
    paid()

    back = move_back(moved, by=odette, at=LATE + SECOND)
    assert (back.starts_at, fee_state(back)) == (STARTS_AT, "paid")
    with refused("already_charged"):
        reschedule(back, starts_at=DAY_AFTER, charge_fee=True, by=odette, at=LATE + SECOND)
    again = reschedule(back, starts_at=DAY_AFTER, by=odette, at=LATE + SECOND)

    assert (again.starts_at, Fee.objects.count(), fee_state(again)) == (DAY_AFTER, 1, "paid")


def test_a_no_show_after_it_has_its_own_and_the_first_can_still_be_decided(odette: Member, tess: Member, appointment: Appointment) -> None:
    moved = reschedule(appointment, starts_at=NEXT_DAY, by=tess, at=LATE)
    missed_at = NEXT_DAY + timedelta(minutes=15)
    missed = mark(moved, charge_fee=True, by=odette, at=missed_at)

    last, first = fees_of(missed, at=missed_at)
    assert last.kind == "no_show"
    charge(missed, fee_id=first.pk, by=odette, at=missed_at)

    assert set(Charge.objects.values_list("kind", "booking_no", "amount_minor")) == {("no_show", 2, 7500), ("late_reschedule", 1, 7500)}


def test_a_dispute_is_told_from_when_it_was_moved_and_when(odette: Member, appointment: Appointment) -> None:
    moved = reschedule(appointment, starts_at=NEXT_DAY, charge_fee=True, by=odette, at=LATE)

    assert "The customer had it moved from Oct 14, 2026, 3:30 PM (America/New_York) on Oct 14, 2026, 1:12 PM" in _rebuttal(
        moved, Charge.objects.get()
    )


def test_the_dialog_says_the_money_and_why_before_it_moves(
    htmx: Callable[[Member], Browser], odette: Member, appointment: Appointment
) -> None:
    url, desk = reverse("desk:reschedule", args=[appointment.pk]), htmx(odette)
    chosen = {"asked": "patient", "start": "2026-10-15T15:30", "provider": str(appointment.provider_id)}

    dialog = desk.post(url, chosen)
    for_the_clinic = words(desk.post(url, chosen | {"asked": "clinic"}))
    unchosen = desk.post(url, chosen | {"confirm": "1"})

    assert offered(dialog, "charge_fee") == ["yes", "no"]
    assert "It is moved 2 h 18 min before, and free only until Tue, Oct 13, 3:30 PM. Policy v3, row 1." in words(dialog)
    assert "Moves to Thu, Oct 15, 3:30 PM. Choose whether to charge the fee." in words(dialog)
    assert "Moves to Thu, Oct 15, 3:30 PM. Free: nothing is charged." in for_the_clinic
    assert "Late reschedule fee" not in for_the_clinic
    assert (unchosen.status_code, now(appointment).starts_at) == (422, STARTS_AT)

    done = desk.post(url, chosen | {"confirm": "1", "charge_fee": "yes"})

    assert (done.status_code, now(appointment).starts_at, Charge.objects.get().amount) == (200, NEXT_DAY, FEE)
    paid()
    assert "$75.00 charged to Visa ••4242" in words(desk.get(reverse("desk:panel", args=[appointment.pk])))


def test_the_letter_of_the_new_time_names_the_fee(odette: Member, appointment: Appointment) -> None:
    reschedule(appointment, starts_at=NEXT_DAY, charge_fee=True, by=odette, at=LATE)
    paid()

    facts = facts_of(Message.objects.get(letter="moved"), at=LATE)

    assert (facts["fee"], facts["amount"]) == ("paid", FEE)
