"""The letter of a no-show (R7f): when it goes, what it says by then, and that a restored visit has none."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.core import mail

from kept.billing.transitions.recording import record_payment
from kept.messaging.models import Message
from kept.noshows.transitions.attendance import mark, restore
from kept.noshows.transitions.fees import charge_now, spare
from kept.ops.cast import House
from kept.practice.models import Member, Settings
from kept.scheduling.models import Appointment
from tests.kit.gateway import Double
from tests.kit.money import marked
from tests.kit.visits import QUARTER_PAST, STARTS_AT, accepted, book

Jobs = Callable[..., list[str]]
MINUTE = timedelta(minutes=1)
TEN_MINUTES = timedelta(minutes=10)
EARLY = STARTS_AT - timedelta(hours=3)


@pytest.mark.parametrize(
    ("marked_at", "breathing", "goes_at"),
    [
        (EARLY, 0, QUARTER_PAST),
        (STARTS_AT + 14 * MINUTE, 0, STARTS_AT + 24 * MINUTE),
        (QUARTER_PAST, 0, QUARTER_PAST + TEN_MINUTES),
        (QUARTER_PAST, 5, QUARTER_PAST + TEN_MINUTES),
        (QUARTER_PAST, 120, QUARTER_PAST + timedelta(hours=2)),
        (EARLY, 600, EARLY + timedelta(hours=10)),
    ],
)
def test_r7f_it_waits(odette: Member, appointment: Appointment, marked_at: datetime, breathing: int, goes_at: datetime) -> None:
    Settings.objects.update(breathing_space_minutes=breathing)

    mark(appointment, charge_fee=False, by=odette, at=marked_at)

    assert Message.objects.get().send_after == goes_at


def test_r7f_without_an_accepted_policy_the_late_minutes_of_the_one_in_use_count(
    odette: Member, appointment_without_card: Appointment
) -> None:
    mark(appointment_without_card, charge_fee=False, by=odette, at=appointment_without_card.starts_at)

    assert Message.objects.get().send_after == appointment_without_card.starts_at + 15 * MINUTE


@pytest.mark.parametrize(("setting", "notify", "letters"), [(True, None, 1), (True, False, 0), (False, None, 0), (False, True, 1)])
def test_whether_the_patient_is_told(odette: Member, appointment: Appointment, setting: bool, notify: bool | None, letters: int) -> None:
    Settings.objects.update(tell_patients=setting)

    mark(appointment, charge_fee=False, notify=notify, by=odette, at=QUARTER_PAST)

    assert Message.objects.count() == letters


def letter_of(house: House, gateway: Double, run_jobs: Jobs, by: Member, kind: str = "visa", *, charge: bool | None = True) -> str:
    """What it says when it goes."""
    mark(accepted(book(house), gateway.card(house.patients[0], kind)), charge_fee=charge, by=by, at=QUARTER_PAST)
    run_jobs(at=QUARTER_PAST + TEN_MINUTES)
    (letter,) = (letter for letter in mail.outbox if letter.subject.startswith("We missed you"))
    return str(letter.body)


def test_charged(juniper: House, odette: Member, gateway: Double, run_jobs: Jobs) -> None:
    said = letter_of(juniper, gateway, run_jobs, odette)

    assert said.startswith("Hello Renata,\n\nYou had an appointment on Wed, Oct 14, 3:30 PM, and we missed you.\n\nUnder the cancellation")
    assert "the fee of $75.00 was charged to Visa ••4242." in said


def test_declined(juniper: House, odette: Member, gateway: Double, run_jobs: Jobs) -> None:
    said = letter_of(juniper, gateway, run_jobs, odette, "chargeCustomerFail")

    assert "a fee of $75.00 is open: it could not be charged to" in said


def test_paid_another_way_no_card_is_named(odette: Member, appointment: Appointment, run_jobs: Jobs) -> None:
    record_payment(marked(appointment, "failed", by=odette), method="cash", by=odette, at=QUARTER_PAST)

    run_jobs(at=QUARTER_PAST + TEN_MINUTES)

    said = next(str(letter.body) for letter in mail.outbox if letter.subject.startswith("We missed you"))
    assert ("a fee of $75.00 was due. You have paid it, thank you." in said, "Visa" in said) == (True, False)


def test_spared(juniper: House, odette: Member, gateway: Double, run_jobs: Jobs) -> None:
    assert "No fee is charged this time." in letter_of(juniper, gateway, run_jobs, odette, charge=False)


def test_undecided_says_nothing_of_a_fee(juniper: House, tess: Member, gateway: Double, run_jobs: Jobs) -> None:
    said = letter_of(juniper, gateway, run_jobs, tess, charge=None)

    assert ("fee" in said, "$" in said) == (False, False)


def test_waiting_says_when(odette: Member, appointment: Appointment) -> None:
    Settings.objects.update(breathing_space_minutes=120)
    mark(appointment, charge_fee=True, by=odette, at=QUARTER_PAST)

    assert "the fee of $75.00 is charged to Visa ••4242 on Wed, Oct 14, 5:45 PM" in Message.objects.get().text


def test_it_says_what_is_the_case_when_it_goes(odette: Member, appointment: Appointment, run_jobs: Jobs) -> None:
    Settings.objects.update(breathing_space_minutes=120)
    mark(appointment, charge_fee=True, by=odette, at=QUARTER_PAST)
    spare(appointment, fee_reason="Illness", by=odette, at=QUARTER_PAST + MINUTE)

    run_jobs(at=QUARTER_PAST + timedelta(hours=2))

    assert "No fee is charged this time." in str(mail.outbox[0].body)
    assert "Illness" not in str(mail.outbox[0].body)


def test_r7f_restored_meanwhile_it_does_not_go(odette: Member, appointment: Appointment, run_jobs: Jobs) -> None:
    mark(appointment, charge_fee=False, by=odette, at=QUARTER_PAST)

    restore(appointment, by=odette, at=QUARTER_PAST + MINUTE)
    run_jobs(at=QUARTER_PAST + TEN_MINUTES)

    assert (Message.objects.get().state, Message.objects.get().why, mail.outbox) == ("withdrawn", "Restored.", [])


def test_r7f_marked_again_it_goes_once(odette: Member, appointment: Appointment, run_jobs: Jobs) -> None:
    mark(appointment, charge_fee=False, by=odette, at=QUARTER_PAST)
    restore(appointment, by=odette, at=QUARTER_PAST + MINUTE)
    mark(Appointment.objects.locked(appointment), charge_fee=False, by=odette, at=QUARTER_PAST + 2 * MINUTE)

    run_jobs(at=QUARTER_PAST + timedelta(hours=2))

    assert [letter.subject for letter in mail.outbox] == ["We missed you on Wed, Oct 14, 3:30 PM"]
    assert sorted(Message.objects.values_list("state", flat=True)) == ["sent", "withdrawn"]


def test_charged_without_further_waiting_the_letter_keeps_its_time(odette: Member, appointment: Appointment) -> None:
    Settings.objects.update(breathing_space_minutes=120)
    mark(appointment, charge_fee=True, by=odette, at=QUARTER_PAST)

    charge_now(appointment, by=odette, at=QUARTER_PAST + MINUTE)

    assert Message.objects.get().send_after == QUARTER_PAST + timedelta(hours=2)
