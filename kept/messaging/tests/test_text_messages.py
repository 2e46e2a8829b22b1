"""Letters as text messages: where they go, what they say, never at night, never after STOP, never twice (I14, R7f)."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core import mail
from django.urls import reverse
from pytest_django import Settings

from kept.foundation.phones import international
from kept.messaging import letters
from kept.messaging.channels.sms import signed
from kept.messaging.models import Channel, Letter, Message, TextStop, Wording
from kept.messaging.reach import SHORT
from kept.messaging.samples import sample_short
from kept.messaging.setting_up import word
from kept.messaging.transitions import queue
from kept.messaging.wording import TEXT, TITLE
from kept.patients.models import Patient
from kept.practice.models import Clinic, Member, Service
from kept.practice.transitions import set_texts
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.checks import queued, refused
from tests.kit.gateway import clock_at
from tests.kit.html import words
from tests.kit.texts import Twilio
from tests.kit.visits import BOOKED_AT

Jobs = Callable[..., list[str]]
Desk = Callable[[Member], Browser]
OURS, HERS = "+12125550100", "+12125550142"
NIGHT = BOOKED_AT.replace(hour=3)  # 11 PM of the day before at the clinic
INBOUND = "/webhooks/sms/juniper/"


@pytest.fixture(autouse=True)
def texting(leonora: Member, twilio: Twilio) -> None:
    """The practice has a number for text messages."""
    set_texts(text_from="+1 (212) 555-0100", by=leonora, at=BOOKED_AT)


@pytest.fixture
def visit(appointment: Appointment) -> Appointment:
    """Renata's, whose telephone takes text messages and who has no e-mail address."""
    return reached(appointment, phone="(212) 555-0142", email="")


def reached(appointment: Appointment, **by: str) -> Appointment:
    Patient.objects.filter(pk=appointment.patient_id).update(**by)
    return Appointment.objects.select_related("practice", "clinic", "patient").get(pk=appointment.pk)


def moved(visit: Appointment, by: Member | None = None, letter: Letter = Letter.MOVED) -> list[Message]:
    queue(letter, visit, wanted=True, by=by, at=BOOKED_AT)
    return list(Message.objects.order_by("channel"))


def prefers(texts: str, by: Member, letter: Letter = Letter.MOVED, **words: str) -> None:
    word(letter, title=TITLE, text=TEXT, on=True, texts=texts, by=by, at=BOOKED_AT, **words)


# Whose number takes one


@pytest.mark.parametrize(
    ("typed", "like", "number"),
    [
        ("(212) 555-0142", OURS, HERS),
        ("212.555.0142", OURS, HERS),
        ("+1 212 555 0142", "", HERS),
        ("+351 912 345 678", OURS, "+351912345678"),
        ("912 345 678", "+351210000000", "+351912345678"),
        ("(212) 555-0142 ext. 3", OURS, ""),
        ("555-0142", OURS, ""),
        ("+351 21 123 4567", OURS, ""),  # a fixed line
        ("call her husband", OURS, ""),
        ("(212) 555-0142", "", ""),
    ],
)
def test_a_number_is_read_as_it_is_dialled_where_the_practices_is(typed: str, like: str, number: str) -> None:
    assert international(typed, like=like) == number


def test_a_practice_without_a_number_texts_nobody(leonora: Member, visit: Appointment) -> None:
    set_texts(text_from="", by=leonora, at=BOOKED_AT)

    assert moved(Appointment.objects.select_related("practice", "clinic", "patient").get(pk=visit.pk)) == []


def test_its_number_is_checked_and_set_by_owners_and_managers_alone(leonora: Member, odette: Member) -> None:
    with refused("invalid"):
        set_texts(text_from="555-0100", by=leonora, at=BOOKED_AT)
    with refused("not_permitted"):
        set_texts(text_from=OURS, by=odette, at=BOOKED_AT)


# Which letters go as one


