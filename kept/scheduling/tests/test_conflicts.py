"""The booking drawer knows before: what is in the way, and what would be free instead (R16)."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import kept.scheduling.transitions.booking as booking
from kept.ops.cast import House
from kept.practice.models import Clinic, Member, Resource, Schedule
from kept.scheduling.conflicts import Outlook, outlook
from kept.scheduling.fitting import Visit
from kept.scheduling.models import Appointment
from kept.scheduling.transitions.blocking import block_time
from tests.kit.checks import refused
from tests.kit.visits import BOOKED_AT, STARTS_AT, book

pytestmark = pytest.mark.usefixtures("all_rounders", "plain_weeks")

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
QUARTER_TO_FIVE = STARTS_AT + 75 * MINUTE

Asked = Callable[..., Outlook]


@pytest.fixture
def asked(juniper: House, odette: Member) -> Asked:
    """`asked("PRP facial", provider="Priya Ramsethi")`: on Wednesday, October 14, 3:30 PM at Elm Street."""

    def look(
        *services: str,
        provider: str = "Priya Ramsethi",
        room: str = "",
        starts_at: datetime = STARTS_AT,
        by: Member = odette,
        at: datetime = BOOKED_AT,
        but: Appointment | None = None,
    ) -> Outlook:
        visit = Visit.of([juniper.services[name] for name in services])
        rooms = [elm_room(room)] if room else []
        where = juniper.clinics["Elm Street"]
        return outlook(where, juniper.providers[provider], visit, starts_at, resources=rooms, by=by, at=at, but=but)

    return look


@pytest.fixture
def linnea(juniper: House, odette: Member, elm: Clinic) -> Appointment:
    """Linnea Ostrander is in Room 2 with Tess Marrowby, 3:30 to 4:30 PM; busy 3:20 to 4:45."""
    return booking.book(
        clinic=elm,
        provider=juniper.providers["Tess Marrowby"],
        patient=next(each for each in juniper.patients if each.name == "Linnea Ostrander"),
        services=[juniper.services["PRP facial"]],
        starts_at=STARTS_AT,
        resources=[elm_room("Room 2")],
        by=odette,
        at=BOOKED_AT,
    )


def elm_room(name: str) -> Resource:
    return Resource.objects.get(name=name, clinic__name="Elm Street")


def test_a_free_time_has_nothing_in_its_way(asked: Asked) -> None:
    found = asked("PRP facial")

    assert (found.conflicts, found.warnings, found.rooms) == ([], [], [elm_room("Room 1")])
    assert (found.free_rooms, found.next_in_rooms, found.next_starts) == ([], [], [])
    assert found.provider_free_until == STARTS_AT + 150 * MINUTE


def test_a_room_that_is_taken_and_what_is_free_instead(asked: Asked, linnea: Appointment) -> None:
    found = asked("PRP facial", room="Room 2")

    (conflict,) = found.conflicts
    assert (conflict.field, conflict.resource, conflict.until) == ("resources", elm_room("Room 2"), STARTS_AT + 75 * MINUTE)
    assert conflict.sentence == "Room 2 is taken until 4:45 PM. Linnea Ostrander is in it with Tess Marrowby."
    assert conflict.claim is not None
    assert conflict.claim.appointment == linnea
    assert found.provider_free_until == STARTS_AT + 150 * MINUTE
    assert found.free_rooms == [elm_room("Room 1")]
    assert (found.next_in_rooms[0], found.next_starts[0]) == (QUARTER_TO_FIVE + 15 * MINUTE, STARTS_AT)


def test_a_room_that_nobody_named_is_chosen_among_the_free(asked: Asked, juniper: House, elm: Clinic, odette: Member) -> None:
    block_time(elm_room("Room 1"), elm, starts_at=STARTS_AT, ends_at=STARTS_AT + HOUR, why="", by=odette, at=BOOKED_AT)

    assert (asked("PRP facial").conflicts, asked("PRP facial").rooms) == ([], [elm_room("Room 2")])


def test_a_provider_who_is_taken(asked: Asked, linnea: Appointment) -> None:
    found = asked("Consultation", provider="Tess Marrowby")

    (conflict,) = found.conflicts
    assert (conflict.field, conflict.sentence) == ("start", "Linnea Ostrander has that time with Tess Marrowby. Choose another.")
    assert (found.provider_free_until, found.next_starts[0]) == (None, QUARTER_TO_FIVE)


FROM_HALF_PAST = "from 4:30 PM to 4:45 PM"


@pytest.mark.parametrize(
    ("service", "provider", "minutes", "kept_free"),
    [
        ("Consultation", "Tess Marrowby", 65, f"The time {FROM_HALF_PAST} is kept free after {{whose}}."),
        ("Consultation", "Tess Marrowby", -35, "The time from 3:20 PM to 3:30 PM is kept free before {whose}."),
        ("PRP facial", "Priya Ramsethi", 70, f"Room 2 is kept free {FROM_HALF_PAST}, after {{whose}}."),
        ("PRP facial", "Priya Ramsethi", 80, f"Room 2 is kept free {FROM_HALF_PAST}, after {{whose}}. This one needs 10 min before it."),
    ],
)
def test_r16_where_only_buffers_are_in_the_way_it_says_so(
    asked: Asked, linnea: Appointment, service: str, provider: str, minutes: int, kept_free: str
) -> None:
    room = "Room 2" if service == "PRP facial" else ""

    found = asked(service, provider=provider, room=room, starts_at=STARTS_AT + minutes * MINUTE)

    assert [each.sentence for each in found.conflicts] == [kept_free.format(whose="Linnea Ostrander’s visit with Tess Marrowby")]


@pytest.mark.parametrize(
    ("minutes", "sentence"),
    [
        (35, "Renata Solbrook’s visit with Tess Marrowby ends at 4:00 PM. This one needs 10 min before it."),
        (-70, "Renata Solbrook’s visit with Tess Marrowby starts at 3:30 PM. This one needs 15 min after it."),
    ],
)
def test_r16_the_buffer_may_be_that_of_the_visit_itself(asked: Asked, juniper: House, minutes: int, sentence: str) -> None:
    book(juniper, service="Consultation")

    found = asked("PRP facial", provider="Tess Marrowby", starts_at=STARTS_AT + minutes * MINUTE)

    assert [each.sentence for each in found.conflicts] == [sentence]


def test_blocked_time(asked: Asked, juniper: House, elm: Clinic, odette: Member) -> None:
    tess = juniper.providers["Tess Marrowby"].resource
    block = block_time(tess, elm, starts_at=STARTS_AT, ends_at=STARTS_AT + 2 * HOUR, why="Lunch", by=odette, at=BOOKED_AT)

    found = asked("Consultation", provider="Tess Marrowby")

    assert [each.sentence for each in found.conflicts] == ["Tess Marrowby is blocked until 5:30 PM: Lunch"]
    assert found.conflicts[0].claim is not None
    assert found.conflicts[0].claim.block == block


def test_r24_whose_time_it_is_a_provider_learns_of_her_own_alone(asked: Asked, tess: Member, juniper: House, odette: Member) -> None:
    booking.book(
        clinic=juniper.clinics["Elm Street"],
        provider=juniper.providers["Priya Ramsethi"],
        patient=juniper.patients[0],
        services=[juniper.services["Laser resurfacing"]],
        starts_at=STARTS_AT,
        by=odette,
        at=BOOKED_AT,
    )

    (conflict,) = asked("Laser resurfacing", provider="Tess Marrowby", by=tess).conflicts

    assert (conflict.sentence, conflict.claim) == ("Laser is taken until 4:45 PM.", None)
    assert asked("Laser resurfacing", provider="Tess Marrowby").conflicts[0].sentence == (
        "Laser is taken until 4:45 PM. Renata Solbrook has it with Priya Ramsethi."
    )


def test_of_a_visit_that_moves_its_own_time_is_free(asked: Asked, linnea: Appointment) -> None:
    found = asked("PRP facial", provider="Tess Marrowby", starts_at=STARTS_AT + 30 * MINUTE, but=linnea)

    assert (found.conflicts, found.rooms) == ([], [elm_room("Room 2")])


@pytest.mark.parametrize(
    ("start", "code", "sentence"),
    [
        (STARTS_AT + 2 * HOUR, "clinic_closed", "Elm Street is open 9:00 AM–6:00 PM."),
        (STARTS_AT - 4 * HOUR, "outside_hours", "Priya Ramsethi works 9:00 AM–12:00 PM, 1:00 PM–6:00 PM that day."),
    ],
)
def test_outside_the_hours_is_a_warning(asked: Asked, start: datetime, code: str, sentence: str) -> None:
    found = asked("Lip filler", starts_at=start)

    assert (found.conflicts, [(each.code, each.sentence) for each in found.warnings]) == ([], [(code, sentence)])


def test_so_is_a_day_off_and_a_time_that_is_past(asked: Asked) -> None:
    Schedule.objects.filter(weekday=2).delete()

    found = asked("Lip filler", at=STARTS_AT + MINUTE)

    assert [(each.code, each.sentence) for each in found.warnings] == [
        ("past", "That time is past. It is recorded afterwards, without a card."),
        ("outside_hours", "Priya Ramsethi does not work at Elm Street that day."),
    ]


def test_what_can_never_be_is_refused_as_booking_would(asked: Asked) -> None:
    with refused("invalid") as refusal:
        asked("PRP facial", room="Laser")

    assert (refusal.value.field, refusal.value.sentence) == ("resources", "These services can’t be done in Laser.")


def test_its_queries_are_few(asked: Asked, linnea: Appointment) -> None:
    with CaptureQueriesContext(connection) as free:
        asked("PRP facial")
    with CaptureQueriesContext(connection) as taken:
        asked("PRP facial", room="Room 2")

    looked_up, next_free = 1, 2 * 6
    assert (len(free), len(taken)) == (8, 8 + looked_up + next_free)
