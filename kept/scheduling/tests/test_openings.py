"""Open time: hours less claims, on the step at which visits are offered."""

from datetime import UTC, datetime, timedelta

import pytest

from kept.scheduling.openings import free_of

NOON = datetime(2026, 10, 14, 12, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def spans(*of: tuple[int, int]) -> list[tuple[datetime, datetime]]:
    return [(at(start), at(end)) for start, end in of]


@pytest.mark.parametrize(
    ("busy", "now", "left"),
    [
        ([], -60, [(0, 120)]),
        ([], 1, [(15, 120)]),
        ([], 120, []),
        ([(0, 120)], -60, []),
        ([(-30, 30), (60, 90)], -60, [(30, 60), (90, 120)]),
        ([(0, 65)], -60, [(75, 120)]),
        ([(0, 100), (10, 20)], -60, [(105, 120)]),  # two at one time
        ([(14, 110)], -60, []),  # less than a step is no time
        ([(110, 180)], -60, [(0, 110)]),
    ],
)
def test_what_is_left_of_two_hours(busy: list[tuple[int, int]], now: int, left: list[tuple[int, int]]) -> None:
    assert free_of((at(0), at(120)), spans(*busy), at(now)) == spans(*left)
