"""A patient's rights: a file of all that is held on her, and erasing her."""

from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

import kept.rights.export as exporting
import kept.rights.transitions as transitions
from kept.foundation import clock
from kept.foundation.pages import attempt, dialog, told
from kept.foundation.refusals import refusal_by
from kept.patients.queries import patient_or_404
from kept.practice.doors import MemberRequest, member_required
from kept.practice.rules import Right


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
    form = EraseForm(request.POST or None, name=patient.name)
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
