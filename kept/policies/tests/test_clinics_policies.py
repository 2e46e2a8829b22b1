"""Policies as ten aesthetic and skin clinics publish them, each in its own form, with what it comes to before, at and after each limit.

At a limit the patient still has the benefit. Times are those of the clinic’s clocks, in New York; a visit after a weekend, after a holiday,
and on days when clocks change are among them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from kept.foundation.money import Money
from kept.policies.asks import Asked, asked
from kept.policies.case import Case, Facts, Item
from kept.policies.document import (
    BEFORE_THE_START,
    Ask,
    AskConditions,
    Band,
    ByPrice,
    Conditions,
    Deposit,
    Document,
    ForEach,
    HoursBefore,
    Kind,
    Nothing,
    Notice,
    Pays,
    Row,
    Season,
    Share,
    Step,
    Sum,
    WorkingDaysBefore,
)
from kept.policies.fees import missed_from, quote

NEW_YORK = ZoneInfo("America/New_York")
TICK = timedelta.resolution
CANCEL, MOVE, LATE, MISS = Kind.LATE_CANCEL, Kind.LATE_RESCHEDULE, Kind.LATE_ARRIVAL, Kind.NO_SHOW
THANKSGIVING = date(2026, 11, 26)
MOHS, MOLES = UUID(int=21), UUID(int=22)

Open = Callable[[date], bool]


def every_day(_on: date) -> bool:
    return True


def weekdays(on: date) -> bool:
    """Closed on weekends and on the holiday."""
    return on.weekday() < 5 and on != THANKSGIVING


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(ZoneInfo("UTC"))


@dataclass(frozen=True)
class Visit:
    """When it starts, and what the policy asks of it and its patient."""

    starts: str
    minor: int = 20_000
    minutes: int = 60
    zones: int = 1
    service: UUID = UUID(int=1)
    category: str = "Injectables"
    new: bool = False
    missed: int = 0
    deposit: int = 0

    def case(self, is_open: Open) -> Case:
        starts_at = local(self.starts)
        accepted_at = starts_at - timedelta(days=60)
        item = Item(service=self.service, category=self.category, minutes=self.minutes, minor=self.minor, zones=self.zones)
        missed_at = (accepted_at - timedelta(days=1),) * self.missed
        facts = Facts(clinic=UUID(int=9), currency="USD", items=(item,), new=self.new, missed_at=missed_at, deposit=self.deposit)
        return Case(facts, starts_at, NEW_YORK, accepted_at, is_open)


@dataclass(frozen=True)
class Limit:
    """What it costs, in minor units, up to that moment, itself included, and right after it."""

    visit: Visit
    kind: Kind
    moment: str
    until: int
    after: int


@dataclass(frozen=True)
class Clinic:
    """A clinic's policy, the limits it draws, and what missing a visit costs."""

    document: Document
    limits: tuple[Limit, ...]
    missed: tuple[tuple[Visit, int], ...]
    is_open: Open = every_day


def leaving(notice: Notice, pays: Pays) -> Step:
    return Step(kinds=BEFORE_THE_START, notice=notice, pays=pays)


def missing(pays: Pays) -> Step:
    return Step(kinds=(MISS,), pays=pays)


def hours(count: int) -> HoursBefore:
    return HoursBefore(hours=count)


def both(visit: Visit, moment: str, until: int, after: int) -> tuple[Limit, Limit]:
    """Cancelling and moving alike."""
    return Limit(visit, CANCEL, moment, until, after), Limit(visit, MOVE, moment, until, after)


MONDAY, FRIDAY = "2026-10-19T10:00", "2026-11-27T10:00"  # after a weekend; after the holiday
FORWARD, BACK = "2026-03-08T10:00", "2026-11-01T10:00"  # Sundays on which clocks change at two in the morning

