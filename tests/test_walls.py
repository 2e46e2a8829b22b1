"""Attacks on the walls by raw SQL, as the role of web and worker, standing in one practice: what the database itself refuses (R24, I14)."""

from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from kept.foundation.ids import new_id
from kept.foundation.scope import outside, scope
from kept.ops.cast import House
from kept.scheduling.models import Appointment
from tests.kit.visits import STARTS_AT, accepted, book, card_of

CHECK, FOREIGN_KEY, DENIED, OVERLAPS, TWICE = "23514", "23503", "42501", "23P01", "23505"
FACTS = [
    "policies_policyversion",
    "policies_acceptance",
    "billing_invoiceline",
    "billing_payment",
    "billing_creditnote",
    "events_event",
    "events_access",
]


def run(sql: str, *parameters: Any) -> list[tuple[Any, ...]] | int:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        return cursor.fetchall() if cursor.description else cursor.rowcount


def refusal(sql: str, *parameters: Any) -> tuple[str, str | None]:
    """The state and the constraint with which the database refuses."""
    with pytest.raises(DatabaseError) as refused, transaction.atomic():
        run(sql, *parameters)
    cause: Any = refused.value.__cause__
    return cause.sqlstate, cause.diag.constraint_name


@pytest.fixture
def theirs(quinta: House) -> Appointment:
    """An appointment of the other practice."""
    with outside(), scope(quinta.practice.id, actor="test"):
        return accepted(book(quinta, service="Peeling"), card_of(quinta.patients[0]))


WALLED = sorted(
    model._meta.db_table
    for model in apps.get_models()
    if any(field.name == "practice" for field in model._meta.fields) and model._meta.managed
)


@pytest.mark.parametrize("table", WALLED)
def test_foreign_rows_are_invisible(theirs: Appointment, juniper: House, table: str) -> None:
    assert run(f"select count(*) from {table} where practice_id <> %s", juniper.practice.id) == [(0,)]


def test_foreign_rows_are_neither_changed_nor_deleted(theirs: Appointment, juniper: House) -> None:
    assert run("update scheduling_appointment set note = 'ours' where id = %s", theirs.id) == 0
    assert run("delete from scheduling_claim where appointment_id = %s", theirs.id) == 0


def test_an_own_row_is_not_moved_to_another_practice(appointment: Appointment, quinta: House) -> None:
    assert refusal("update patients_patient set practice_id = %s where id = %s", quinta.practice.id, appointment.patient_id)[0] == DENIED


def test_nothing_is_written_into_another_practice(juniper: House, quinta: House) -> None:
    insert = "insert into practice_counter (id, practice_id, name, value) values (%s, %s, 'invoice', 99999)"

    assert refusal(insert, new_id(), quinta.practice.id)[0] == DENIED


@pytest.mark.parametrize("statement", ["set local row_security = off; select count(*) from patients_patient", "truncate patients_patient"])
def test_the_wall_is_not_switched_off(juniper: House, statement: str) -> None:
    assert refusal(statement)[0] == DENIED


@pytest.mark.parametrize(
    "statement", ["alter table patients_patient disable row level security", "drop policy patient_wall on patients_patient"]
)
def test_nor_taken_down(juniper: House, statement: str) -> None:
    assert refusal(statement)[0] == DENIED


@pytest.mark.parametrize(
    ("table", "field", "constraint"),
    [
        ("scheduling_appointment", "patient_id", "appointment_patient_fk"),
        ("scheduling_appointment", "provider_id", "appointment_provider_fk"),
        ("scheduling_appointment", "clinic_id", "appointment_clinic_fk"),
    ],
)
def test_no_row_points_into_another_practice(
    appointment: Appointment, theirs: Appointment, table: str, field: str, constraint: str
) -> None:
    foreign = getattr(theirs, field)

    assert refusal(f"update {table} set {field} = %s where id = %s", foreign, appointment.id) == (FOREIGN_KEY, constraint)


def test_a_foreign_acceptance_proves_nothing_here(appointment_without_card: Appointment, theirs: Appointment) -> None:
    update = "update scheduling_appointment set acceptance_id = %s where id = %s"

    assert refusal(update, theirs.acceptance_id, appointment_without_card.id) == (FOREIGN_KEY, "appointment_acceptance_fk")


