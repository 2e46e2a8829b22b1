"""A new appointment and a new patient, as forms: posted text into typed values."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kept.desk.forms import SKIPPED, Ids, within_the_calendar
from kept.foundation import clock
from kept.foundation.money import Money
from kept.practice.models import Clinic


class BookingForm(forms.Form):
    """A visit as far as it is described. Nothing is asked for here: while it is being filled in, little of it is there.

    `listed` is the sum of the services when the page was shown: a price that still says it is no price of its own.
    """

    patient = Ids()
    services = Ids()
    provider = Ids()
    date = forms.DateField(required=False)
    start = forms.TimeField(required=False)
    resources = Ids()
    listed = forms.CharField(required=False)
    price = forms.CharField(required=False, max_length=20)
    note = forms.CharField(required=False, max_length=500)
    double_book = forms.BooleanField(required=False)

    def __init__(self, *args: Any, clinic: Clinic, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.clinic = clinic

    clean_date = within_the_calendar

    def clean_price(self) -> Money | None:
        typed = self.cleaned_data["price"].strip()
        if typed in ("", self.cleaned_data.get("listed", "").strip()):
            return None
        try:
            return Money.parse(typed, self.clinic.currency)
        except ValueError:
            raise forms.ValidationError(_("Enter an amount, for example %s.") % Money(51000, self.clinic.currency).decimal) from None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        cleaned["starts_at"] = None
        if cleaned.get("date") and cleaned.get("start"):
            try:
                cleaned["starts_at"] = clock.instant(datetime.combine(cleaned["date"], cleaned["start"]), self.clinic.zone)
            except ValueError:
                self.add_error("start", SKIPPED)
        return cleaned


class NewPatientForm(forms.Form):
    """Somebody new. `seen` are the look-alikes that stood on the page when it was sent."""

    first_name = forms.CharField(max_length=80, label=gettext_lazy("First name"))
    last_name = forms.CharField(max_length=80, label=gettext_lazy("Last name"), required=False)
    phone = forms.CharField(max_length=30, label=gettext_lazy("Phone"), required=False)
    email = forms.EmailField(label=gettext_lazy("Email"), required=False)
    seen = Ids()


def called(search: str) -> dict[str, str]:
    """What was searched for, as the beginning of a new patient: an address, a number, or a name."""
    if "@" in search:
        return {"email": search}
    if any(mark.isdigit() for mark in search):
        return {"phone": search}
    first, _, last = (search.title() if search == search.lower() else search).partition(" ")
    return {"first_name": first, "last_name": last}