CLINICS = {
    "a 48 hour window, half the price, all of it when missed": Clinic(
        Document(rows=(Row(steps=(leaving(hours(48), Share(percent=50)), missing(Share(percent=100)))),)),
        limits=(
            *both(Visit(MONDAY), "2026-10-17T10:00", 0, 10_000),
            *both(Visit(FRIDAY, minor=18_500), "2026-11-25T10:00", 0, 9_250),
            *both(Visit(FORWARD), "2026-03-06T09:00", 0, 10_000),  # 48 hours that hold a lost one
            *both(Visit(BACK), "2026-10-30T11:00", 0, 10_000),  # and one twice
        ),
        missed=((Visit(MONDAY), 20_000),),
    ),
    "a day's notice, dearer for visits of 45 minutes or more": Clinic(
        Document(
            rows=(
                Row(conditions=Conditions(minutes_from=45), steps=(leaving(hours(24), Sum(minor=10_000)), missing(Sum(minor=10_000)))),
                Row(steps=(leaving(hours(24), Sum(minor=5_000)), missing(Sum(minor=5_000)))),
            ),
            asks=(Ask(card=True), Ask(conditions=AskConditions(missed_from=2), card=True, prepay=True)),
        ),
        limits=(
            *both(Visit(MONDAY, minutes=45), "2026-10-18T10:00", 0, 10_000),
            *both(Visit(MONDAY, minutes=44), "2026-10-18T10:00", 0, 5_000),
            *both(Visit(FRIDAY, minutes=30), "2026-11-26T10:00", 0, 5_000),
            *both(Visit(FORWARD), "2026-03-07T09:00", 0, 10_000),
        ),
        missed=((Visit(MONDAY, minutes=45), 10_000), (Visit(MONDAY, minutes=15), 5_000)),
    ),
    "late by the quarter hour, missed after half an hour, the lesser of the price and $100": Clinic(
        Document(
            rows=(
                Row(
                    steps=(
                        Step(kinds=(LATE,), from_minutes=0, pays=ForEach(unit="quarter_hour", minor=5_000)),
                        leaving(hours(24), Share(percent=100, at_most=10_000)),
                        missing(Share(percent=100, at_most=10_000)),
                    )
                ),
            ),
            late_minutes=30,
        ),
        limits=(
            Limit(Visit(MONDAY), LATE, "2026-10-19T10:00", 0, 5_000),
            Limit(Visit(MONDAY), LATE, "2026-10-19T10:15", 5_000, 10_000),
            Limit(Visit(BACK), LATE, "2026-11-01T10:15", 5_000, 10_000),
            *both(Visit(MONDAY, minor=8_000), "2026-10-18T10:00", 0, 8_000),
            *both(Visit(FRIDAY), "2026-11-26T10:00", 0, 10_000),
        ),
        missed=((Visit(MONDAY, minor=8_000), 8_000), (Visit(MONDAY, minor=10_001), 10_000)),
    ),
    "$30 when late, missed by the price: all of it to $100, else half": Clinic(
        Document(
            rows=(
                Row(
                    steps=(
                        leaving(hours(24), Sum(minor=3_000)),
                        missing(ByPrice(bands=(Band(up_to=10_000, percent=100), Band(percent=50)))),
                    )
                ),
            )
        ),
        limits=(
            *both(Visit(MONDAY), "2026-10-18T10:00", 0, 3_000),
            *both(Visit(FRIDAY, minor=2_000), "2026-11-26T10:00", 0, 3_000),
            *both(Visit(BACK), "2026-10-31T11:00", 0, 3_000),
        ),
        missed=((Visit(MONDAY, minor=10_000), 10_000), (Visit(MONDAY, minor=10_100), 5_050), (Visit(MONDAY, minor=9_999), 9_999)),
    ),
    "a $50 deposit, kept without two working days of notice": Clinic(
        Document(
            rows=(Row(steps=(leaving(WorkingDaysBefore(days=2, wall=time(10)), Deposit()), missing(Deposit()))),),
            asks=(Ask(card=True, deposit=Sum(minor=5_000)),),
        ),
        limits=(
            *both(Visit("2026-10-21T10:00", deposit=5_000), "2026-10-19T10:00", 0, 5_000),
            *both(Visit(MONDAY, deposit=5_000), "2026-10-15T10:00", 0, 5_000),  # over the weekend: Thursday
            *both(Visit(FRIDAY, deposit=5_000), "2026-11-24T10:00", 0, 5_000),  # the holiday does not count: Tuesday
            *both(Visit("2026-03-09T10:00", deposit=5_000), "2026-03-05T10:00", 0, 5_000),  # the same wall time, clocks changed or not
            *both(Visit("2026-11-02T10:00", deposit=5_000), "2026-10-29T10:00", 0, 5_000),
        ),
        missed=((Visit(MONDAY, deposit=5_000), 5_000), (Visit(MONDAY), 0)),
        is_open=weekdays,
    ),
    "new patients lose their deposit, established ones pay by the kind of visit": Clinic(
        Document(
            rows=(
                Row(
                    conditions=Conditions(categories=("Cosmetic",), patients="established"),
                    steps=(leaving(hours(24), Sum(minor=10_000)), missing(Sum(minor=10_000))),
                ),
                Row(conditions=Conditions(patients="new"), steps=(leaving(hours(24), Deposit()), missing(Deposit()))),
                Row(steps=(leaving(hours(24), Sum(minor=5_000)), missing(Sum(minor=5_000)))),
            ),
            asks=(
                Ask(conditions=AskConditions(patients="new", categories=("Cosmetic",)), card=True, deposit=Sum(minor=8_500)),
                Ask(conditions=AskConditions(patients="new"), card=True, deposit=Sum(minor=5_000)),
            ),
        ),
        limits=(
            *both(Visit(MONDAY, category="Cosmetic"), "2026-10-18T10:00", 0, 10_000),
            *both(Visit(MONDAY, category="Medical"), "2026-10-18T10:00", 0, 5_000),
            *both(Visit(FRIDAY, category="Cosmetic", new=True, deposit=8_500), "2026-11-26T10:00", 0, 8_500),
            *both(Visit(FORWARD, category="Medical", new=True, deposit=5_000), "2026-03-07T09:00", 0, 5_000),
        ),
        missed=((Visit(MONDAY, category="Cosmetic"), 10_000), (Visit(MONDAY, category="Cosmetic", new=True, deposit=8_500), 8_500)),
    ),
    "a day's notice asked, in December three, or half the price": Clinic(
        Document(
            rows=(
                Row(
                    conditions=Conditions(season=Season(first="12-01", last="12-31")),
                    steps=(leaving(hours(72), Share(percent=50)), missing(Share(percent=50))),
                ),
                Row(steps=(leaving(hours(24), Nothing()), missing(Nothing()))),
            )
        ),
        limits=(
            *both(Visit("2026-11-30T23:00"), "2026-11-29T23:00", 0, 0),
            *both(Visit("2026-12-01T10:00"), "2026-11-28T10:00", 0, 10_000),  # over a weekend
            *both(Visit("2026-12-28T10:00"), "2026-12-25T10:00", 0, 10_000),  # from a holiday on
            *both(Visit("2026-12-31T10:00"), "2026-12-28T10:00", 0, 10_000),
            *both(Visit("2027-01-01T10:00"), "2026-12-31T10:00", 0, 0),
            *both(Visit(BACK), "2026-10-31T11:00", 0, 0),
        ),
        missed=((Visit("2026-12-01T10:00"), 10_000), (Visit(MONDAY), 0)),
    ),
    "half the price, $25 at least, all of it when missed": Clinic(
        Document(rows=(Row(steps=(leaving(hours(24), Share(percent=50, at_least=2_500)), missing(Share(percent=100)))),)),
        limits=(
            *both(Visit(MONDAY, minor=4_000), "2026-10-18T10:00", 0, 2_500),
            *both(Visit(MONDAY, minor=5_000), "2026-10-18T10:00", 0, 2_500),
            *both(Visit(FRIDAY, minor=5_100), "2026-11-26T10:00", 0, 2_550),
            *both(Visit(FORWARD), "2026-03-07T09:00", 0, 10_000),
        ),
        missed=((Visit(MONDAY, minor=4_000), 4_000),),
    ),
    "by what was planned: $25, $75 and $200, and the deposit of cosmetic visits": Clinic(
        Document(
            rows=(
                Row(conditions=Conditions(services=(MOHS,)), steps=(leaving(hours(24), Sum(minor=20_000)), missing(Sum(minor=20_000)))),
                Row(conditions=Conditions(services=(MOLES,)), steps=(leaving(hours(24), Sum(minor=7_500)), missing(Sum(minor=7_500)))),
                Row(conditions=Conditions(categories=("Cosmetic",)), steps=(leaving(hours(24), Deposit()), missing(Deposit()))),
                Row(steps=(leaving(hours(24), Sum(minor=2_500)), missing(Sum(minor=2_500)))),
            ),
            asks=(Ask(conditions=AskConditions(categories=("Cosmetic",)), card=True, deposit=Sum(minor=15_000)), Ask(card=True)),
        ),
        limits=(
            *both(Visit(MONDAY, service=MOHS), "2026-10-18T10:00", 0, 20_000),
            *both(Visit(FRIDAY, service=MOLES), "2026-11-26T10:00", 0, 7_500),
            *both(Visit(BACK, category="Cosmetic", deposit=15_000), "2026-10-31T11:00", 0, 15_000),
            *both(Visit(MONDAY), "2026-10-18T10:00", 0, 2_500),
        ),
        missed=(
            (Visit(MONDAY, service=MOHS), 20_000),
            (Visit(MONDAY, category="Cosmetic", deposit=15_000), 15_000),
            (Visit(MONDAY), 2_500),
        ),
    ),
    "$50 paid before the next booking, all of the price when missed, prepaid after three": Clinic(
        Document(
            rows=(Row(steps=(leaving(hours(24), Sum(minor=5_000)), missing(Share(percent=100)))),),
            asks=(
                Ask(conditions=AskConditions(unpaid_fee=True), pay_first=True),
                Ask(conditions=AskConditions(missed_from=3, missed_months=120), card=True, prepay=True),
                Ask(card=True),
            ),
        ),
        limits=(
            *both(Visit(MONDAY), "2026-10-18T10:00", 0, 5_000),
            *both(Visit(FRIDAY), "2026-11-26T10:00", 0, 5_000),
            *both(Visit(FORWARD), "2026-03-07T09:00", 0, 5_000),
            *both(Visit(BACK), "2026-10-31T11:00", 0, 5_000),
        ),
        missed=((Visit(MONDAY), 20_000), (Visit(MONDAY, missed=3), 20_000)),
    ),
}

