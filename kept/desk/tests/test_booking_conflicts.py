"""What is in the way of a visit is said below the field that causes it, with what would do instead (R16)."""

from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import pytest
from django.http import HttpResponse
from django.urls import reverse

import kept.scheduling.transitions.booking as booking
from kept.desk.booking import prospect
from kept.events.models import Event
from kept.ops.cast import House
from kept.practice.models import Clinic, Member, MemberClinic, Resource
from kept.scheduling.fitting import rooms_of
from kept.scheduling.models import Appointment
from kept.scheduling.transitions.blocking import block_time
from tests.kit.browser import Browser
from tests.kit.gateway import clock_at
from tests.kit.html import fields, words
from tests.kit.visits import BOOKED_AT, QUARTER_PAST, STARTS_AT

NEW = reverse("desk:new")
AT_TEN = STARTS_AT.replace(day=15, hour=14, minute=0)  # Thursday, 10:00 AM in New York
BOOK = {"book": "yes"}


@pytest.fixture(autouse=True)
def a_quarter_past() -> Iterator[None]:
    with clock_at(QUARTER_PAST):
        yield


@pytest.fixture
def desk(odette: Member, htmx: Callable[[Member], Browser]) -> Browser:
    return htmx(odette)


def room(name: str) -> Resource:
    return Resource.objects.get(clinic__name="Elm Street", name=name)


@pytest.fixture
def linnea(juniper: House, odette: Member, elm: Clinic) -> Appointment:
    """Linnea Ostrander is in Room 2 with Mateo Quillaro, 10:00 to 11:00 AM; busy until 11:15."""
    return booking.book(
        clinic=elm,
        provider=juniper.providers["Mateo Quillaro"],
        patient=next(each for each in juniper.patients if each.name == "Linnea Ostrander"),
        services=[juniper.services["PRP facial"]],
        starts_at=AT_TEN,
        resources=[room("Room 2")],
        by=odette,
        at=BOOKED_AT,
    )


@pytest.fixture
def wish(juniper: House) -> dict[str, Any]:
    """Aveline wants a PRP facial on Thursday at 10:00 AM, with Priya, in whatever room."""
    return {
        "clinic": str(juniper.clinics["Elm Street"].pk),
        "patient": str(juniper.patients[36].pk),
        "services": [str(juniper.services["PRP facial"].pk)],
        "provider": str(juniper.providers["Priya Ramsethi"].pk),
        "date": "2026-10-15",
        "start": "10:00",
    }


@pytest.fixture
def facial(juniper: House, wish: dict[str, Any]) -> dict[str, Any]:
    return wish | {"provider": str(juniper.providers["Joanna Veltmoor"].pk)}


def ways(answer: HttpResponse) -> dict[str, str]:
    """What the buttons that change something would change, by their labels."""
    found = {}
    for part in answer.content.decode().split('name="change" value="')[1:]:
        change, _quote, rest = part.partition('"')
        found[rest.partition(">")[2].partition("<")[0]] = change.replace("&amp;", "&")
    return found


def named(name: str) -> dict[str, str]:
    return {"resources": str(room(name).pk)}


def refused(answer: HttpResponse) -> bool:
    """Nothing was booked, and Book is off with its reason."""
    off = 'aria-disabled="true" aria-describedby="provider-note start-note resources-note"' in answer.content.decode()
    return off and answer.status_code == 422 and not Appointment.objects.filter(patient__last_name="Prowse").exists()


# Rooms and devices


def test_a_service_that_takes_a_room_asks_for_it(desk: Browser, wish: dict[str, Any], juniper: House) -> None:
    consultation = wish | {"services": [str(juniper.services["Consultation"].pk)]}

    assert "Room The first that is free Room 1 Room 2 Price" in words(desk.post(NEW, wish))
    assert "The first that is free" not in words(desk.post(NEW, consultation))


def test_the_first_free_one_is_taken_and_the_panel_names_it(desk: Browser, wish: dict[str, Any], linnea: Appointment) -> None:
    said = words(desk.post(NEW, wish | BOOK))

    visit = Appointment.objects.get(patient__last_name="Prowse")
    assert [each.name for each in rooms_of(visit)] == ["Room 1"]
    assert "Provider Priya Ramsethi, PA-C Elm Street · Room 1" in said


def test_a_room_that_is_taken_is_explained_with_free_rooms_and_times(desk: Browser, wish: dict[str, Any], linnea: Appointment) -> None:
    answer = desk.post(NEW, wish | BOOK | named("Room 2"))

    assert refused(answer)
    said = words(answer)
    assert "Room 2 is taken until 11:15 AM. Linnea Ostrander is in it with Mateo Quillaro." in said
    assert "Priya Ramsethi is free until 12:30 PM." in said
    assert "Choose another room or time." in said
    offered = ways(answer)
    assert offered["Room 1, free"] == f"resources={room('Room 1').pk}"
    assert offered["11:30 AM in Room 2"] == "date=2026-10-15&start=11%3A30"


