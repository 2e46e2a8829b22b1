"""After a no-show the patient says on her own page that she was there, or that it was an emergency; staff settle it (I17, R7)."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.urls import reverse

import kept.noshows.transitions.attendance as noshows
from kept.booking.offer import same_again
from kept.events.models import Event
from kept.noshows.models import Answer, Fee
from kept.noshows.transitions import answering, fees
from kept.ops.cast import House
from kept.practice.models import Clinic, Member, MemberClinic
from kept.scheduling.models import Appointment
from kept.scheduling.transitions.managing import manage_link
from tests.kit.browser import Browser
from tests.kit.checks import refused
from tests.kit.gateway import clock_at, do_jobs
from tests.kit.html import words
from tests.kit.money import marked
from tests.kit.visits import QUARTER_PAST

LATER = QUARTER_PAST + timedelta(hours=1)
ATTENTION = reverse("billing:attention")


@pytest.fixture(autouse=True)
def an_hour_later(juniper: House) -> Iterator[None]:
    with clock_at(LATER):
        yield


@pytest.fixture
def missed(appointment: Appointment, odette: Member) -> Appointment:
    """Renata did not come; her fee waits for somebody to decide."""
    return marked(appointment, "declined", by=odette).appointment


@pytest.fixture
def phone(missed: Appointment) -> Browser:
    """Renata's browser, which came by a link."""
    browser = Browser()
    browser.get(manage_link(missed, at=LATER).removeprefix("http://testserver"))
    return browser


@pytest.fixture
def hers(phone: Browser) -> str:
    """The clean address at which she is."""
    (link_id,) = phone.session["links"]
    return reverse("booking:manage", args=[link_id])


def said(answer: HttpResponse, *sentences: str) -> None:
    text = words(answer)
    assert [sentence for sentence in sentences if sentence not in text] == [], text


def says(browser: Browser, page: str, kind: str = "here", text: str = "I sat in the waiting room.") -> HttpResponse:
    return browser.post(f"{page}answer/", {"kind": kind, "text": text})


# What she says


def test_she_says_that_she_was_there_and_nothing_else_changes(phone: Browser, hers: str, missed: Appointment) -> None:
    before = Appointment.objects.get(pk=missed.pk).version, Fee.objects.get().decision
    said(phone.get(hers), "It is recorded as missed.", "I was there", "It was an emergency", "Book a new time")

    answers = [says(phone, hers), says(phone, hers, text="pressed twice")]

    found = Answer.objects.get()
    assert [answer.status_code for answer in answers] == [302, 302]
    assert (found.kind, found.text, found.at, found.outcome) == ("here", "I sat in the waiting room.", LATER, "open")
    assert (Appointment.objects.get(pk=missed.pk).version, Fee.objects.get().decision) == before
    assert list(Event.objects.filter(kind="noshow.answered").values_list("by_id", "particulars")) == [(None, {"answer": "here"})]
    said(phone.get(hers), "The clinic received it on Wed, Oct 14", "I sat in the waiting room.")


def test_what_she_typed_is_not_lost_when_it_is_too_long(phone: Browser, hers: str) -> None:
    answer = says(phone, hers, "emergency", "x" * 501)

    said(answer, "Please say it in 500 letters or less.")
    assert (answer.status_code, "x" * 501 in answer.content.decode(), Answer.objects.count()) == (422, True, 0)


def test_what_is_no_answer_is_refused(phone: Browser, hers: str) -> None:
    assert (says(phone, hers, "nonsense").status_code, Answer.objects.count()) == (422, 0)


def test_a_visit_that_was_restored_meanwhile_takes_no_answer(phone: Browser, hers: str, missed: Appointment, odette: Member) -> None:
    noshows.restore(missed, by=odette, at=LATER)

    assert (says(phone, hers).status_code, Answer.objects.count()) == (409, 0)


def test_the_database_keeps_one_open_answer_of_a_kind(phone: Browser, hers: str, missed: Appointment) -> None:
    says(phone, hers)

    with pytest.raises(IntegrityError, match="answer_open_once"), transaction.atomic():
        Answer.objects.create(practice=missed.practice, appointment=missed, kind="here", at=LATER)


def test_a_new_time_leads_to_the_same_service_and_provider(missed: Appointment) -> None:
    line = missed.lines.get()
    assert same_again(missed, at=LATER) == f"/book/juniper/elm-street/?services={line.service_id}&provider={missed.provider_id}"


def test_where_the_clinic_books_by_phone_its_number_stands_there(phone: Browser, hers: str) -> None:
    Clinic.objects.update(online=False, phone="(555) 010-0100")

    assert "Book a new time" not in words(phone.get(hers))
    said(phone.get(hers), "Call (555) 010-0100")


