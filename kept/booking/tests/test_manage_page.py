"""The manage page: without an account the patient sees, confirms, moves and cancels her appointment, with the fee before the button
(R14, R15, R16, I17)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.http import HttpResponse
from django.urls import reverse

import kept.billing.transitions.cards as cards
import kept.noshows.transitions.attendance as noshows
import kept.scheduling.transitions.attendance as attendance
from kept.billing.models import Charge
from kept.events.models import Event
from kept.messaging.models import Message
from kept.noshows.models import Fee
from kept.ops.cast import House
from kept.patients.models import Link
from kept.practice.models import Member
from kept.scheduling.models import Appointment
from kept.scheduling.transitions import moving
from kept.scheduling.transitions.managing import AFTER, manage_link
from tests.kit.browser import Browser
from tests.kit.gateway import clock_at, do_jobs
from tests.kit.html import fields, links, words
from tests.kit.visits import QUARTER_PAST, STARTS_AT, book, card_of

AT = STARTS_AT - timedelta(days=3)
LATE = STARTS_AT - timedelta(hours=3)
LATER = STARTS_AT + timedelta(days=1)


@pytest.fixture(autouse=True)
def three_days_before(juniper: House) -> Iterator[None]:
    with clock_at(AT):
        yield


@pytest.fixture
def link(appointment: Appointment) -> str:
    return manage_link(appointment, at=AT).removeprefix("http://testserver")


@pytest.fixture
def phone(link: str) -> Browser:
    """Renata's browser, which came by the link."""
    browser = Browser()
    browser.get(link)
    return browser


@pytest.fixture
def page(link: str) -> str:
    """The clean address behind the link."""
    return reverse("booking:manage", args=[Link.objects.get(purpose="manage").pk])


def said(answer: HttpResponse, *sentences: str) -> None:
    text = words(answer)
    assert [sentence for sentence in sentences if sentence not in text] == [], text


def now(appointment: Appointment) -> Appointment:
    return Appointment.objects.get(pk=appointment.pk)


def told(appointment: Appointment) -> list[tuple[str, Any]]:
    found = Event.objects.filter(subject_id=appointment.pk).order_by("at", "id")
    return [(event.kind, event.by_id) for event in found][-2:]


# The link


def test_i17_the_token_is_swapped_for_the_session_and_a_clean_address(link: str, page: str) -> None:
    browser = Browser()

    answer = browser.get(link)
    shown = browser.get(page)

    assert (answer.status_code, answer["Location"], shown.status_code) == (302, page, 200)
    secret = link.split(".")[1].rstrip("/")
    assert secret not in shown.content.decode()
    assert secret not in str(dict(browser.session))
    assert "no-store" in shown["Cache-Control"]
    assert answer["Referrer-Policy"] == "same-origin"


def test_i17_the_clean_address_alone_opens_nothing(page: str) -> None:
    stranger = Browser()

    answers = [stranger.get(page), stranger.get(f"{page}cancel/"), stranger.get(f"{page}time/")]
    answers += [stranger.post(f"{page}{act}/") for act in ("confirm", "cancel", "time")]

    assert {answer.status_code for answer in answers} == {404}


def test_i17_a_link_for_a_card_does_not_open_it(link: str) -> None:
    token = link.split("/")[2]
    Link.objects.update(purpose="card")

    assert Browser().get(f"/manage/{token}/").status_code == 404


def test_i17_a_scanner_that_follows_it_changes_nothing(link: str, page: str, appointment: Appointment) -> None:
    before = now(appointment).version, Event.objects.count()
    scanner = Browser()

    for address in (link, page, f"{page}cancel/", f"{page}time/", f"{page}confirm/"):
        scanner.head(address)
        scanner.get(address)

    assert (now(appointment).version, Event.objects.count()) == before


def test_it_works_to_some_days_after_the_visit_also_for_a_browser_that_is_in(phone: Browser, link: str, page: str) -> None:
    with clock_at(STARTS_AT + timedelta(days=6)):
        assert phone.get(page).status_code == 200
    with clock_at(STARTS_AT + timedelta(hours=2) + AFTER):
        assert [phone.get(page).status_code, Browser().get(link).status_code] == [404, 404]


