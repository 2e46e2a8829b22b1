"""The feed: what the page says, small, and nothing at all while nothing has changed."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse

import kept.noshows.transitions.attendance as noshows
import kept.scheduling.transitions.attendance as attendance
import kept.scheduling.transitions.blocking as blocking
from kept.desk.tests.reading import calendar, read
from kept.foundation.ids import new_id
from kept.ops.cast import House
from kept.practice.models import Clinic, Member, Provider, Settings
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.gateway import clock_at
from tests.kit.queries import queries
from tests.kit.visits import QUARTER_PAST, STARTS_AT, accepted, book, card_of

BOOK = reverse("desk:day")
FEED = reverse("desk:feed")
QUERIES = 7  # session, user, seat, her clinics (2), visits, blocked time


@pytest.fixture(autouse=True)
def a_quarter_past() -> Iterator[None]:
    with clock_at(QUARTER_PAST):
        yield


@pytest.fixture
def desk(odette: Member, signed_in: Callable[[Member], Browser]) -> Browser:
    return signed_in(odette)


def asked(desk: Browser, page: HttpResponse) -> HttpResponse:
    """The feed that a page asks for, with the tag it has."""
    return desk.get(page.context["feed_url"], headers={"If-None-Match": page.context["feed_tag"]})


@pytest.mark.parametrize("query", [{}, {"date": "2026-10-15"}, {"view": "week"}, {"view": "list"}, {"provider": "tess"}])
def test_nothing_new_is_said_in_no_words(desk: Browser, marrowby: Provider, appointment: Appointment, query: dict[str, Any]) -> None:
    page = desk.get(BOOK, query | ({"provider": marrowby.pk} if "provider" in query else {}))

    answer = asked(desk, page)

    assert (answer.status_code, answer.content) == (304, b"")


def test_compressed_it_says_nothing_either(desk: Browser, juniper: House) -> None:
    for place in range(6):
        book(juniper, patient=juniper.patients[place], service="Consultation", starts_at=STARTS_AT - place * timedelta(hours=1))
    compressed = {"Accept-Encoding": "gzip"}
    url = desk.get(BOOK).context["feed_url"]
    seen = desk.get(url, headers=compressed)

    again = desk.get(url, headers=compressed | {"If-None-Match": seen["ETag"]})

    assert (seen["Content-Encoding"], again.status_code, again.content) == ("gzip", 304, b"")


@pytest.mark.parametrize("view", ["day", "week", "list"])
def test_what_another_desk_did_is_told_as_the_page_would(desk: Browser, silas: Member, appointment: Appointment, view: str) -> None:
    query = {"view": view, "provider": appointment.provider_id}
    before = desk.get(BOOK, query)
    attendance.check_in(appointment, by=silas, at=QUARTER_PAST)

    answer = asked(desk, before)

    after = desk.get(BOOK, query)
    assert (answer.status_code, answer["ETag"]) == (200, after.context["feed_tag"])
    if view != "list":
        assert answer.json() == calendar(after)["feed"]  # type: ignore[attr-defined]


def test_the_clock_alone_changes_it_when_a_visit_starts_or_ends(desk: Browser, appointment: Appointment) -> None:
    page = desk.get(BOOK)

    def told(at: datetime) -> int:
        with clock_at(at):
            return asked(desk, page).status_code

    end = STARTS_AT + timedelta(hours=1)
    assert [told(end - timedelta(seconds=1)), told(end)] == [304, 200]


def test_it_brings_ghosts_where_the_practice_wishes(desk: Browser, odette: Member, appointment: Appointment) -> None:
    noshows.mark(appointment, charge_fee=False, by=odette, at=QUARTER_PAST)

    def shown() -> list[str]:
        feed = desk.get(desk.get(BOOK).context["feed_url"]).json()  # type: ignore[attr-defined]
        return [each.display for each in read(feed, date(2026, 10, 14))]

    before = shown()
    Settings.objects.update(calendar_ghosts=True)
    assert (before, shown()) == ([], ["noshow"])


def test_time_blocked_by_another_desk_is_told_with_its_reason(desk: Browser, silas: Member, elm: Clinic, marrowby: Provider) -> None:
    page = desk.get(BOOK)
    start = STARTS_AT - timedelta(hours=4)
    block = blocking.block_time(
        marrowby.resource, elm, starts_at=STARTS_AT, ends_at=STARTS_AT + timedelta(hours=2), why="Training", by=silas, at=start
    )

    feed = asked(desk, page).json()  # type: ignore[attr-defined]

    assert [(feed["providers"][provider], *rest) for _id, provider, *rest in feed["blocks"]] == [
        (str(marrowby.pk), 15 * 60 + 30, 120, "Training")
    ]
    blocking.lift_block(block, by=silas, at=QUARTER_PAST)
    assert desk.get(BOOK).context["calendar"]["feed"]["blocks"] == []


def test_it_asks_by_itself_and_moves_nobody(desk: Browser, juniper: House, harbor: Clinic, elm: Clinic) -> None:
    desk.get(BOOK, {"date": "2026-10-20", "clinic": elm.pk})

    desk.get(FEED, {"date": "2026-10-14", "clinic": harbor.pk})

    assert [desk.get(BOOK).context[name] for name in ("day", "clinic")] == [date(2026, 10, 20), elm]


def test_a_clinic_that_is_not_there_is_not_found(desk: Browser, juniper: House) -> None:
    assert desk.get(FEED, {"clinic": new_id()}).status_code == 404


def test_no_browser_keeps_it(desk: Browser, appointment: Appointment) -> None:
    assert desk.get(FEED)["Cache-Control"] == "no-store"


def test_a_visit_takes_sixty_bytes(desk: Browser, juniper: House) -> None:
    for number in range(40):
        book(juniper, patient=juniper.patients[number], starts_at=STARTS_AT - timedelta(hours=6) + timedelta(days=number))
    empty = len(desk.get(FEED, {"date": "2026-12-25"}).content)

    days = [len(desk.get(FEED, {"date": f"2026-10-{day}"}).content) - empty for day in range(14, 31)]

    lists = len(f'"{new_id()}"') + len('"Lip filler"')  # named once a day
    assert sum(days) / len(days) - lists <= 60


def test_a_full_day_asks_as_often_as_any_other(desk: Browser, juniper: House) -> None:
    for number in range(6):
        visit = book(juniper, patient=juniper.patients[number], starts_at=STARTS_AT - timedelta(hours=6 - 2 * number))
        if number % 2:
            accepted(visit, card_of(juniper.patients[number]))

    with queries(QUERIES):
        desk.get(FEED)
