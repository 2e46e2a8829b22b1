"""The day: a column for each provider, wall times of the clinic, what needs an outcome, and the way back to the day last viewed."""

import json
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse

import kept.noshows.transitions.attendance as noshows
import kept.scheduling.transitions.attendance as attendance
import kept.scheduling.transitions.booking as booking
from kept.foundation import clock
from kept.foundation.ids import new_id
from kept.ops.cast import House
from kept.practice.models import Clinic, Member
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.gateway import clock_at
from tests.kit.html import links, words
from tests.kit.queries import queries
from tests.kit.visits import BOOKED_AT, QUARTER_PAST, STARTS_AT, accepted, book, card_of

DAY = reverse("desk:day")
FEED = reverse("desk:feed")
QUERIES = 10  # of a day's page, however many stand on it: session, user, seat, her clinics, providers, visits, their lines, counts
FEED_QUERIES = 8


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


def calendar(answer: HttpResponse) -> dict[str, Any]:
    """What the page hands to the calendar."""
    text = answer.content.decode().partition('id="calendar-data" type="application/json">')[2]
    found: dict[str, Any] = json.loads(text.partition("</script>")[0])
    return found


def at_the_clinic(clinic: Clinic, wall: str) -> datetime:
    return clock.instant(datetime.fromisoformat(wall), clinic.zone)


# Columns and times


def test_a_column_for_each_provider_of_the_clinic_with_their_hours(desk: Browser, juniper: House, appointment: Appointment) -> None:
    shown = calendar(desk.get(DAY))

    tess = {
        "id": str(appointment.provider_id),
        "title": "Tess Marrowby",
        "initials": "TM",
        "sub": "NP · 1 h booked",
    }
    assert tess in shown["resources"]
    assert [each["title"] for each in shown["resources"]] == [
        *("Dr. Imani Oduvale", "Joanna Veltmoor", "Mateo Quillaro", "Noor Hadisan", "Priya Ramsethi", "Tess Marrowby"),
    ]


def test_an_appointment_stands_at_the_clinics_wall_time(desk: Browser, appointment: Appointment) -> None:
    (event,) = calendar(desk.get(DAY))["events"]

    assert event == {
        "id": str(appointment.pk),
        "resource": str(appointment.provider_id),
        "start": "2026-10-14T15:30:00",
        "end": "2026-10-14T16:30:00",
        "title": "Renata Solbrook",
        "service": "Lip filler",
        "display": "booked",
        "card": True,
        "url": reverse("desk:panel", args=[appointment.pk]),
        "ask": True,
        "checkin_url": reverse("desk:act", args=[appointment.pk, "check-in"]),
        "noshow_url": reverse("noshows:mark", args=[appointment.pk]),
    }


def test_another_clinics_clock_is_its_own(desk: Browser, juniper: House, harbor: Clinic) -> None:
    visit = booked(juniper, at_the_clinic(harbor, "2026-10-14T09:00"))

    page = desk.get(DAY, {"clinic": harbor.pk})

    shown = calendar(page)
    assert (shown["date"], shown["now"], shown["min"], shown["max"]) == ("2026-10-14", "2026-10-14T12:45:00", "09:00", "18:00")
    assert [(event["id"], event["start"], event["end"]) for event in shown["events"]] == [
        (str(visit.pk), "2026-10-14T09:00:00", "2026-10-14T10:00:00")
    ]
    assert page.context["now"] == "12:45 PM"


def test_now_is_said_today_only(desk: Browser, juniper: House) -> None:
    today, tomorrow = desk.get(DAY), desk.get(DAY, {"date": "2026-10-15"})

    assert (today.context["is_today"], today.context["now"]) == (True, "3:45 PM")
    assert (tomorrow.context["is_today"], tomorrow.context["now"]) == (False, "")
    assert links(tomorrow)["Today"] == f"{DAY}?date=2026-10-14"


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

    shown = calendar(desk.get(DAY, {"clinic": harbor.pk, "date": on}))

    assert end - first == timedelta(hours=hours)
    assert [event["start"] for event in shown["events"]] == [f"{on}T{wall}:00" for wall in walls]


# The address


def test_the_day_last_viewed_is_kept_and_today_is_never_far(desk: Browser, juniper: House) -> None:
    viewed = desk.get(DAY, {"date": "2026-10-20"})
    again = desk.get(DAY)

    assert [page.context["day"] for page in (viewed, again)] == [date(2026, 10, 20)] * 2
    assert (again.context["prev_url"], again.context["next_url"]) == (f"{DAY}?date=2026-10-19", f"{DAY}?date=2026-10-21")