LIMITS = [
    pytest.param(clinic, limit, id=f"{name}: {limit.kind}, {limit.moment}") for name, clinic in CLINICS.items() for limit in clinic.limits
]
MISSED = [pytest.param(clinic, visit, fee, id=f"{name}: {fee}") for name, clinic in CLINICS.items() for visit, fee in clinic.missed]


@pytest.mark.parametrize(("clinic", "limit"), LIMITS)
def test_r14_before_at_and_after_the_limit_it_costs(clinic: Clinic, limit: Limit) -> None:
    case, moment = limit.visit.case(clinic.is_open), local(limit.moment)

    fees = [quote(clinic.document, case, limit.kind, at=at).fee.minor for at in (moment - TICK, moment, moment + TICK)]

    assert fees == [limit.until, limit.until, limit.after]


@pytest.mark.parametrize(("clinic", "visit", "fee"), MISSED)
def test_a_missed_visit_costs(clinic: Clinic, visit: Visit, fee: int) -> None:
    case = visit.case(clinic.is_open)

    assert quote(clinic.document, case, MISS, at=missed_from(clinic.document, case)).fee == Money(fee, "USD")


def test_r14_right_after_booking_it_is_free_whatever_the_policy_says() -> None:
    for clinic in CLINICS.values():
        visit = Visit(MONDAY, deposit=5_000)
        case = visit.case(clinic.is_open)
        just_now = Case(case.facts, case.starts_at, case.zone, case.starts_at - timedelta(hours=3), case.open_on)

        assert not quote(clinic.document, just_now, CANCEL, at=case.starts_at).fee


