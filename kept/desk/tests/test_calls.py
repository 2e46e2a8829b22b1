"""The call list: whom to phone about a card, what the call came to, and the link once more."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.urls import reverse

import kept.billing.transitions.cards as cards
from kept.ops.cast import House
from kept.practice.models import Member, Settings
from kept.practice.rules import Role
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.gateway import clock_at
from tests.kit.html import words
from tests.kit.queries import queries
from tests.kit.visits import BOOKED_AT, STARTS_AT, book

LIST = "/appointments/call-list/"
NOW = BOOKED_AT + timedelta(days=2)
QUERIES = (
    15  # session, user, seat, her clinics (2), settings, keys, visits, lines, attendance, calls, letters, how many, providers, attention
)


@pytest.fixture(autouse=True)
def two_days_later() -> Iterator[None]:
    with clock_at(NOW):
        yield


@pytest.fixture
def visit(juniper: House) -> Appointment:
    """Renata Solbrook's, booked two days ago, her card overdue."""
    visit = book(juniper)
    cards.card_link(visit, by=juniper.members[Role.FRONT_DESK], at=BOOKED_AT)
    return visit


def act(name: str, visit: Appointment) -> str:
    return reverse(f"desk:{name}", args=[visit.pk])


def rows(browser: Browser, **asked: str) -> list[str]:
    return [str(row["appointment"]) for row in browser.get(LIST, asked).context["rows"]]


def test_it_says_whom_to_call_and_about_what(visit: Appointment, odette: Member, signed_in: Callable[[Member], Browser]) -> None:
    answer = signed_in(odette).get(LIST)

    said = words(answer)
    assert "1 visit is booked, and its card did not come in time. A call helps most." in said
    assert "Wed, Oct 14, 3:30 PM Elm Street Renata Solbrook Lip filler · Tess Marrowby" in said
    assert "First visit · no link sent · card was due Oct 6, 10:00 AM" in said
    assert f'href="tel:{visit.patient.phone}"' in answer.content.decode()


def test_with_nobody_to_call_it_says_so(juniper: House, odette: Member, signed_in: Callable[[Member], Browser]) -> None:
    desk = signed_in(odette)

    assert "Nobody to call Who was asked for a card" in words(desk.get(LIST))
    assert "Nobody to call matches" in words(desk.get(LIST, {"calls": "waiting"}))


def test_it_is_filtered_by_clinic_provider_and_days(
    juniper: House, visit: Appointment, odette: Member, signed_in: Callable[[Member], Browser]
) -> None:
    desk, harbor = signed_in(odette), str(juniper.clinics["Harbor Point"].pk)

    assert rows(desk) == [str(visit)]
    assert rows(desk, clinic=str(visit.clinic_id), provider=str(visit.provider_id)) == [str(visit)]
    assert rows(desk, clinic=harbor) == []
    assert rows(desk, to="2026-10-13") == []


def test_a_patient_who_still_has_time_is_found_when_asked_for(
    juniper: House, odette: Member, signed_in: Callable[[Member], Browser]
) -> None:
    fresh, desk = book(juniper, at=NOW - timedelta(hours=1)), signed_in(odette)

    assert (rows(desk), rows(desk, calls="waiting")) == ([], [str(fresh)])


def test_a_provider_sees_her_own_alone(
    juniper: House, visit: Appointment, tess: Member, calla: Member, signed_in: Callable[[Member], Browser]
) -> None:
    assert rows(signed_in(tess)) == [str(visit)]
    assert rows(signed_in(calla)) == []


def test_initials_stand_where_patients_look_on(visit: Appointment, odette: Member, signed_in: Callable[[Member], Browser]) -> None:
    desk = signed_in(odette)
    desk.post(reverse("desk:privacy"), {"initials": "on"})

    shown = desk.get(LIST).content.decode()

    assert [each for each in ("Renata", "Solbrook", visit.patient.phone) if each in shown] == []


def test_the_dialog_opens_with_nothing_chosen(visit: Appointment, odette: Member, htmx: Callable[[Member], Browser]) -> None:
    answer = htmx(odette).post(act("call", visit), {"version": visit.version})

    assert (answer.status_code, "Choose what the call came to." in words(answer)) == (422, True)


