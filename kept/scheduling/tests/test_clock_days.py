"""The day of an appointment is the clinic's own (R1, R17, I10, I11): at the ends of the world, and on days when clocks change."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kept.scheduling.transitions.attendance as attendance
import kept.scheduling.transitions.booking as booking
from kept.foundation import clock
from kept.ops.cast import House
from kept.practice.models import Clinic, Member
from kept.practice.rules import Role
from kept.scheduling.availability import free_starts
from kept.scheduling.fitting import Visit
from kept.scheduling.models import Appointment
from kept.scheduling.queries import day_book
from tests.kit.checks import refused

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)

# zone, a local day, its first instant in UTC, its length in hours
DAYS: dict[str, tuple[str, date, datetime, int]] = {
    "UTC+14, where a day begins first": ("Pacific/Kiritimati", date(2026, 10, 14), datetime(2026, 10, 13, 10), 24),
    "UTC-11, where a day begins last": ("Pacific/Pago_Pago", date(2026, 10, 14), datetime(2026, 10, 14, 11), 24),
    "New York, an hour skipped": ("America/New_York", date(2026, 3, 8), datetime(2026, 3, 8, 5), 23),
    "New York, an hour twice": ("America/New_York", date(2026, 11, 1), datetime(2026, 11, 1, 4), 25),
    "Lisbon, an hour twice": ("Europe/Lisbon", date(2026, 10, 25), datetime(2026, 10, 24, 23), 25),
    "Cairo, a day without midnight": ("Africa/Cairo", date(2026, 4, 24), datetime(2026, 4, 23, 22), 23),
    "Cairo, a day that ends twice": ("Africa/Cairo", date(2026, 10, 29), datetime(2026, 10, 28, 21), 25),
    "Santiago, a day without midnight": ("America/Santiago", date(2026, 9, 6), datetime(2026, 9, 6, 4), 23),
    "Santiago, a day that ends twice": ("America/Santiago", date(2026, 4, 4), datetime(2026, 4, 4, 3), 25),
    "Havana, two midnights": ("America/Havana", date(2026, 11, 1), datetime(2026, 11, 1, 4), 25),
    "Lord Howe, half an hour back": ("Australia/Lord_Howe", date(2026, 4, 5), datetime(2026, 4, 4, 13), 24),
    "Kathmandu, a quarter past": ("Asia/Kathmandu", date(2026, 10, 14), datetime(2026, 10, 13, 18, 15), 24),
}


def clinic_in(house: House, zone: str) -> Clinic:
    clinic = house.clinics["Elm Street"]
    clinic.zone_name = zone
    clinic.save(update_fields=["zone_name"])
    return clinic


def booked(house: House, clinic: Clinic, starts_at: datetime) -> Appointment:
    return booking.book(
        clinic=clinic,
        provider=house.providers["Tess Marrowby"],
        patient=house.patients[0],
        services=[house.services["Consultation"]],
        starts_at=starts_at,
        by=house.members[Role.FRONT_DESK],
        at=starts_at - timedelta(days=5),
    )


@pytest.mark.parametrize("case", DAYS)
def test_a_local_day_is_two_instants(case: str) -> None:
    zone, on, begins, hours = DAYS[case]

    start, end = clock.day(on, ZoneInfo(zone))

    expected = timedelta(hours=24.5) if zone == "Australia/Lord_Howe" else timedelta(hours=hours)
    assert (start, end - start) == (begins.replace(tzinfo=UTC), expected)


@pytest.mark.parametrize("late", [timedelta(0), 12 * HOUR])
@pytest.mark.parametrize("case", DAYS)
def test_r1_attendance_opens_with_the_clinics_day(odette: Member, juniper: House, case: str, late: timedelta) -> None:
    zone, on, begins, _hours = DAYS[case]
    start = begins.replace(tzinfo=UTC)
    appointment = booked(juniper, clinic_in(juniper, zone), start + late)

    with refused("too_early") as refusal:
        attendance.mark_noshow(appointment, reason="", note="", by=odette, at=start - SECOND)
    attendance.mark_noshow(appointment, reason="", note="", by=odette, at=start)

    assert refusal.value.facts == {"opens_on": on.isoformat()}
    assert Appointment.objects.get().status == "noshow"


@pytest.mark.parametrize("case", DAYS)
def test_r1_at_the_last_instant_of_its_day_it_opened_long_ago(odette: Member, juniper: House, case: str) -> None:
    zone, on, begins, _hours = DAYS[case]
    start, end = clock.day(on, ZoneInfo(zone))
    appointment = booked(juniper, clinic_in(juniper, zone), end - SECOND)

    attendance.check_in(appointment, by=odette, at=start)

    assert (appointment.local_date, Appointment.objects.get().status) == (on, "arrived")


def test_r1_two_clinics_of_one_practice_open_at_different_instants(odette: Member, juniper: House) -> None:
    starts_at = datetime(2026, 10, 14, 20, tzinfo=UTC)  # the 14th in New York and Los Angeles
    east = booked(juniper, juniper.clinics["Elm Street"], starts_at)
    west = booking.book(
        clinic=juniper.clinics["Harbor Point"],
        provider=juniper.providers["Petra Lindvall"],
        patient=juniper.patients[1],
        services=[juniper.services["Consultation"]],
        starts_at=starts_at,
        by=odette,
        at=starts_at - timedelta(days=5),
    )
    after_midnight_in_new_york = datetime(2026, 10, 14, 4, 30, tzinfo=UTC)

    attendance.check_in(east, by=odette, at=after_midnight_in_new_york)
    with refused("too_early"):
        attendance.check_in(west, by=odette, at=after_midnight_in_new_york)


@pytest.mark.parametrize("case", DAYS)
def test_a_day_book_holds_its_whole_day_and_no_more(odette: Member, juniper: House, case: str) -> None:
    zone, on, _begins, _hours = DAYS[case]
    clinic = clinic_in(juniper, zone)
    start, end = clock.day(on, clinic.zone)
    _before, first, last, _after = (booked(juniper, clinic, at) for at in (start - HOUR, start, end - HOUR, end))

    assert list(day_book(odette, clinic, on)) == [first, last]


# Hours and free times (R17)


@pytest.mark.parametrize(
    ("on", "opens", "closes"),
    [
        (date(2026, 3, 7), datetime(2026, 3, 7, 14), datetime(2026, 3, 7, 23)),
        (date(2026, 3, 8), datetime(2026, 3, 8, 13), datetime(2026, 3, 8, 22)),
    ],
)
def test_r17_opening_hours_are_wall_times(juniper: House, on: date, opens: datetime, closes: datetime) -> None:
    assert juniper.clinics["Elm Street"].hours(on) == (opens.replace(tzinfo=UTC), closes.replace(tzinfo=UTC))


def test_r17_free_times_follow_the_clock_over_the_change(juniper: House) -> None:
    elm, tess = juniper.clinics["Elm Street"], juniper.providers["Tess Marrowby"]
    evening_before = datetime(2026, 3, 8, 0, 0, tzinfo=UTC)
    visit = Visit.of([juniper.services["Lip filler"]])

    found = free_starts(elm, visit, first=date(2026, 3, 7), last=date(2026, 3, 8), at=evening_before, provider=tess)

    assert [slot.starts_at.astimezone(elm.zone).strftime("%a %H:%M") for slot in found[:3]] == ["Sun 09:00", "Sun 09:15", "Sun 09:30"]


# Wall times that clocks skip or show twice (I11)


def test_i11_a_time_that_clocks_skip_is_none() -> None:
    zone = ZoneInfo("America/New_York")

    with pytest.raises(ValueError, match="2026-03-08 02:30 does not exist in America/New_York"):
        clock.instant(datetime(2026, 3, 8, 2, 30), zone)  # noqa: DTZ001  a wall time


def test_i11_of_two_the_first_unless_the_second_is_meant() -> None:
    zone = ZoneInfo("America/New_York")
    wall = datetime(2026, 11, 1, 1, 30)  # noqa: DTZ001  a wall time

    assert [clock.instant(each, zone) for each in (wall, wall.replace(fold=1))] == [
        datetime(2026, 11, 1, 5, 30, tzinfo=UTC),
        datetime(2026, 11, 1, 6, 30, tzinfo=UTC),
    ]


ZONES = sorted({zone for zone, *_rest in DAYS.values()} | {"Asia/Beirut", "America/Asuncion", "Africa/Casablanca", "Asia/Tehran"})


@given(
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    on=st.dates(min_value=date(2024, 1, 1), max_value=date(2030, 12, 30)),
    into=st.integers(min_value=0, max_value=10**6 - 1),
)
def test_i11_every_instant_lies_in_the_day_that_the_clocks_show(zone: ZoneInfo, on: date, into: float) -> None:
    start, end = clock.day(on, zone)
    at = start + (end - start) * into / 10**6

    assert clock.local_date(at, zone) == on
    assert clock.day(on + timedelta(days=1), zone)[0] == end
    assert timedelta(hours=22) < end - start < timedelta(hours=26)
