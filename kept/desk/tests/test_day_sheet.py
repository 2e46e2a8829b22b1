"""The day on paper."""

from collections.abc import Callable, Iterator

import pytest
from django.urls import reverse

import kept.noshows.transitions.attendance as noshows
from kept.events.models import Access
from kept.ops.cast import House
from kept.practice.models import Member
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.gateway import clock_at
from tests.kit.html import links, words
from tests.kit.queries import queries
from tests.kit.visits import QUARTER_PAST, STARTS_AT, book

SHEET = reverse("desk:day-sheet")
QUERIES = 9  # session, user, seat, her clinics (2), visits, providers, phones and notes; and the look is written


@pytest.fixture(autouse=True)
def a_quarter_past() -> Iterator[None]:
    with clock_at(QUARTER_PAST):
        yield


@pytest.fixture
def desk(odette: Member, signed_in: Callable[[Member], Browser]) -> Browser:
    return signed_in(odette)


def test_who_comes_when_for_what_and_how_to_reach_them(desk: Browser, juniper: House, appointment: Appointment) -> None:
    Appointment.objects.filter(pk=appointment.pk).update(note="Prefers the quiet room")

    said = words(desk.get(SHEET))

    assert "Juniper Skin Studio · Elm Street Wednesday, October 14, 2026" in said
    assert "Tess Marrowby, NP 1 appointment" in said
    row = f"3:30–4:30 PM Renata Solbrook Lip filler {appointment.patient.phone} Prefers the quiet room On file Booked"
    assert row in said
    assert "Printed by Odette Farnley, Oct 14, 2026, 3:45 PM." in said


def test_it_is_of_the_day_and_the_providers_that_were_shown(desk: Browser, juniper: House, appointment: Appointment) -> None:
    page = desk.get(reverse("desk:day"), {"date": "2026-10-14", "provider": appointment.provider_id})

    answer = desk.get(links(page)["Print day sheet"])

    assert [column.provider.name for column in answer.context["columns"]] == ["Tess Marrowby"]
    assert links(answer)["Back to the calendar"] == page.context["page_url"]


def test_who_does_not_come_is_not_on_it(desk: Browser, odette: Member, appointment: Appointment) -> None:
    noshows.mark(appointment, charge_fee=False, by=odette, at=QUARTER_PAST)

    assert "No appointments Nothing is booked on this day." in words(desk.get(SHEET))


def test_r25_printing_it_is_recorded(desk: Browser, appointment: Appointment) -> None:
    desk.get(SHEET)

    assert [(each.what, each.patient_id) for each in Access.objects.all()] == [("day sheet", None)]


def test_a_provider_prints_her_own(tess: Member, signed_in: Callable[[Member], Browser], appointment: Appointment) -> None:
    assert [column.provider.name for column in signed_in(tess).get(SHEET).context["columns"]] == ["Tess Marrowby"]


def test_a_full_day_asks_as_often_as_any_other(desk: Browser, juniper: House) -> None:
    for number in range(4):
        book(juniper, patient=juniper.patients[number], starts_at=STARTS_AT.replace(hour=13 + 2 * number))
    desk.get(SHEET)

    with queries(QUERIES):
        desk.get(SHEET)