def test_who_has_no_address_gets_a_text_message(visit: Appointment, odette: Member, twilio: Twilio, run_jobs: Jobs) -> None:
    (message,) = moved(visit, odette)
    run_jobs(at=message.send_after)

    assert (message.channel, message.to, message.title) == ("sms", HERS, "")
    (taken,) = twilio.taken
    assert taken["To"] == HERS
    assert taken["From"] == OURS
    assert taken["StatusCallback"] == f"http://testserver/webhooks/sms/juniper/{message.pk}/"
    assert taken["Body"].startswith("Juniper Skin Studio: Your appointment is now on Wed, Oct 14, 3:30 PM. http://testserver/manage/")
    assert taken["Body"].endswith(" Reply STOP to get no more texts.")
    message.refresh_from_db()
    assert message.state == "sent"
    assert "/manage/" not in message.text
    assert letters.HIDDEN_LINK in message.text


@pytest.mark.parametrize(("texts", "channels"), [("instead", ["email"]), ("also", ["email", "sms"]), ("never", ["email"])])
def test_with_an_address_as_the_practice_chose(
    texts: str, channels: list[str], leonora: Member, appointment: Appointment, twilio: Twilio, run_jobs: Jobs
) -> None:
    prefers(texts, leonora)
    found = moved(reached(appointment, phone="(212) 555-0142"))
    run_jobs(at=BOOKED_AT)

    assert [message.channel for message in found] == channels
    assert len(mail.outbox) == 1
    assert len(twilio.taken) == len(channels) - 1


def test_never_is_never(leonora: Member, visit: Appointment) -> None:
    prefers("never", leonora)

    assert moved(visit) == []


def test_where_letters_come_back_the_text_message_takes_their_place(appointment: Appointment) -> None:
    visit = reached(appointment, phone="(212) 555-0142")
    (first,) = moved(visit)
    Message.objects.filter(pk=first.pk).update(state="sent", arrival="undelivered")

    queue(Letter.MOVED, visit, wanted=True, once="again", by=None, at=BOOKED_AT + timedelta(minutes=1))

    assert [each.channel for each in Message.objects.exclude(pk=first.pk).order_by("channel")] == ["email", "sms"]


def test_a_receipt_goes_by_e_mail_alone() -> None:
    assert {Letter.RECEIPT, Letter.REFUNDED} == set(Letter) - SHORT


def test_asked_for_twice_it_is_one(visit: Appointment) -> None:
    assert moved(visit) == moved(visit)
    assert Message.objects.count() == 1


# What they say


@pytest.mark.parametrize("letter", sorted(SHORT))
def test_r7f_each_is_short_and_names_no_treatment(letter: Letter, elm: Clinic) -> None:
    said = sample_short(letter, elm.practice, elm, text="").text

    assert len(said) < 320
    assert "\n" not in said
    assert "  " not in said
    assert not [name for name in Service.objects.values_list("name", flat=True) if name in said]


def test_in_the_practices_own_words(leonora: Member, visit: Appointment, twilio: Twilio, run_jobs: Jobs) -> None:
    prefers("instead", leonora, short="Dear {first_name}, {what} {phone}")
    moved(visit)
    run_jobs(at=BOOKED_AT)

    assert twilio.taken[0]["Body"].startswith("Dear Renata, Your appointment is now on Wed, Oct 14, 3:30 PM. http")


@pytest.mark.parametrize("short", ["Hello {first_name}", "{what} {what}", "{what} {address}", "{what} {", "{what} {treatment}"])
def test_r7f_words_that_can_t_stand_are_refused_at_their_field(short: str, leonora: Member) -> None:
    named = Service.objects.filter(practice=leonora.practice).values_list("name", flat=True)[0]
    short = short.replace("{treatment}", named.lower())
    with refused("invalid") as refusal:
        prefers("instead", leonora, short=short)
    assert refusal.value.field == "short"


# Never at night


def test_nobody_is_woken(visit: Appointment, elm: Clinic, twilio: Twilio, run_jobs: Jobs) -> None:
    queue(Letter.MOVED, visit, wanted=True, by=None, at=NIGHT)
    message = Message.objects.get()

    assert message.send_after.astimezone(elm.zone).hour == 8
    run_jobs(at=NIGHT + timedelta(hours=1))
    assert twilio.taken == []
    run_jobs(at=message.send_after)
    assert len(twilio.taken) == 1


def test_a_worker_that_comes_late_in_the_evening_waits_for_the_morning(
    visit: Appointment, elm: Clinic, twilio: Twilio, run_jobs: Jobs
) -> None:
    (message,) = moved(visit)
    run_jobs(at=NIGHT + timedelta(days=1))

    message.refresh_from_db()
    assert (message.state, twilio.taken) == ("queued", [])
    assert message.send_after.astimezone(elm.zone).hour == 8
    assert queued("messaging.send") == {str(message.pk)}