def test_whoever_gives_a_card_at_the_desk_gets_to_it_from_there(juniper: House, odette: Member) -> None:
    visit, browser = book(juniper), Browser()
    card_of(visit.patient)
    card_page = browser.get(cards.card_link(visit, by=odette, at=AT).removeprefix("http://testserver"))["Location"]

    browser.post(card_page, {**fields(browser.get(card_page)), "accept": "yes", "card": "on_file"})

    said(
        browser.get(links(browser.get(card_page))["Change or cancel"]), "Wednesday, October 14", "Free to cancel until Tue, Oct 13, 3:30 PM"
    )


# What she sees, and that she will come


def test_she_sees_what_when_where_and_to_when_it_is_free(phone: Browser, page: str) -> None:
    said(
        phone.get(page),
        "Wednesday, October 14",
        "3:30 PM to",
        "America/New_York",
        "with Tess Marrowby",
        "Elm Street",
        "Visa ••4242",
        "Free to cancel until Tue, Oct 13, 3:30 PM",
        "$75.00",
        "I’ll be there",
    )


def test_that_she_will_be_there_is_recorded_as_hers_and_once(phone: Browser, page: str, appointment: Appointment) -> None:
    for _press in range(2):
        answer = phone.post(f"{page}confirm/", {"version": now(appointment).version})

    assert answer.status_code == 302
    assert now(appointment).confirmed_at == AT
    assert told(appointment).count(("appointment.confirmed", None)) == 1
    said(phone.get(page), "You said that you will be there.")


# Cancelling


def test_r14_cancelling_in_time_is_free_and_its_time_is_free_again(phone: Browser, page: str, appointment: Appointment) -> None:
    asked = phone.get(f"{page}cancel/")
    said(asked, "Cancel your appointment?", "Cancelling is free until Tue, Oct 13, 3:30 PM. Nothing is charged.")

    phone.post(f"{page}cancel/", {**fields(asked), "reason": "Transport"})

    found = now(appointment)
    assert (found.status, found.cancelled_for, found.late_cancel, found.outcome_reason, found.status_by) == (
        "cancelled",
        "patient",
        False,
        "Transport",
        None,
    )
    assert not Charge.objects.exists()
    said(phone.get(page), "It is cancelled.")


def test_r14_cancelling_late_says_the_fee_and_charges_it_after_a_tick(phone: Browser, page: str, appointment: Appointment) -> None:
    with clock_at(LATE):
        asked = phone.get(f"{page}cancel/")
        said(
            asked, "Cancel for $75.00?", "The free period ended Tue, Oct 13, 3:30 PM.", "$75.00 is charged to Visa ••4242 under the policy"
        )
        form = {name: value for name, value in fields(asked).items() if name != "accept"}
        missing = phone.post(f"{page}cancel/", form)
        said(missing, "Tick this to go on.")
        assert (missing.status_code, now(appointment).status) == (422, "booked")

        phone.post(f"{page}cancel/", {**form, "accept": "yes"})
        again = phone.post(f"{page}cancel/", {**form, "accept": "yes"})

    fee, charge = Fee.objects.get(), Charge.objects.get()
    assert (now(appointment).late_cancel, again.status_code) == (True, 302)
    assert (fee.kind, fee.decision, str(fee.amount), fee.by, fee.charge_id) == ("late_cancel", "charge", "$75.00", None, charge.pk)


def test_r14_what_became_dearer_since_it_was_shown_is_read_again(phone: Browser, page: str, appointment: Appointment) -> None:
    form = fields(phone.get(f"{page}cancel/"))

    with clock_at(LATE):
        answer = phone.post(f"{page}cancel/", {**form, "accept": "yes"})

    said(answer, "What it costs changed a moment ago. Please read it again.", "Cancel for $75.00?")
    assert (answer.status_code, now(appointment).status) == (422, "booked")


@pytest.mark.parametrize("act", ["confirm", "cancel", "time"])
def test_a_page_older_than_what_the_desk_did_shows_how_it_stands(
    phone: Browser, page: str, appointment: Appointment, odette: Member, act: str
) -> None:
    old = appointment.version
    moving.reschedule(appointment, starts_at=LATER, by=odette, at=AT)

    answer = phone.post(f"{page}{act}/", {"version": old, "start": (LATER + timedelta(days=1)).isoformat()})

    said(answer, "The clinic changed this appointment meanwhile.", "Thursday, October 15")
    assert (answer.status_code, now(appointment).starts_at, now(appointment).confirmed_at) == (409, LATER, None)


