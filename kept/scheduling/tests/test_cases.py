"""A visit as a policy judges it: its services as booked, its patient's past, and the days on which its clinic is open (R14a)."""

from datetime import date, datetime, time, timedelta

import pytest

from kept.ops.cast import House
from kept.policies import fees
from kept.policies.document import BEFORE_THE_START, Document, Kind, Row, Step, Sum, WorkingDaysBefore
from kept.practice.models import OpeningHours
from kept.practice.queries import open_days
from kept.scheduling.cases import case_for, case_of
from kept.scheduling.models import Appointment
from tests.kit.visits import ACCEPTED_AT, STARTS_AT, accepted, book, card_of

WORKING = Document(
    rows=(Row(steps=(Step(kinds=BEFORE_THE_START, notice=WorkingDaysBefore(days=1, wall=time(15)), pays=Sum(minor=2500)),)),)
)
MONDAY = datetime(2026, 10, 19, 14, 30, tzinfo=STARTS_AT.tzinfo)  # 10:30 AM in New York


@pytest.fixture
def week(juniper: House) -> None:
    """Elm Street is open from Monday to Saturday, and closed on Saturday, October 17."""
    clinic = juniper.clinics["Elm Street"]
    OpeningHours.objects.filter(clinic=clinic).delete()
    hours = {"practice": juniper.practice, "clinic": clinic}
    OpeningHours.objects.bulk_create(OpeningHours(**hours, weekday=day, opens_at=time(9), closes_at=time(18)) for day in range(6))
    OpeningHours.objects.create(**hours, on=date(2026, 10, 17), why="Inventory")


def test_r14a_closed_days_of_the_clinic_do_not_count(week: None, juniper: House) -> None:
    case = case_for(juniper.clinics["Elm Street"], [juniper.services["Lip filler"]], None, starts_at=MONDAY, at=ACCEPTED_AT)

    limit = fees.free_until(WORKING, case)

    assert limit.astimezone(case.zone) == datetime(2026, 10, 16, 15, 0, tzinfo=case.zone)  # Friday: Saturday is closed, and Sunday always


def test_r14a_a_date_with_hours_of_its_own_is_open(week: None, juniper: House) -> None:
    clinic = juniper.clinics["Elm Street"]
    OpeningHours.objects.create(practice=juniper.practice, clinic=clinic, on=date(2026, 10, 18), opens_at=time(10), closes_at=time(14))

    days = open_days(clinic)

    assert [days(date(2026, 10, day)) for day in (16, 17, 18, 19, 25)] == [True, False, True, True, False]


def test_without_a_week_a_clinic_is_open_every_day(juniper: House) -> None:
    clinic = juniper.clinics["Elm Street"]
    OpeningHours.objects.filter(clinic=clinic).delete()

    assert open_days(clinic)(date(2026, 10, 18))


def test_r14a_a_moved_visit_keeps_what_was_accepted_and_its_windows_run_against_the_new_start(juniper: House) -> None:
    visit = accepted(book(juniper), card_of(juniper.patients[0]))
    before = case_of(visit, at=ACCEPTED_AT)
    Appointment.objects.filter(pk=visit.pk).update(starts_at=STARTS_AT + timedelta(days=2), ends_at=STARTS_AT + timedelta(days=2, hours=1))

    after = case_of(Appointment.objects.locked(visit), at=ACCEPTED_AT)

    assert (after.facts, after.accepted_at, after.starts_at - before.starts_at) == (before.facts, before.accepted_at, timedelta(days=2))


def test_the_facts_are_the_prices_booked_and_the_patients_past(juniper: House, appointment: Appointment) -> None:
    case = case_of(appointment, at=ACCEPTED_AT)

    assert (case.facts.price.minor, case.facts.new, case.facts.missed_at, case.minutes) == (65_000, True, (), 60)
    assert fees.most(WORKING, case, Kind.LATE_CANCEL).minor == 2500
