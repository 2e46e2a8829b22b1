"""Two records of one person become one, with all that was theirs, and apart again."""

from collections.abc import Callable
from datetime import date

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from kept.billing.models import Charge, Invoice
from kept.events.models import Event
from kept.ops.cast import House
from kept.patients.models import Card, Merge, Note, Patient
from kept.patients.queries import find, patient_or_404
from kept.patients.transitions import add_note, change_patient
from kept.policies.models import Acceptance
from kept.practice.models import Member
from kept.practice.rules import Role
from kept.rights.merging import merge, undo
from kept.rights.transitions import erase
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.checks import refused
from tests.kit.html import words
from tests.kit.money import marked
from tests.kit.visits import BOOKED_AT, QUARTER_PAST, STARTS_AT, accepted, book, card_of

LATER = QUARTER_PAST.replace(hour=20)
HERS = (Appointment, Note, Card, Acceptance, Invoice, Charge)


@pytest.fixture
def renata(juniper: House) -> Patient:
    return juniper.patients[0]


@pytest.fixture
def double(juniper: House, odette: Member) -> Patient:
    """Her other record, with a missed and paid visit, a card and a note."""
    patient = change_patient(juniper.patients[1], birth_date=date(1991, 2, 18), alert="Faints at needles", by=odette, at=BOOKED_AT)
    marked(accepted(book(juniper, patient=patient), card_of(patient)), "paid", by=odette)
    add_note(patient, "Parks at the back.", by=odette, at=QUARTER_PAST)
    return patient


def holders() -> dict[str, set[object]]:
    return {model.__name__: set(model.objects.values_list("patient", flat=True)) for model in HERS}  # type: ignore[attr-defined]


def test_all_that_was_hers_follows(leonora: Member, odette: Member, renata: Patient, double: Patient) -> None:
    name = double.name

    merge(renata, double, by=leonora, at=LATER)

    assert holders() == {model.__name__: {renata.pk} for model in HERS}
    renata.refresh_from_db()
    assert (renata.birth_date, renata.alert, renata.phone) == (date(1991, 2, 18), "Faints at needles", "(555) 0100")
    assert not find(odette, name).patients.filter(pk=double.pk).exists()
    assert patient_or_404(odette, double.pk) == renata
    assert Event.objects.get(kind="patient.merged").subject_id == renata.pk


def test_undone_each_has_what_it_had_and_what_came_to_its_visits_since(
    juniper: House, leonora: Member, odette: Member, renata: Patient, double: Patient
) -> None:
    visit = book(juniper, patient=double, starts_at=STARTS_AT.replace(day=20))
    made = merge(renata, double, by=leonora, at=LATER)
    since = book(juniper, patient=Patient.objects.get(pk=renata.pk), starts_at=STARTS_AT.replace(day=21))
    add_note(renata, "Came early.", by=odette, at=LATER)
    marked(accepted(Appointment.objects.get(pk=visit.pk), card_of(renata)), "declined", by=odette)

    undo(made, by=leonora, at=LATER)

    assert set(Appointment.objects.filter(patient=renata)) == {since}
    assert set(Charge.objects.values_list("patient", flat=True)) == {double.pk}
    assert list(Note.objects.order_by("at", "id").values_list("patient", "text")) == [
        (double.pk, "Parks at the back."),
        (renata.pk, "Came early."),
    ]
    renata.refresh_from_db()
    assert (renata.birth_date, renata.alert) == (None, "")
    assert find(odette, double.name).patients.filter(pk=double.pk).exists()
    with refused("wrong_status"):
        undo(made, by=leonora, at=LATER)


def test_what_is_written_for_the_merged_record_meanwhile_lands_where_it_went(
    juniper: House, leonora: Member, renata: Patient, double: Patient
) -> None:
    merge(renata, double, by=leonora, at=LATER)

    late = book(juniper, patient=double, starts_at=STARTS_AT.replace(day=22))

    assert Appointment.objects.get(pk=late.pk).patient == renata


def test_not_with_herself_nor_one_that_was_merged_or_erased(juniper: House, leonora: Member, renata: Patient, double: Patient) -> None:
    with refused("invalid"):
        merge(renata, renata, by=leonora, at=LATER)
    merge(renata, double, by=leonora, at=LATER)
    for kept, gone in ((juniper.patients[2], double), (double, juniper.patients[2])):
        with refused("wrong_status"):
            merge(kept, gone, by=leonora, at=LATER)
    erased = erase(juniper.patients[3], by=leonora, at=LATER)
    with refused("wrong_status"):
        merge(renata, erased, by=leonora, at=LATER)


def test_an_erased_patient_is_erased_in_the_records_that_were_merged_too(leonora: Member, renata: Patient, double: Patient) -> None:
    name = double.first_name
    made = merge(renata, double, by=leonora, at=LATER)

    erase(Patient.objects.get(pk=renata.pk), by=leonora, at=LATER)

    double.refresh_from_db()
    assert name not in double.name
    assert not apps.get_model("patients.PatientHistory")._default_manager.filter(first_name=name).exists()
    with refused("wrong_status"):
        undo(Merge.objects.get(pk=made.pk), by=leonora, at=LATER)


def test_i15_without_a_merge_an_invoice_stays_with_its_patient(renata: Patient, double: Patient) -> None:
    update = "update billing_invoice set patient_id = %s"
    with pytest.raises(IntegrityError, match="an issued invoice is final"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(update, [renata.pk])


def test_at_the_desk_it_is_proposed_done_and_undone(
    juniper: House, leonora: Member, odette: Member, signed_in: Callable[[Member], Browser], renata: Patient, double: Patient
) -> None:
    change_patient(double, phone=renata.phone, by=odette, at=LATER)
    owner, url = signed_in(leonora), reverse("desk:patient-merge", args=[renata.pk])

    assert f"{double.name}" in words(owner.get(url))
    assert "same phone" in words(owner.get(url))
    assert "Choose the duplicate." in words(owner.post(url, {}))
    assert signed_in(juniper.members[Role.FRONT_DESK]).post(url, {"other": str(double.pk)}).status_code == 403
    assert owner.post(url, {"other": str(double.pk)})["Location"] == reverse("desk:patient", args=[renata.pk])
    assert owner.get(reverse("desk:patient", args=[double.pk]))["Location"] == reverse("desk:patient", args=[renata.pk])
    made = Merge.objects.get()
    assert f"Merged with {double.name}" in words(owner.get(reverse("desk:patient-history", args=[renata.pk])))
    owner.post(reverse("desk:patient-unmerge", args=[renata.pk, made.pk]))
    assert set(Appointment.objects.values_list("patient", flat=True)) == {double.pk}
