"""The terms of a booking: to when it is free, from when it is missed, and the text that says both (R14, R14a, R7d)."""

import hashlib
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept.policies.models import PolicyVersion
from kept.policies.rules import Terms, free_until, terms

NEW_YORK = ZoneInfo("America/New_York")
STARTS_AT = datetime(2026, 10, 14, 19, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


def version(*, window_hours: int = 24, free_hours: int = 24, late_minutes: int = 15) -> PolicyVersion:
    return PolicyVersion(
        number=3,
        description=" We hold your time. ",
        authorization_text=" I authorize it. ",
        fee_minor=7500,
        currency="USD",
        window_hours=window_hours,
        free_hours=free_hours,
        late_minutes=late_minutes,
    )


def said(at: PolicyVersion, *, accepted_at: datetime, starts_at: datetime = STARTS_AT) -> Terms:
    return terms(at, starts_at=starts_at, accepted_at=accepted_at, zone=NEW_YORK, practice="Juniper Skin Studio")


# To when it is free (R14)

BOUNDARIES = {
    "booked long before: until the window": (-9 * 24 * HOUR, -24 * HOUR),
    "booked at the window's edge: a whole day, to the start": (-24 * HOUR, 0 * HOUR),
    "booked two days before: a day after acceptance is the window": (-48 * HOUR, -24 * HOUR),
    "a second later: a day after acceptance": (-48 * HOUR + SECOND, -24 * HOUR + SECOND),
    "booked inside the window: never after the start": (-3 * HOUR, 0 * HOUR),
    "accepted as it starts": (0 * HOUR, 0 * HOUR),
}


@pytest.mark.parametrize("case", BOUNDARIES)
def test_r14_it_is_free_until(case: str) -> None:
    accepted, free = BOUNDARIES[case]

    assert free_until(version(), starts_at=STARTS_AT, accepted_at=STARTS_AT + accepted) == STARTS_AT + free


def test_r14a_a_day_before_is_24_elapsed_hours_also_when_clocks_change() -> None:
    starts_at = datetime(2026, 11, 1, 19, 0, tzinfo=UTC)  # 2 PM; clocks went back that night

    text = said(version(), starts_at=starts_at, accepted_at=starts_at - 9 * 24 * HOUR).text

    assert "Free to change or cancel until Sat, Oct 31, 3:00 PM." in text


spans = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=400))
hours = st.integers(min_value=0, max_value=24 * 30)


@given(window=hours, free=hours, ahead=spans)
def test_r14_never_after_the_start_never_before_the_window_and_at_least_the_free_hours(window: int, free: int, ahead: timedelta) -> None:
    accepted_at = STARTS_AT - ahead
    asked = version(window_hours=window, free_hours=free)

    until = free_until(asked, starts_at=STARTS_AT, accepted_at=accepted_at)

    assert STARTS_AT - window * HOUR <= until <= STARTS_AT
    assert until >= min(accepted_at + free * HOUR, STARTS_AT)


@given(window=hours, free=hours, ahead=spans, later=spans)
def test_r14_who_accepts_later_is_never_worse_off(window: int, free: int, ahead: timedelta, later: timedelta) -> None:
    asked, first = version(window_hours=window, free_hours=free), STARTS_AT - ahead
    second = min(first + later, STARTS_AT)

    assert free_until(asked, starts_at=STARTS_AT, accepted_at=first) <= free_until(asked, starts_at=STARTS_AT, accepted_at=second)


# From when it is missed (R7d)


@pytest.mark.parametrize("late_minutes", [0, 15, 240])
def test_r7d_it_is_missed_the_late_minutes_after_the_start(late_minutes: int) -> None:
    found = said(version(late_minutes=late_minutes), accepted_at=STARTS_AT - 9 * 24 * HOUR)

    assert found.chargeable_from == STARTS_AT + timedelta(minutes=late_minutes)


# What the patient reads


def test_the_text_says_the_money_the_instant_and_the_authorization() -> None:
    found = said(version(), accepted_at=STARTS_AT - 9 * 24 * HOUR)

    assert found.text == (
        "Cancellation policy of Juniper Skin Studio, version 3\n\n"
        "We hold your time.\n\n"
        "Free to change or cancel until Tue, Oct 13, 3:30 PM. A missed appointment is charged $75.00.\n\n"
        "I authorize it."
    )
    assert found.text_hash == hashlib.sha256(found.text.encode()).hexdigest()
    assert found.fee == version().fee


@pytest.mark.parametrize(("ahead", "to_the_start"), [(25 * HOUR, False), (24 * HOUR, True), (HOUR, True)])
def test_whether_it_is_free_to_the_start(ahead: timedelta, to_the_start: bool) -> None:
    assert said(version(), accepted_at=STARTS_AT - ahead).free_to_the_start is to_the_start


@given(ahead=spans)
def test_the_same_terms_have_the_same_hash(ahead: timedelta) -> None:
    first, second = (said(version(), accepted_at=STARTS_AT - ahead) for _turn in range(2))

    assert (first, first.text_hash) == (second, second.text_hash)
