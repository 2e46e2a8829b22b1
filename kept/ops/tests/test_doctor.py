"""The doctor finds every hole that somebody could forget, and says nothing against what stands."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from kept.ops import server
from kept.ops.doctor import examine, refuse_unsafe
from kept.practice.models import Practice
from tests.kit.database import Cloned

Owner = Callable[[str], None]
WALL = "enable row level security; create policy p on {table} using (practice_id = current_setting('app.practice')::uuid)"


@pytest.fixture
def owner(committed: Cloned) -> Owner:
    """`owner(statement)`: what a migration might do."""

    def run(statement: str) -> None:
        with committed.server.connect(server.OWNER, committed.name) as connection:
            connection.execute(statement.encode())

    return run


def found() -> dict[str, list[str]]:
    """What speaks against the walls; whether a worker runs is left aside."""
    return {finding.what: finding.against for finding in examine() if not finding.holds and "worker" not in finding.what}


@pytest.mark.django_db
def test_the_walls_stand() -> None:
    assert found() == {}


@pytest.mark.parametrize(
    ("statement", "what", "against"),
    [
        ("create table gap (practice_id uuid not null)", "Row security on every table of a practice", ["gap"]),
        (
            "create table gap (practice_id uuid not null); alter table gap enable row level security; create policy p on gap using (true)",
            "Every policy asks for the practice",
            ["gap.p"],
        ),
        (f"create table gap (practice_id uuid); alter table gap {WALL.format(table='gap')}", "Every row names its practice", ["gap"]),
        (
            "create table gap (practice_id uuid not null, patient_id uuid constraint gap_patient references patients_patient); "
            f"alter table gap {WALL.format(table='gap')}",
            "Keys stay within a practice",
            ["gap_patient"],
        ),
        (
            "create table gap (practice_id uuid not null, code text constraint gap_code unique); "
            f"alter table gap {WALL.format(table='gap')}",
            "Unique keys contain the practice",
            ["gap_code"],
        ),
        ("grant update on patients_patienthistory to kept_app", "History can only grow", ["patients_patienthistory"]),
        ("grant truncate on patients_patienthistory to kept_app", "History can only grow", ["patients_patienthistory"]),
        ("create view gap as select * from patients_patient", "Views obey the walls", ["gap"]),
        (
            "create function gap() returns int language sql security definer as 'select 1'",
            "No function runs as its owner unread",
            ["gap"],
        ),
        ("alter table scheduling_appointment disable trigger appointment_guard", "The guards are on", ["appointment_guard"]),
        ("drop trigger charge_guard on billing_charge", "The guards are on", ["charge_guard"]),
        (
            "alter table scheduling_claim drop constraint claim_once",
            "No two visits claim one time",
            ["the constraint claim_once is missing"],
        ),
        (
            "delete from django_migrations where app = 'events'",
            "All migrations are applied",
            ["events.0001_initial", "events.0002_newest_first"],
        ),
    ],
)
def test_it_finds(owner: Owner, statement: str, what: str, against: list[str]) -> None:
    owner(statement)

    assert found() == {what: against}


def test_a_view_that_obeys_is_no_hole(owner: Owner) -> None:
    owner("create view fine with (security_invoker = true) as select * from patients_patient")

    assert found() == {}


@pytest.mark.django_db
def test_the_app_may_serve() -> None:
    refuse_unsafe()


@pytest.mark.parametrize("role", [server.OWNER, server.SUPERUSER])
def test_nobody_else_may(committed: Cloned, role: str) -> None:
    with acting_as(role), pytest.raises(ImproperlyConfigured, match=f"{role} (owns the tables|is a superuser)"):
        refuse_unsafe()


def test_nor_does_it_serve_where_a_crash_may_lose_what_was_acknowledged(committed: Cloned) -> None:
    name = f'alter database "{committed.name}" set synchronous_commit ='
    with committed.server.connect() as admin:
        admin.execute(f"{name} off".encode())
    connections["default"].close()

    with pytest.raises(ImproperlyConfigured, match="synchronous_commit is off"):
        refuse_unsafe()


def test_outside_of_a_scope_even_the_doctor_sees_no_patients(committed: Cloned) -> None:
    """It asks the catalogue alone, so it runs without a practice."""
    examine()

    assert Practice.objects.exists()


@contextmanager
def acting_as(role: str) -> Iterator[None]:
    """Django connects as that role."""
    settings = connections["default"].settings_dict
    connections["default"].close()
    before, settings["USER"] = settings["USER"], role
    try:
        yield
    finally:
        connections["default"].close()
        settings["USER"] = before