def test_what_a_call_came_to_is_said_and_the_list_brings_itself_up_to_date(
    visit: Appointment, odette: Member, htmx: Callable[[Member], Browser]
) -> None:
    desk = htmx(odette)

    answer = desk.post(act("call", visit), {"result": "reached", "version": visit.version})

    assert "Written down. The card is due Thu, Oct 8, 10:00 AM." in words(answer)
    assert (answer["HX-Trigger"], rows(desk)) == ("appointment-changed, dialog-done", [])


def test_no_answer_stands_in_the_row(visit: Appointment, odette: Member, htmx: Callable[[Member], Browser]) -> None:
    desk = htmx(odette)

    desk.post(act("call", visit), {"result": "no_answer", "version": visit.version})

    assert "No answer, Today, 10:00 AM" in words(desk.get(LIST))


def test_to_keep_it_without_a_card_needs_a_reason_at_its_field(
    visit: Appointment, odette: Member, htmx: Callable[[Member], Browser]
) -> None:
    desk, said = htmx(odette), {"result": "without", "version": visit.version}

    refused = desk.post(act("call", visit), said)
    kept = desk.post(act("call", visit), said | {"why": "known"})

    assert (refused.status_code, "Say why it is kept without a card." in words(refused)) == (422, True)
    assert "Kept without a card." in words(kept)
    assert "Awaiting card" not in words(desk.get(act("panel", visit)))


def test_a_page_that_shows_an_older_state_is_refused(visit: Appointment, odette: Member, htmx: Callable[[Member], Browser]) -> None:
    answer = htmx(odette).post(act("call", visit), {"result": "reached", "version": visit.version + 1})

    assert (answer.status_code, "Somebody changed this appointment meanwhile." in words(answer)) == (409, True)


def test_without_an_address_no_letter_is_offered(visit: Appointment, odette: Member, htmx: Callable[[Member], Browser]) -> None:
    visit.patient.email = ""
    visit.patient.save(update_fields=["email"])

    assert "No email address is known." in words(htmx(odette).get(act("call", visit)))


def test_a_link_is_made_to_copy(visit: Appointment, odette: Member, htmx: Callable[[Member], Browser]) -> None:
    answer = htmx(odette).post(act("call-link", visit))

    assert f'data-copy="http://testserver/card/{visit.practice_id.hex}.' in answer.content.decode()


def test_the_dialog_says_when_the_time_is_given_free(visit: Appointment, odette: Member, htmx: Callable[[Member], Browser]) -> None:
    Settings.objects.update(without_card="release")

    assert "Due Thu, Oct 8, 10:00 AM; without the card the time is given free then." in words(htmx(odette).get(act("call", visit)))


def test_the_wrench_says_how_many_there_are_to_call(visit: Appointment, odette: Member, signed_in: Callable[[Member], Browser]) -> None:
    tools = signed_in(odette).get("/appointments/", {"date": "2026-10-14"}).context["tools"]

    assert [each.note for group in tools for each in group if each.label == "Call list"] == ["1 to call"]


@pytest.mark.parametrize("more", [0, 3])
def test_a_longer_list_asks_as_often(
    juniper: House, visit: Appointment, odette: Member, signed_in: Callable[[Member], Browser], more: int
) -> None:
    for hours in range(more):
        book(juniper, patient=juniper.patients[hours + 1], starts_at=STARTS_AT - timedelta(hours=2 * hours + 2))
    desk = signed_in(odette)
    desk.get(LIST)

    with queries(QUERIES):
        desk.get(LIST)


def test_the_practice_sets_how_long_a_card_is_awaited(silas: Member, juniper: House, signed_in: Callable[[Member], Browser]) -> None:
    head, page = signed_in(silas), reverse("desk:awaited-cards")

    wrong = head.post(page, {"within_hours": "0", "before_hours": "4", "without_card": "release"})
    head.post(page, {"within_hours": "48", "before_hours": "2", "without_card": "release"})

    assert wrong.status_code == 422
    assert Settings.objects.values_list("card_within_hours", "card_before_hours", "without_card").get() == (48, 2, "release")
    assert "48 h, then the time is given free" in words(head.get(reverse("desk:settings")))
