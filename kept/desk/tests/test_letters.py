"""Settings > Messages: letters in the practice's own words, previewed, checked, brought back to Kept's."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse

from kept.events.models import Event
from kept.messaging.letters import compose
from kept.messaging.models import Letter, Message, Wording
from kept.messaging.queries import told_by_itself
from kept.messaging.setting_up import word
from kept.messaging.transitions import queue
from kept.messaging.wording import TEXT, TITLE, fill
from kept.patients.models import Patient
from kept.practice.models import Member
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.html import words
from tests.kit.visits import BOOKED_AT

Jobs = Callable[..., list[str]]
HERS = {"title": "Dear {first_name}", "text": "We moved it.\r\n{what}\r\nYours, {clinic}", "on": "on"}


def address(letter: Letter = Letter.MOVED) -> str:
    return reverse("desk:letter", args=[letter])


def test_what_was_saved_is_what_goes_also_where_it_waited(
    silas: Member, odette: Member, appointment: Appointment, signed_in: Callable[[Member], Browser], run_jobs: Jobs
) -> None:
    waiting = queue(Letter.MOVED, appointment, after=timedelta(minutes=10), by=odette, at=BOOKED_AT)
    assert waiting is not None

    answer = signed_in(silas).post(address(), HERS)
    run_jobs(at=waiting.send_after)

    (letter,) = mail.outbox
    assert answer.status_code == 302
    assert letter.subject == "Dear Renata"
    assert re.sub(r"http://testserver/manage/\S+/", "https://…", letter.body) == (
        "We moved it.\nYour appointment has a new time: Wed, Oct 14, 3:30 PM.\n\nDoes it not suit you? Please tell us.\n\n"
        "To see it, change its time or cancel it: https://…\nYours, Elm Street\n"
    )
    assert Event.objects.filter(kind="letter.worded", by_id=silas.pk).count() == 1


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("text", "{what} {service}", "{service} can’t stand here."),
        ("title", "{what}", "{what} can’t stand here."),
        ("text", "{what} {first_name.__class__}", "Braces stand around a name of those listed"),
        ("text", "{what} {{ settings }}", "Braces stand around a name of those listed"),
        ("text", "{what} {% now %}", "Braces stand around a name of those listed"),
        ("text", "Hello {first_name}", "Keep {what} once"),
        ("text", "{what} After your lip filler", "leave out “Lip filler”"),
        ("title", "", "This field is required."),
    ],
)
def test_r7f_what_no_letter_may_say_is_refused_at_its_field(
    silas: Member, signed_in: Callable[[Member], Browser], field: str, typed: str, said: str
) -> None:
    answer = signed_in(silas).post(address(), HERS | {field: typed})

    assert answer.status_code == 422
    assert said in words(answer)
    assert not Wording.objects.exists()


def test_a_value_is_never_read_as_words(appointment: Appointment) -> None:
    Patient.objects.update(first_name="{what} {% now 'Y' %} {{ practice }}")
    appointment.refresh_from_db()

    written = compose(Letter.MOVED, appointment, {}, title="{first_name}", text="{what}\n")

    assert written.title == "{what} {% now 'Y' %} {{ practice }}"


def test_a_line_without_a_value_is_left_out() -> None:
    assert fill("Call {phone}.\n{clinic} {phone}\nBye", {"phone": "", "clinic": "Elm"}) == "Elm \nBye"


def test_a_preview_keeps_nothing(silas: Member, signed_in: Callable[[Member], Browser]) -> None:
    answer = signed_in(silas).post(address(), HERS | {"preview": "1"})

    assert "Preview, not saved yet Dear Alex We moved it." in words(answer)
    assert not Wording.objects.exists()


@pytest.mark.parametrize("letter", Letter)
def test_each_letter_shows_itself_with_an_example(silas: Member, signed_in: Callable[[Member], Browser], letter: Letter) -> None:
    said = words(signed_in(silas).get(address(letter)))

    assert "As it goes, with an example" in said
    assert "Hello Alex," in said
    assert "None" not in said


def test_kepts_own_words_come_back(silas: Member, signed_in: Callable[[Member], Browser]) -> None:
    manager = signed_in(silas)
    manager.post(address(), HERS)
    assert "Your words" in words(manager.get(reverse("desk:letters")))

    manager.post(address(), HERS | {"reset": "1"})

    kept = Wording.objects.get()
    assert (kept.title, kept.text, kept.on) == ("", "", True)


def test_kepts_words_are_what_goes_without_any(appointment: Appointment) -> None:
    assert compose(Letter.MOVED, appointment, {}, title=TITLE, text=TEXT) == compose(Letter.MOVED, appointment, {})


def test_one_that_is_off_goes_only_where_somebody_asks_for_it(silas: Member, odette: Member, appointment: Appointment) -> None:
    word(Letter.MOVED, title=TITLE, text=TEXT, on=False, by=silas, at=BOOKED_AT)

    assert not told_by_itself(appointment.practice, Letter.MOVED)
    assert told_by_itself(appointment.practice, Letter.NO_SHOW)
    assert queue(Letter.MOVED, appointment, by=odette, at=BOOKED_AT) is None
    assert queue(Letter.MOVED, appointment, wanted=True, by=odette, at=BOOKED_AT) is not None
    assert Message.objects.count() == 1
