"""History: every change of a row, by whom and why, whatever wrote it; and nothing of it ever changes."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from kept.foundation.scope import outside, scope
from kept.ops.cast import House
from kept.ops.people import JUNIPER
from kept.patients.models import Patient
from kept.practice.models import Practice


def history(patient: Patient) -> list[tuple[str, str, str, str]]:
    found = patient.history.order_by("pgh_id")
    return list(found.values_list("pgh_label", "first_name", "pgh_actor", "pgh_reason"))


def test_it_tells_each_change_with_actor_and_reason(juniper: House) -> None:
    patient = juniper.patients[0]

    with outside(), scope(juniper.practice.id, actor="user:7", reason="misspelt", source="screen"):
        patient.first_name = "Renate"
        patient.save(update_fields=["first_name"])

    assert history(patient) == [("insert", "Renata", "command:seed", ""), ("update", "Renate", "user:7", "misspelt")]


@pytest.mark.parametrize(
    "statement",
    [
        "update patients_patient set first_name = 'Raw' where id = %s",
        "with it as (select %s::uuid) update patients_patient set first_name = 'Raw'",
    ],
)
def test_raw_sql_is_told_too(juniper: House, statement: str) -> None:
    patient = juniper.patients[0]

    with connection.cursor() as cursor:
        cursor.execute(statement, [patient.id])

    assert history(patient)[-1] == ("update", "Raw", "test", "a test")


def test_a_bulk_update_is_told_row_by_row(juniper: House) -> None:
    Patient.objects.update(first_name="Bulk")

    told = Patient.history.rel.related_model.objects.filter(pgh_label="update", first_name="Bulk")
    assert told.count() == len(juniper.patients)


def test_a_change_that_changes_nothing_is_not_told(juniper: House) -> None:
    juniper.patients[0].save()

    assert len(history(juniper.patients[0])) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "update patients_patienthistory set first_name = 'Nobody'",
        "delete from patients_patienthistory",
        "truncate patients_patienthistory",
        "alter table patients_patient disable trigger all",
    ],
)
def test_the_app_can_not_rewrite_the_past(juniper: House, statement: str) -> None:
    with pytest.raises(DatabaseError, match="permission denied|must be owner"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_without_an_actor_nothing_is_written(juniper: House) -> None:
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set local app.actor = ''; update patients_patient set first_name = 'Nobody'")

    assert refused.value.__cause__.diag.constraint_name == "patient_history_actor"


@pytest.mark.django_db
def test_it_stands_behind_the_wall_of_its_practice(quinta: House) -> None:
    with scope(Practice.objects.get(slug=JUNIPER.slug).id, actor="test"):
        told = Patient.history.rel.related_model.objects.values_list("practice_id", flat=True)
        assert quinta.practice.id not in set(told)
