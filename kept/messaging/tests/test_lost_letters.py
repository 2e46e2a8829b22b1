"""Letters that did not arrive: what services report, what staff see of it, and what they do."""

import json
from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
from django.core.mail.backends.locmem import EmailBackend
from django.http import HttpResponse
from django.urls import reverse
from pytest_django import Settings

from kept.events.models import Event
from kept.messaging import delivering, queries, transitions
from kept.messaging.lost import why_lost
from kept.messaging.models import Letter, Message, TextStop
from kept.messaging.transitions import queue
from kept.patients.models import Patient
from kept.practice.models import Member
from kept.practice.transitions import set_texts
from kept.rights.transitions import erase
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.checks import refused
from tests.kit.html import words
from tests.kit.texts import Twilio
from tests.kit.visits import BOOKED_AT

Jobs = Callable[..., list[str]]
Desk = Callable[[Member], Browser]
SECRET = "reports:of our mail"


@pytest.fixture
def letter(odette: Member, appointment: Appointment, run_jobs: Jobs) -> Message:
    """One that went to Renata by e-mail."""
    found = queue(Letter.MOVED, appointment, wanted=True, by=odette, at=BOOKED_AT)
    assert found is not None
    run_jobs(at=BOOKED_AT)
    return now(found)


@pytest.fixture
def postmark(settings: Settings) -> Callable[..., HttpResponse]:
    """`postmark("Bounce", letter, Type="HardBounce")`: the mail service reports it."""
    settings.MAIL_SERVICE, settings.ANYMAIL = "postmark", {"WEBHOOK_SECRET": [SECRET]}

    def report(kind: str, letter: Message, *, secret: str = SECRET, **more: Any) -> HttpResponse:
        ids = {"practice": str(letter.practice_id), "letter": str(letter.pk)}
        said = {"RecordType": kind, "MessageID": "m-1", "Recipient": letter.to, "Metadata": ids} | more
        key = b64encode(secret.encode()).decode()
        body = json.dumps(said)
        return Browser().post(reverse("messaging:mail-reports"), body, "application/json", headers={"Authorization": f"Basic {key}"})

    return report


