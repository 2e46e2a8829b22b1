"""Local days and wall times, in every zone there is and on the days when clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept.foundation import clock

ZONES = sorted(available_timezones() - {"localtime", "Factory"})
DAYS = st.dates(date(1990, 1, 1), date(2035, 12, 31))
NEW_YORK, LISBON, SANTIAGO = ZoneInfo("America/New_York"), ZoneInfo("Europe/Lisbon"), ZoneInfo("America/Santiago")


def hours(on: date, zone: ZoneInfo) -> float:
    start, end = clock.day(on, zone)
    return (end - start).total_seconds() / 3600


@given(st.sampled_from(ZONES), DAYS)
def test_days_follow_each_other_without_a_gap(name: str, on: date) -> None:
    zone = ZoneInfo(name)

    assert clock.day(on, zone)[1] == clock.day(on + timedelta(days=1), zone)[0]


@given(st.sampled_from(ZONES), st.datetimes(datetime(1990, 1, 1), datetime(2035, 12, 31), timezones=st.just(UTC)))
def test_every_instant_lies_in_its_own_local_day(name: str, at: datetime) -> None:
    zone = ZoneInfo(name)
    start, end = clock.day(clock.local_date(at, zone), zone)

    assert start <= at < end


@pytest.mark.parametrize("year", [2025, 2026])
def test_so_do_the_instants_around_each_change_of_clocks(year: int) -> None:
    for name in ZONES:
        zone = ZoneInfo(name)
        for change in changes(zone, year):
            for at in (change - timedelta(seconds=1), change, change + timedelta(seconds=1)):
                start, end = clock.day(clock.local_date(at, zone), zone)
                assert start <= at < end, f"{at} in {name}"


@given(st.sampled_from(ZONES), st.datetimes(datetime(1990, 1, 1), datetime(2035, 12, 31)))
def test_an_instant_shows_the_wall_time_it_was_made_of_or_there_is_none(name: str, wall: datetime) -> None:
    zone = ZoneInfo(name)

    if clock.exists(wall, zone):
        assert clock.instant(wall, zone).astimezone(zone).replace(tzinfo=None) == wall
    else:
        with pytest.raises(ValueError, match="does not exist"):
            clock.instant(wall, zone)


@pytest.mark.parametrize(
    ("on", "zone", "length"),
    [
        (date(2026, 3, 8), NEW_YORK, 23),
        (date(2026, 11, 1), NEW_YORK, 25),
        (date(2026, 10, 14), NEW_YORK, 24),
        (date(2026, 3, 29), LISBON, 23),
        (date(2026, 10, 25), LISBON, 25),
        (date(2026, 4, 5), ZoneInfo("Australia/Lord_Howe"), 24.5),
    ],
)
def test_a_day_is_as_long_as_it_is(on: date, zone: ZoneInfo, length: float) -> None:
    assert hours(on, zone) == length


def test_where_there_is_no_midnight_the_day_starts_at_the_first_instant_there_is() -> None:
    on = date(2026, 9, 6)  # in Santiago clocks go from 23:59:59 to 1:00

    start, _end = clock.day(on, SANTIAGO)

    assert not clock.exists(datetime.combine(on, time(0)), SANTIAGO)
    assert start.astimezone(SANTIAGO).replace(tzinfo=None) == datetime(2026, 9, 6, 1, 0)
    assert hours(on, SANTIAGO) == 23


def test_where_midnight_comes_twice_the_day_starts_at_the_first() -> None:
    zone = ZoneInfo("America/Havana")  # on November 1 clocks go from 1:00 back to midnight

    start, end = clock.day(date(2026, 11, 1), zone)

    assert (end - start) == timedelta(hours=25)
    assert clock.local_date(start - timedelta(seconds=1), zone) == date(2026, 10, 31)


def test_of_two_like_times_in_autumn_the_first_is_meant() -> None:
    wall = datetime(2026, 11, 1, 1, 30)

    first, second = clock.instant(wall, NEW_YORK), clock.instant(wall.replace(fold=1), NEW_YORK)

    assert second - first == timedelta(hours=1)


def changes(zone: ZoneInfo, year: int) -> list[datetime]:
    """The instants of that year, to the second, at which clocks change."""
    found = []
    at = datetime(year, 1, 1, tzinfo=UTC)
    while at.year == year:
        later = at + timedelta(days=1)
        if at.astimezone(zone).utcoffset() != later.astimezone(zone).utcoffset():
            low, high = 0, 86_400
            while high - low > 1:
                middle = (low + high) // 2
                same = (at + timedelta(seconds=middle)).astimezone(zone).utcoffset() == at.astimezone(zone).utcoffset()
                low, high = (middle, high) if same else (low, middle)
            found.append(at + timedelta(seconds=high))
        at = later
    return found
