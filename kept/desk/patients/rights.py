"""A patient's rights: a file of all that is held on her, one record where there were two, and erasing her."""

from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

import kept.rights.export as exporting
import kept.rights.merging as merging
import kept.rights.transitions as transitions
from kept.foundation import clock
from kept.foundation.ids import as_id
from kept.foundation.pages import attempt, dialog, told
from kept.foundation.refusals import refusal_by
from kept.patients.duplicates import told_apart
from kept.patients.models import Merge, Patient
from kept.patients.queries import LookAlike, find, look_alikes, patient_or_404
from kept.practice.doors import MemberRequest, member_required
from kept.practice.looks import looks_at
from kept.practice.models import Member
from kept.practice.rules import Right

MOST_FOUND = 10


class EraseForm(forms.Form):
    """Her name, typed, says that it is meant."""

    name = forms.CharField(
        max_length=200, label=gettext_lazy("Type the name to confirm"), error_messages={"required": gettext_lazy("Type the name.")}
    )

    def __init__(self, sent: object, *, name: str) -> None:
        super().__init__(sent)  # type: ignore[arg-type]
        self.wanted = name

    def clean_name(self) -> str:
        typed: str = self.cleaned_data["name"]
        if " ".join(typed.split()).casefold() != self.wanted.casefold():
            raise forms.ValidationError(_("That is another name. Type: %s") % self.wanted)
        return typed


@member_required
def export(request: MemberRequest, patient_id: UUID) -> HttpResponse:
    """The dialog says what is in the file; posted, it is the file."""
    member, patient = request.member, patient_or_404(request.member, patient_id)
    member.must(Right.ERASE_PATIENTS)
    if request.method == "POST":
        file = exporting.export(patient, by=member, at=clock.now())
        headers = {"Content-Disposition": f'attachment; filename="patient-{patient.pk.hex[-6:]}.zip"'}
        return HttpResponse(file, content_type="application/zip", headers=headers)
    return dialog(request, "desk/patients/_export.html", {"patient": patient, "back_url": reverse("desk:patient", args=[patient.pk])})


@member_required
def erase(request: MemberRequest, patient_id: UUID) -> HttpResponse:
    """Erase her, having been told what goes and what stays."""
    member, patient = request.member, patient_or_404(request.member, patient_id)
    member.must(Right.ERASE_PATIENTS)
    form = EraseForm(request.POST if request.method == "POST" else None, name=patient.name)
    if request.method == "POST" and form.is_valid():
        erased = attempt(form, lambda: transitions.erase(patient, by=member, at=clock.now()))
        if erased:
            return told(request, "ui/_toast.html", {"text": _("Erased."), "oob": True}, "desk:patient", patient.pk)
    against = refusal_by(lambda: transitions.check_erasable(patient))
    context = {
        "form": form,
        "patient": patient,
        "against": against.sentence if against else "",
        "back_url": reverse("desk:patient", args=[patient.pk]),
    }
    return dialog(request, "desk/patients/_erase.html", context)


class MergeForm(forms.Form):
    """`other` is the record that goes into this one."""

    other = forms.UUIDField(error_messages=dict.fromkeys(("required", "invalid"), gettext_lazy("Choose the duplicate.")))


@member_required
def merge(request: MemberRequest, patient_id: UUID) -> HttpResponse:
    """Merge a duplicate into this record: who it may be is proposed, or searched for."""
    member, patient = request.member, patient_or_404(request.member, patient_id)
    member.must(Right.ERASE_PATIENTS)
    form = MergeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        other, now = patient_or_404(member, form.cleaned_data["other"]), clock.now()
        made = attempt(form, lambda: merging.merge(patient, other, by=member, at=now))
        if made:
            return told(request, "ui/_toast.html", {"text": _("Merged."), "oob": True}, "desk:patient", patient.pk)
    search, proposed = request.GET.get("q", "").replace("\0", "").strip()[:80], as_id(request.GET.get("other", ""))
    chosen = patient_or_404(member, proposed) if proposed else None
    if search:
        looks_at(request, "patients searched", None, clock.now())
    context = {
        "form": form,
        "patient": patient,
        "q": search,
        "other": chosen,
        "found": [LookAlike(chosen, "")] if chosen else _may_be(member, patient, search),
        "back_url": reverse("desk:patient", args=[patient.pk]),
    }
    return dialog(request, "desk/patients/_merge.html", context)


def _may_be(member: Member, patient: Patient, search: str) -> list[LookAlike]:
    """Who the duplicate may be: those whom the search finds, else those who look alike and were not told apart."""
    if search:
        return [LookAlike(each, "") for each in find(member, search).patients.exclude(pk=patient.pk)[:MOST_FOUND]]
    own = {"first_name": patient.first_name, "last_name": patient.last_name, "phone": patient.phone, "email": patient.email}
    apart = {patient.pk, *told_apart(patient)}
    return [each for each in look_alikes(member, **own) if each.patient.pk not in apart]


@member_required
def unmerge(request: MemberRequest, patient_id: UUID, merge_id: UUID) -> HttpResponse:
    """Take a merge back, having been told what that means."""
    member, patient = request.member, patient_or_404(request.member, patient_id)
    made = get_object_or_404(Merge.objects.select_related("kept", "gone"), kept=patient, pk=merge_id)
    member.must(Right.ERASE_PATIENTS)
    if request.method == "POST":
        merging.undo(made, by=member, at=clock.now())
        return told(request, "ui/_toast.html", {"text": _("The merge is undone."), "oob": True}, "desk:patient", patient.pk)
    context = {"patient": patient, "made": made, "back_url": reverse("desk:patient", args=[patient.pk])}
    return dialog(request, "desk/patients/_unmerge.html", context)