def now(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


def bounced(letter: Message) -> Message:
    return delivering.arrived(letter.pk, Message.Arrival.UNDELIVERED, code="bounced", at=BOOKED_AT)


# What is reported


@pytest.mark.parametrize(
    ("kind", "more", "arrival", "why"),
    [
        ("Delivery", {}, "delivered", ""),
        ("Bounce", {"Type": "HardBounce", "Email": "x@example.com"}, "undelivered", "The mailbox does not exist or does not take it."),
        ("Bounce", {"Type": "BadEmailAddress", "Email": "x@example.com"}, "undelivered", "This is no e-mail address."),
        ("SpamComplaint", {"Type": "SpamComplaint", "Email": "x@example.com"}, "complained", "The patient reported it as spam."),
        ("Open", {}, "", ""),
    ],
)
def test_a_mail_service_says_what_became_of_a_letter(
    kind: str, more: dict[str, str], arrival: str, why: str, letter: Message, postmark: Callable[..., HttpResponse]
) -> None:
    assert postmark(kind, letter, **more).status_code == 200

    assert (now(letter).arrival, why_lost(now(letter))) == (arrival, why)
    assert now(letter).state == "sent"
    assert Event.objects.filter(subject_id=letter.pk, kind=f"letter.{arrival}").exists() == bool(why)


def test_that_it_came_back_outlasts_that_it_arrived(letter: Message, postmark: Callable[..., HttpResponse]) -> None:
    for kind in ("Delivery", "Bounce", "Bounce", "Delivery"):
        postmark(kind, letter, Type="HardBounce", Email="x@example.com")

    assert now(letter).arrival == "undelivered"
    assert Event.objects.filter(subject_id=letter.pk, kind="letter.undelivered").count() == 1


def test_who_does_not_know_the_secret_is_not_heard(letter: Message, postmark: Callable[..., HttpResponse]) -> None:
    assert postmark("Bounce", letter, secret="reports:guessed", Type="HardBounce").status_code == 400
    assert now(letter).arrival == ""


@pytest.mark.parametrize("without", ["MAIL_SERVICE", "WEBHOOK_SECRET"])
def test_without_a_service_or_a_secret_there_is_nothing(
    without: str, letter: Message, settings: Settings, postmark: Callable[..., HttpResponse]
) -> None:
    if without == "MAIL_SERVICE":
        settings.MAIL_SERVICE = ""
    else:
        settings.ANYMAIL = {"WEBHOOK_SECRET": []}

    assert postmark("Bounce", letter, Type="HardBounce").status_code == 404


@pytest.mark.parametrize(
    "body", ["", "[]", "{", '"x"', "null", '{"RecordType": "Bounce"}', '{"RecordType": "Bounce", "Metadata": {"letter": 7}}']
)
def test_what_makes_no_sense_changes_nothing(body: str, letter: Message, postmark: object) -> None:
    key = b64encode(SECRET.encode()).decode()
    answer = Browser().post(reverse("messaging:mail-reports"), body, "application/json", headers={"Authorization": f"Basic {key}"})

    assert answer.status_code in (200, 400)
    assert now(letter).arrival == ""


def test_a_report_of_another_practice_reaches_no_letter(letter: Message, hana: Member, postmark: Callable[..., HttpResponse]) -> None:
    ids = {"practice": str(hana.practice_id), "letter": str(letter.pk)}

    assert postmark("Bounce", letter, Metadata=ids, Type="HardBounce", Email="x@example.com").status_code == 200
    assert now(letter).arrival == ""


@pytest.mark.parametrize(
    ("status", "arrival"), [("delivered", "delivered"), ("undelivered", "undelivered"), ("failed", "undelivered"), ("sent", "")]
)
def test_twilio_says_what_became_of_a_text_message(
    status: str, arrival: str, leonora: Member, appointment: Appointment, twilio: Twilio, run_jobs: Jobs
) -> None:
    set_texts(text_from="+12125550100", by=leonora, at=BOOKED_AT)
    Patient.objects.filter(pk=appointment.patient_id).update(phone="(212) 555-0142", email="")
    visit = Appointment.objects.select_related("practice", "clinic", "patient").get(pk=appointment.pk)
    text = queue(Letter.MOVED, visit, wanted=True, by=None, at=BOOKED_AT)
    assert text is not None
    run_jobs(at=BOOKED_AT)

    path = twilio.taken[0]["StatusCallback"].removeprefix("http://testserver")
    assert twilio.says(path, MessageStatus=status, ErrorCode="30005").status_code == 204

    assert now(text).arrival == arrival
    assert why_lost(now(text)) == ("The number is not in use." if arrival == "undelivered" else "")


# What staff see, and do


def test_it_needs_attention_until_somebody_sees_to_it(letter: Message, odette: Member, signed_in: Desk) -> None:
    desk, page = signed_in(odette), reverse("billing:attention")
    assert "Letters that did not arrive" not in words(desk.get(page))
    bounced(letter)

    said = words(desk.get(page))
    assert "Renata Solbrook : New time" in said
    assert "The mailbox does not exist or does not take it." in said
    assert "Needs attention: 1" in said

    desk.post(reverse("messaging:settle", args=[letter.pk]))

    assert "Letters that did not arrive" not in words(desk.get(page))
    assert now(letter).settled_by_id == odette.pk
    history = words(desk.get(reverse("desk:patient-messages", args=[letter.patient_id])))
    assert "Came back: The mailbox does not exist or does not take it." in history


def test_one_that_the_server_would_not_take_needs_attention_too(
    odette: Member, appointment: Appointment, run_jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_said: object) -> int:
        raise SMTPServerDisconnected

    monkeypatch.setattr(EmailBackend, "send_messages", broken)
    queue(Letter.MOVED, appointment, wanted=True, by=odette, at=BOOKED_AT)
    run_jobs(at=BOOKED_AT)
    for hours in range(1, 14):
        run_jobs(at=BOOKED_AT + timedelta(hours=hours))

    (lost,) = queries.lost(odette)
    assert (lost.state, lost.tries) == ("failed", 6)


def test_it_goes_again_to_where_she_is_reached_now(letter: Message, odette: Member, signed_in: Desk, run_jobs: Jobs) -> None:
    bounced(letter)
    Patient.objects.filter(pk=letter.patient_id).update(email="renata@example.net")

    signed_in(odette).post(reverse("messaging:again", args=[letter.pk]))
    signed_in(odette).post(reverse("messaging:again", args=[letter.pk]))

    assert list(queries.lost(odette)) == []
    (again,) = Message.objects.exclude(pk=letter.pk)
    assert (again.to, again.letter) == ("renata@example.net", "moved")


def test_one_that_lost_its_point_says_so(letter: Message, odette: Member, signed_in: Desk) -> None:
    bounced(letter)
    Appointment.objects.filter(pk=letter.appointment_id).update(status="cancelled", cancelled_for="patient")

    answer = signed_in(odette).post(reverse("messaging:again", args=[letter.pk]))

    assert answer.status_code == 409
    assert "The appointment is cancelled by now." in words(answer)
    assert list(queries.lost(odette)) == [letter]


def test_one_that_arrived_is_not_settled(letter: Message, odette: Member) -> None:
    with refused("wrong_status"):
        transitions.settle(letter, by=odette, at=BOOKED_AT)


def test_r24_nobody_sees_those_of_other_clinics(letter: Message, calla: Member, hana: Member, signed_in: Desk) -> None:
    bounced(letter)

    assert list(queries.lost(calla)) == []
    for act in ("messaging:again", "messaging:settle"):
        assert signed_in(calla).post(reverse(act, args=[letter.pk])).status_code == 404


def test_the_auditor_sees_it_and_changes_nothing(letter: Message, philomena: Member, signed_in: Desk) -> None:
    bounced(letter)
    auditor = signed_in(philomena)

    assert "Send again" not in words(auditor.get(reverse("billing:attention")))
    assert auditor.post(reverse("messaging:settle", args=[letter.pk])).status_code == 403


def test_erased_with_the_patient(letter: Message, leonora: Member, twilio: Twilio) -> None:
    set_texts(text_from="+12125550100", by=leonora, at=BOOKED_AT)
    Patient.objects.filter(pk=letter.patient_id).update(phone="(212) 555-0142")
    twilio.says("/webhooks/sms/juniper/", From="+12125550142", Body="STOP")
    Appointment.objects.filter(pk=letter.appointment_id).update(status="cancelled", cancelled_for="patient")
    bounced(letter)

    erase(Patient.objects.get(pk=letter.patient_id), by=leonora, at=BOOKED_AT)

    assert now(letter).to == ""
    assert not TextStop.objects.exists()
