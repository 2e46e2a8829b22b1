"""A policy in words, for the desk, for the patient, and why."""

from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from kept.policies.case import Case, Facts, Item
from kept.policies.document import (
    BEFORE_THE_START,
    Ask,
    Band,
    ByPrice,
    Conditions,
    Deposit,
    Document,
    ForEach,
    HoursBefore,
    Kind,
    Nothing,
    Row,
    Season,
    Share,
    Step,
    Sum,
    WorkingDaysBefore,
    flat,
)
from kept.policies.fees import quote
from kept.policies.words import Words

LASER, HARBOR_POINT = UUID(int=1), UUID(int=2)
SAYS = Words("USD", {LASER: "Laser hair removal", HARBOR_POINT: "Harbor Point"})
STARTS_AT = datetime(2026, 10, 22, 14, 30, tzinfo=UTC)  # Thursday, 10:30 AM in New York
LIP_FILLER = Facts(clinic=UUID(int=3), currency="USD", items=(Item(service=UUID(int=4), category="Filler", minutes=60, minor=65_000),))


@pytest.mark.parametrize(
    ("conditions", "title", "subtitle"),
    [
        (Conditions(), "Everyone else", ""),
        (Conditions(services=(LASER,)), "Laser hair removal", ""),
        (Conditions(categories=("Facials", "Peels")), "Facials, Peels", ""),
        (Conditions(clinics=(HARBOR_POINT,), season=Season(first="12-15", last="01-05")), "Harbor Point", "Dec 15 – Jan 5, each year"),
        (Conditions(minutes_from=90), "Visits of 90 min or more", ""),
        (Conditions(price_from=10_000, price_below=30_000), "Visits at $100.00 to less than $300.00", ""),
        (Conditions(missed_from=1, patients="established"), "Established patients", "Missed 1 or more in 12 months"),
        (Conditions(missed_from=1, missed_to=2), "Missed 1 to 2 in 12 months", ""),
        (Conditions(services=(UUID(int=99),)), "A service that is gone", ""),
    ],
)
def test_who_and_what(conditions: Conditions, title: str, subtitle: str) -> None:
    assert (SAYS.title(conditions), SAYS.subtitle(conditions)) == (title, subtitle)


@pytest.mark.parametrize(
    ("step", "desk", "patient"),
    [
        (
            Step(kinds=BEFORE_THE_START, notice=WorkingDaysBefore(days=1, wall=time(15)), pays=ForEach(unit="zone", minor=2_500)),
            ("Cancels or moves", "after 3:00 PM, 1 working day before", "$25.00", "for each zone"),
            "Cancel or move after 3:00 PM, 1 working day before: $25.00 for each zone.",
        ),
        (
            Step(kinds=(Kind.LATE_CANCEL,), notice=HoursBefore(hours=72), pays=Share(percent=25, at_most=15_000)),
            ("Cancels", "less than 72 h before", "25 %", "at most $150.00"),
            "Cancel less than 72 hours before: 25 % of the price, at most $150.00.",
        ),
        (
            Step(kinds=(Kind.NO_SHOW,), pays=ByPrice(bands=(Band(up_to=10_000, percent=100), Band(percent=50)))),
            ("Does not come", "", "100 %", "to $100.00, else 50 %"),
            "If you miss it: 100 % of a price to $100.00, else 50 %.",
        ),
        (
            Step(kinds=(Kind.LATE_ARRIVAL,), from_minutes=10, pays=ForEach(unit="quarter_hour", minor=1_500)),
            ("Comes late", "from 10 min", "$15.00", "for each 15 min"),
            "From 10 minutes late: $15.00 for each 15 min.",
        ),
        (
            Step(kinds=(Kind.LATE_RESCHEDULE,), pays=Deposit()),
            ("Moves", "at any time", "The deposit", "is kept"),
            "Move at any time: your deposit.",
        ),
        (Step(kinds=(Kind.NO_SHOW,), pays=Nothing()), ("Does not come", "", "Nothing", ""), "If you miss it: nothing."),
        (
            Step(kinds=(Kind.NO_SHOW,), pays=Share(percent=50, at_least=10_000, at_most=30_000)),
            ("Does not come", "", "50 %", "$100.00 to $300.00"),
            "If you miss it: 50 % of the price, $100.00 to $300.00.",
        ),
    ],
)
def test_how_late_and_how_much(step: Step, desk: tuple[str, ...], patient: str) -> None:
    assert (SAYS.step(step), SAYS.to_patient(Row(steps=(step,)))) == (desk, patient)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (Ask(card=True), "Card"),
        (Ask(deposit=Share(percent=25, at_most=10_000)), "Card and a deposit of 25 %, at most $100.00"),
        (Ask(approval=True, prepay=True), "Staff approve, then full prepayment"),
        (Ask(pay_first=True), "Payment of the fee first"),
        (Ask(never_card=True), "Never a card"),
    ],
)
def test_what_booking_asks(ask: Ask, words: str) -> None:
    assert SAYS.ask(ask) == words


