"""Patients: finding them, adding one, and the cards they gave. Whoever reads is written down (R25)."""

from ninja import Body, Query, Router

from kept.api import find
from kept.api.door import KeyRequest
from kept.api.pages import Page, by_name
from kept.api.shapes.lists import CardOnFile, PatientLine, PatientsAsked, PatientSent, PatientShape
from kept.events import journal
from kept.foundation import clock
from kept.noshows.queries import attendance
from kept.patients.models import Patient
from kept.patients.queries import patients
from kept.patients.transitions import add_patient

router = Router(tags=["Patients"])


@router.get("", response=Page[PatientLine])
def list_patients(request: KeyRequest, asked: Query[PatientsAsked]) -> Page[PatientLine]:
    """The practice's patients by name, or those whom a search finds."""
    journal.looked_at("patients searched", practice_id=request.member.practice_id, at=clock.now())
    found = by_name(patients(request.member, asked.q), "sort_name", asked=asked)
    return Page[PatientLine](items=[PatientLine.of(patient) for patient in found.rows], next=found.next)


@router.post("", response={201: PatientShape})
def post_patient(request: KeyRequest, body: Body[PatientSent]) -> PatientShape:
    """Add a patient."""
    added = add_patient(**body.model_dump(), by=request.member, at=clock.now())
    return PatientShape.whole(added, None)


@router.get("/{patient_id}", response=PatientShape)
def get_patient(request: KeyRequest, patient_id: str) -> PatientShape:
    """One patient, with facts on attendance."""
    patient = _read(request, patient_id, "patient opened")
    return PatientShape.whole(patient, attendance([patient.pk]).get(patient.pk))


@router.get("/{patient_id}/cards", response=Page[CardOnFile])
def list_cards(request: KeyRequest, patient_id: str) -> Page[CardOnFile]:
    """The cards she gave, newest first, all on one page."""
    patient = _read(request, patient_id, "cards opened")
    return Page[CardOnFile](items=[CardOnFile.of(card) for card in patient.cards.order_by("-given_at", "-id")], next=None)


def _read(request: KeyRequest, patient_id: str, what: str) -> Patient:
    patient = find.one(patients(request.member), patient_id)
    journal.looked_at(what, practice_id=patient.practice_id, patient_id=patient.pk, at=clock.now())
    return patient
