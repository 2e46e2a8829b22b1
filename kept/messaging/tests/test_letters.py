"""Letters (R7f): queued with the act, looked at again before they go, sent once, withdrawn while they wait (I14)."""

import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import IntegrityError, connection, transaction
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import Settings

import kept.billing.transitions.charging as charging
import kept.billing.transitions.refunding as refunding
import kept.scheduling.transitions.attendance as attendance
from kept.billing.models import Charge
from kept.events.models import Event
from kept.foundation.money import Money
from kept.foundation.scope import outside, scope
from kept.messaging import delivering, queries, sending, transitions
from kept.messaging.models import Letter, Message
from kept.messaging.tasks import follow_up
from kept.messaging.transitions import queue
from kept.ops.cast import House
from kept.ops.people import JUNIPER
from kept.patients.models import Patient
from kept.practice import models as practice
from kept.practice.models import Member
from kept.practice.rules import Role
from kept.scheduling.models import Appointment
from tests.kit.checks import queued, refused
from tests.kit.database import Cloned
from tests.kit.gateway import Double, clock_at
from tests.kit.money import answered, marked
from tests.kit.people import seen
from tests.kit.together import together
from tests.kit.visits import BOOKED_AT, QUARTER_PAST, STARTS_AT, accepted, book, card_of

Jobs = Callable[..., list[str]]
TEN_MINUTES = timedelta(minutes=10)
SECOND = timedelta(seconds=1)


@pytest.fixture
def moved(odette: Member, appointment: Appointment) -> Message:
    """A letter that goes in ten minutes."""
    return wanted(queue(Letter.MOVED, appointment, after=TEN_MINUTES, by=odette, at=BOOKED_AT))


def wanted(message: Message | None) -> Message:
    assert message is not None
    return message