@pytest.mark.parametrize(
    ("case", "sentence"),
    [
        ("started", "It has started, so it can’t be changed here."),
        ("arrived", "You are checked in."),
        ("noshow", "It is recorded as missed."),
    ],
)
def test_r15_from_the_start_on_nothing_is_changed_by_the_link(
    phone: Browser, page: str, appointment: Appointment, odette: Member, case: str, sentence: str
) -> None:
    at: datetime = STARTS_AT if case == "started" else QUARTER_PAST
    if case == "arrived":
        attendance.check_in(appointment, by=odette, at=STARTS_AT)
    if case == "noshow":
        noshows.mark(appointment, charge_fee=False, fee_reason="Goodwill", by=odette, at=QUARTER_PAST)
    before = now(appointment).version

    with clock_at(at):
        answers = [phone.post(f"{page}{act}/", {"start": LATER.isoformat()}) for act in ("confirm", "cancel", "time")]
        shown = phone.get(page)

    assert [answer.status_code for answer in answers] == [409, 409, 409]
    said(shown, sentence)
    assert now(appointment).version == before


# Another time


def test_r16_she_moves_it_herself_and_is_told(phone: Browser, page: str, appointment: Appointment) -> None:
    times = phone.get(f"{page}time/")
    said(times, "Choose another time", "Now: Wed, Oct 14, 3:30 PM, with Tess Marrowby")
    chosen = phone.get(f"{page}time/", {"start": LATER.isoformat()})
    said(chosen, "Change to this time?", "Thu, Oct 15, 3:30 PM")

    answer = phone.post(f"{page}time/", fields(chosen))
    with clock_at(AT + timedelta(minutes=2)):
        do_jobs()

    found = now(appointment)
    assert (answer.status_code, found.starts_at, found.provider_id) == (302, LATER, appointment.provider_id)
    assert told(appointment)[-1] == ("appointment.moved", None)
    assert [(each.letter, each.state) for each in Message.objects.all()] == [("moved", "sent")]
    assert "http://testserver/manage/" in mail.outbox[0].body


def test_r16_who_loses_the_race_keeps_her_time_and_is_offered_others(
    phone: Browser, page: str, appointment: Appointment, juniper: House
) -> None:
    form = fields(phone.get(f"{page}time/", {"start": LATER.isoformat()}))
    for patient in juniper.patients[1:2]:
        book(juniper, patient=patient, starts_at=LATER)

    answer = phone.post(f"{page}time/", form)

    said(answer, "That time is not free any more. Choose another.")
    assert (answer.status_code, now(appointment).starts_at) == (409, STARTS_AT)


def test_r14_moving_late_says_the_fee_and_charges_it_after_a_tick(phone: Browser, page: str, appointment: Appointment) -> None:
    with clock_at(LATE):
        said(phone.get(page), "Changing the time costs $75.00.")
        asked = phone.get(f"{page}time/", {"start": LATER.isoformat()})
        said(asked, "Change to this time for $75.00?", "$75.00 is charged to Visa ••4242 under the policy you accepted on")
        form = {name: value for name, value in fields(asked).items() if name != "accept"}
        missing = phone.post(f"{page}time/", form)
        said(missing, "Tick this to go on.", "Thu, Oct 15, 3:30 PM")
        assert (missing.status_code, now(appointment).starts_at) == (422, STARTS_AT)

        moved = phone.post(f"{page}time/", {**form, "accept": "yes"})
        said(phone.get(page), "You changed the time late.", "The fee of $75.00 is being charged.")

    fee, charge = Fee.objects.get(), Charge.objects.get()
    assert (moved.status_code, now(appointment).starts_at, charge.booking_no) == (302, LATER, 1)
    assert (fee.kind, fee.decision, str(fee.amount), fee.by, fee.charge_id) == ("late_reschedule", "charge", "$75.00", None, charge.pk)


def test_r14_what_was_free_when_it_was_shown_is_read_again(phone: Browser, page: str, appointment: Appointment) -> None:
    form = fields(phone.get(f"{page}time/", {"start": LATER.isoformat()}))

    with clock_at(LATE):
        answer = phone.post(f"{page}time/", {**form, "accept": "yes"})

    said(answer, "What it costs changed a moment ago. Please read it again.", "Change to this time for $75.00?")
    assert (answer.status_code, now(appointment).starts_at) == (422, STARTS_AT)