@pytest.mark.parametrize("table", FACTS)
@pytest.mark.parametrize("statement", ["update {} set practice_id = practice_id", "delete from {}", "truncate {}"])
def test_facts_are_only_added_to(juniper: House, table: str, statement: str) -> None:
    assert refusal(statement.format(table))[0] == DENIED


def test_no_change_without_an_actor(appointment: Appointment) -> None:
    assert refusal("set local app.actor = ''; update scheduling_appointment set note = 'who?'") == (CHECK, "actor_named")


def test_no_change_behind_historys_back(appointment: Appointment) -> None:
    update = "set local pgtrigger.ignore = '{scheduling_appointment:update_update}'; update scheduling_appointment set note = 'unseen'"

    assert refusal(update) == (CHECK, "history_on")


@pytest.mark.parametrize(
    ("start", "to"),
    [("booked", "booked-ish"), ("noshow", "arrived"), ("noshow", "cancelled"), ("fulfilled", "noshow"), ("entered-in-error", "booked")],
)
def test_no_status_is_jumped_to(appointment_that_is: Any, start: str, to: str) -> None:
    appointment = appointment_that_is(start)

    state, constraint = refusal("update scheduling_appointment set status = %s where id = %s", to, appointment.id)
    assert (state, constraint) == (CHECK, "appointment_moves")


def test_what_was_accepted_stays(appointment: Appointment) -> None:
    assert refusal("update scheduling_appointment set acceptance_id = null") == (CHECK, "acceptance_kept")


def test_an_appointment_is_never_deleted(appointment: Appointment) -> None:
    assert refusal("delete from scheduling_appointment")[0] in (CHECK, DENIED)


def test_no_two_live_claims_on_one_time(appointment: Appointment) -> None:
    insert = """insert into scheduling_claim (id, practice_id, resource_id, appointment_id, lane, during, live)
        select %s, practice_id, resource_id, appointment_id, 0, during, true from scheduling_claim"""

    assert refusal(insert, new_id()) == (OVERLAPS, "claim_once")


def test_a_claim_ends_with_its_appointment_and_returns_with_it(appointment: Appointment) -> None:
    run("update scheduling_appointment set status = 'noshow' where id = %s", appointment.id)
    assert run("select live from scheduling_claim where appointment_id = %s", appointment.id) == [(False,)]

    run("update scheduling_appointment set status = 'booked' where id = %s", appointment.id)
    assert run("select live from scheduling_claim where appointment_id = %s", appointment.id) == [(True,)]


CHARGE = """insert into billing_charge (id, practice_id, appointment_id, patient_id, card_id, amount_minor, currency, kind, booking_no,
    live, state, created_at, due_at, create_key, confirm_key, attempt, creations, cancel_requested, cancel_why, decline_code, decline_text,
    decline_advice, captured_minor, refund_reserved_minor, refunded_minor, flag, dispute)
    values (%s, %s, %s, %s, %s, %s, %s, 'no_show', 1, true, 'due', now(), now(), 'k', '', 0, 1, false, '', '', '', '', 0, 0, 0, '', '')"""


@pytest.mark.parametrize(("minor", "currency"), [(7_501, "USD"), (7_500, "EUR")])
def test_no_fee_above_what_was_accepted(appointment: Appointment, minor: int, currency: str) -> None:
    card = appointment.acceptance.card_id
    row = (new_id(), appointment.practice_id, appointment.id, appointment.patient_id, card, minor, currency)

    assert refusal(CHARGE, *row) == (CHECK, "fee_accepted")


def test_one_live_fee_per_booked_time(appointment: Appointment) -> None:
    def row() -> tuple[Any, ...]:
        return new_id(), appointment.practice_id, appointment.id, appointment.patient_id, appointment.acceptance.card_id, 7_500, "USD"

    run(CHARGE, *row())

    assert refusal(CHARGE, *row()) == (TWICE, "charge_live_once")


def test_a_double_booking_by_hand_needs_another_lane(juniper: House, appointment: Appointment) -> None:
    assert book(juniper, patient=juniper.patients[3], starts_at=STARTS_AT.replace(hour=14)).status == "booked"

    overlap = "update scheduling_claim set during = (select during from scheduling_claim where appointment_id = %s)"
    assert refusal(overlap, appointment.id)[0] == OVERLAPS
