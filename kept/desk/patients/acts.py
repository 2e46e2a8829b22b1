"""What staff do with a patient's record: change her particulars, write a note, take a card off, stop text messages."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

import kept.scheduling.queries as scheduling
from kept.desk.patients.forms import EditForm, NoteForm, PatientForm
from kept.desk.patients.history import shown
from kept.foundation import clock
from kept.foundation.pages import attempt, dialog, told
from kept.messaging.reach import number_of
from kept.messaging.stopping import resume_texts, stop_texts
from kept.patients import transitions
from kept.patients.models import Card, Patient
from kept.patients.queries import patient_or_404
from kept.practice.doors import MemberRequest, member_required
from kept.practice.rules import Right


@member_required
def edit(request: MemberRequest, patient_id: UUID) -> HttpResponse:
    """Change her particulars. Where somebody else did meanwhile, both are shown, and saving again decides."""
    now, member, patient = clock.now(), request.member, patient_or_404(request.member, patient_id)
    member.must(Right.CHANGE_PATIENTS)
    stale: list[tuple[str, str]] | None = None
    form = EditForm(request.POST or None, initial={field: getattr(patient, field) for field in PatientForm.base_fields})
    if request.method == "POST" and form.is_valid():
        version, given = form.cleaned_data["version"], form.particulars
        if attempt(form, lambda: transitions.change_patient(patient, version=version, **given, by=member, at=now)):
            return _done(request, patient, _("Saved."))
        if form.has_error("version"):
            stale = _changed_meanwhile(form, patient)
    context = {
        "form": form,
        "patient": patient,
        "stale": stale,
        "back_url": reverse("desk:patient", args=[patient.pk]),
    }
    return dialog(request, "desk/patients/_edit.html", context)


def _changed_meanwhile(form: PatientForm, patient: Patient) -> list[tuple[str, str]]:
    """What stands there now and differs from what was typed: the field's label and its value."""
    there = {field: getattr(patient, field) for field in form.particulars}
    return [(str(form.fields[field].label), shown(value)) for field, value in there.items() if value != form.cleaned_data[field]]


@member_required
def note(request: MemberRequest, patient_id: UUID) -> HttpResponse:
    now, member, patient = clock.now(), request.member, patient_or_404(request.member, patient_id)
    member.must(Right.CHANGE_PATIENTS)
    form = NoteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        text = form.cleaned_data["text"]
        if attempt(form, lambda: transitions.add_note(patient, text, by=member, at=now)):
            return _done(request, patient, _("Note written."))
    context = {"form": form, "patient": patient, "back_url": reverse("desk:patient", args=[patient.pk])}
    return dialog(request, "desk/patients/_note.html", context)


@member_required
def take_off(request: MemberRequest, patient_id: UUID, card_id: UUID) -> HttpResponse:
    """Take a card off the profile, having been told what still relies on it (R7a)."""
    member, patient = request.member, patient_or_404(request.member, patient_id)
    card = get_object_or_404(Card, patient=patient, pk=card_id)
    member.must(Right.CHANGE_PATIENTS)
    if request.method == "POST":
        transitions.take_off(card, by=member, at=clock.now())
        return _done(request, patient, _("%s is taken off.") % card)
    relying = scheduling.relying_on([card.pk])
    context = {
        "patient": patient,
        "card": card,
        "relying": relying.count(),
        "back_url": reverse("desk:patient", args=[patient.pk]),
    }
    return dialog(request, "desk/patients/_take_off.html", context)


@require_POST
@member_required
def texts(request: MemberRequest, patient_id: UUID) -> HttpResponse:
    """The patient told staff that she wants no text messages, or wants them again."""
    member, patient = request.member, patient_or_404(request.member, patient_id)
    member.must(Right.CHANGE_PATIENTS)
    stops = request.POST.get("stop") == "yes"
    if number := number_of(patient, member.practice):
        (stop_texts if stops else resume_texts)(member.practice_id, number, by=member, at=clock.now())
    messages.success(request, _("No text messages go there any more.") if stops else _("Text messages may go there again."))
    return redirect("desk:patient-messages", patient.pk)


def _done(request: MemberRequest, patient: Patient, text: str) -> HttpResponse:
    """Said in passing, and the page brings itself up to date."""
    if not request.headers.get("HX-Request"):
        messages.success(request, text)
    return told(request, "ui/_toast.html", {"text": text, "oob": True}, "desk:patient", patient.pk)