def test_what_the_desk_sends_to_a_patient_who_waits_for_it_goes_at_once(odette: Member, visit: Appointment) -> None:
    queue(Letter.MANAGE_LINK, visit, wanted=True, by=odette, at=NIGHT)

    assert Message.objects.get().send_after == NIGHT


# STOP


@pytest.mark.parametrize("word", ["STOP", " stop ", "Unsubscribe", "quit"])
def test_stop_is_heard_and_nothing_goes_any_more(word: str, visit: Appointment, twilio: Twilio, run_jobs: Jobs) -> None:
    (waiting,) = moved(visit)

    answer = twilio.says(INBOUND, From=HERS, Body=word)
    run_jobs(at=BOOKED_AT)

    assert (answer.status_code, answer.content.count(b"Message")) == (200, 0)  # Twilio itself confirms
    waiting.refresh_from_db()
    assert (waiting.state, twilio.taken) == ("withdrawn", [])
    assert queue(Letter.MOVED, visit, wanted=True, once="later", by=None, at=BOOKED_AT) is None


def test_start_lets_them_go_again_and_staff_do_not(visit: Appointment, odette: Member, htmx: Desk, twilio: Twilio) -> None:
    twilio.says(INBOUND, From=HERS, Body="STOP")
    htmx(odette).post(reverse("desk:patient-texts", args=[visit.patient_id]), {"stop": "no"})
    assert TextStop.objects.count() == 1

    twilio.says(INBOUND, From=HERS, Body="Start")

    assert TextStop.objects.count() == 0


def test_staff_stop_them_and_let_them_go_again(visit: Appointment, odette: Member, signed_in: Desk) -> None:
    desk, page = signed_in(odette), reverse("desk:patient-messages", args=[visit.patient_id])
    assert "Text messages may go to +12125550142." in desk.get(page).content.decode()

    desk.post(reverse("desk:patient-texts", args=[visit.patient_id]), {"stop": "yes"})
    assert "Odette" in desk.get(page).content.decode()
    assert moved(visit) == []

    desk.post(reverse("desk:patient-texts", args=[visit.patient_id]), {"stop": "no"})
    assert len(moved(visit)) == 1


def test_to_anything_else_she_is_told_whom_to_call(visit: Appointment, elm: Clinic, twilio: Twilio) -> None:
    said = twilio.says(INBOUND, From=HERS, Body="I am late").content.decode()

    assert f"Please call Juniper Skin Studio: {elm.phone}." in said
    assert TextStop.objects.count() == 0


@pytest.mark.parametrize("path", [INBOUND, "/webhooks/sms/nobody/", "/webhooks/sms/juniper/00000000-0000-0000-0000-000000000000/"])
def test_who_does_not_sign_is_not_heard(path: str, twilio: Twilio) -> None:
    assert twilio.says(path, secret="another", From=HERS, Body="STOP").status_code == 404
    assert TextStop.objects.count() == 0


def test_nor_is_anybody_where_files_are_written(settings: Settings, twilio: Twilio) -> None:
    settings.SMS = "files"
    assert twilio.says(INBOUND, From=HERS, Body="STOP").status_code == 404


def test_the_signature_is_that_of_twilios_own_example(settings: Settings) -> None:
    """https://www.twilio.com/docs/usage/security#example"""
    settings.TWILIO_AUTH_TOKEN = "12345"
    call = "CA1234567890ABCDE"  # pragma: allowlist secret
    fields = {"CallSid": call, "Caller": "+14158675310", "Digits": "1234", "From": "+14158675310", "To": "+18005551212"}
    signature = "GvWf1cFY/Q7PnoempGyD5oXAezc="  # pragma: allowlist secret

    assert signed("https://mycompany.com/myapp.php?foo=1&bar=2", fields, signature)
    assert not signed("https://mycompany.com/myapp.php?foo=1&bar=3", fields, signature)


# What the service answers


def test_i14_what_it_refuses_is_not_tried_again(visit: Appointment, twilio: Twilio, run_jobs: Jobs) -> None:
    twilio.answers = [(400, 21211)]
    (message,) = moved(visit)
    run_jobs(at=BOOKED_AT)

    message.refresh_from_db()
    assert (message.state, message.why, message.arrival_code) == ("failed", "This is no number that takes text messages.", "21211")
    assert queued("messaging.send") == set()