def test_the_next_morning_begins_with_its_own_day(desk: Browser, juniper: House) -> None:
    desk.get(DAY, {"date": "2026-10-20"})

    with clock_at(QUARTER_PAST + timedelta(days=1)):
        assert desk.get(DAY).context["day"] == date(2026, 10, 15)


def test_an_address_names_its_clinic_and_she_works_there_from_then_on(desk: Browser, juniper: House, harbor: Clinic, elm: Clinic) -> None:
    named = [desk.get(DAY, {"clinic": clinic.pk}).context["clinic"] for clinic in (harbor, elm, harbor)]

    assert [*named, desk.get(DAY).context["clinic"]] == [harbor, elm, harbor, harbor]


def test_the_feed_asks_by_itself_and_moves_nobody(desk: Browser, juniper: House, harbor: Clinic, elm: Clinic) -> None:
    desk.get(DAY, {"date": "2026-10-20", "clinic": elm.pk})

    desk.get(FEED, {"date": "2026-10-14", "clinic": harbor.pk})

    assert [desk.get(DAY).context[name] for name in ("day", "clinic")] == [date(2026, 10, 20), elm]


@pytest.mark.parametrize("on", ["", "today", "2026-02-30", "2026-13-01", "0001-01-01", "1969-12-31", "9999-12-31", "20261014x", "--"])
def test_what_is_no_day_is_today(desk: Browser, juniper: House, on: str) -> None:
    answer = desk.get(DAY, {"date": on})

    assert (answer.status_code, answer.context["day"]) == (200, date(2026, 10, 14))


@pytest.mark.parametrize("on", ["1970-01-02", "2199-12-30", "2028-02-29"])
def test_any_other_day_can_be_shown(desk: Browser, juniper: House, on: str) -> None:
    assert desk.get(DAY, {"date": on}).context["day"] == date.fromisoformat(on)


def test_a_clinic_that_is_not_there_is_not_found(desk: Browser, juniper: House) -> None:
    assert [desk.get(address, {"clinic": new_id()}).status_code for address in (DAY, FEED)] == [404, 404]


# Filters, tools, counts


def test_one_provider_or_several(desk: Browser, juniper: House, appointment: Appointment) -> None:
    tess, noor = juniper.providers["Tess Marrowby"], juniper.providers["Noor Hadisan"]
    booked(juniper, STARTS_AT, "Noor Hadisan", "Elm Street")

    def shown(**query: Any) -> tuple[list[str], int, str]:
        answer = desk.get(DAY, query)
        seen = calendar(answer)
        return [each["title"] for each in seen["resources"]], len(seen["events"]), answer.context["provider_label"]

    assert shown(provider=[noor.pk]) == (["Noor Hadisan"], 1, "Noor Hadisan")
    assert shown(provider=[tess.pk, noor.pk]) == (["Noor Hadisan", "Tess Marrowby"], 2, "2 providers")
    assert shown()[1:] == (2, "All providers")


@pytest.mark.parametrize("who", ["Petra Lindvall", "nobody"])
def test_a_provider_who_does_not_work_there_is_left_out(desk: Browser, juniper: House, appointment: Appointment, who: str) -> None:
    stranger = juniper.providers[who].pk if who in juniper.providers else new_id()

    shown = calendar(desk.get(DAY, {"provider": stranger}))

    assert (len(shown["resources"]), len(shown["events"])) == (6, 1)


def test_a_provider_sees_her_own_column_alone(tess: Member, signed_in: Callable[[Member], Browser], appointment: Appointment) -> None:
    shown = calendar(signed_in(tess).get(DAY))

    assert [each["title"] for each in shown["resources"]] == ["Tess Marrowby"]
    assert [event["id"] for event in shown["events"]] == [str(appointment.pk)]


def test_the_wrench_leads_to_no_shows_and_counts_todays(desk: Browser, odette: Member, appointment: Appointment) -> None:
    before = desk.get(DAY)
    noshows.mark(appointment, charge_fee=False, by=odette, at=QUARTER_PAST)
    after = desk.get(DAY)

    tool = {"label": "No Shows", "url": reverse("noshows:list"), "icon": "user-x", "count": "", "keys": "g n"}
    assert before.context["tools"] == [tool]
    assert after.context["tools"] == [tool | {"count": "1 today"}]
    assert 'aria-label="Wrench: appointment tools"' in after.content.decode()


