"""The book as a list: today in the order of work, other days by the clock, page by page; filters, all in the address."""

from collections.abc import Callable, Iterator
from datetime import time, timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse

import kept.noshows.transitions.attendance as noshows
import kept.scheduling.transitions.attendance as attendance
import kept.scheduling.transitions.booking as booking
from kept.desk.calendar import list_page
from kept.desk.tests.reading import works
from kept.ops.cast import House
from kept.practice.models import Clinic, Member, Provider, Resource
from kept.scheduling.models import Appointment, Claim
from tests.kit.browser import Browser
from tests.kit.gateway import clock_at
from tests.kit.html import links, words
from tests.kit.queries import queries
from tests.kit.visits import BOOKED_AT, QUARTER_PAST, STARTS_AT, accepted, book, card_of

BOOK = reverse("desk:day")
QUERIES = 12  # session, user, seat, her clinics (2), ids of the page, visits, their rooms, providers, settings, whom to call


@pytest.fixture(autouse=True)
def a_quarter_past() -> Iterator[None]:
    with clock_at(QUARTER_PAST):
        yield


@pytest.fixture
def desk(odette: Member, signed_in: Callable[[Member], Browser]) -> Browser:
    return signed_in(odette)


def listed(desk: Browser, **query: Any) -> HttpResponse:
    return desk.get(BOOK, {"view": "list"} | query)


def rows(answer: HttpResponse) -> list[tuple[str, str, list[str]]]:
    """Days, their groups, and who stands in each."""
    return [
        (day["title"], group["title"], [item["name"] for item in group["items"]])
        for day in answer.context["days"]
        for group in day["groups"]
    ]


def test_today_is_in_the_order_of_work_and_other_days_by_the_clock(desk: Browser, juniper: House, odette: Member) -> None:
    people = juniper.patients
    over, here, ahead, done, later, latest = (
        book(juniper, patient=people[n], starts_at=STARTS_AT + timedelta(hours=hours), service="Consultation")
        for n, hours in enumerate([-1, 0, 1, -4, 26, 24])
    )
    attendance.check_in(here, by=odette, at=QUARTER_PAST)
    attendance.complete(done, by=odette, at=QUARTER_PAST)

    assert rows(listed(desk)) == [
        ("Wednesday, October 14", "Needs an outcome", [over.patient.name]),
        ("Wednesday, October 14", "Here now", [here.patient.name]),
        ("Wednesday, October 14", "Up next", [ahead.patient.name]),
        ("Wednesday, October 14", "Completed", [done.patient.name]),
        ("Thursday, October 15", "", [latest.patient.name, later.patient.name]),
    ]


def test_a_row_says_what_the_card_says_and_the_room(desk: Browser, juniper: House, elm: Clinic, appointment: Appointment) -> None:
    room = Resource.objects.get(clinic=elm, name="Room 1")
    during = appointment.claims.get().during
    Claim.objects.create(practice=juniper.practice, appointment=appointment, resource=room, during=during)

    said = words(listed(desk))

    assert (
        "3:30–4:30 PM Renata Solbrook Lip filler Tess Marrowby Room 1 Booked Arrived? Yes, Renata Solbrook No-show, Renata Solbrook" in said
    )


def test_it_goes_on_over_the_days_by_key(desk: Browser, juniper: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_page, "ROWS", 2)
    visits = [book(juniper, patient=juniper.patients[n], starts_at=STARTS_AT + timedelta(days=n)) for n in range(5)]

    pages = [listed(desk)]
    while address := pages[-1].context["next_page_url"]:
        pages.append(desk.get(BOOK + address))

    seen = [name for page in pages for _day, _group, names in rows(page) for name in names]
    assert (len(pages), seen) == (3, [visit.patient.name for visit in visits])
    assert links(pages[1])["Earlier"] == "?view=list"
    assert "date=2026-10-15" in pages[0].context["next_url"]  # the arrow goes on by a day all the same


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {"over", "here", "ahead", "done"}),
        ({"status": "needs_outcome"}, {"over"}),
        ({"status": ["booked", "arrived"]}, {"ahead", "here"}),
        ({"status": "noshow"}, {"missed"}),
        ({"status": "cancelled"}, {"cancelled"}),
        ({"status": "nonsense"}, {"over", "here", "ahead", "done"}),
        ({"card": "yes"}, {"done"}),
        ({"card": "no"}, {"over", "here", "ahead"}),
        ({"card": ["yes", "no"]}, {"over", "here", "ahead", "done"}),
        ({"status": "fulfilled", "card": "no"}, set()),
    ],
)
def test_status_and_card_filter_it(desk: Browser, juniper: House, odette: Member, query: dict[str, Any], found: set[str]) -> None:
    hours = {"over": -1, "here": 0, "ahead": 1, "done": -4, "missed": -2, "cancelled": 2}
    visits = {
        name: book(juniper, patient=juniper.patients[n], starts_at=STARTS_AT + timedelta(hours=at), service="Consultation")
        for n, (name, at) in enumerate(hours.items())
    }
    attendance.check_in(visits["here"], by=odette, at=QUARTER_PAST)
    attendance.complete(accepted(visits["done"], card_of(visits["done"].patient)), by=odette, at=QUARTER_PAST)
    noshows.mark(visits["missed"], charge_fee=None, by=odette, at=QUARTER_PAST)
    Appointment.objects.filter(pk=visits["cancelled"].pk).update(status="cancelled")

    names = {name for _day, _group, group in rows(listed(desk, **query)) for name in group}

    assert names == {visits[each].patient.name for each in found}


