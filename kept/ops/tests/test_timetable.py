"""The timetable of the sample: days that fit, the same each time, and worth looking at whenever the demo is started."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from kept.ops import cast, sample
from kept.ops.cast import House
from kept.ops.crowd import crowd
from kept.ops.people import JUNIPER, NEWCOMER, PLANS
from kept.ops.plans import Course, PracticePlan, ServicePlan
from kept.ops.timetable import Day, Visit, visits
from kept.practice.models import Clinic
from kept.practice.rules import Role

NEW_YORK, LOS_ANGELES = ZoneInfo("America/New_York"), ZoneInfo("America/Los_Angeles")
NOON = datetime(2026, 10, 15, 13, 12, tzinfo=NEW_YORK)
DAYS = [date(2026, 10, 25), date(2026, 11, 1), date(2026, 11, 2), date(2026, 12, 31)]
STARTED = [
    datetime(2026, 10, 15, 7, 0, tzinfo=NEW_YORK),
    NOON,
    datetime(2026, 10, 15, 23, 0, tzinfo=NEW_YORK),
    datetime(2026, 10, 18, 0, 30, tzinfo=NEW_YORK),  # Sunday there, still Saturday at Harbor Point
    datetime(2026, 10, 18, 13, 0, tzinfo=LOS_ANGELES),  # Sunday in both
    datetime(2026, 10, 19, 2, 0, tzinfo=NEW_YORK),  # Sunday at Harbor Point alone
    datetime(2026, 11, 1, 1, 30, tzinfo=NEW_YORK),  # clocks go back
    datetime(2027, 3, 14, 12, 0, tzinfo=NEW_YORK),  # clocks went forward
]


@pytest.fixture
def full(juniper: House) -> House:
    """Juniper with all patients of the sample, seen at noon."""
    return _filled(juniper, NOON)


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.slug)
def test_nobody_of_the_crowd_is_somebody_else(plan: PracticePlan) -> None:
    people = plan.named + crowd(plan)
    added = [person.added_after for person in people]

    assert len(people) == {"juniper": 400, "quinta": 80}[plan.slug]
    assert added == sorted(set(added))
    assert {name: times for name, times in Counter(person.name for person in people).items() if times > 1} in (
        {},
        {"Marianne Oakeshott": 2},
    )
    assert 0 < sum(not person.email for person in people) < len(people) / 10


@pytest.mark.parametrize("on", DAYS)
def test_a_day_is_the_same_each_time(full: House, on: date) -> None:
    clinic = full.clinics["Elm Street"]

    first, second = (_plain(visits(full, clinic, on, now=NOON)) for _ in range(2))

    assert first == second


@pytest.mark.parametrize("on", DAYS + [NOON.date()])
def test_a_day_fits_into_weeks_hours_rooms_and_buffers(full: House, on: date) -> None:
    for clinic in full.clinics.values():
        told = visits(full, clinic, on, now=NOON)
        assert told
        assert max(Counter(visit.patient.pk for visit in told).values()) == 1
        for person in full.plan.providers:
            hers = [visit for visit in told if visit.provider.name == person.name]
            assert not hers or person.clinic_on(on.weekday()) == clinic.name
            assert all(person.does(offer) for visit in hers for offer in _offers(full, visit))
            assert not list(_clashes([visit for visit in hers if not visit.beside]))
            spans = [tuple(Day(full, clinic, on, NOON).at(wall) for wall in span) for span in full.plan.spans(person)]
            assert all(any(opens <= visit.busy[0] and visit.busy[1] <= closes for opens, closes in spans) for visit in hers)
        place = next(place for place in full.plan.clinics if place.name == clinic.name)
        for names in {offer.takes for offer in full.plan.services if offer.takes}:
            takers = [visit for visit in told if any(offer.takes == names for offer in _offers(full, visit))]
            there = len({*names} & {*place.rooms, *place.devices})
            assert _at_once(takers) <= there


@pytest.mark.parametrize("now", STARTED, ids=lambda now: f"{now:%a %H:%M}")
def test_whenever_it_starts_today_is_full_and_something_needs_an_outcome(juniper: House, now: datetime) -> None:
    full = _filled(juniper, now)
    told = {clinic: _days(full, clinic, now) for clinic in full.clinics.values()}

    for clinic, (yesterday, today, tomorrow) in told.items():
        for name in {visit.provider.name for visit in today}:
            busy = [visit for visit in today if visit.provider.name == name]
            assert sum(((each.busy[1] - each.busy[0]) for each in busy), timedelta()) > timedelta(hours=4), f"{name} at {clinic}"
            assert sum((each.ends_at - each.starts_at for each in busy), timedelta()) < timedelta(hours=8)
        assert len({visit.provider.name for visit in today}) >= 2
        left = [visit for visit in yesterday + today if visit.course == Course.FORGOTTEN and visit.ends_at <= now]
        assert left, f"nothing needs an outcome at {clinic}"
        assert tomorrow
    elm = [visit for day in told[full.clinics["Elm Street"]] for visit in day]
    new = [visit.starts_at for visit in elm if visit.patient.name == NEWCOMER]
    assert [now < start < now + timedelta(days=2) for start in new] == [True]


def test_the_front_pages_story_is_there(full: House) -> None:
    today = {visit.patient.name: visit for visit in visits(full, full.clinics["Elm Street"], NOON.date(), now=NOON)}
    renata, marguerite = today["Renata Solbrook"], today["Marguerite Sloane"]

    assert (renata.starts_at.astimezone(NEW_YORK).hour, renata.provider.name, renata.accepts) == (11, "Tess Marrowby", True)
    assert (renata.course, marguerite.course, marguerite.accepts) == (Course.FORGOTTEN, Course.FORGOTTEN, False)
    assert [name for name, visit in today.items() if visit.beside] == ["Aurelio Santamar"]


def test_about_one_of_twenty_is_missed(full: House) -> None:
    past = [
        visit
        for clinic in full.clinics.values()
        for back in range(2, 61)
        for visit in visits(full, clinic, NOON.date() - timedelta(days=back), now=NOON)
    ]
    missed = sum(visit.course == Course.MISSED for visit in past)

    assert 1_200 < len(past) < 2_400
    assert 0.04 < missed / len(past) < 0.08
    assert all(visit.patient.created_at < visit.booked_at < visit.starts_at for visit in past)


def _filled(juniper: House, now: datetime) -> House:
    opened_at = now.astimezone(UTC) - sample.OPENED_BEFORE
    cast.add_patients(crowd(JUNIPER), by=juniper.members[Role.OWNER], opened_at=opened_at)
    return cast.house(JUNIPER, size=len(JUNIPER.patients) + JUNIPER.crowd)


def _days(house: House, clinic: Clinic, now: datetime) -> list[list[Visit]]:
    return [visits(house, clinic, clinic.local_date(now) + timedelta(days=offset), now=now) for offset in (-1, 0, 1)]


def _plain(told: list[Visit]) -> list[tuple[object, ...]]:
    return [(visit.patient.pk, visit.provider.pk, visit.starts_at, visit.booked_at, visit.course, visit.accepts) for visit in told]


def _offers(house: House, visit: Visit) -> list[ServicePlan]:
    return [offer for offer in house.plan.services for service in visit.services if service.name == offer.name]


def _clashes(told: list[Visit]) -> Iterator[tuple[Visit, Visit]]:
    for one, other in zip(told, told[1:], strict=False):
        if other.busy[0] < one.busy[1]:
            yield one, other


def _at_once(told: list[Visit]) -> int:
    """The most that are busy at the same time."""
    return max((sum(other.busy[0] <= visit.busy[0] < other.busy[1] for other in told) for visit in told), default=0)