def test_a_missed_and_a_cancelled_visit_leave_the_book_and_are_counted(desk: Browser, juniper: House, odette: Member) -> None:
    visits = [book(juniper, patient=juniper.patients[each], starts_at=STARTS_AT - timedelta(hours=2 * each)) for each in range(4)]
    noshows.mark(visits[0], charge_fee=None, by=odette, at=QUARTER_PAST)
    attendance.complete(visits[1], by=odette, at=QUARTER_PAST)
    Appointment.objects.filter(pk=visits[2].pk).update(status="cancelled")

    answer = desk.get(DAY)

    assert answer.context["counts"] == [(2, "booked"), (1, "kept"), (1, "no-show"), (1, "cancelled")]
    assert [event["id"] for event in calendar(answer)["events"]] == [str(visits[3].pk), str(visits[1].pk)]


# What needs an outcome


def test_whoever_started_without_an_outcome_is_asked_for(desk: Browser, juniper: House, odette: Member) -> None:
    over, running, here, ahead = (
        book(juniper, patient=juniper.patients[each], starts_at=STARTS_AT + timedelta(hours=hours))
        for each, hours in enumerate([-2, 0, -4, 2])
    )
    attendance.check_in(here, by=odette, at=QUARTER_PAST)

    answer = desk.get(DAY)

    needs = [(item["name"], item["time"], item["checkin_url"].split("/")[-2]) for item in answer.context["needs"]]
    assert needs == [
        (over.patient.name, "1:30 PM", "complete"),  # its end is past: Yes completes
        (running.patient.name, "3:30 PM", "check-in"),
    ]
    assert [(group["title"], [item["name"] for item in group["items"]]) for group in answer.context["groups"]] == [
        ("Here now", [here.patient.name]),
        ("Up next", [ahead.patient.name]),
    ]
    assert "Needs an outcome 2" in words(answer)


def test_yes_checks_in_while_it_runs_and_completes_after_its_end(htmx: Callable[[Member], Browser], juniper: House, odette: Member) -> None:
    browser = htmx(odette)
    over, running = (book(juniper, patient=juniper.patients[n], starts_at=STARTS_AT - timedelta(hours=2 * n)) for n in (1, 0))
    yes = {event["id"]: event["checkin_url"] for event in calendar(browser.get(DAY))["events"]}

    answers = [browser.post(yes[str(visit.pk)]) for visit in (over, running)]

    assert [(answer.status_code, answer["HX-Trigger"]) for answer in answers] == [(204, "appointment-changed")] * 2
    assert [Appointment.objects.get(pk=visit.pk).status for visit in (over, running)] == ["fulfilled", "arrived"]
    assert not any("ask" in event for event in calendar(browser.get(DAY))["events"])


def test_the_auditor_is_not_asked(philomena: Member, signed_in: Callable[[Member], Browser], appointment: Appointment) -> None:
    (event,) = calendar(signed_in(philomena).get(DAY))["events"]

    assert {"ask", "checkin_url", "noshow_url"}.isdisjoint(event)


def test_an_empty_day_says_so(desk: Browser, juniper: House) -> None:
    answer = desk.get(DAY, {"date": "2026-12-25"})

    assert "No appointments Nothing is booked on this day." in words(answer)
    assert (calendar(answer)["events"], answer.context["counts"][0]) == ([], (0, "booked"))


# The feed, and the cost


def test_the_feed_says_what_the_page_says(desk: Browser, juniper: House, harbor: Clinic, appointment: Appointment) -> None:
    booked(juniper, at_the_clinic(harbor, "2026-10-14T09:00"))

    for query in ({}, {"clinic": harbor.pk}, {"date": "2026-10-15"}, {"provider": appointment.provider_id}):
        page = calendar(desk.get(DAY, {"clinic": appointment.clinic_id} | query))
        feed = desk.get(page["feed_url"]).json()  # type: ignore[attr-defined]
        assert feed == {key: page[key] for key in ("now", "resources", "events")}


@pytest.mark.parametrize(("address", "asks"), [(DAY, QUERIES), (FEED, FEED_QUERIES)])
def test_a_full_day_asks_as_often_as_any_other(desk: Browser, juniper: House, address: str, asks: int) -> None:
    for number in range(6):
        visit = book(juniper, patient=juniper.patients[number], starts_at=STARTS_AT - timedelta(hours=6 - 2 * number))
        if number % 2:
            accepted(visit, card_of(juniper.patients[number]))
    desk.get(address)  # the first look of a session is remembered

    with queries(asks):
        desk.get(address)
