"""Time: instants are aware UTC; days, wall times and words are those of a clinic's zone. The one place that converts."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from django.utils import timezone

MINUTE = timedelta(minutes=1)
MORNING, EVENING = time(8), time(21)

_stands_at: ContextVar[datetime | None] = ContextVar("stands_at", default=None)


def now() -> datetime:
    """The present instant. Views, jobs and commands ask it; everything below them is given `at`."""
    return _stands_at.get() or timezone.now()


@contextmanager
def standing_at(at: datetime) -> Iterator[None]:
    """Inside, it is that instant for whoever asks: the sample's past is dated truthfully, and a test says what time it is."""
    token = _stands_at.set(at)
    try:
        yield
    finally:
        _stands_at.reset(token)


def local_date(at: datetime, zone: ZoneInfo) -> date:
    """The calendar day of an instant in that zone."""
    return at.astimezone(zone).date()


def day(on: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """A local day as two instants, first included and last not: 23, 24 or 25 hours apart.

    Where midnight does not exist (clocks jump over it), the day starts at the first instant that does.
    """
    return _first_instant(on, zone), _first_instant(on + timedelta(days=1), zone)


def _first_instant(on: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(on, time(0), zone).astimezone(UTC)


def awake(at: datetime, zone: tzinfo) -> datetime:
    """The instant; in the night there, from 9 PM to 8 AM, the morning after it. Nobody is written to while she sleeps."""
    there = at.astimezone(zone)
    if MORNING <= there.time() < EVENING:
        return at
    on = there.date() + timedelta(days=there.time() >= EVENING)
    return datetime.combine(on, MORNING, zone).astimezone(UTC)


def exists(wall: datetime, zone: ZoneInfo) -> bool:
    """Whether clocks in that zone ever show this naive wall time; not so in the hour skipped in spring."""
    there_and_back = wall.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
    return there_and_back.replace(tzinfo=None) == wall


def instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which clocks in that zone show this naive wall time; of two in autumn the first, unless `fold` says the second.

    Raises ValueError for a wall time that the zone skips.
    """
    if not exists(wall, zone):
        raise ValueError(f"{wall:%Y-%m-%d %H:%M} does not exist in {zone.key}")
    return wall.replace(tzinfo=zone).astimezone(UTC)


def reached(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first instant at which clocks in that zone have come to this naive wall time: where they skip it, the instant of the jump."""
    if exists(wall, zone):
        return wall.replace(tzinfo=zone).astimezone(UTC)
    at, later = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (1, 0))
    while at < later and at.astimezone(zone).replace(tzinfo=None) < wall:
        at += MINUTE
    return at


def between(on: date, start: time, end: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The instants at which clocks in that zone have come to these two times of a local day."""
    return reached(datetime.combine(on, start), zone), reached(datetime.combine(on, end), zone)


def grid(on: date, zone: ZoneInfo, minutes: int) -> list[datetime]:
    """The instants of a local day at which its clocks show a multiple of that many minutes, a divisor of an hour: in an hour that they
    show twice, both."""
    at, end = day(on, zone)
    if at.astimezone(zone).utcoffset() == (end - MINUTE).astimezone(zone).utcoffset():
        step = timedelta(minutes=minutes)
        return [at + place * step for place in range(-((at - end) // step))]
    found = [at + place * MINUTE for place in range((end - at) // MINUTE)]
    return [each for each in found if each.astimezone(zone).minute % minutes == 0]