def now(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


# Queued


def test_i14_the_row_and_its_job_are_one(odette: Member, moved: Message) -> None:
    assert (moved.state, moved.to, moved.send_after) == ("queued", "renata.solbrook@example.com", BOOKED_AT + TEN_MINUTES)
    assert moved.title == "Your appointment is now on Wed, Oct 14, 3:30 PM"
    assert queued("messaging.send") == {str(moved.pk)}
    assert Event.objects.filter(kind="letter.queued", subject_id=moved.pk, by_id=odette.pk).count() == 1


def test_i14_an_act_that_is_taken_back_writes_no_letter(odette: Member, appointment: Appointment) -> None:
    with transaction.atomic():
        queue(Letter.MOVED, appointment, by=odette, at=BOOKED_AT)
        transaction.set_rollback(True)

    assert not Message.objects.exists()
    assert queued("messaging.send") == set()


@pytest.mark.parametrize(("setting", "asked", "written"), [(True, None, 1), (False, None, 0), (False, True, 1), (True, False, 0)])
def test_the_practice_decides_unless_somebody_does(
    odette: Member, appointment: Appointment, setting: bool, asked: bool | None, written: int
) -> None:
    practice.Settings.objects.update(tell_patients=setting)
    appointment = Appointment.objects.locked(appointment)

    queue(Letter.MOVED, appointment, wanted=asked, by=odette, at=BOOKED_AT)

    assert Message.objects.count() == written


def test_without_an_address_there_is_no_letter(odette: Member, appointment: Appointment) -> None:
    appointment.patient.email = ""

    assert queue(Letter.MOVED, appointment, wanted=True, by=odette, at=BOOKED_AT) is None


def test_a_letter_of_one_act_is_written_once(odette: Member, appointment: Appointment, moved: Message) -> None:
    assert queue(Letter.MOVED, appointment, by=odette, at=BOOKED_AT) == moved

    confirmed = attendance.confirm(appointment, by=odette, at=BOOKED_AT)

    assert queue(Letter.MOVED, confirmed, by=odette, at=BOOKED_AT) != moved


# Sent


def test_it_goes_when_its_time_has_come_and_not_before(elm: practice.Clinic, moved: Message, run_jobs: Jobs) -> None:
    run_jobs(at=moved.send_after - SECOND)
    assert (now(moved).state, len(mail.outbox)) == ("queued", 0)

    run_jobs(at=moved.send_after)

    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == (["renata.solbrook@example.com"], moved.title)
    assert letter.from_email == "Juniper Skin Studio <letters@testserver>"
    assert letter.extra_headers["Message-ID"] == f"<{moved.pk}@tests>"
    body = re.sub(r"http://testserver/manage/\S+/", "https://…", letter.body)
    assert "/manage/" in letter.body
    assert body == (
        "Hello Renata,\n\n"
        "Your appointment has a new time: Wed, Oct 14, 3:30 PM.\n\n"
        "Does it not suit you? Please tell us.\n\n"
        "To see it, change its time or cancel it: https://…\n\n"
        f"Questions? Call us: {elm.phone}.\n\n"
        "Juniper Skin Studio, Elm Street\n"
        f"{elm.address}\n"
    )
    assert (now(moved).state, now(moved).ended_at, now(moved).text) == ("sent", moved.send_after, body)


def test_i13_a_job_that_runs_twice_sends_once(moved: Message) -> None:
    with clock_at(moved.send_after):
        for _ in range(2):
            sending.send(str(moved.practice_id), str(moved.pk))

    assert len(mail.outbox) == 1


def test_i14_two_workers_send_it_once(committed: Cloned) -> None:
    house = seen(JUNIPER)
    desk = house.members[Role.FRONT_DESK]

    with scope(house.practice.id, actor="test"):
        messages = [
            wanted(queue(Letter.MOVED, book(house, starts_at=STARTS_AT + timedelta(days=day)), by=desk, at=BOOKED_AT)) for day in range(10)
        ]
    mail.outbox = []
    with clock_at(BOOKED_AT):
        together([partial(sending.send, str(house.practice.id), str(message.pk)) for message in messages * 4])

    assert len(mail.outbox) == 10


def test_it_goes_to_the_address_that_she_has_by_then(moved: Message, run_jobs: Jobs) -> None:
    Patient.objects.filter(pk=moved.patient_id).update(email="new@example.com")

    run_jobs(at=moved.send_after)

    assert mail.outbox[0].to == ["new@example.com"]
    assert now(moved).to == "new@example.com"


def test_r7f_letters_say_appointment_and_never_the_treatment(
    juniper: House, odette: Member, silas: Member, gateway: Double, run_jobs: Jobs
) -> None:
    booked = book(juniper)
    queue(Letter.CARD_LINK, booked, by=odette, at=BOOKED_AT)
    queue(Letter.MOVED, booked, by=odette, at=BOOKED_AT)
    charge = marked(accepted(booked, gateway.card(booked.patient)), "due", by=odette)
    queue(Letter.NO_SHOW, charge.appointment, by=odette, at=QUARTER_PAST)
    run_jobs(at=QUARTER_PAST)
    refunding.refund(Charge.objects.get(), None, reason="Goodwill", by=silas, at=QUARTER_PAST)
    run_jobs(at=QUARTER_PAST)

    said = {message.letter: f"{message.title} {message.text}".lower() for message in Message.objects.all()}
    assert set(said) == {"card_link", "moved", "no_show", "receipt", "refunded"}
    assert [letter for letter, words in said.items() if "filler" in words] == []


# Not sent


def test_one_that_lost_its_point_is_withdrawn_and_says_why(
    odette: Member, appointment: Appointment, moved: Message, run_jobs: Jobs
) -> None:
    attendance.enter_in_error(appointment, by=odette, at=BOOKED_AT)

    run_jobs(at=moved.send_after)

    assert mail.outbox == []
    assert (now(moved).state, now(moved).why) == ("withdrawn", "The appointment is entered in error by now.")


def test_one_whose_patient_has_no_address_any_more_is_withdrawn(moved: Message, run_jobs: Jobs) -> None:
    Patient.objects.filter(pk=moved.patient_id).update(email="")

    run_jobs(at=moved.send_after)

    assert (now(moved).state, now(moved).why) == ("withdrawn", "No e-mail address any more.")


def test_staff_may_withdraw_it_while_it_waits(odette: Member, benedikt: Member, moved: Message, run_jobs: Jobs) -> None:
    with refused("not_permitted"):
        transitions.withdraw(moved, by=benedikt, at=BOOKED_AT)

    transitions.withdraw(moved, by=odette, at=BOOKED_AT)
    run_jobs(at=moved.send_after)

    assert (now(moved).state, now(moved).why, mail.outbox) == ("withdrawn", "Withdrawn by Odette Farnley.", [])
    with refused("wrong_status") as told:
        transitions.withdraw(moved, by=odette, at=BOOKED_AT)
    assert told.value.sentence == "It is too late: the letter is withdrawn."


def test_what_became_of_a_letter_stays(moved: Message, run_jobs: Jobs) -> None:
    run_jobs(at=moved.send_after)

    for change in ({"state": "queued"}, {"state": "withdrawn"}):
        with pytest.raises(IntegrityError, match="what became of a letter stays"), transaction.atomic():
            Message.objects.update(**change)
    with pytest.raises(IntegrityError, match="letters are never deleted"), transaction.atomic():
        Message.objects.all().delete()


class Deaf(EmailBackend):
    """A mail server that hangs up."""

    def send_messages(self, messages: Any) -> int:
        raise SMTPServerDisconnected


def test_a_mail_server_that_refuses_is_asked_again_and_then_given_up(settings: Settings, moved: Message, run_jobs: Jobs) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Deaf"

    run_jobs(at=moved.send_after)
    assert (now(moved).state, now(moved).send_after) == ("queued", moved.send_after + timedelta(minutes=1))

    run_jobs(at=moved.send_after + timedelta(days=1))
    for day in range(2, 7):
        run_jobs(at=moved.send_after + timedelta(days=day))

    assert (now(moved).state, now(moved).why, now(moved).tries) == ("failed", "SMTPServerDisconnected", 6)


def test_one_that_waited_out_a_failure_goes_once(settings: Settings, moved: Message, run_jobs: Jobs) -> None:
    works, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, f"{__name__}.Deaf"
    run_jobs(at=moved.send_after)
    settings.EMAIL_BACKEND = works

    run_jobs(at=moved.send_after + TEN_MINUTES)

    assert (now(moved).state, len(mail.outbox)) == ("sent", 1)


def test_one_whose_worker_died_is_not_sent_a_second_time(moved: Message, run_jobs: Jobs) -> None:
    delivering.begin(moved.pk, at=moved.send_after)

    look_after(moved, moved.send_after + SECOND, run_jobs)
    assert now(moved).state == "sending"
    look_after(moved, moved.send_after + TEN_MINUTES, run_jobs)

    assert (now(moved).state, now(moved).why, mail.outbox) == ("failed", "It is not known whether it went.", [])


def test_one_whose_job_was_lost_goes_all_the_same(moved: Message, run_jobs: Jobs) -> None:

    assert ProcrastinateJob.objects.filter(task_name="messaging.send").count() == 1

    with connection.cursor() as cursor:
        cursor.execute("update procrastinate_jobs set status = 'failed' where task_name = 'messaging.send'")

    look_after(moved, moved.send_after + TEN_MINUTES, run_jobs)

    assert (now(moved).state, len(mail.outbox)) == ("sent", 1)


def look_after(message: Message, at: Any, run_jobs: Jobs) -> None:

    with clock_at(at), outside():
        follow_up(str(message.practice_id))
    run_jobs(at=at)


# Links


def test_a_link_is_made_when_the_letter_goes_and_kept_nowhere(juniper: House, odette: Member, run_jobs: Jobs) -> None:
    booked = book(juniper)
    message = wanted(queue(Letter.CARD_LINK, booked, wanted=True, once="first", by=odette, at=BOOKED_AT))
    assert "https://…" in message.text

    run_jobs(at=BOOKED_AT)

    body = str(mail.outbox[0].body)
    assert f"http://testserver/card/{juniper.practice.pk.hex}." in body
    assert "/card/" not in now(message).text
    assert now(message).text == body.replace(next(line for line in body.splitlines() if "/card/" in line), "https://…")


def test_a_link_for_what_is_done_already_does_not_go(juniper: House, odette: Member, run_jobs: Jobs) -> None:
    booked = book(juniper)
    message = wanted(queue(Letter.CARD_LINK, booked, wanted=True, once="first", by=odette, at=BOOKED_AT))
    accepted(booked, card_of(booked.patient))

    run_jobs(at=BOOKED_AT)

    assert (now(message).state, now(message).why) == ("withdrawn", "The policy is accepted already, with a card.")


# Receipts


def test_a_paid_fee_has_its_receipt_and_a_refund_its_own(
    juniper: House, odette: Member, silas: Member, gateway: Double, run_jobs: Jobs
) -> None:

    charge = marked(accepted(book(juniper), gateway.card(juniper.patients[0])), "due", by=odette)
    run_jobs(at=QUARTER_PAST)
    paid = Charge.objects.get(pk=charge.pk)
    refunding.refund(paid, Money(2500, "USD"), reason="Goodwill", by=silas, at=QUARTER_PAST)
    run_jobs(at=QUARTER_PAST)

    receipt, refund = (letter for letter in mail.outbox if "INV" in letter.subject)
    assert receipt.subject == "Receipt INV-10001: $75.00"
    assert "$75.00 was charged to Visa ••4242 on Oct 14, 2026." in receipt.body
    assert "Appointment Cancellation/Rescheduling Charges: $75.00" in receipt.body
    assert refund.subject == "$25.00 refunded on INV-10001"
    assert "back to Visa ••4242" in refund.body


def test_what_was_paid_against_staffs_wish_has_no_receipt_until_they_keep_it(
    juniper: House, odette: Member, gateway: Double, run_jobs: Jobs
) -> None:

    charge = marked(accepted(book(juniper), gateway.card(juniper.patients[0])), "sending", by=odette)
    charging.end(charge, why="Appointment restored", by=odette, at=QUARTER_PAST)
    answered(charge, "paid", at=QUARTER_PAST)
    run_jobs(at=QUARTER_PAST)
    assert not Message.objects.filter(letter=Letter.RECEIPT).exists()

    charging.keep(Charge.objects.get(), by=odette, at=QUARTER_PAST)
    run_jobs(at=QUARTER_PAST)

    assert Message.objects.filter(letter=Letter.RECEIPT, state="sent").count() == 1


# Read


def test_r24_a_member_sees_the_letters_of_her_own_appointments(juniper: House, odette: Member, tess: Member, moved: Message) -> None:
    other = book(juniper, patient=juniper.patients[1], starts_at=STARTS_AT + timedelta(days=1))
    Appointment.objects.filter(pk=other.pk).update(provider=juniper.providers["Petra Lindvall"])
    theirs = wanted(queue(Letter.MOVED, other, by=odette, at=BOOKED_AT + SECOND))

    assert list(queries.messages(odette)) == [theirs, moved]
    assert list(queries.messages(tess)) == [moved]
    assert list(queries.of_patient(odette, juniper.patients[0])) == [moved]
