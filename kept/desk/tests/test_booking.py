"""Booking at the desk: services in a row, their price and time, and what *Book* does."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse

import kept.policies.transitions as policies
from kept.events.models import Event
from kept.foundation.ids import new_id
from kept.foundation.money import Money
from kept.messaging.models import Message
from kept.ops.cast import House
from kept.patients.models import Link
from kept.practice.models import Member, Settings
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.gateway import clock_at
from tests.kit.html import fields, words
from tests.kit.queries import queries
from tests.kit.visits import QUARTER_PAST

NEW = reverse("desk:new")
QUERIES = 25  # of the form: session, user, seat, her clinics, patient with card and attendance, services, providers, policy, earlier
SEARCH_QUERIES = 9


@pytest.fixture(autouse=True)
def a_quarter_past() -> Iterator[None]:
    with clock_at(QUARTER_PAST):
        yield


@pytest.fixture
def desk(odette: Member, htmx: Callable[[Member], Browser]) -> Browser:
    return htmx(odette)


@pytest.fixture
def form(juniper: House) -> dict[str, Any]:
    """A whole one: Renata's lip filler and a consultation with Tess, Friday the 16th at 10:00 AM in New York."""
    return {
        "clinic": str(juniper.clinics["Elm Street"].pk),
        "patient": str(juniper.patients[0].pk),
        "services": [str(juniper.services[name].pk) for name in ("Lip filler", "Consultation")],
        "provider": str(juniper.providers["Tess Marrowby"].pk),
        "date": "2026-10-16",
        "start": "10:00",
        "listed": "710.00",
        "price": "710.00",
        "note": "Prefers the quiet room",
    }


BOOK = {"book": "yes"}


def booked() -> Appointment:
    return Appointment.objects.select_related("patient", "provider", "clinic").get()


def pressed(answer: HttpResponse, label: str) -> str:
    """What the button with that label says in the page."""
    before = answer.content.decode().partition(label)[0]
    return before.rpartition('name="change" value="')[2].partition('"')[0].replace("&amp;", "&")


# The page


def test_it_opens_over_the_day_it_is_asked_for(odette: Member, signed_in: Callable[[Member], Browser], juniper: House) -> None:
    petra, harbor = juniper.providers["Petra Lindvall"], juniper.clinics["Harbor Point"]

    page = signed_in(odette).get(NEW, {"clinic": harbor.pk, "date": "2026-10-16", "start": "16:45", "provider": petra.pk})

    assert "Friday, October 16" in words(page)
    assert "New appointment Harbor Point" in words(page)
    asked = fields(page)
    assert (asked["date"], asked["start"], asked["provider"]) == ("2026-10-16", "16:45", str(petra.pk))


def test_what_it_does_not_understand_it_leaves_out(desk: Browser) -> None:
    answer = desk.get(NEW, {"date": "someday", "start": "25:99", "provider": new_id(), "patient": "x", "services": "y"})

    assert answer.status_code == 200
    assert "Choose a patient and a service." in words(answer)


def test_another_practices_things_are_left_out(desk: Browser, form: dict[str, Any], quinta: House) -> None:
    theirs = {
        "patient": quinta.patients[0].pk,
        "services": [each.pk for each in quinta.services.values()],
        "provider": quinta.providers["Leonel Arrábida"].pk,
    }

    answer = desk.post(NEW, form | BOOK | theirs)

    said = words(answer)
    assert all(sentence in said for sentence in ("Choose who comes.", "Choose at least one service.", "Choose a provider."))


def test_a_provider_books_herself_alone(htmx: Callable[[Member], Browser], tess: Member, form: dict[str, Any], juniper: House) -> None:
    priya = {"provider": str(juniper.providers["Priya Ramsethi"].pk)}

    refused = htmx(tess).post(NEW, form | BOOK | priya)
    done = htmx(tess).post(NEW, form | BOOK)

    assert "Choose a provider." in words(refused)
    assert (done.status_code, booked().provider.name) == (200, "Tess Marrowby")


# Services


def test_services_in_a_row_have_their_spans_and_their_sum(desk: Browser, form: dict[str, Any]) -> None:
    said = words(desk.post(NEW, form))

    assert "10:00–11:00 AM Lip filler $650.00" in said
    assert "11:00–11:30 AM Consultation $60.00" in said
    assert "90 min, $710.00" in said
    assert "Books Fri, Oct 16, 10:00–11:30 AM and sends the card link." in said


def test_without_a_start_each_has_its_minutes(desk: Browser, form: dict[str, Any]) -> None:
    assert "60 min Lip filler" in words(desk.post(NEW, form | {"start": ""}))