NOTHING = Money(0, "USD")
BOOKING = {
    "a $50 deposit, kept without two working days of notice": [(Visit(MONDAY), False, Asked(True, Money(5_000, "USD"), False, False))],
    "new patients lose their deposit, established ones pay by the kind of visit": [
        (Visit(MONDAY, category="Cosmetic", new=True), False, Asked(True, Money(8_500, "USD"), False, False)),
        (Visit(MONDAY, category="Medical", new=True), False, Asked(True, Money(5_000, "USD"), False, False)),
        (Visit(MONDAY, category="Medical"), False, Asked(False, NOTHING, False, False)),
    ],
    "$50 paid before the next booking, all of the price when missed, prepaid after three": [
        (Visit(MONDAY, missed=2), False, Asked(True, NOTHING, False, False)),
        (Visit(MONDAY, missed=3), False, Asked(True, Money(20_000, "USD"), False, False)),
        (Visit(MONDAY), True, Asked(True, NOTHING, False, True)),
    ],
}


@pytest.mark.parametrize("name", BOOKING)
def test_r18_booking_asks(name: str) -> None:
    document = CLINICS[name].document

    found = [asked(document, visit.case(every_day), unpaid_fee=unpaid) for visit, unpaid, _asked in BOOKING[name]]

    assert found == [expected for _visit, _unpaid, expected in BOOKING[name]]