def test_several_clinics_stand_in_one_list_each_by_its_own_clock(
    desk: Browser, juniper: House, odette: Member, elm: Clinic, harbor: Clinic
) -> None:
    book(juniper)
    booking.book(
        clinic=harbor,
        provider=juniper.providers["Petra Lindvall"],
        patient=juniper.patients[1],
        services=[juniper.services["Lip filler"]],
        starts_at=STARTS_AT + timedelta(hours=1),
        by=odette,
        at=BOOKED_AT,
    )

    answer = listed(desk, clinic=[elm.pk, harbor.pk])

    items = [(item["span"], item["clinic"]) for day in answer.context["days"] for group in day["groups"] for item in group["items"]]
    assert items == [("3:30–4:30 PM", "Elm Street"), ("1:30–2:30 PM", "Harbor Point")]
    assert answer.context["clinics_label"] == "2 clinics"


def test_a_providers_filter_takes_several(desk: Browser, juniper: House) -> None:
    book(juniper)
    ids = [juniper.providers[name].pk for name in ("Tess Marrowby", "Noor Hadisan", "Priya Ramsethi")]

    found = {len(chosen): len(rows(listed(desk, provider=chosen))) for chosen in (ids, ids[1:], [])}

    assert found == {3: 1, 2: 0, 0: 1}


def test_no_match_and_nothing_at_all_are_told_apart(desk: Browser, juniper: House, elm: Clinic) -> None:
    nothing, no_match = listed(desk), listed(desk, status="noshow")

    assert "No appointments Nothing is booked from Wednesday, October 14 on." in words(nothing)
    assert "Nothing matches No appointment from Wednesday, October 14 on fits the filter." in words(no_match)
    assert links(no_match)["Clear the filter"] == f"{BOOK}?view=list&date=2026-10-14&clinic={elm.pk}"


def test_a_provider_reads_her_own_alone(
    tess: Member, juniper: House, signed_in: Callable[[Member], Browser], odette: Member, elm: Clinic
) -> None:
    mine = book(juniper)
    booking.book(
        clinic=elm,
        provider=juniper.providers["Dr. Imani Oduvale"],
        patient=juniper.patients[1],
        services=[juniper.services["Lip filler"]],
        starts_at=STARTS_AT,
        by=odette,
        at=BOOKED_AT,
    )

    assert rows(listed(signed_in(tess))) == [("Wednesday, October 14", "Late", [mine.patient.name])]


def test_free_times_stand_between_on_demand(desk: Browser, juniper: House, marrowby: Provider, elm: Clinic) -> None:
    works(marrowby, elm, dict.fromkeys((2, 3), (time(15), time(18))))
    here, tomorrow = (book(juniper, patient=juniper.patients[n], starts_at=STARTS_AT + timedelta(days=n)) for n in (0, 1))

    def free(**query: Any) -> list[tuple[str, str, list[str]]]:
        answer = listed(desk, provider=marrowby.pk, **query)
        return [
            (day["title"], group["title"], [item.get("name") or f"{item['span']}: {item['lasts']}" for item in group["items"]])
            for day in answer.context["days"]
            for group in day["groups"]
        ]

    assert free() == [("Wednesday, October 14", "Late", [here.patient.name]), ("Thursday, October 15", "", [tomorrow.patient.name])]
    assert free(free="1") == [
        ("Wednesday, October 14", "Late", [here.patient.name]),
        ("Wednesday, October 14", "Up next", ["4:45–6:00 PM: 1 h 15 min"]),
        ("Thursday, October 15", "", ["3:00–3:30 PM: 30 min", tomorrow.patient.name, "4:45–6:00 PM: 1 h 15 min"]),
    ]


def test_free_times_of_a_day_that_goes_on_over_the_page_stand_on_one_page(
    desk: Browser, juniper: House, marrowby: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_page, "ROWS", 2)
    for hours in (24, 26, 28, 48):
        book(juniper, patient=juniper.patients[hours // 12], starts_at=STARTS_AT + timedelta(hours=hours - 6))
    query = {"free": "1", "provider": marrowby.pk, "date": "2026-10-15"}

    pages = [listed(desk, **query)]
    while address := pages[-1].context["next_page_url"]:
        pages.append(desk.get(BOOK + address))

    seen = [item["starts_at"] for page in pages for day in page.context["days"] for group in day["groups"] for item in group["items"]]
    assert (len(pages), seen) == (2, sorted(set(seen)))


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ({}, QUERIES),
        ({"free": "1"}, QUERIES + 5),  # who works there, hours (3), what is claimed
    ],
)
def test_a_full_list_asks_as_often_as_any_other(desk: Browser, juniper: House, query: dict[str, str], asked: int) -> None:
    for number in range(6):
        book(juniper, patient=juniper.patients[number], starts_at=STARTS_AT + timedelta(days=number))
    listed(desk)  # the first look of a session is remembered

    with queries(asked):
        listed(desk, **query)
