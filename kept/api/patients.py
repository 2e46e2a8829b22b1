"""Patients: finding, adding and changing them, their notes, and the cards they gave. Whoever reads is written down (R25)."""

from ninja import Body, Query, Router

import kept.billing.queries as billing
import kept.patients.queries as queries
import kept.patients.transitions as transitions
from kept.api import find
from kept.api.door import KeyRequest
from kept.api.pages import Page, Paged, by_name
from kept.api.shapes.patients import (
    CardOnFile,
    NoteSent,
    NoteShape,
    PatientChanged,
    PatientLine,
    PatientsAsked,
    PatientSent,
    PatientShape,
)
from kept.events import journal
from kept.foundation import clock
from kept.foundation.paging import page
from kept.noshows.queries import attendance
from kept.patients.models import Patient
from kept.practice.rules import Right
from kept.scheduling.queries import relying_on

router = Router(tags=["Patients"])


@router.get("", response=Page[PatientLine])
def list_patients(request: KeyRequest, asked: Query[PatientsAsked]) -> Page[PatientLine]:
    """The practice's patients by name, or those whom a search finds."""
    request.member.must(Right.SEE_PATIENTS)
    journal.looked_at("patients searched", practice_id=request.member.practice_id, at=clock.now())
    found = by_name(queries.patients(request.member, asked.search), "sort_name", asked=asked)
    return Page[PatientLine](items=[PatientLine.of(patient) for patient in found.rows], next=found.next)


@router.post("", response={201: PatientShape})
def post_patient(request: KeyRequest, body: Body[PatientSent]) -> PatientShape:
    """Add a patient."""
    return _whole(request, transitions.add_patient(**body.model_dump(), by=request.member, at=clock.now()))


@router.get("/{patient_id}", response=PatientShape)
def get_patient(request: KeyRequest, patient_id: str) -> PatientShape:
    """One patient, with facts on attendance and what she owes."""
    return _whole(request, _read(request, patient_id, "patient opened"))


@router.patch("/{patient_id}", response=PatientShape)
def patch_patient(request: KeyRequest, patient_id: str, body: Body[PatientChanged]) -> PatientShape:
    """Change what is sent, and nothing else. The record says who changed what."""
    patient = _read(request, patient_id, "patient opened")
    return _whole(request, transitions.change_patient(patient, **body.model_dump(exclude_unset=True), by=request.member, at=clock.now()))


@router.get("/{patient_id}/notes", response=Page[NoteShape])
def list_notes(request: KeyRequest, patient_id: str, asked: Query[Paged]) -> Page[NoteShape]:
    """What staff wrote down about her, newest first."""
    patient = _read(request, patient_id, "notes opened")
    found = page(queries.notes(patient), by="at", cursor=asked.cursor, limit=asked.limit)
    return Page[NoteShape](items=[NoteShape.of(note) for note in found.rows], next=found.next)


@router.post("/{patient_id}/notes", response={201: NoteShape})
def post_note(request: KeyRequest, patient_id: str, body: Body[NoteSent]) -> NoteShape:
    """Write a note. It stays as it is."""
    patient = _read(request, patient_id, "notes opened")
    return NoteShape.of(transitions.add_note(patient, body.text, by=request.member, at=clock.now()))


@router.get("/{patient_id}/cards", response=Page[CardOnFile])
def list_cards(request: KeyRequest, patient_id: str) -> Page[CardOnFile]:
    """The cards on her profile, newest first, all on one page, each with the appointments that rely on it."""
    patient = _read(request, patient_id, "cards opened")
    cards = list(queries.cards(patient))
    relying = list(relying_on([card.pk for card in cards]))
    items = []
    for card in cards:
        mine = [each for each in relying if each.acceptance and each.acceptance.card_id == card.pk]
        seen = [each for each in mine if request.member.may(Right.SEE_BOOK, each)]
        items.append(CardOnFile.of(card, seen, len(mine) - len(seen)))
    return Page[CardOnFile](items=items, next=None)


@router.delete("/{patient_id}/cards/{card_id}", response={204: None})
def delete_card(request: KeyRequest, patient_id: str, card_id: str) -> None:
    """Take a card off the profile. It stays usable for the booked appointments that rely on it, and for nothing new."""
    patient = _read(request, patient_id, "cards opened")
    transitions.take_off(find.one(patient.cards.all(), card_id), by=request.member, at=clock.now())


def _whole(request: KeyRequest, patient: Patient) -> PatientShape:
    owes = billing.balances(request.member, [patient.pk]).get(patient.pk, []) if request.member.may(Right.SEE_SALES) else None
    return PatientShape.whole(patient, attendance([patient.pk]).get(patient.pk), owes)


def _read(request: KeyRequest, patient_id: str, what: str) -> Patient:
    request.member.must(Right.SEE_PATIENTS)
    patient = find.one(queries.patients(request.member), patient_id)
    journal.looked_at(what, practice_id=patient.practice_id, patient_id=patient.pk, at=clock.now())
    return patient
