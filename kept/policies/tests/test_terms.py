"""The terms of a booking: to when it is free, from when it is missed, the most it can cost, and the text that says so (R14, R7d, I9)."""

import hashlib
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept.foundation.money import Money
from kept.policies.case import Case, Facts, Item
from kept.policies.document import Document, ForEach, HoursBefore, Kind, Nothing, Row, Share, Step, Sum, flat
from kept.policies.models import PolicyVersion
from kept.policies.rules import Terms, terms

NEW_YORK = ZoneInfo("America/New_York")
STARTS_AT = datetime(2026, 10, 14, 19, 30, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
LIP_FILLER = Item(service=UUID(int=1), minutes=60, minor=65_000)


def said(document: Document, *, ahead: timedelta = 9 * 24 * HOUR, starts_at: datetime = STARTS_AT) -> Terms:
    version = PolicyVersion(
        number=3,
        description=" We hold your time. ",
        authorization_text=" I authorize it. ",
        currency="USD",
        document=document.model_dump(mode="json", exclude_none=True),
    )
    facts = Facts(clinic=UUID(int=2), currency="USD", items=(LIP_FILLER,))
    return terms(version, Case(facts, starts_at, NEW_YORK, starts_at - ahead), practice="Juniper Skin Studio")


@pytest.mark.parametrize(
    ("ahead", "free"),
    [
        pytest.param(9 * 24 * HOUR, 24 * HOUR, id="booked long before: until the window"),
        pytest.param(48 * HOUR, 24 * HOUR, id="booked two days before: a day after acceptance is the window"),
        pytest.param(48 * HOUR - SECOND, 24 * HOUR - SECOND, id="a second later: a day after acceptance"),
        pytest.param(24 * HOUR, 0 * HOUR, id="booked at the window’s edge: a whole day, to the start"),
        pytest.param(3 * HOUR, 0 * HOUR, id="booked inside the window: never after the start"),
        pytest.param(0 * HOUR, 0 * HOUR, id="accepted as it starts"),
    ],
)
def test_r14_it_is_free_until(ahead: timedelta, free: timedelta) -> None:
    found = said(flat(7_500), ahead=ahead)

    assert (found.free_until, found.free_to_the_start) == (STARTS_AT - free, not free)


@pytest.mark.parametrize("late_minutes", [0, 15, 240])
def test_r7d_it_is_missed_the_late_minutes_after_the_start(late_minutes: int) -> None:
    assert said(flat(7_500, late_minutes=late_minutes)).chargeable_from == STARTS_AT + timedelta(minutes=late_minutes)


def test_i9_the_most_of_each_kind_is_what_is_accepted() -> None:
    assert said(flat(7_500)).most == {
        Kind.NO_SHOW: Money(7_500, "USD"),
        Kind.LATE_CANCEL: Money(7_500, "USD"),
        Kind.LATE_RESCHEDULE: Money(7_500, "USD"),
        Kind.LATE_ARRIVAL: Money(0, "USD"),
    }


# What the patient reads


def test_the_text_says_the_money_the_instants_and_the_authorization() -> None:
    found = said(flat(7_500))

    assert found.text == (
        "Cancellation policy of Juniper Skin Studio, version 3\n\n"
        "We hold your time.\n\n"
        "Free to change or cancel until Tue, Oct 13, 3:30 PM. After that it costs $75.00. A missed appointment is charged $75.00.\n\n"
        "I authorize it."
    )
    assert found.text_hash == hashlib.sha256(found.text.encode()).hexdigest()


def test_every_tier_is_named_with_its_instant_and_late_arrivals_with_their_minutes() -> None:
    document = Document(
        rows=(
            Row(
                steps=(
                    Step(kinds=(Kind.LATE_CANCEL,), notice=HoursBefore(hours=72), pays=Share(percent=25, at_most=15_000)),
                    Step(kinds=(Kind.LATE_CANCEL,), notice=HoursBefore(hours=24), pays=Share(percent=50)),
                    Step(kinds=(Kind.LATE_ARRIVAL,), from_minutes=10, pays=ForEach(unit="quarter_hour", minor=1_500)),
                    Step(kinds=(Kind.NO_SHOW,), pays=Share(percent=100)),
                )
            ),
        )
    )

    assert said(document).statement == (
        "Free to cancel until Sun, Oct 11, 3:30 PM. After that it costs $150.00. After Tue, Oct 13, 3:30 PM, $325.00. "
        "Free to change the time until it starts. From 10 minutes late, $15.00 for each 15 min. "
        "A missed appointment is charged $650.00."
    )


def test_what_costs_nothing_is_said_too() -> None:
    free = Document(rows=(Row(steps=(Step(kinds=(Kind.NO_SHOW,), pays=Nothing()),)),))

    assert said(free).statement == "Free to change or cancel until it starts. A missed appointment costs nothing."


def test_r14a_a_day_before_is_24_elapsed_hours_also_when_clocks_change() -> None:
    starts_at = datetime(2026, 11, 1, 19, 0, tzinfo=UTC)  # 2 PM; clocks went back that night

    assert said(flat(7_500), starts_at=starts_at).statement.startswith("Free to change or cancel until Sat, Oct 31, 3:00 PM.")


@given(ahead=st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=400)))
def test_the_same_terms_have_the_same_hash(ahead: timedelta) -> None:
    first, second = (said(flat(7_500), ahead=ahead) for _turn in range(2))

    assert (first, first.text_hash) == (second, second.text_hash)


def test_what_a_version_keeps_is_what_was_written() -> None:
    document = Document(rows=(Row(steps=(Step(kinds=(Kind.NO_SHOW,), pays=Sum(minor=1)),)),), late_minutes=30)

    assert Document.model_validate(document.model_dump(mode="json", exclude_none=True)) == document
