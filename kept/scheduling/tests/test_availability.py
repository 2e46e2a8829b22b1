"""Free times (R16, R17): weekly hours less what is claimed, right on the days when clocks change; the same as what can be booked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.range import Range

import kept.scheduling.transitions.booking as booking
from kept.foundation.refusals import Refusal
from kept.ops.cast import House
from kept.practice.models import Clinic, Member, OpeningHours, Provider, Resource, Schedule, ScheduleException, Service, ServiceProvider
from kept.practice.rules import Role
from kept.scheduling.availability import Slot, free_starts, online_starts, open_hours, working_hours
from kept.scheduling.fitting import Visit
from kept.scheduling.models import Appointment, Block, Claim
from kept.scheduling.transitions.blocking import block_time
from tests.kit.visits import BOOKED_AT, STARTS_AT
from tests.kit.visits import book as book_for

pytestmark = pytest.mark.usefixtures("all_rounders", "plain_weeks")

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
WEDNESDAY = date(2026, 10, 14)


def walls(slots: Sequence[Slot], zone: ZoneInfo) -> list[str]:
    return [slot.starts_at.astimezone(zone).strftime("%H:%M") for slot in slots]


Asked = Callable[..., list[Slot]]


@pytest.fixture
def asked(juniper: House) -> Asked:
    """`asked("Consultation", provider="Tess Marrowby")`: free on Wednesday, October 14 at Elm Street."""

    def free(*services: str, provider: str = "", rooms: Sequence[Resource] = (), **how: object) -> list[Slot]:
        arguments = {"first": WEDNESDAY, "last": WEDNESDAY, "at": BOOKED_AT} | how
        who = juniper.providers[provider] if provider else None
        visit = Visit.of([juniper.services[name] for name in services])
        return free_starts(juniper.clinics["Elm Street"], visit, provider=who, resources=rooms, **arguments)  # type: ignore[arg-type]

    return free


def room(name: str) -> Resource:
    return Resource.objects.get(name=name, clinic__name="Elm Street")


# Hours


def test_r17_weekly_hours_with_their_break(asked: Asked, elm: Clinic) -> None:
    starts = walls(asked("Lip filler", provider="Tess Marrowby", step=30), elm.zone)

    assert starts == [
        "09:00",
        "09:30",
        "10:00",
        "10:30",
        "11:00",
        *(f"{hour}:{half}" for hour in range(13, 17) for half in ("00", "30")),
        "17:00",
    ]


def test_r17_who_has_no_week_there_works_the_clinics_hours(asked: Asked, elm: Clinic, juniper: House) -> None:
    Schedule.objects.filter(provider=juniper.providers["Tess Marrowby"]).delete()

    assert walls(asked("Lip filler", provider="Tess Marrowby", step=60), elm.zone) == [f"{hour:02d}:00" for hour in range(9, 18)]


def test_r17_on_a_weekday_without_hours_she_is_off(asked: Asked, elm: Clinic) -> None:
    """Joanna Veltmoor is at Harbor Point on Tuesdays."""
    tuesday = WEDNESDAY - timedelta(days=1)

    assert asked("Consultation", provider="Joanna Veltmoor", first=tuesday, last=tuesday) == []
    assert len(asked("Consultation", provider="Joanna Veltmoor", first=tuesday, last=WEDNESDAY, step=60)) == 8


def test_weekly_hours_end_with_the_clinics(asked: Asked, elm: Clinic, juniper: House) -> None:
    Schedule.objects.update(closes_at=time(23))

    assert walls(asked("Consultation", provider="Tess Marrowby", step=30), elm.zone)[-1] == "17:30"


def test_starts_follow_each_other_by_the_step(asked: Asked, elm: Clinic) -> None:
    assert walls(asked("Full-face filler", provider="Tess Marrowby", step=20), elm.zone)[:6] == [
        "09:00",
        "09:20",
        "09:40",
        "10:00",
        "10:20",
        "10:40",
    ]


def test_none_lies_in_the_past(asked: Asked, elm: Clinic) -> None:
    at = STARTS_AT + 5 * MINUTE

    assert walls(asked("Lip filler", provider="Tess Marrowby", at=at), elm.zone) == ["15:45", "16:00", "16:15", "16:30", "16:45", "17:00"]
    assert asked("Lip filler", provider="Tess Marrowby", at=STARTS_AT)[0].starts_at == STARTS_AT


# Claims


def test_r16_what_is_booked_is_not_free_nor_are_its_buffers(asked: Asked, elm: Clinic, juniper: House) -> None:
    book_for(juniper)  # 3:30 to 4:30 PM, and five minutes after

    starts = walls(asked("Consultation", provider="Tess Marrowby", at=STARTS_AT - HOUR), elm.zone)

    assert starts == ["14:30", "14:45", "15:00", "16:45", "17:00", "17:15", "17:30"]


def test_r16_a_second_lane_counts(asked: Asked, elm: Clinic, juniper: House, silas: Member) -> None:
    first = book_for(juniper)
    booking.book(
        clinic=elm, provider=first.provider, patient=juniper.patients[1], services=[juniper.services["Consultation"]],
        starts_at=STARTS_AT + 45 * MINUTE, double_book=True, by=silas, at=BOOKED_AT,
    )  # fmt: skip

    assert walls(asked("Consultation", provider="Tess Marrowby", at=STARTS_AT), elm.zone) == ["16:45", "17:00", "17:15", "17:30"]


def test_blocked_time_counts(asked: Asked, elm: Clinic, juniper: House, odette: Member) -> None:
    tess = juniper.providers["Tess Marrowby"]
    block_time(tess.resource, elm, starts_at=STARTS_AT, ends_at=STARTS_AT + 2 * HOUR, why="", by=odette, at=BOOKED_AT)

    assert walls(asked("Consultation", provider="Tess Marrowby", at=STARTS_AT), elm.zone) == ["17:30"]


def test_r16_both_rooms_taken_nobody_is_free(asked: Asked, elm: Clinic, juniper: House, odette: Member) -> None:
    for name in ("Room 1", "Room 2"):
        block_time(room(name), elm, starts_at=STARTS_AT, ends_at=STARTS_AT + HOUR, why="", by=odette, at=BOOKED_AT)

    starts = walls(asked("PRP facial", at=STARTS_AT - HOUR), elm.zone)

    assert starts == ["16:45", "17:00"]  # of an hour, with ten minutes before


def test_r16_the_room_that_is_asked_for(asked: Asked, elm: Clinic, juniper: House, odette: Member) -> None:
    block_time(room("Room 1"), elm, starts_at=STARTS_AT, ends_at=STARTS_AT + HOUR, why="", by=odette, at=BOOKED_AT)

    in_one, in_two = (asked("PRP facial", rooms=[room(name)], at=STARTS_AT) for name in ("Room 1", "Room 2"))

    assert (walls(in_one, elm.zone)[0], walls(in_two, elm.zone)[0]) == ("16:45", "15:30")


def test_a_visits_own_claims_do_not_stand_in_its_way(asked: Asked, appointment: Appointment) -> None:
    assert STARTS_AT in [slot.starts_at for slot in asked("Lip filler", provider="Tess Marrowby", but=appointment)]


# Who


def test_anyone_of_those_who_perform_it(asked: Asked, juniper: House) -> None:
    service, able = juniper.services["Laser resurfacing"], ["Mateo Quillaro", "Tess Marrowby"]
    for name in able:
        ServiceProvider.objects.create(practice=juniper.practice, service=service, provider=juniper.providers[name])

    slots = asked("Consultation", "Laser resurfacing")

    assert {tuple(each.name for each in slot.providers) for slot in slots} == {tuple(able)}
    assert asked("Laser resurfacing", provider="Noor Hadisan") == []


def test_each_start_says_who_is_free(asked: Asked, juniper: House) -> None:
    book_for(juniper)

    at_start = next(slot for slot in asked("Consultation") if slot.starts_at == STARTS_AT)

    names = [each.name for each in at_start.providers]
    assert names == ["Dr. Imani Oduvale", "Joanna Veltmoor", "Mateo Quillaro", "Noor Hadisan", "Priya Ramsethi"]


def test_who_left_is_not_asked(asked: Asked, juniper: House) -> None:
    Provider.objects.update(active=False)

    assert asked("Consultation") == []


def test_where_the_only_device_is_out_of_use_nothing_is_free(asked: Asked) -> None:
    Resource.objects.filter(name="Laser").update(active=False)

    assert asked("Laser resurfacing") == []


# Exceptions, closed days and special hours


def test_r17_a_break_closed_days_and_special_hours_of_the_clinic(asked: Asked, elm: Clinic, juniper: House) -> None:
    hours = partial(OpeningHours.objects.create, practice=juniper.practice, clinic=elm)
    hours(weekday=2, opens_at=time(10), closes_at=time(11))
    hours(weekday=2, opens_at=time(14), closes_at=time(15))
    hours(on=date(2026, 10, 21), why="Inventory")
    hours(on=date(2026, 10, 22), opens_at=time(16), closes_at=time(17))

    slots = asked("Consultation", provider="Tess Marrowby", step=30, last=WEDNESDAY + timedelta(days=14))

    assert [f"{slot.starts_at.astimezone(elm.zone):%m-%d %H:%M}" for slot in slots] == [
        *("10-14 10:00", "10-14 10:30", "10-14 14:00", "10-14 14:30"),
        *("10-22 16:00", "10-22 16:30"),
        *("10-28 10:00", "10-28 10:30", "10-28 14:00", "10-28 14:30"),
    ]
    assert open_hours(elm, date(2026, 10, 21)) == []


def test_r17_exceptions_by_date(asked: Asked, elm: Clinic, juniper: House) -> None:
    tess = juniper.providers["Tess Marrowby"]
    differ = partial(ScheduleException.objects.create, practice=juniper.practice, provider=tess)
    first, second, third, fourth = (WEDNESDAY + timedelta(days=offset) for offset in range(4))
    differ(kind="off", first_on=first, last_on=first, opens_at=time(9), closes_at=time(17, 30))
    differ(kind="other", clinic=elm, first_on=second, last_on=second, opens_at=time(10), closes_at=time(11))
    differ(kind="extra", clinic=elm, first_on=second, last_on=second, opens_at=time(12), closes_at=time(12, 30))
    differ(kind="off", first_on=third, last_on=fourth, why="Vacation")

    slots = asked("Consultation", provider="Tess Marrowby", step=30, last=fourth)

    assert [f"{slot.starts_at.astimezone(elm.zone):%m-%d %H:%M}" for slot in slots] == [
        *("10-14 17:30", "10-15 10:00", "10-15 10:30", "10-15 12:00"),
    ]


# Online


def online(juniper: House, *, at: datetime, last: date = WEDNESDAY, service: str = "Lip filler") -> list[str]:
    elm, visit = juniper.clinics["Elm Street"], Visit.of([juniper.services[service]])
    elm.practice = juniper.practice
    slots = online_starts(elm, visit, first=WEDNESDAY, last=last, at=at, provider=juniper.providers["Tess Marrowby"])
    return [f"{slot.starts_at.astimezone(elm.zone):%m-%d %H:%M}" for slot in slots]


def test_online_times_keep_the_lead_time_the_step_and_the_horizon(juniper: House) -> None:
    said = juniper.practice.settings
    said.online_lead_minutes, said.online_horizon_days, said.online_step_minutes = 60, 1, 60

    starts = online(juniper, at=STARTS_AT, last=WEDNESDAY + timedelta(days=20))

    day = [f"10-15 {hour}:00" for hour in ("09", "10", "11", "13", "14", "15", "16", "17")]
    assert starts == ["10-14 17:00", *day]


def test_what_is_not_booked_online_is_not_offered_there(juniper: House) -> None:
    assert online(juniper, at=BOOKED_AT)

    Service.objects.filter(name="Lip filler").update(online=False)

    assert online(juniper, at=BOOKED_AT) == []
    assert online(juniper, at=BOOKED_AT, service="Consultation")
    juniper.clinics["Elm Street"].online = False
    assert online(juniper, at=BOOKED_AT, service="Consultation") == []


# What it costs


@pytest.mark.parametrize("last", [WEDNESDAY, WEDNESDAY + timedelta(days=30)])
@pytest.mark.parametrize("provider", ["", "Tess Marrowby"])
def test_six_queries_whatever_is_asked(asked: Asked, juniper: House, provider: str, last: date) -> None:
    book_for(juniper, service="PRP facial")

    with CaptureQueriesContext(
        connection,
    ) as captured:
        asked("PRP facial", "Lip filler", provider=provider, last=last)

    assert len(captured) == 6


# The same as a model that looks at each minute


@dataclass(frozen=True)
class Wish:
    """A day, hours and claims. Times of day in minutes; claims: whose, from and to in minutes of the day."""

    zone: str
    on: date
    opening: tuple[int, int]
    week: tuple[tuple[int, int, int], ...]  # the clinic's: 0 the weekday's, 1 another weekday's, from, to
    special: tuple[int, int] | Literal[False] | None  # the date's own hours; None: closed; False: as ever
    weeks: tuple[tuple[int, int, int], ...]  # whose, from, to
    exceptions: tuple[tuple[int, str, tuple[int, int] | None, bool], ...]  # whose, kind, hours, of that clinic alone
    claims: tuple[tuple[int, int, int], ...]
    service: str
    step: int
    from_minute: int


CHANGES = [
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Asia/Beirut", date(2026, 3, 29)),  # no midnight
    ("Asia/Beirut", date(2026, 10, 24)),  # ends twice
    ("America/Santiago", date(2026, 9, 6)),
    ("America/Santiago", date(2026, 4, 4)),
    ("Africa/Cairo", date(2026, 4, 24)),
    ("Africa/Cairo", date(2026, 10, 29)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Pacific/Kiritimati", date(2026, 10, 14)),
]
times = st.tuples(st.integers(0, 1438), st.integers(1, 1439)).map(sorted).filter(lambda pair: pair[0] < pair[1]).map(tuple)
of_one = st.integers(0, 3).flatmap(lambda whose: times.map(lambda pair: (whose, *pair)))
wishes = st.builds(
    lambda place, **rest: Wish(*place, **rest),
    st.sampled_from(CHANGES) | st.tuples(st.sampled_from([zone for zone, _on in CHANGES]), st.dates(date(2026, 1, 1), date(2026, 12, 30))),
    opening=times,
    week=st.lists(st.tuples(st.integers(0, 1), times).map(lambda row: (row[0], *row[1])), max_size=3, unique_by=lambda row: row[:2]).map(
        tuple
    ),
    special=st.sampled_from([False, False, None]) | times,
    exceptions=st.lists(
        st.tuples(st.integers(0, 1), st.just("off"), st.none() | times, st.booleans())
        | st.tuples(st.integers(0, 1), st.sampled_from(["extra", "other"]), times, st.just(True)),
        max_size=4,
    ).map(tuple),
    weeks=st.lists(of_one, max_size=5, unique_by=lambda row: row[:2]).map(tuple),
    claims=st.lists(of_one, max_size=8).map(tuple),
    service=st.sampled_from(["Two-week check", "Consultation", "PRP facial", "Microneedling"]),
    step=st.sampled_from([5, 10, 15, 20, 30, 60]),
    from_minute=st.integers(-60, 300),
)


@given(wish=wishes)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_r17_free_starts_are_those_of_a_naive_look_at_each_minute(juniper: House, wish: Wish) -> None:
    with transaction.atomic():
        world = World(juniper, wish)
        visit = Visit.of([juniper.services[wish.service]])

        slots = free_starts(world.clinic, visit, first=wish.on, last=wish.on, at=world.at, step=wish.step)

        assert [(slot.starts_at, {each.name for each in slot.providers}) for slot in slots] == world.naive(visit)
        transaction.set_rollback(True)


class World:
    """Two providers and two rooms at a clinic on that day, set up as wished; and the naive look."""

    def __init__(self, house: House, wish: Wish) -> None:
        self.wish, self.zone = wish, ZoneInfo(wish.zone)
        self.found: dict[int, datetime] = {}
        self.clinic = house.clinics["Elm Street"]
        self.clinic.zone_name = wish.zone
        self.clinic.opens_at, self.clinic.closes_at = (wall(minute) for minute in wish.opening)
        self.clinic.save()
        self.people = [house.providers[name] for name in ("Tess Marrowby", "Priya Ramsethi")]
        Provider.objects.exclude(pk__in=[each.pk for each in self.people]).update(active=False)
        self.rooms = [room("Room 1"), room("Room 2")]
        Schedule.objects.all().delete()
        for whose, start, end in wish.weeks:
            if whose < 2:
                Schedule.objects.create(
                    practice=house.practice, provider=self.people[whose], clinic=self.clinic, weekday=wish.on.weekday(),
                    opens_at=wall(start), closes_at=wall(end),
                )  # fmt: skip
        self._open(house)
        for whose, kind, hours, there in wish.exceptions:
            ScheduleException.objects.create(
                practice=house.practice, provider=self.people[whose], clinic=self.clinic if there else None, kind=kind,
                first_on=wish.on - timedelta(days=whose), last_on=wish.on, **span(hours),
            )  # fmt: skip
        self.minutes = self._minutes()
        resources = [*(each.resource_id for each in self.people), *(each.pk for each in self.rooms)]
        self.claimed: dict[UUID, set[datetime]] = {each: set() for each in resources}
        for lane, (whose, start, end) in enumerate(wish.claims, start=1):
            self._claim(house, resources[whose], self.minutes[0] + start * MINUTE, self.minutes[0] + end * MINUTE, lane)
        self.at = self.minutes[0] + wish.from_minute * MINUTE

    def _open(self, house: House) -> None:
        for turn, start, end in self.wish.week:
            weekday = (self.wish.on.weekday() + turn) % 7
            OpeningHours.objects.create(practice=house.practice, clinic=self.clinic, weekday=weekday, **span((start, end)))
        if self.wish.special is not False:
            OpeningHours.objects.create(practice=house.practice, clinic=self.clinic, on=self.wish.on, **span(self.wish.special))

    def _minutes(self) -> list[datetime]:
        """Every minute of the local day, found by walking."""
        noon = datetime.combine(self.wish.on, time(12), self.zone).astimezone(UTC)
        around = [noon + offset * MINUTE for offset in range(-1000, 1000)]
        return [each for each in around if each.astimezone(self.zone).date() == self.wish.on]

    def _claim(self, house: House, resource_id: UUID, start: datetime, end: datetime, lane: int) -> None:
        block = Block.objects.create(practice=house.practice, resource_id=resource_id, clinic=self.clinic, starts_at=start, ends_at=end)
        Claim.objects.create(practice=house.practice, resource_id=resource_id, block=block, lane=lane, during=Range(start, end))
        while start < end:
            self.claimed[resource_id].add(start)
            start += MINUTE

    def _reached(self, minute: int) -> datetime:
        """The first minute of the day at which clocks have come to that time of day."""
        if minute not in self.found:
            shown = (each for each in self.minutes if minute < 1440 and each.astimezone(self.zone).time() >= wall(minute))
            self.found[minute] = next(shown, self.minutes[-1] + MINUTE)
        return self.found[minute]

    def _lies_in(self, minute: datetime, spans: Sequence[tuple[int, int]]) -> bool:
        return any(self._reached(start) <= minute < self._reached(end) for start, end in spans)

    def _is_open(self, minute: datetime) -> bool:
        if self.wish.special is not False:
            return self.wish.special is not None and self._lies_in(minute, [self.wish.special])
        if self.wish.week:
            return self._lies_in(minute, [(start, end) for turn, start, end in self.wish.week if turn == 0])
        return self._lies_in(minute, [self.wish.opening])

    def _is_there(self, whose: int, minute: datetime) -> bool:
        def said(kind: str) -> list[tuple[int, int]]:
            return [hours or (0, 1440) for who, said, hours, _there in self.wish.exceptions if (who, said) == (whose, kind)]

        week = [(start, end) for who, start, end in self.wish.weeks if who == whose]
        instead = [(start, end) for start, end in said("other") if self._reached(start) < self._reached(end)]
        works = self._lies_in(minute, [*(instead or week or [(0, 1440)]), *said("extra")])
        return works and self._is_open(minute) and not self._lies_in(minute, said("off"))

    def _works(self, whose: int) -> set[datetime]:
        return {each for each in self.minutes if self._is_there(whose, each)}

    def naive(self, visit: Visit) -> list[tuple[datetime, set[str]]]:
        found = []
        works = [self._works(whose) for whose in range(2)]
        for start in self.minutes:
            if start.astimezone(self.zone).minute % self.wish.step or start < self.at:
                continue
            lasts = {start + offset * MINUTE for offset in range(visit.lasts // MINUTE)}
            busy = {start + offset * MINUTE for offset in range(-(visit.before // MINUTE), (visit.lasts + visit.after) // MINUTE)}
            if self.wish.service == "PRP facial" and all(self.claimed[each.pk] & busy for each in self.rooms):
                continue
            free = {
                person.name
                for person, hers in zip(self.people, works, strict=True)
                if lasts <= hers and not self.claimed[person.resource_id] & busy
            }
            if free:
                found.append((start, free))
        return found


def span(hours: tuple[int, int] | bool | None) -> dict[str, time]:
    """As columns; nothing where no hours are said."""
    return {"opens_at": wall(hours[0]), "closes_at": wall(hours[1])} if isinstance(hours, tuple) else {}


def wall(minute: int) -> time:
    return time(minute // 60, minute % 60)


# What is offered can be booked, what is not can't


@given(offsets=st.lists(st.integers(0, 35), max_size=6, unique=True), place=st.integers(0, 35))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_r16_a_start_is_offered_where_it_can_be_booked(juniper: House, elm: Clinic, offsets: list[int], place: int) -> None:
    opens, service = elm.hours(WEDNESDAY)[0], juniper.services["PRP facial"]
    people = list(juniper.providers.values())
    working = working_hours(elm, people, WEDNESDAY, WEDNESDAY)

    def book(provider: Provider, place: int) -> Appointment:
        return booking.book(
            clinic=elm, provider=provider, patient=juniper.patients[0], services=[service], starts_at=opens + place * 15 * MINUTE,
            by=juniper.members[Role.FRONT_DESK], at=BOOKED_AT,
        )  # fmt: skip

    with transaction.atomic():
        for turn, offset in enumerate(offsets):
            done(partial(book, people[turn % 3], offset))

        slots = free_starts(elm, Visit.of([service]), first=WEDNESDAY, last=WEDNESDAY, at=BOOKED_AT)

        start = opens + place * 15 * MINUTE
        offered = {each for slot in slots if slot.starts_at == start for each in slot.providers}
        at_work = {each for each in people if any(opens <= start and start + HOUR <= closes for opens, closes in working[each.pk])}
        assert offered == {each for each in at_work if done(partial(book, each, place), keep=False)}
        transaction.set_rollback(True)


def done(act: Callable[[], object], *, keep: bool = True) -> bool:
    """Whether it was done; it is taken back where it was refused, or is not to be kept."""
    try:
        with transaction.atomic():
            act()
            transaction.set_rollback(not keep)
    except Refusal:
        return False
    return True