def test_a_search_offers_services_by_the_beginning_of_a_word_and_adds_them_at_the_end(desk: Browser, form: dict[str, Any]) -> None:
    offered = desk.post(NEW, form | {"offer": "peel"}, headers={"HX-Target": "services-found"})
    added = desk.post(NEW, form | {"change": pressed(offered, "Chemical peel")})

    assert words(offered) == "Chemical peel 45 min · $220.00"
    assert "11:30 AM–12:15 PM Chemical peel" in words(added)
    assert "135 min, $930.00" in words(added)


@pytest.mark.parametrize(
    ("button", "row"),
    [
        ("Consultation earlier", ["10:00–10:30 AM Consultation", "10:30–11:30 AM Lip filler"]),
        ("Lip filler later", ["10:00–10:30 AM Consultation", "10:30–11:30 AM Lip filler"]),
        ("Remove Lip filler", ["10:00–10:30 AM Consultation"]),
        ("Remove Consultation", ["10:00–11:00 AM Lip filler"]),
    ],
)
def test_they_are_moved_and_removed_by_buttons(desk: Browser, form: dict[str, Any], button: str, row: list[str]) -> None:
    answer = desk.post(NEW, form | {"change": pressed(desk.post(NEW, form), button)})

    said = words(answer)
    assert all(each in said for each in row)
    assert said.count("Remove ") == len(row)


def test_the_last_one_is_removed_too(desk: Browser, form: dict[str, Any]) -> None:
    alone = form | {"services": form["services"][:1]}

    assert "Remove" not in words(desk.post(NEW, alone | {"change": pressed(desk.post(NEW, alone), "Remove Lip filler")}))


# The price


@pytest.mark.parametrize(
    ("typed", "prices"),
    [("710.00", [65_000, 6_000]), ("", [65_000, 6_000]), ("355", [32_500, 3_000]), ("$0", [0, 0]), ("1,420.00", [130_000, 12_000])],
)
def test_a_price_that_was_typed_stands_in_place_of_the_sum(desk: Browser, form: dict[str, Any], typed: str, prices: list[int]) -> None:
    desk.post(NEW, form | BOOK | {"price": typed})

    assert [line.price for line in booked().lines.all()] == [Money(minor, "USD") for minor in prices]


def test_the_sum_follows_the_services_and_a_typed_price_stays(desk: Browser, form: dict[str, Any]) -> None:
    fewer = form | {"services": form["services"][:1]}

    assert fields(desk.post(NEW, fewer))["price"] == "650.00"
    assert fields(desk.post(NEW, fewer | {"price": "600"}))["price"] == "600"


@pytest.mark.parametrize("typed", ["much", "-1", "1.005", "99999999999"])
def test_what_is_no_price_is_told_at_its_field_and_stays_typed(desk: Browser, form: dict[str, Any], typed: str) -> None:
    answer = desk.post(NEW, form | BOOK | {"price": typed})

    assert answer.status_code == 422
    assert fields(answer)["price"] == typed
    assert not Appointment.objects.exists()


# Booking it


def test_it_is_booked_with_its_note_by_who_did_it(desk: Browser, form: dict[str, Any], odette: Member) -> None:
    desk.post(NEW, form | BOOK)

    visit = booked()
    assert (visit.patient.name, visit.provider.name, visit.clinic.name) == ("Renata Solbrook", "Tess Marrowby", "Elm Street")
    assert (visit.starts_at, visit.ends_at) == (datetime(2026, 10, 16, 14, tzinfo=UTC), datetime(2026, 10, 16, 15, 30, tzinfo=UTC))
    assert (visit.services, visit.note, visit.recorded_afterwards) == ("Lip filler, Consultation", "Prefers the quiet room", False)
    assert Event.objects.filter(kind="appointment.booked", subject_id=visit.pk, by_id=odette.pk).count() == 1


def test_its_panel_comes_in_its_place_with_the_card_link_at_once(desk: Browser, form: dict[str, Any]) -> None:
    answer = desk.post(NEW, form | BOOK)

    panel = reverse("desk:panel", args=[booked().pk])
    assert (answer["HX-Retarget"], answer["HX-Push-Url"], answer["HX-Trigger"]) == ("#drawer", panel, "appointment-changed")
    said = words(answer)
    assert "Awaiting card" in said
    assert "Renata scans this, or opens the link" in said
    assert "Without acceptance and card before 10:00 AM no cancellation fee can be charged for this appointment. It stays booked." in said
    assert Link.objects.get().subject_id == booked().pk
    assert answer.content.decode().count("data-copy=") == 1  # the card link, and not as the link to the patient's page


