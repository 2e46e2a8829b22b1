"""What is asked about a patient, as forms."""

from typing import cast

from django import forms
from django.utils.translation import gettext_lazy as _

from kept.desk.forms import Ids
from kept.patients.transitions import Particulars


class PatientForm(forms.Form):
    """Her particulars."""

    first_name = forms.CharField(max_length=80, label=_("First name"), error_messages={"required": _("Enter at least a first name.")})
    last_name = forms.CharField(max_length=80, label=_("Last name"), required=False)
    birth_date = forms.DateField(
        label=_("Birth date"),
        required=False,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("Enter a date, for example 1991-02-18.")},
    )
    phone = forms.CharField(max_length=30, label=_("Phone"), required=False, widget=forms.TextInput({"type": "tel"}))
    email = forms.CharField(max_length=254, label=_("Email"), required=False, widget=forms.EmailInput)
    alert = forms.CharField(
        max_length=200,
        label=_("Alert"),
        required=False,
        help_text=_("shown wherever the patient is booked"),
        widget=forms.Textarea({"rows": 2}),
    )

    @property
    def particulars(self) -> Particulars:
        return cast(Particulars, {field: self.cleaned_data[field] for field in PatientForm.base_fields})


class AddForm(PatientForm):
    """Somebody new. `seen` are the look-alikes that stood on the page when it was sent."""

    seen = Ids()


class EditForm(PatientForm):
    """`version` is that of the page on which they were changed."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput, min_value=1, max_value=2**31 - 1)


class NoteForm(forms.Form):
    text = forms.CharField(
        max_length=1000, label=_("Note"), widget=forms.Textarea({"rows": 3}), error_messages={"required": _("Write the note first.")}
    )
