"""The week of one provider: whose it is, its days, its numbers."""

from collections.abc import Callable, Iterator
from datetime import date, time, timedelta

import pytest
from django.urls import reverse

import kept.scheduling.transitions.attendance as attendance
from kept.desk.tests.reading import calendar, visits, works
from kept.ops.cast import House
from kept.practice.models import Clinic, Member, Provider, Schedule
from kept.practice.rules import Role
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.gateway import clock_at
from tests.kit.html import words
from tests.kit.queries import queries
from tests.kit.visits import QUARTER_PAST, STARTS_AT, book

BOOK = reverse("desk:day")
QUERIES = 15
"""Session, user, seat, her clinics (2), providers, settings, visits, weekly hours, blocked and claimed time, what needs attention."""
SATURDAY, SUNDAY = 6, 0


@pytest.fixture(autouse=True)
def a_quarter_past() -> Iterator[None]:
    with clock_at(QUARTER_PAST):
        yield


@pytest.fixture
def desk(odette: Member, signed_in: Callable[[Member], Browser]) -> Browser:
    return signed_in(odette)


def test_from_monday_to_sunday_around_the_day(desk: Browser, juniper: House, marrowby: Provider) -> None:
    Schedule.objects.all().delete()
    for days in (-3, -2, 0, 4, 5):
        book(juniper, patient=juniper.patients[days], starts_at=STARTS_AT + timedelta(days=days))

    answer = desk.get(BOOK, {"view": "week", "provider": marrowby.pk})

    assert answer.context["title"] == "October 12 – 18"
    assert [each.start for each in visits(answer)] == [f"2026-10-{day}T15:30" for day in (12, 14, 18)]


@pytest.mark.parametrize(
    ("on", "title"), [("2026-10-18", "October 12 – 18"), ("2026-10-19", "October 19 – 25"), ("2026-10-01", "September 28 – October 4")]
)
def test_any_day_of_it_names_it(desk: Browser, juniper: House, on: str, title: str) -> None:
    Schedule.objects.all().delete()  # so everybody works all week

    assert desk.get(BOOK, {"view": "week", "date": on}).context["title"] == title


def test_the_arrows_step_by_weeks_and_the_switch_keeps_the_day(desk: Browser, juniper: House, elm: Clinic, marrowby: Provider) -> None:
    shown = desk.get(BOOK, {"view": "week", "date": "2026-10-14", "provider": marrowby.pk}).context

    def at(view: str, on: str, provider: bool) -> str:
        return f"{BOOK}?{view}date={on}&clinic={elm.pk}" + (f"&provider={marrowby.pk}" if provider else "")

    assert (shown["prev_url"], shown["next_url"]) == tuple(at("view=week&", f"2026-10-{day:02}", True) for day in (7, 21))
    assert [each["url"] for each in shown["views"]] == [
        at("", "2026-10-14", False),
        at("view=week&", "2026-10-14", False),
        at("view=list&", "2026-10-14", False),
    ]


@pytest.mark.parametrize("on", ["1970-01-02", "2199-12-30", "2028-02-29"])
def test_any_week_can_be_shown(desk: Browser, juniper: House, on: str) -> None:
    page = desk.get(BOOK, {"view": "week", "date": on})

    assert (page.context["day"], desk.get(page.context["feed_url"]).status_code) == (date.fromisoformat(on), 200)


@pytest.mark.parametrize(
    ("role", "asked", "whose"),
    [
        (Role.FRONT_DESK, [], "Dr. Imani Oduvale"),
        (Role.FRONT_DESK, ["Priya Ramsethi", "Noor Hadisan"], "Priya Ramsethi"),
        (Role.FRONT_DESK, ["Petra Lindvall"], "Dr. Imani Oduvale"),  # works elsewhere
        (Role.PROVIDER, [], "Tess Marrowby"),
        (Role.PROVIDER, ["Priya Ramsethi"], "Tess Marrowby"),  # not hers to see
    ],
)
def test_it_is_one_providers(juniper: House, signed_in: Callable[[Member], Browser], role: Role, asked: list[str], whose: str) -> None:
    query = {"view": "week", "provider": [juniper.providers[name].pk for name in asked]}

    answer = signed_in(juniper.members[role]).get(BOOK, query)

    assert [each["name"] for each in calendar(answer)["columns"]] == [whose]
    assert answer.context["provider"].name == whose


