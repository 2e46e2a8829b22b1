"""The day: a column for each provider, wall times of the clinic, what needs an outcome, and the way back to the day last viewed."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

import kept.noshows.transitions.attendance as noshows
import kept.scheduling.transitions.attendance as attendance
import kept.scheduling.transitions.booking as booking
from kept.desk.calendar.hours import BREAK, CLOSED
from kept.desk.calendar.tools import Tool
from kept.desk.tests.reading import Visit, calendar, visits
from kept.foundation import clock
from kept.foundation.ids import new_id
from kept.ops.cast import House
from kept.practice.models import Clinic, Member, Provider, ProviderClinic, Schedule, Settings
from kept.practice.rules import Role
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.gateway import clock_at
from tests.kit.html import links, words
from tests.kit.queries import queries
from tests.kit.visits import BOOKED_AT, QUARTER_PAST, STARTS_AT, accepted, book, card_of

DAY = reverse("desk:day")
QUERIES = 14  # session, user, seat, her clinics (2), visits, providers, settings, hours (3), blocked time, calls, what needs attention


@pytest.fixture(autouse=True)
def a_quarter_past() -> Iterator[None]:
    with clock_at(QUARTER_PAST):
        yield


@pytest.fixture
def desk(odette: Member, signed_in: Callable[[Member], Browser]) -> Browser:
    return signed_in(odette)


def booked(
    juniper: House,
    starts_at: datetime,
    provider: str = "Petra Lindvall",
    clinic: str = "Harbor Point",
    patient: int = 5,
    service: str = "Lip filler",
) -> Appointment:
    return booking.book(
        clinic=juniper.clinics[clinic],
        provider=juniper.providers[provider],
        patient=juniper.patients[patient],
        services=[juniper.services[service]],
        starts_at=starts_at,
        by=next(iter(juniper.members.values())),
        at=BOOKED_AT,
    )


def at_the_clinic(clinic: Clinic, wall: str) -> datetime:
    return clock.instant(datetime.fromisoformat(wall), clinic.zone)


# Columns and times


def test_a_column_for_each_provider_of_the_clinic_with_her_hours(desk: Browser, juniper: House, appointment: Appointment) -> None:
    shown = calendar(desk.get(DAY))

    tess = {"id": str(appointment.provider_id), "name": "Tess Marrowby", "initials": "TM", "title": "NP", "open": 8 * 60}
    assert tess in shown["columns"]
    assert [each["name"] for each in shown["columns"]] == [
        *("Dr. Imani Oduvale", "Joanna Veltmoor", "Mateo Quillaro", "Noor Hadisan", "Priya Ramsethi", "Tess Marrowby"),
    ]


def test_an_appointment_stands_at_the_clinics_wall_time(desk: Browser, appointment: Appointment) -> None:
    (visit,) = visits(desk.get(DAY))

    assert visit == Visit(
        id=appointment.pk,
        provider=str(appointment.provider_id),
        start="2026-10-14T15:30",
        end="2026-10-14T16:30",
        display="booked",
        flags={"card", "ask", "moves"},
        service="Lip filler",
        name="Renata Solbrook",
    )


def test_another_clinics_clock_is_its_own(desk: Browser, juniper: House, harbor: Clinic) -> None:
    visit = booked(juniper, at_the_clinic(harbor, "2026-10-14T09:00"))

    page = desk.get(DAY, {"clinic": harbor.pk})

    shown = calendar(page)
    ahead = shown["feed"]["ahead"]
    assert (shown["date"], shown["now"], ahead, shown["min"], shown["max"]) == (
        *("2026-10-14", int(QUARTER_PAST.timestamp()), -7 * 60),
        *("09:00", "18:00"),
    )
    assert [(each.id, each.start, each.end) for each in visits(page)] == [(visit.pk, "2026-10-14T09:00", "2026-10-14T10:00")]
    assert page.context["clock"] == "12:45 PM"


def test_now_is_said_today_only(desk: Browser, juniper: House, elm: Clinic) -> None:
    today, tomorrow = desk.get(DAY), desk.get(DAY, {"date": "2026-10-15"})

    assert (today.context["is_today"], today.context["clock"]) == (True, "3:45 PM")
    assert (tomorrow.context["is_today"], tomorrow.context["clock"]) == (False, "")
    assert links(tomorrow)["Today"] == f"{DAY}?date=2026-10-14&clinic={elm.pk}"


def test_the_hours_reach_as_far_as_the_visits(desk: Browser, juniper: House, harbor: Clinic) -> None:
    booked(juniper, at_the_clinic(harbor, "2026-10-14T07:30"))
    booked(juniper, at_the_clinic(harbor, "2026-10-14T23:30"), patient=6)

    shown = calendar(desk.get(DAY, {"clinic": harbor.pk}))

    assert (shown["min"], shown["max"]) == ("07:00", "24:00")


@pytest.mark.parametrize(
    ("on", "walls", "hours"),
    [
        ("2026-11-01", ["00:15", "01:30", "01:30", "23:15"], 25),  # half past one comes twice
        ("2027-03-14", ["00:15", "01:30", "03:30", "23:15"], 23),
    ],
)
def test_r17_a_day_when_clocks_change_holds_all_of_it_and_nothing_else(
    desk: Browser, juniper: House, harbor: Clinic, on: str, walls: list[str], hours: int
) -> None:
    first, end = clock.day(date.fromisoformat(on), harbor.zone)
    instants = [first + timedelta(minutes=15), first + timedelta(minutes=90), first + timedelta(minutes=150), end - timedelta(minutes=45)]
    for patient, at in enumerate([*instants, first - timedelta(minutes=45), end]):
        booked(juniper, at, provider=["Petra Lindvall", "Oskar Tamsin"][patient % 2], patient=patient, service="Consultation")

    shown = visits(desk.get(DAY, {"clinic": harbor.pk, "date": on}))

    assert end - first == timedelta(hours=hours)
    assert [each.start for each in shown] == [f"{on}T{wall}" for wall in walls]


# The address


def test_the_day_last_viewed_is_kept(desk: Browser, juniper: House, elm: Clinic) -> None:
    viewed = desk.get(DAY, {"date": "2026-10-20"})
    again = desk.get(DAY)

    assert [page.context["day"] for page in (viewed, again)] == [date(2026, 10, 20)] * 2
    assert (again.context["prev_url"], again.context["next_url"]) == tuple(f"{DAY}?date=2026-10-{day}&clinic={elm.pk}" for day in (19, 21))


def test_the_next_morning_begins_with_its_own_day(desk: Browser, juniper: House) -> None:
    desk.get(DAY, {"date": "2026-10-20"})

    with clock_at(QUARTER_PAST + timedelta(days=1)):
        assert desk.get(DAY).context["day"] == date(2026, 10, 15)


def test_an_address_names_its_clinic_and_she_works_there_from_then_on(desk: Browser, juniper: House, harbor: Clinic, elm: Clinic) -> None:
    named = [desk.get(DAY, {"clinic": clinic.pk}).context["clinic"] for clinic in (harbor, elm, harbor)]

    assert [*named, desk.get(DAY).context["clinic"]] == [harbor, elm, harbor, harbor]


@pytest.mark.parametrize("on", ["", "today", "2026-02-30", "2026-13-01", "0001-01-01", "1969-12-31", "9999-12-31", "20261014x", "--"])
def test_what_is_no_day_is_today(desk: Browser, juniper: House, on: str) -> None:
    answer = desk.get(DAY, {"date": on})

    assert (answer.status_code, answer.context["day"]) == (200, date(2026, 10, 14))


@pytest.mark.parametrize("on", ["1970-01-02", "2199-12-30", "2028-02-29"])
def test_any_other_day_can_be_shown(desk: Browser, juniper: House, on: str) -> None:
    assert desk.get(DAY, {"date": on}).context["day"] == date.fromisoformat(on)


def test_a_clinic_that_is_not_there_is_not_found(desk: Browser, juniper: House) -> None:
    assert desk.get(DAY, {"clinic": new_id()}).status_code == 404


# Filters, tools, counts


@pytest.mark.usefixtures("all_rounders")
def test_one_provider_or_several(desk: Browser, juniper: House, appointment: Appointment) -> None:
    tess, imani = juniper.providers["Tess Marrowby"], juniper.providers["Dr. Imani Oduvale"]
    booked(juniper, STARTS_AT, "Dr. Imani Oduvale", "Elm Street")

    def shown(**query: Any) -> tuple[list[str], int, str]:
        answer = desk.get(DAY, query)
        return [each["name"] for each in calendar(answer)["columns"]], len(visits(answer)), answer.context["provider_label"]

    assert shown(provider=[imani.pk]) == (["Dr. Imani Oduvale"], 1, "Dr. Imani Oduvale")
    assert shown(provider=[tess.pk, imani.pk]) == (["Dr. Imani Oduvale", "Tess Marrowby"], 2, "2 providers")
    assert shown()[1:] == (2, "All providers")


@pytest.mark.parametrize("who", ["Petra Lindvall", "nobody"])
def test_a_provider_who_does_not_work_there_is_left_out(desk: Browser, juniper: House, appointment: Appointment, who: str) -> None:
    stranger = juniper.providers[who].pk if who in juniper.providers else new_id()

    answer = desk.get(DAY, {"provider": stranger})

    assert (len(calendar(answer)["columns"]), len(visits(answer))) == (6, 1)


def test_a_provider_sees_her_own_column_alone(tess: Member, signed_in: Callable[[Member], Browser], appointment: Appointment) -> None:
    answer = signed_in(tess).get(DAY)

    assert [each["name"] for each in calendar(answer)["columns"]] == ["Tess Marrowby"]
    assert [each.id for each in visits(answer)] == [appointment.pk]


def test_a_provider_who_has_left_keeps_her_column_where_she_has_visits(desk: Browser, marrowby: Provider, appointment: Appointment) -> None:
    Provider.objects.filter(pk=marrowby.pk).update(active=False)

    def columns(on: str) -> list[str]:
        return [each["name"] for each in calendar(desk.get(DAY, {"date": on}))["columns"]]

    assert ("Tess Marrowby" in columns("2026-10-14"), "Tess Marrowby" in columns("2026-10-15")) == (True, False)


def test_the_wrench_counts_todays_no_shows(desk: Browser, odette: Member, appointment: Appointment) -> None:
    before = desk.get(DAY)
    noshows.mark(appointment, charge_fee=False, by=odette, at=QUARTER_PAST)
    after = desk.get(DAY)

    missed = Tool("No Shows", reverse("noshows:list"), "user-x", keys="g n", note_id="no-shows")
    cancelled = Tool("Cancelled", reverse("noshows:cancelled"), "calendar-x", keys="g c", note_id="cancelled")
    calls = Tool("Call list", reverse("desk:call-list"), "phone", keys="g l")
    assert before.context["tools"][0] == [missed, cancelled, calls]
    assert after.context["tools"][0] == [missed._replace(note="1 today"), cancelled, calls]
    assert 'aria-label="Wrench: appointment tools"' in after.content.decode()


@pytest.mark.parametrize(
    ("role", "entries"),
    [
        (Role.FRONT_DESK, ["No Shows", "Cancelled", "Call list", "Block time", "Print day sheet"]),
        (Role.AUDITOR, ["No Shows", "Cancelled", "Call list", "Print day sheet"]),
        (Role.MANAGER, ["No Shows", "Cancelled", "Call list", "Block time", "Print day sheet", "Calendar settings", "Cancellation policy"]),
    ],
)
def test_an_entry_of_the_wrench_is_for_those_who_may_open_it(
    juniper: House, signed_in: Callable[[Member], Browser], role: Role, entries: list[str]
) -> None:
    tools = signed_in(juniper.members[role]).get(DAY).context["tools"]

    assert [each.label for group in tools for each in group] == entries


def test_a_missed_and_a_cancelled_visit_leave_the_book_and_are_counted(desk: Browser, juniper: House, odette: Member) -> None:
    booked, done = one_of_each(juniper, odette)

    answer = desk.get(DAY)

    assert answer.context["counts"] == [(2, "booked"), (1, "kept"), (1, "no-show"), (1, "cancel")]
    assert [each.id for each in visits(answer)] == [booked.pk, done.pk]


def one_of_each(juniper: House, odette: Member) -> tuple[Appointment, Appointment]:
    """Of four visits, by start, the booked, cancelled, completed and missed; the two that stand on the book."""
    times = [STARTS_AT - timedelta(hours=2 * each) for each in range(4)]
    missed, done, cancelled, booked = (book(juniper, patient=juniper.patients[n], starts_at=at) for n, at in enumerate(times))
    noshows.mark(missed, charge_fee=None, by=odette, at=QUARTER_PAST)
    attendance.complete(done, by=odette, at=QUARTER_PAST)
    Appointment.objects.filter(pk=cancelled.pk).update(status="cancelled")
    return booked, done


# Hours, breaks, ghosts


def test_what_is_not_open_is_drawn_closed_and_breaks_apart(desk: Browser, juniper: House, elm: Clinic, marrowby: Provider) -> None:
    Schedule.objects.filter(provider=marrowby).delete()
    for opens_at, closes_at in (("10:00", "12:15"), ("13:00", "16:30")):
        Schedule.objects.create(practice=juniper.practice, provider=marrowby, clinic=elm, weekday=2, opens_at=opens_at, closes_at=closes_at)

    shown = calendar(desk.get(DAY, {"provider": marrowby.pk}))

    ten, quarter_past_twelve, one, half_past_four = 600, 735, 780, 990
    assert shown["closed"] == [
        [0, 540, ten - 540, CLOSED],
        [0, quarter_past_twelve, one - quarter_past_twelve, BREAK],
        [0, half_past_four, 1080 - half_past_four, CLOSED],
    ]
    assert shown["columns"][0]["open"] == 135 + 210


def test_a_day_off_is_closed_from_end_to_end(desk: Browser, juniper: House, marrowby: Provider) -> None:
    Schedule.objects.filter(provider=marrowby, weekday=2).delete()

    shown = calendar(desk.get(DAY, {"provider": marrowby.pk}))

    assert (shown["closed"], shown["columns"][0]["open"]) == ([[0, 540, 540, CLOSED]], 0)


def test_who_has_no_week_works_the_clinics_hours(desk: Browser, juniper: House, marrowby: Provider) -> None:
    Schedule.objects.filter(provider=marrowby).delete()

    shown = calendar(desk.get(DAY, {"provider": marrowby.pk}))

    assert (shown["closed"], shown["columns"][0]["open"]) == ([], 540)


def test_r7_what_was_missed_or_cancelled_stays_behind_the_book_where_the_practice_wishes(
    desk: Browser, juniper: House, odette: Member
) -> None:
    one_of_each(juniper, odette)
    Settings.objects.update(calendar_ghosts=True)

    answer = desk.get(DAY)

    assert [each.display for each in visits(answer)] == ["needs_outcome", "cancelled", "completed", "noshow"]
    assert answer.context["counts"][0] == (2, "booked")


@pytest.mark.parametrize(("hours", "shown"), [(("08:00", "20:00"), ("08:00", "20:00")), (("11:00", "12:30"), ("09:00", "18:00"))])
def test_the_practice_says_which_hours_are_shown_and_no_visit_is_hidden(
    desk: Browser, juniper: House, hours: tuple[str, str], shown: tuple[str, str]
) -> None:
    for at in ("09:15", "17:00"):
        booked(juniper, at_the_clinic(juniper.clinics["Elm Street"], f"2026-10-14T{at}"), "Tess Marrowby", "Elm Street")
    Settings.objects.update(calendar_from=hours[0], calendar_to=hours[1], calendar_step_minutes=10)

    found = calendar(desk.get(DAY))

    assert (found["min"], found["max"], found["step"]) == (*shown, 10)


# What needs an outcome


def test_whoever_is_booked_or_here_past_the_end_is_asked_for(desk: Browser, juniper: House, odette: Member) -> None:
    over, stayed, here, ahead = (
        book(juniper, patient=juniper.patients[each], starts_at=STARTS_AT + timedelta(hours=hours))
        for each, hours in enumerate([-2, -4, 0, 2])
    )
    for each in (stayed, here):
        attendance.check_in(each, by=odette, at=QUARTER_PAST)

    answer = desk.get(DAY)

    assert [(item["name"], item["time"]) for item in answer.context["needs"]] == [
        (stayed.patient.name, "11:30 AM"),
        (over.patient.name, "1:30 PM"),
    ]
    assert [(group["title"], [item["name"] for item in group["items"]]) for group in answer.context["groups"]] == [
        ("Here now", [here.patient.name]),
        ("Up next", [ahead.patient.name]),
    ]
    assert "Needs an outcome 2" in words(answer)


def test_whoever_is_not_here_after_the_start_is_late(desk: Browser, appointment: Appointment) -> None:
    answer = desk.get(DAY)

    assert (answer.context["needs"], visits(answer)[0].flags) == ([], {"card", "ask", "moves"})
    assert [(group["title"], [item["name"] for item in group["items"]]) for group in answer.context["groups"]] == [
        ("Late", [appointment.patient.name])
    ]


def test_yes_checks_in_while_it_runs_and_completes_after_its_end(htmx: Callable[[Member], Browser], juniper: House, odette: Member) -> None:
    browser = htmx(odette)
    over, running = (book(juniper, patient=juniper.patients[n], starts_at=STARTS_AT - timedelta(hours=2 * n)) for n in (1, 0))
    page = browser.get(DAY).context
    asked = [*page["needs"], *(item for group in page["groups"] for item in group["items"])]
    yes = {item["id"]: item["checkin_url"] for item in asked}

    answers = [browser.post(yes[visit.pk]) for visit in (over, running)]

    assert [(answer.status_code, answer["HX-Trigger"]) for answer in answers] == [(204, "appointment-changed")] * 2
    assert [Appointment.objects.get(pk=visit.pk).status for visit in (over, running)] == ["fulfilled", "arrived"]
    assert not any("ask" in each.flags for each in visits(browser.get(DAY)))


def test_the_auditor_is_not_asked(philomena: Member, signed_in: Callable[[Member], Browser], appointment: Appointment) -> None:
    answer = signed_in(philomena).get(DAY)

    assert visits(answer)[0].flags == {"card"}
    assert "checkin_url" not in answer.context["groups"][0]["items"][0]


def test_an_empty_day_says_so(desk: Browser, juniper: House) -> None:
    answer = desk.get(DAY, {"date": "2026-12-25"})

    assert "No appointments Nothing is booked on this day." in words(answer)
    assert (visits(answer), answer.context["counts"][0]) == ([], (0, "booked"))


@pytest.mark.parametrize("view", ["day", "week"])
def test_where_nobody_works_it_says_what_will_stand_there(desk: Browser, elm: Clinic, view: str) -> None:
    ProviderClinic.objects.filter(clinic=elm).delete()

    answer = desk.get(DAY, {"view": view})

    assert "Nobody works here yet The calendar has a column for each provider of Elm Street." in words(answer)
    assert "calendar-data" not in answer.content.decode()


# The cost


def test_a_full_day_asks_as_often_as_any_other(desk: Browser, juniper: House) -> None:
    for number in range(6):
        visit = book(juniper, patient=juniper.patients[number], starts_at=STARTS_AT - timedelta(hours=6 - 2 * number))
        if number % 2:
            accepted(visit, card_of(juniper.patients[number]))
    desk.get(DAY)  # the first look of a session is remembered

    with queries(QUERIES):
        desk.get(DAY)