@pytest.mark.parametrize(("label", "name", "hour"), [("Room 1, free", "Room 1", 14), ("1:45 PM in Room 2", "Room 2", 17)])
def test_one_press_chooses_what_would_do(
    desk: Browser, wish: dict[str, Any], linnea: Appointment, juniper: House, label: str, name: str, hour: int
) -> None:
    booking.book(
        clinic=juniper.clinics["Elm Street"],
        provider=juniper.providers["Priya Ramsethi"],
        patient=juniper.patients[5],
        services=[juniper.services["Consultation"]],
        starts_at=AT_TEN.replace(hour=16, minute=0),
        by=juniper.members[next(iter(juniper.members))],
        at=BOOKED_AT,
    )
    way = ways(desk.post(NEW, wish | named("Room 2")))[label]

    desk.post(NEW, wish | named("Room 2") | BOOK | {"change": way})

    visit = Appointment.objects.get(patient__last_name="Prowse")
    assert ([each.name for each in rooms_of(visit)], visit.starts_at.hour) == ([name], hour)


def test_a_blocked_room_says_why(desk: Browser, wish: dict[str, Any], odette: Member, elm: Clinic) -> None:
    block_time(room("Room 2"), elm, starts_at=AT_TEN, ends_at=AT_TEN.replace(hour=16), why="Painting", by=odette, at=BOOKED_AT)

    assert "Room 2 is blocked until 12:00 PM: Painting" in words(desk.post(NEW, wish | named("Room 2")))


def test_a_room_of_another_clinic_is_left_out(desk: Browser, wish: dict[str, Any]) -> None:
    harbors = Resource.objects.get(clinic__name="Harbor Point", name="Room 1")

    assert "Books Thu, Oct 15, 10:00–11:00 AM" in words(desk.post(NEW, wish | {"resources": str(harbors.pk)}))


def test_a_day_of_another_year_says_its_year(desk: Browser, wish: dict[str, Any]) -> None:
    assert "Books Thu, Jan 14, 2027, 10:00–11:00 AM" in words(desk.post(NEW, wish | {"date": "2027-01-14"}))


def test_a_room_and_a_device_are_asked_for_apart(desk: Browser, wish: dict[str, Any], juniper: House) -> None:
    both = {"services": [str(juniper.services[name].pk) for name in ("PRP facial", "IPL photofacial")]}

    said = words(desk.post(NEW, wish | both | {"provider": str(juniper.providers["Noor Hadisan"].pk)}))

    assert "Room The first that is free Room 1 Room 2 Device The first that is free Laser" in said


# The provider


def test_a_provider_who_is_busy_is_explained_with_her_next_times(
    desk: Browser, wish: dict[str, Any], linnea: Appointment, juniper: House
) -> None:
    answer = desk.post(NEW, wish | BOOK | {"provider": str(juniper.providers["Mateo Quillaro"].pk)})

    assert refused(answer)
    assert "Linnea Ostrander has that time with Mateo Quillaro. Choose another." in words(answer)
    assert "Choose another time or provider." in words(answer)
    assert [label for label in ways(answer) if "AM" in label] == ["11:30 AM"]


def test_who_does_not_perform_a_service_is_not_offered_and_refused(desk: Browser, wish: dict[str, Any], juniper: House) -> None:
    tess = {"provider": str(juniper.providers["Tess Marrowby"].pk)}

    assert "Tess Marrowby, NP" not in words(desk.post(NEW, wish))
    answer = desk.post(NEW, wish | BOOK | tess)

    assert refused(answer)
    assert "Tess Marrowby does not perform PRP facial." in words(answer)
    assert "Choose another provider." in words(answer)


def test_r24_whose_time_it_is_stays_untold_where_she_may_not_know(
    htmx: Callable[[Member], Browser], wish: dict[str, Any], odette: Member, juniper: House
) -> None:
    harbor = juniper.clinics["Harbor Point"]
    booking.book(
        clinic=juniper.clinics["Elm Street"],
        provider=juniper.providers["Joanna Veltmoor"],
        patient=juniper.patients[16],
        services=[juniper.services["Consultation"]],
        starts_at=AT_TEN,
        by=odette,
        at=BOOKED_AT,
    )
    MemberClinic.objects.create(practice=juniper.practice, member=odette, clinic=harbor)
    del odette.clinic_limits

    joanna = {"clinic": str(harbor.pk), "provider": str(juniper.providers["Joanna Veltmoor"].pk), "start": "07:00"}
    said = words(htmx(odette).post(NEW, wish | joanna | {"services": str(juniper.services["Consultation"].pk)}))

    assert "Joanna Veltmoor is taken until 10:30 AM." in said or "Joanna Veltmoor is taken until 7:30 AM." in said
    assert "Linnea" not in said