def test_the_no_show_letter_brings_her_there(appointment: Appointment, odette: Member) -> None:
    with clock_at(QUARTER_PAST):
        noshows.mark(appointment, charge_fee=False, fee_reason="Goodwill", notify=True, by=odette, at=QUARTER_PAST)

    do_jobs()

    link = next(word for word in mail.outbox[-1].body.split() if "/manage/" in word).removeprefix("http://testserver")
    browser = Browser()
    said(browser.get(browser.get(link)["Location"]), "It is recorded as missed.")


# What staff do about it


@pytest.fixture
def spoken(missed: Appointment) -> Answer:
    return answering.say(missed, Answer.Kind.HERE, "I sat in the waiting room.", at=LATER)


def test_it_stands_under_needs_attention_and_in_the_panel(
    spoken: Answer, odette: Member, signed_in: Callable[[Member], Browser], missed: Appointment
) -> None:
    desk = signed_in(odette)
    acts = ("Restore", "Spare the fee", "Stays as it is")

    said(desk.get(ATTENTION), "Patients’ answers to no-shows", "I sat in the waiting room.", *acts)
    said(desk.get(reverse("desk:panel", args=[missed.pk])), "says: “I was there”", "The patient says: I was there", *acts)


def test_it_is_counted_for_those_of_its_clinic_alone(
    spoken: Answer, juniper: House, odette: Member, signed_in: Callable[[Member], Browser]
) -> None:
    assert 'Needs attention:</span> <span class="count st-outcome">1<' in signed_in(odette).get("/appointments/").content.decode()

    MemberClinic.objects.create(practice=juniper.practice, member=odette, clinic=juniper.clinics["Harbor Point"])

    assert "I sat in the waiting room." not in words(signed_in(odette).get(ATTENTION))
    assert signed_in(odette).get(reverse("noshows:stays", args=[spoken.pk])).status_code == 404


def test_it_stays_as_it_is_with_a_note_that_she_reads(
    spoken: Answer, odette: Member, signed_in: Callable[[Member], Browser], phone: Browser, hers: str
) -> None:
    desk, path = signed_in(odette), reverse("noshows:stays", args=[spoken.pk])
    missing = desk.post(path, {"note": " "})
    said(missing, "Say why, in a sentence.")

    desk.post(path, {"note": "Nobody was in the waiting room at 3:45."})

    spoken.refresh_from_db()
    assert (missing.status_code, spoken.outcome, spoken.settled_by, spoken.settled_at) == (422, "stays", odette, LATER)
    assert Event.objects.filter(kind="noshow.answer_settled", by_id=odette.pk).count() == 1
    said(phone.get(hers), "The clinic’s answer: it stays as it is.", "Nobody was in the waiting room at 3:45.")
    assert "Patients’ answers" not in words(desk.get(ATTENTION))


def test_restoring_settles_it_and_she_is_told_so(spoken: Answer, odette: Member, missed: Appointment, phone: Browser, hers: str) -> None:
    answering.settle(spoken, "restored", by=odette, at=LATER)

    assert Appointment.objects.get(pk=missed.pk).status == "booked"
    assert Answer.objects.get().outcome == "restored"
    said(phone.get(hers), "The clinic read your answer, and took the no-show back.")


def test_sparing_settles_all_she_said(spoken: Answer, odette: Member, missed: Appointment, phone: Browser, hers: str) -> None:
    answering.say(missed, Answer.Kind.EMERGENCY, "", at=LATER)

    fees.spare(missed, fee_reason="Emergency", by=odette, at=LATER)

    assert set(Answer.objects.values_list("outcome", "settled_by")) == {("spared", odette.pk)}
    said(phone.get(hers), "The clinic’s answer: no fee is charged.")


def test_it_is_settled_once(spoken: Answer, odette: Member) -> None:
    answering.settle(spoken, "stays", note="We looked.", by=odette, at=LATER)

    with refused("wrong_status"):
        answering.settle(spoken, "restored", by=odette, at=LATER)
    with refused("wrong_status"):
        answering.settle(spoken, "stays", note="Again.", by=odette, at=LATER)


def test_a_reason_is_asked_for(spoken: Answer, odette: Member) -> None:
    for outcome in ("spared", "stays"):
        with refused("reason_required"):
            answering.settle(spoken, outcome, by=odette, at=LATER)


def test_a_letter_tells_what_was_decided(spoken: Answer, odette: Member) -> None:
    answering.settle(spoken, "stays", note="Nobody was in the waiting room at 3:45.", by=odette, at=LATER)
    do_jobs()

    letter = mail.outbox[-1]
    assert letter.subject == "About your appointment on Wed, Oct 14, 3:30 PM"
    assert "It stays recorded as missed. Nobody was in the waiting room at 3:45." in letter.body
    assert "http://testserver/manage/" in letter.body
