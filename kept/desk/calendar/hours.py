"""Weekly hours as the grid shows them: what is closed, and what is a break. In minutes of the clinic's wall time."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

CLOSED, BREAK = 0, 1
DAY = 24 * 60

Span = tuple[int, int]


def minutes(wall: time) -> int:
    return wall.hour * 60 + wall.minute


def wall(at: float, zone: ZoneInfo, first: date) -> int:
    """An epoch second as the clinic's clocks show it: minutes from the midnight on which that day begins."""
    there = datetime.fromtimestamp(at, zone)
    return (there.toordinal() - first.toordinal()) * DAY + there.hour * 60 + there.minute


def closed(open_: Sequence[Span], axis: Span, days: int) -> Iterator[tuple[int, int, int]]:
    """Between those minutes of each day, what is not open: start, length, and whether it is a break between two spans of a day."""
    for number in range(days):
        begins, ends = number * DAY + axis[0], number * DAY + axis[1]
        at, kind = begins, CLOSED
        for start, end in open_:
            if start // DAY == number:
                if at < min(start, ends):
                    yield at, min(start, ends) - at, kind
                at, kind = max(at, end), BREAK
        if at < ends:
            yield at, ends - at, CLOSED