# Hours


def test_outside_the_weekly_hours_is_a_warning_only(desk: Browser, wish: dict[str, Any]) -> None:
    lunch = wish | {"start": "12:45"}

    said = words(desk.post(NEW, lunch))
    desk.post(NEW, lunch | BOOK)

    assert "Priya Ramsethi works 9:00 AM–12:30 PM, 1:30 PM–6:00 PM that day." in said
    assert Appointment.objects.filter(patient__last_name="Prowse").exists()


def test_a_clinic_that_is_closed_is_a_warning_only(desk: Browser, wish: dict[str, Any]) -> None:
    assert "Elm Street is open 9:00 AM–6:00 PM." in words(desk.post(NEW, wish | {"start": "20:00"}))


def test_r16_a_past_start_says_that_it_is_recorded_afterwards(desk: Browser, wish: dict[str, Any]) -> None:
    said = words(desk.post(NEW, wish | {"date": "2026-10-13"}))

    assert "That time is past. It is recorded afterwards, without a card." in said
    assert "Records Tue, Oct 13, 10:00–11:00 AM afterwards." in said


# Free times


def test_the_next_free_times_are_offered_until_one_is_chosen(desk: Browser, wish: dict[str, Any], linnea: Appointment) -> None:
    mateo = wish | {"provider": str(linnea.provider_id), "start": ""}

    answer = desk.post(NEW, mateo)
    chosen = fields(desk.post(NEW, mateo | {"change": ways(answer)["11:30 AM"]}))

    assert "Next free: 11:30 AM 1:30 PM 1:45 PM 2:00 PM" in words(answer)
    assert (chosen["date"], chosen["start"]) == ("2026-10-15", "11:30")
    assert "Next free" not in words(desk.post(NEW, wish))


def test_without_a_provider_each_comes_with_somebody(desk: Browser, wish: dict[str, Any], juniper: House) -> None:
    anyone = wish | {"provider": "", "start": ""}

    offered = ways(desk.post(NEW, anyone))

    chosen = fields(desk.post(NEW, anyone | {"change": offered["9:15 AM with Mateo Quillaro"]}))
    assert (chosen["start"], chosen["provider"]) == ("09:15", str(juniper.providers["Mateo Quillaro"].pk))


# Double booking


def test_r16_a_double_booking_is_a_choice_of_those_who_may(
    desk: Browser, htmx: Callable[[Member], Browser], silas: Member, wish: dict[str, Any], linnea: Appointment
) -> None:
    mateo = wish | {"provider": str(linnea.provider_id)}

    assert "Book it all the same" in words(htmx(silas).post(NEW, mateo))
    assert "Book it all the same" not in words(htmx(silas).post(NEW, wish))
    assert "Book it all the same" not in words(desk.post(NEW, mateo))
    assert refused(desk.post(NEW, mateo | BOOK | {"double_book": "on"}))


def test_r16_it_is_marked_as_such(htmx: Callable[[Member], Browser], silas: Member, wish: dict[str, Any], linnea: Appointment) -> None:
    mateo = wish | {"provider": str(linnea.provider_id), "double_book": "on"}

    said = words(htmx(silas).post(NEW, mateo))
    htmx(silas).post(NEW, mateo | BOOK)

    visit = Appointment.objects.get(patient__last_name="Prowse")
    assert "Books Thu, Oct 15, 10:00–11:00 AM, two at one time." in said
    assert Event.objects.get(kind="appointment.booked", subject_id=visit.pk).particulars["double_booked"] is True


def test_a_tick_that_is_left_over_double_books_nothing(htmx: Callable[[Member], Browser], silas: Member, wish: dict[str, Any]) -> None:
    htmx(silas).post(NEW, wish | BOOK | {"double_book": "on"})

    visit = Appointment.objects.get(patient__last_name="Prowse")
    assert Event.objects.get(kind="appointment.booked", subject_id=visit.pk).particulars["double_booked"] is False


# Somebody was faster


def test_a_time_taken_between_looking_and_booking_is_told_with_other_times(
    desk: Browser, wish: dict[str, Any], linnea: Appointment, juniper: House
) -> None:
    mateo = wish | {"provider": str(linnea.provider_id)}
    with patch.object(prospect.Prospect, "blocked", False):  # as it was when she looked
        answer = desk.post(NEW, mateo | BOOK)

    assert answer.status_code == 422
    assert words(answer).count("Linnea Ostrander has that time with Mateo Quillaro. Choose another.") == 1
    assert "11:30 AM" in ways(answer)
    assert not Appointment.objects.filter(patient__last_name="Prowse").exists()
