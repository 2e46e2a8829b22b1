"""`kept import` on the records of a real salon, where KEPT_REAL_DATA names their folder. No row of them stands here."""

import csv
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from pytest_django import DjangoDbBlocker

from kept.foundation import clock
from kept.foundation.scope import scope
from kept.noshows import queries
from kept.ops.opening import open_practice
from kept.practice.models import Member
from kept.scheduling.models import Appointment, Claim
from tests.kit.database import OPENED, Cloned

SALON = Path(os.environ.get("KEPT_REAL_DATA", "")) / "salon-2018"
FILES = ("bookings.csv", "no_shows.csv", "services.csv")
MAPPING = """clinic = "Main Street"
date_format = "%m/%d/%Y"
time_format = "%I:%M:%S %p"
ends = 2018-07-29
visit = ["patient", "date", "staff"]

[[bookings]]
file = "bookings.csv"
columns = { patient = "Code", staff = "Staff", service = "Service", date = "Date", time = "Time" }

[[reports]]
file = "no_shows.csv"
outcome = "noshow"
columns = { patient = "Code", date = "Date", staff = "Staff", service = "Service" }

[services]
file = "services.csv"
columns = { code = "Code", name = "Desc", category = "Cate", price = "Price" }

[staff]
inactive = ["HOUSE"]
"""
ENDS = date(2018, 7, 29)
YEAR = queries.Filter(date(2018, 1, 1), date(2018, 12, 31))

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif("KEPT_REAL_DATA" not in os.environ, reason="KEPT_REAL_DATA names no folder"),
]


@dataclass(frozen=True, slots=True)
class Salon:
    """The practice after the import; `rejected` are the rows of its file of rejects."""

    practice_id: UUID
    mapping: Path
    rejected: list[dict[str, str]]


@pytest.fixture(scope="module")
def imported(cloned_database: Cloned, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Salon]:
    """Imported once for all tests, really committed."""
    folder = tmp_path_factory.mktemp("salon")
    mapping, rejects = folder / "salon.toml", folder / "rejects.csv"
    mapping.write_text(MAPPING)
    with django_db_blocker.unblock():
        try:
            practice_id = open_practice(
                slug="salon",
                name="Salon",
                currency="CAD",
                clinic="Main Street",
                zone="America/Vancouver",
                owner_name="Olive Wren",
                owner_email="olive.wren@example.com",
                at=OPENED,
            )
            run_import(mapping, "--apply", "--rejects", str(rejects))
            with rejects.open(newline="") as file:
                rejected = list(csv.DictReader(file))
            yield Salon(practice_id, mapping, rejected)
        finally:
            cloned_database.renew()


@pytest.fixture
def salon(imported: Salon) -> Iterator[Salon]:
    """The test stands in the salon's practice."""
    with scope(imported.practice_id, actor="test"):
        yield imported


def run_import(mapping: Path, *options: str) -> str:
    said = StringIO()
    call_command(
        "import",
        *(str(SALON / name) for name in FILES),
        "--practice",
        "salon",
        "--mapping",
        str(mapping),
        *options,
        stdout=said,
        stderr=StringIO(),
    )
    return said.getvalue()


def lines_of(name: str) -> list[dict[str, str]]:
    with (SALON / name).open(newline="") as file:
        return list(csv.DictReader(file))


def visit_of(line: dict[str, str]) -> tuple[date, str, str]:
    """The day, the client's code, the staff member."""
    return datetime.strptime(line["Date"], "%m/%d/%Y").date(), line["Code"], line["Staff"]  # noqa: DTZ007


def kept_visits(found: Any) -> set[tuple[date, str, str]]:
    return {(visit.local_date, visit.patient.external_id, visit.provider.name) for visit in found}


def test_of_sixty_no_show_lines_fifty_nine_stand_on_the_list_and_one_is_rejected(salon: Salon) -> None:
    listed = kept_visits(queries.no_shows(Member.objects.get(), YEAR, at=clock.now()))
    reported = lines_of("no_shows.csv")

    standing = [line for line in reported if visit_of(line) in listed]
    assert (len(reported), len(standing)) == (60, 59)
    assert listed == {visit_of(line) for line in standing}

    [missing] = [number for number, line in enumerate(reported, start=2) if line not in standing]
    [rejected] = [row for row in salon.rejected if row["File"] == "no_shows.csv"]
    assert (rejected["Line"], rejected["Reason"]) == (str(missing), "no patient code: nobody knows whose visit it was")


def test_the_list_and_its_totals_are_those_of_the_report(salon: Salon) -> None:
    owner = Member.objects.get()
    concluded = {visit_of(line) for line in lines_of("bookings.csv") if line["Code"] and visit_of(line)[0] <= ENDS}

    totals = queries.totals(owner, YEAR, at=clock.now())
    days = {(visit.local_date, visit.patient_id) for visit in queries.no_shows(owner, YEAR, at=clock.now())}
    all_days = {(day, code) for day, code, _staff in concluded}
    assert (totals.count, totals.concluded) == (59, len(concluded))
    assert (len(days), len(all_days)) == (58, 1492)


def test_every_booking_line_is_in_a_visit_or_rejected(salon: Salon) -> None:
    bookings = lines_of("bookings.csv")
    by_reason = Counter(row["Reason"].partition(":")[0] for row in salon.rejected if row["File"] == "bookings.csv")

    assert by_reason == {
        "no patient code": sum(not line["Code"] for line in bookings),
        "after the last day that the files cover": sum(visit_of(line)[0] > ENDS for line in bookings),
    }
    assert sum(visit.lines.count() for visit in Appointment.objects.all()) == len(bookings) - by_reason.total()
    assert kept_visits(Appointment.objects.select_related("patient", "provider", "clinic")) == {
        visit_of(line) for line in bookings if line["Code"] and visit_of(line)[0] <= ENDS
    }


def test_a_visit_starts_with_its_first_line_and_holds_no_time(salon: Salon) -> None:
    first: dict[tuple[date, str, str], int] = {}
    for line in lines_of("bookings.csv"):
        first[visit_of(line)] = min(int(line["TimeInt"]), first.get(visit_of(line), 24 * 60))

    for visit in Appointment.objects.select_related("patient", "provider", "clinic"):
        local = visit.starts_at.astimezone(visit.clinic.zone)
        assert local.hour * 60 + local.minute == first[(visit.local_date, str(visit.patient.external_id), visit.provider.name)]
    assert not Claim.objects.exists()


def test_a_second_import_adds_nothing(salon: Salon) -> None:
    before = Appointment.objects.count()

    said = run_import(salon.mapping, "--apply")

    assert f"Visits    0 new\n          {before:,} already there\n" in said
    assert Appointment.objects.count() == before
