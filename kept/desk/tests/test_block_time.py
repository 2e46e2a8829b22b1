"""Blocked time: by whom, of whom or what, when and why; never over an appointment; and its end."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse

from kept.ops.cast import House
from kept.practice.models import Clinic, Member, Resource
from kept.scheduling.models import Block, Claim
from kept.scheduling.transitions.blocking import block_time
from tests.kit.browser import Browser
from tests.kit.gateway import clock_at
from tests.kit.html import fields, words
from tests.kit.queries import queries
from tests.kit.visits import BOOKED_AT, QUARTER_PAST, book

BLOCK = reverse("desk:block")
NOON = datetime(2026, 10, 15, 16, 0, tzinfo=UTC)  # Thursday in New York
QUERIES = 9  # session, user, seat, her clinics, providers, rooms, what is blocked and whose it is


@pytest.fixture(autouse=True)
def a_quarter_past() -> Iterator[None]:
    with clock_at(QUARTER_PAST):
        yield


@pytest.fixture
def desk(odette: Member, htmx: Callable[[Member], Browser]) -> Browser:
    return htmx(odette)


@pytest.fixture
def form(juniper: House) -> dict[str, Any]:
    """Tess trains on Thursday from noon to 1:30 PM."""
    return {
        "clinic": str(juniper.clinics["Elm Street"].pk),
        "resource": str(juniper.providers["Tess Marrowby"].resource_id),
        "date": "2026-10-15",
        "start": "12:00",
        "end": "13:30",
        "why": "Training",
    }


@pytest.fixture
def block(juniper: House, odette: Member, elm: Clinic) -> Block:
    room = Resource.objects.get(clinic=elm, name="Room 2")
    return block_time(room, elm, starts_at=NOON, ends_at=NOON.replace(hour=18), why="Painting", by=odette, at=BOOKED_AT)


def lift(block: Block) -> str:
    return reverse("desk:lift-block", args=[block.pk])


def offered(answer: HttpResponse) -> str:
    return words(answer).partition("Who or what ")[2].partition(" Day ")[0]


def test_it_is_offered_in_the_wrench_to_those_who_book(signed_in: Callable[[Member], Browser], odette: Member, philomena: Member) -> None:
    day = reverse("desk:day")

    assert "Block time" in words(signed_in(odette).get(day))
    assert "Block time" not in words(signed_in(philomena).get(day))


def test_providers_rooms_and_devices_of_the_clinic_can_be_blocked(
    desk: Browser, juniper: House, tess: Member, htmx: Callable[[Member], Browser]
) -> None:
    assert (
        offered(desk.get(BLOCK, {"clinic": juniper.clinics["Harbor Point"].pk}))
        == "Choose Joanna Veltmoor Oskar Tamsin Petra Lindvall Room 1 Laser"
    )
    assert offered(htmx(tess).get(BLOCK)) == "Choose Tess Marrowby"


def test_the_address_may_name_day_start_and_provider(desk: Browser, juniper: House) -> None:
    tess = juniper.providers["Tess Marrowby"]

    asked = fields(desk.get(BLOCK, {"date": "2026-10-16", "start": "10:15", "provider": tess.pk}))

    assert (asked["date"], asked["start"], asked["resource"]) == ("2026-10-16", "10:15", str(tess.resource_id))


def test_the_time_is_blocked_and_said(desk: Browser, form: dict[str, Any], odette: Member, elm: Clinic) -> None:
    answer = desk.post(BLOCK, form)

    made = Block.objects.get()
    assert (made.resource.name, made.clinic, made.starts_at, made.ends_at, made.why, made.by) == (
        *("Tess Marrowby", elm, NOON, NOON.replace(hour=17, minute=30)),
        *("Training", odette),
    )
    assert words(answer) == "Blocked: Tess Marrowby, Thu, Oct 15, 12:00–1:30 PM."
    assert answer["HX-Trigger"] == "appointment-changed, dialog-done"


def test_without_script_it_leads_back_to_the_book(signed_in: Callable[[Member], Browser], odette: Member, form: dict[str, Any]) -> None:
    answer = signed_in(odette).post(BLOCK, form, follow=True)

    assert answer.redirect_chain == [(reverse("desk:day"), 302)]
    assert "Blocked: Tess Marrowby, Thu, Oct 15, 12:00–1:30 PM." in words(answer)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"end": "12:00"}, "The end is not after the start."),
        ({"end": ""}, "This field is required."),
        ({"date": "2026-10-13"}, "That time is past."),
        ({"date": "2027-03-14", "start": "02:30", "end": "04:00"}, "Clocks skip that time at the clinic. Choose another."),
        ({"resource": "nobody"}, "Select a valid choice."),
    ],
)
def test_what_is_wrong_is_said_at_its_field(desk: Browser, form: dict[str, Any], said: dict[str, str], sentence: str) -> None:
    answer = desk.post(BLOCK, form | said)

    assert (answer.status_code, Block.objects.exists()) == (422, False)
    assert sentence in words(answer)
    assert fields(answer)["why"] == "Training"


def test_r16_an_appointment_is_never_pushed_aside(desk: Browser, form: dict[str, Any], juniper: House) -> None:
    book(juniper, starts_at=NOON)

    answer = desk.post(BLOCK, form)

    assert (answer.status_code, Block.objects.exists()) == (422, False)
    assert "Renata Solbrook has that time with Tess Marrowby. Choose another." in words(answer)


def test_r24_what_is_not_hers_can_not_be_blocked(
    htmx: Callable[[Member], Browser], tess: Member, form: dict[str, Any], juniper: House, quinta: House
) -> None:
    others = {"resource": str(juniper.providers["Priya Ramsethi"].resource_id)}
    theirs = {"resource": str(quinta.providers["Leonel Arrábida"].resource_id)}

    assert {htmx(tess).post(BLOCK, form | each).status_code for each in (others, theirs)} == {422}
    assert not Block.objects.exists()


def test_what_is_blocked_that_day_stands_in_the_dialog(desk: Browser, block: Block) -> None:
    assert "Blocked on Thu, Oct 15 Room 2 12:00–2:00 PM · Painting Lift" in words(desk.get(BLOCK, {"date": "2026-10-15"}))
    assert "Blocked on" not in words(desk.get(BLOCK, {"date": "2026-10-16"}))


# Lifting it


def test_a_block_says_what_it_is(desk: Browser, block: Block) -> None:
    said = words(desk.get(lift(block)))

    assert "Room 2 · Thu, Oct 15, 12:00–2:00 PM · Elm Street" in said
    assert "Painting Blocked by Odette Farnley." in said


def test_lifted_its_time_is_free_and_it_stays_on_record(desk: Browser, block: Block) -> None:
    answer = desk.post(lift(block))

    block.refresh_from_db()
    assert (block.lifted_at, Claim.objects.filter(block=block, live=True).exists()) == (QUARTER_PAST, False)
    assert words(answer) == "Free again: Room 2, Thu, Oct 15, 12:00–2:00 PM."
    assert "Lifted Wed, Oct 14, 3:45 PM." in words(desk.get(lift(block)))


def test_lifted_twice_the_second_is_told(desk: Browser, block: Block) -> None:
    desk.post(lift(block))

    answer = desk.post(lift(block))

    assert answer.status_code == 409
    assert "It was lifted already." in words(answer)


def test_r24_a_providers_block_of_another_is_not_found(htmx: Callable[[Member], Browser], tess: Member, hana: Member, block: Block) -> None:
    assert [htmx(each).get(lift(block)).status_code for each in (tess, hana)] == [404, 404]


def test_its_queries_do_not_grow_with_what_is_blocked(desk: Browser, block: Block) -> None:
    desk.get(BLOCK, {"date": "2026-10-15"})

    with queries(QUERIES):
        desk.get(BLOCK, {"date": "2026-10-15"})