def test_a_stop_that_twilio_alone_heard_is_kept(visit: Appointment, twilio: Twilio, run_jobs: Jobs) -> None:
    twilio.answers = [(400, 21610)]
    moved(visit)
    run_jobs(at=BOOKED_AT)

    assert TextStop.objects.get().number == HERS


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_service_is_asked_again(status: int, visit: Appointment, twilio: Twilio, run_jobs: Jobs) -> None:
    twilio.answers = [(status, 20429)]
    (message,) = moved(visit)
    run_jobs(at=BOOKED_AT)
    message.refresh_from_db()
    assert (message.state, message.tries) == ("queued", 1)

    run_jobs(at=message.send_after)

    assert len(twilio.taken) == 1


@pytest.mark.parametrize("status", [0, 500])
def test_i14_one_that_was_perhaps_taken_is_not_sent_again(status: int, visit: Appointment, twilio: Twilio, run_jobs: Jobs) -> None:
    twilio.answers = [(status, 0)]
    (message,) = moved(visit)
    run_jobs(at=BOOKED_AT)

    message.refresh_from_db()
    assert (message.state, message.why) == ("failed", "It is not known whether it went.")
    assert queued("messaging.send") == set()


def test_a_service_that_is_not_there_is_asked_again(visit: Appointment, settings: Settings, run_jobs: Jobs) -> None:
    settings.TWILIO_API_BASE = "http://127.0.0.1:9"
    (message,) = moved(visit)
    run_jobs(at=BOOKED_AT)

    message.refresh_from_db()
    assert (message.state, message.tries) == ("queued", 1)


def test_files_are_written_by_default(visit: Appointment, settings: Settings, tmp_path: Path, run_jobs: Jobs) -> None:
    settings.SMS, settings.SMS_FOLDER = "files", str(tmp_path)
    (message,) = moved(visit)
    run_jobs(at=BOOKED_AT)

    (file,) = tmp_path.iterdir()
    assert file.name == f"{message.pk}.txt"
    assert file.read_text().startswith(f"To: {HERS}\nFrom: {OURS}\n\nJuniper Skin Studio: Your appointment is now on")


# Settings


def test_the_number_and_the_words_are_set_in_settings(leonora: Member, signed_in: Desk, visit: Appointment) -> None:
    owner = signed_in(leonora)
    said = owner.get(reverse("desk:texts")).content.decode()
    assert OURS in said
    assert "http://testserver/webhooks/sms/juniper/" in said

    assert owner.post(reverse("desk:texts"), {"text_from": "12"}).status_code == 422
    form = {"title": TITLE, "text": TEXT, "on": "on", "texts": "also", "short": "Hi! {what}"}
    preview = owner.post(reverse("desk:letter", args=[Letter.MOVED]), form | {"preview": "1"}).content.decode()
    assert "Hi! Your appointment is now on" in preview
    assert not Wording.objects.exists()

    owner.post(reverse("desk:letter", args=[Letter.MOVED]), form)
    assert Wording.objects.get().texts == "also"
    assert Wording.objects.get().short == "Hi! {what}"


def test_who_books_online_is_told_that_she_may_be_texted(leonora: Member, elm: Clinic, browser: Browser) -> None:
    service, start = Service.objects.filter(online=True).first(), BOOKED_AT + timedelta(days=7)
    assert service is not None
    page = reverse("booking:online", args=["juniper", elm.place])
    asked = {"services": str(service.pk), "start": start.isoformat()}
    with clock_at(BOOKED_AT):
        assert "We may text you about this appointment." in words(browser.get(page, asked))
        set_texts(text_from="", by=leonora, at=BOOKED_AT)
        assert "We may text you" not in words(browser.get(page, asked))


def test_dialogs_say_how_she_is_told(visit: Appointment, odette: Member, htmx: Desk) -> None:
    with clock_at(BOOKED_AT):
        assert "Tell Renata by text message" in htmx(odette).get(reverse("noshows:cancel", args=[visit.pk])).content.decode()


def test_channel_codes_are_fhirs() -> None:
    """https://hl7.org/fhir/valueset-contact-point-system.html"""
    assert set(Channel.values) == {"email", "sms"}
