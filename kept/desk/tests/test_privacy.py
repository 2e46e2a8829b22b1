"""Patients look on: initials stand for names, and the names are not even in the page."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.urls import reverse

from kept.desk.tests.reading import visits
from kept.messaging.models import Letter
from kept.messaging.transitions import queue
from kept.ops.cast import House
from kept.practice.models import Member
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.gateway import clock_at, do_jobs
from tests.kit.html import words
from tests.kit.visits import QUARTER_PAST, STARTS_AT, book

BOOK, SWITCH = reverse("desk:day"), reverse("desk:privacy")


@pytest.fixture(autouse=True)
def a_quarter_past() -> Iterator[None]:
    with clock_at(QUARTER_PAST):
        yield


@pytest.fixture
def desk(odette: Member, signed_in: Callable[[Member], Browser]) -> Browser:
    return signed_in(odette)


@pytest.mark.parametrize("view", ["day", "week", "list"])
def test_no_name_is_in_the_page_nor_in_its_feed(desk: Browser, tess: Member, appointment: Appointment, view: str) -> None:
    query = {"view": view, "provider": appointment.provider_id}
    desk.post(SWITCH, {"initials": "on"})

    page = desk.get(BOOK, query)
    feed = desk.get(page.context["feed_url"])

    for answer in (page, feed):
        said = answer.content.decode()
        assert ("Renata" in said, "Solbrook" in said, "R. S." in said) == (False, False, True)


def test_the_day_sheet_leaves_out_what_tells_who_it_is(desk: Browser, juniper: House, appointment: Appointment) -> None:
    Appointment.objects.filter(pk=appointment.pk).update(note="Prefers the quiet room")
    sheet = reverse("desk:day-sheet")
    named = desk.get(sheet).content.decode()
    desk.post(SWITCH, {"initials": "on"})
    private = desk.get(sheet).content.decode()

    hidden = ("Renata Solbrook", appointment.patient.phone, "Prefers the quiet room")
    assert appointment.patient.phone
    assert [all(text in named for text in hidden), any(text in private for text in hidden)] == [True, False]


def test_it_stays_with_the_browser_whoever_signs_in(desk: Browser, silas: Member, appointment: Appointment) -> None:
    desk.post(SWITCH, {"initials": "on"})
    del desk.cookies["session"]
    desk.force_login(silas.user)
    session = desk.session
    session["practice"] = str(silas.practice_id)
    session.save()

    assert [each.name for each in visits(desk.get(BOOK))] == ["R. S."]


def test_off_again_names_are_back(desk: Browser, appointment: Appointment) -> None:
    for said in ("on", "off"):
        answer = desk.post(SWITCH, {"initials": said}, headers={"Referer": f"http://testserver{BOOK}?date=2026-10-14"})

    assert answer["Location"] == f"http://testserver{BOOK}?date=2026-10-14"
    assert [each.name for each in visits(desk.get(BOOK))] == ["Renata Solbrook"]


def test_the_page_says_that_it_is_on(desk: Browser, juniper: House) -> None:
    off = desk.get(BOOK).content.decode()
    desk.post(SWITCH, {"initials": "on"})
    on = desk.get(BOOK).content.decode()

    assert ['aria-pressed="true" title="Show names again"' in page for page in (off, on)] == [False, True]


def test_who_has_but_one_name(desk: Browser, juniper: House) -> None:
    patient = juniper.patients[3]
    patient.first_name, patient.last_name = "Ódhran", ""
    patient.save()
    book(juniper, patient=patient, starts_at=STARTS_AT)
    desk.post(SWITCH, {"initials": "on"})

    assert [each.name for each in visits(desk.get(BOOK))] == ["Ó."]


@pytest.mark.parametrize("how", ["page", "htmx"])
def test_the_panel_names_nobody_and_tells_nothing_of_her(
    desk: Browser, htmx: Callable[[Member], Browser], odette: Member, appointment: Appointment, how: str
) -> None:
    Appointment.objects.filter(pk=appointment.pk).update(note="Prefers the quiet room")
    type(appointment.patient).objects.filter(pk=appointment.patient_id).update(alert="Faints at needles")
    queue(Letter.CARD_LINK, appointment, wanted=True, by=odette, at=QUARTER_PAST)
    client = desk if how == "page" else htmx(odette)
    address = reverse("desk:panel", args=[appointment.id])
    hidden = [appointment.patient.email, appointment.patient.phone, "Renata", "Solbrook", "Prefers the quiet room", "Faints at needles"]
    named = client.get(address).content.decode()
    client.post(SWITCH, {"initials": "on"})

    private = client.get(address).content.decode()

    assert [text for text in hidden if text not in named] == []
    assert [text for text in hidden if text in private] == []
    assert ("R. S." in private, f"{appointment.patient.email[0]}••••@" in private) == (True, True)


AN_HOUR_BEFORE = STARTS_AT - timedelta(hours=1)
BEFORE = ["noshows:cancel", "noshows:cancel-letter", "noshows:entered-in-error", "desk:reschedule"]
AFTER = ["noshows:mark", "noshows:letter"]


@pytest.mark.parametrize(("dialog", "at"), [*((name, AN_HOUR_BEFORE) for name in BEFORE), *((name, QUARTER_PAST) for name in AFTER)])
@pytest.mark.parametrize("how", ["page", "htmx"])
def test_no_dialog_names_her(
    desk: Browser, htmx: Callable[[Member], Browser], odette: Member, appointment: Appointment, dialog: str, at: datetime, how: str
) -> None:
    client, address = desk if how == "page" else htmx(odette), reverse(dialog, args=[appointment.id])
    with clock_at(at):
        named = client.get(address).content.decode()
        client.post(SWITCH, {"initials": "on"})

        private = client.get(address).content.decode()

    assert "Renata" in named
    assert [text for text in ("Renata", "Solbrook", appointment.patient.email) if text in private] == []
    assert "R." in private


@pytest.mark.usefixtures("all_rounders")
def test_what_is_in_the_way_is_said_without_a_name(desk: Browser, juniper: House, appointment: Appointment) -> None:
    other = book(juniper, patient=juniper.patients[1], starts_at=STARTS_AT + timedelta(hours=3))
    wish = {"start": appointment.starts_at.astimezone(appointment.clinic.zone).strftime("%Y-%m-%dT%H:%M"), "asked": "clinic"}
    address = reverse("desk:reschedule", args=[other.id])
    named = words(desk.get(address, wish))
    desk.post(SWITCH, {"initials": "on"})

    private = [words(desk.get(address, wish)), words(desk.post(address, {**wish, "confirm": "1", "version": other.version}))]

    assert "Renata Solbrook has that time with Tess Marrowby." in named
    assert ["R. S. has that time with Tess Marrowby." in said for said in private] == [True, True]
    assert ["Renata" in said for said in private] == [False, False]


def test_neither_do_the_lists_of_what_went_wrong(desk: Browser, appointment_that_is: Callable[[str], Appointment]) -> None:
    appointment_that_is("noshow")
    address = reverse("noshows:list")
    desk.post(SWITCH, {"initials": "on"})

    said = desk.get(address, {"from": "2026-10-01", "to": "2026-10-31"}).content.decode()

    assert ("Renata" in said, "Solbrook" in said, "R. S." in said, "Show names again" in said) == (False, False, True, True)


def test_what_goes_to_her_names_her_as_ever(desk: Browser, appointment: Appointment) -> None:
    desk.post(SWITCH, {"initials": "on"})

    with clock_at(AN_HOUR_BEFORE):
        desk.post(reverse("noshows:cancel", args=[appointment.id]), {"asked": "clinic", "notify": "on", "version": appointment.version})
    do_jobs(at=QUARTER_PAST)

    assert [("Hello Renata," in letter.body, letter.to) for letter in mail.outbox] == [(True, [appointment.patient.email])]