@pytest.mark.parametrize(
    ("said", "letters"), [({}, 1), ({"asked": "send"}, 0), ({"asked": "send", "send": "on"}, 1)], ids=["as decided", "unticked", "ticked"]
)
def test_the_card_link_is_sent_with_it_where_that_is_ticked(
    desk: Browser, form: dict[str, Any], said: dict[str, str], letters: int
) -> None:
    desk.post(NEW, form | BOOK | said)

    assert Message.objects.filter(letter="card_link", appointment=booked()).count() == letters


def test_a_practice_that_tells_patients_nothing_has_it_unticked(desk: Browser, form: dict[str, Any]) -> None:
    Settings.objects.update(tell_patients=False)

    assert "send" not in fields(desk.post(NEW, form))


def test_without_script_it_leads_to_the_panel(odette: Member, signed_in: Callable[[Member], Browser], form: dict[str, Any]) -> None:
    answer = signed_in(odette).post(NEW, form | BOOK)

    assert (answer.status_code, answer["Location"]) == (302, reverse("desk:panel", args=[booked().pk]))


def test_where_the_policy_is_off_no_card_is_asked_for(desk: Browser, form: dict[str, Any], silas: Member) -> None:
    policies.switch_fees(on=False, by=silas, at=QUARTER_PAST)

    assert "The policy asks for a card" not in words(desk.post(NEW, form))
    assert "Awaiting card" not in words(desk.post(NEW, form | BOOK))
    assert not Link.objects.exists()


@pytest.mark.parametrize(
    ("said", "letters"), [({}, 1), ({"asked": "tell"}, 0), ({"asked": "tell", "tell": "on"}, 1)], ids=["as decided", "unticked", "ticked"]
)
def test_without_a_card_to_ask_for_it_is_confirmed_at_once(
    desk: Browser, form: dict[str, Any], silas: Member, said: dict[str, str], letters: int
) -> None:
    policies.switch_fees(on=False, by=silas, at=QUARTER_PAST)

    assert "Send a confirmation to" in words(desk.post(NEW, form))
    desk.post(NEW, form | BOOK | said)

    assert Message.objects.filter(letter="booked", appointment=booked()).count() == letters


def test_where_a_card_is_asked_for_the_confirmation_follows_it(desk: Browser, form: dict[str, Any]) -> None:
    assert "Send a confirmation to" not in words(desk.post(NEW, form))
    desk.post(NEW, form | BOOK)

    assert not Message.objects.filter(letter="booked").exists()


def test_the_policy_says_what_missing_it_costs(desk: Browser, form: dict[str, Any]) -> None:
    said = words(desk.post(NEW, form))

    assert "Renata accepts the policy and gives the card on their own phone." in said
    assert "Missing it costs $75.00, by row 1, everyone else." in said


@pytest.mark.parametrize(
    ("lacking", "sentence"),
    [
        ("patient", "Choose who comes."),
        ("services", "Choose at least one service."),
        ("provider", "Choose a provider."),
        ("date", "Choose a day and a time."),
        ("start", "Choose a day and a time."),
    ],
)
def test_what_is_missing_is_said_at_its_field(desk: Browser, form: dict[str, Any], lacking: str, sentence: str) -> None:
    del form[lacking]

    answer = desk.post(NEW, form | BOOK)

    assert (answer.status_code, Appointment.objects.exists()) == (422, False)
    assert sentence in words(answer)
    assert fields(answer)["note"] == "Prefers the quiet room"


def test_r16_a_start_in_the_past_is_recorded_afterwards_and_says_so(desk: Browser, form: dict[str, Any]) -> None:
    past = form | {"date": "2026-10-14"}

    said = words(desk.post(NEW, past))
    desk.post(NEW, past | BOOK)

    assert "Records Wed, Oct 14, 10:00–11:30 AM afterwards." in said
    assert "The policy asks for a card" not in said
    assert booked().recorded_afterwards


def test_r17_a_time_that_clocks_skip_is_refused(desk: Browser, form: dict[str, Any]) -> None:
    answer = desk.post(NEW, form | BOOK | {"date": "2027-03-14", "start": "02:30"})

    assert (answer.status_code, Appointment.objects.exists()) == (422, False)
    assert "Clocks skip that time at the clinic. Choose another." in words(answer)


def test_another_practices_clinic_is_not_found(desk: Browser, quinta: House) -> None:
    assert desk.get(NEW, {"clinic": quinta.clinics["Príncipe Real"].pk}).status_code == 404


# The cost


def test_its_queries_are_few_and_a_search_has_fewer(desk: Browser, form: dict[str, Any]) -> None:
    desk.post(NEW, form)  # her look is written

    with queries(QUERIES):
        desk.post(NEW, form)

    searching = form | {"q": "ren", "patient": ""}
    desk.post(NEW, searching)
    with queries(SEARCH_QUERIES):
        desk.post(NEW, searching, headers={"HX-Target": "patients-found"})