def test_the_weekend_is_hidden_when_nobody_works_and_nothing_is_booked(desk: Browser, juniper: House, marrowby: Provider) -> None:
    Schedule.objects.filter(provider=marrowby, weekday__in=(5, 6)).delete()

    def hidden() -> tuple[list[int], str]:
        answer = desk.get(BOOK, {"view": "week", "provider": marrowby.pk})
        return calendar(answer)["hidden"], answer.context["title"]

    closed = hidden()
    book(juniper, starts_at=STARTS_AT + timedelta(days=3))
    assert (closed, hidden()) == (([SATURDAY, SUNDAY], "October 12 – 16"), ([SUNDAY], "October 12 – 17"))


def test_her_numbers(desk: Browser, juniper: House, odette: Member, marrowby: Provider) -> None:
    Schedule.objects.all().delete()
    over, _ahead = (
        book(juniper, patient=juniper.patients[n], starts_at=STARTS_AT + timedelta(hours=hours)) for n, hours in ((0, -2), (1, 24))
    )
    attendance.complete(book(juniper, patient=juniper.patients[2], starts_at=STARTS_AT - timedelta(days=1)), by=odette, at=QUARTER_PAST)

    answer = desk.get(BOOK, {"view": "week", "provider": marrowby.pk})

    assert over.status == "booked"
    assert "Tess Marrowby this week Booked 3 h of 63 h Appointments 3 Awaiting card 1 Needs an outcome 1" in words(answer)


def test_her_next_free_times_lead_to_a_new_appointment(desk: Browser, juniper: House, marrowby: Provider, elm: Clinic) -> None:
    works(marrowby, elm, {2: (time(15), time(18)), 3: (time(15), time(18)), 4: (time(17), time(17, 30))})
    book(juniper, starts_at=STARTS_AT)  # 3:30 to 4:35 PM with its buffer; it is a quarter to four

    answer = desk.get(BOOK, {"view": "week", "provider": marrowby.pk})

    found = [(each["day"], each["time"], each["lasts"]) for each in answer.context["next_free"]]
    assert found == [("Today", "4:45 PM", "1 h 15 min"), ("Thu", "3:00 PM", "3 h"), ("Fri", "5:00 PM", "30 min")]
    drawer = desk.get(answer.context["next_free"][0]["book_url"]).context["draft"]
    assert (drawer.provider, drawer.wall) == (marrowby, "2026-10-14T16:45")


def test_a_week_that_is_over_has_no_free_time(desk: Browser, juniper: House) -> None:
    assert desk.get(BOOK, {"view": "week", "date": "2026-10-07"}).context["next_free"] == []


def test_who_may_not_book_reads_them(philomena: Member, signed_in: Callable[[Member], Browser]) -> None:
    answer = signed_in(philomena).get(BOOK, {"view": "week"})

    assert {each["book_url"] for each in answer.context["next_free"]} == {""}


def test_a_phone_reads_it_day_by_day(desk: Browser, juniper: House, marrowby: Provider) -> None:
    for patient, hours in enumerate((0, 2, 48)):
        book(juniper, patient=juniper.patients[patient], starts_at=STARTS_AT + timedelta(hours=hours))

    groups = desk.get(BOOK, {"view": "week", "provider": marrowby.pk}).context["groups"]

    assert [(group["title"], len(group["items"])) for group in groups] == [("Wednesday, October 14", 2), ("Friday, October 16", 1)]


def test_view_day_and_provider_are_as_they_were_last_viewed(
    desk: Browser, juniper: House, marrowby: Provider, appointment: Appointment
) -> None:
    desk.get(BOOK, {"view": "week", "date": "2026-10-20", "provider": marrowby.pk})

    again = desk.get(BOOK).context
    panel = desk.get(reverse("desk:panel", args=[appointment.pk])).context

    assert [(shown["view"], shown["day"], shown["provider"]) for shown in (again, panel)] == [
        ("week", date(2026, 10, 20), marrowby),
        ("week", date(2026, 10, 14), marrowby),
    ]


def test_an_address_that_names_a_day_means_a_day(desk: Browser, juniper: House) -> None:
    desk.get(BOOK, {"view": "week"})

    assert desk.get(BOOK, {"date": "2026-10-20"}).context["view"] == "day"


def test_a_full_week_asks_as_often_as_any_other(desk: Browser, juniper: House, marrowby: Provider) -> None:
    for number in range(6):
        book(juniper, patient=juniper.patients[number], starts_at=STARTS_AT + timedelta(days=number - 2))
    desk.get(BOOK, query := {"view": "week", "provider": marrowby.pk})  # the first look of a session is remembered

    with queries(QUERIES):
        desk.get(BOOK, query)