# Why


@pytest.mark.parametrize(
    ("kind", "at", "accepted", "words"),
    [
        (
            Kind.LATE_CANCEL,
            STARTS_AT - timedelta(hours=20, minutes=30),
            timedelta(days=9),
            "it is cancelled 20 h 30 min before, and free only until Wed, Oct 21, 10:30 AM.",
        ),
        (
            Kind.LATE_RESCHEDULE,
            STARTS_AT - timedelta(days=2),
            timedelta(days=9),
            "it is moved 2 days before, and free until Wed, Oct 21, 10:30 AM.",
        ),
        (Kind.LATE_CANCEL, STARTS_AT - timedelta(hours=1), timedelta(hours=5), "it was booked less than 24 h ago."),
        (Kind.NO_SHOW, STARTS_AT + timedelta(hours=1), timedelta(days=9), "the visit is missed."),
        (Kind.LATE_ARRIVAL, STARTS_AT + timedelta(minutes=5), timedelta(days=9), "no row says what this costs."),
    ],
)
def test_the_because(kind: Kind, at: datetime, accepted: timedelta, words: str) -> None:
    of = Case(LIP_FILLER, STARTS_AT, ZoneInfo("America/New_York"), STARTS_AT - accepted)

    assert SAYS.because(flat(7_500), of, quote(flat(7_500), of, kind, at=at), at=at) == words


def test_why_not_the_rows_above() -> None:
    fee = (Step(kinds=(Kind.NO_SHOW,), pays=Sum(minor=9_000)),)
    late = (Step(kinds=(Kind.LATE_ARRIVAL,), from_minutes=5, pays=Sum(minor=1_000)),)
    document = Document(
        rows=(
            Row(conditions=Conditions(services=(LASER,)), steps=fee),
            Row(conditions=Conditions(clinics=(HARBOR_POINT,)), steps=fee),
            Row(conditions=Conditions(minutes_from=90), steps=fee),
            Row(conditions=Conditions(price_below=10_000), steps=fee),
            Row(conditions=Conditions(missed_from=1), steps=fee),
            Row(conditions=Conditions(patients="new"), steps=fee),
            Row(conditions=Conditions(season=Season(first="12-15", last="01-05")), steps=fee),
            Row(conditions=Conditions(patients="established"), steps=late),
            *flat(7_500).rows,
        )
    )
    of = Case(LIP_FILLER, STARTS_AT, ZoneInfo("America/New_York"), STARTS_AT - timedelta(days=9))
    found = quote(document, of, Kind.NO_SHOW, at=STARTS_AT + timedelta(hours=1))

    assert [SAYS.why_not(document, of, passed, Kind.NO_SHOW) for passed in found.passed_over] == [
        "not Laser hair removal",
        "not at Harbor Point",
        "60 min, and the row is for 90 min or more",
        "$650.00, and the row is for less than $100.00",
        "no missed visit in 12 months",
        "an established patient",
        "not in Dec 15 – Jan 5, each year",
        "does not say what it costs when the patient does not come",
    ]
