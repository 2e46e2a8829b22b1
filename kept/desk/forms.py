"""The questions of the desk, as forms: posted text into typed values."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kept.foundation import clock
from kept.foundation.ids import as_id
from kept.foundation.lists import EARLIEST, LATEST
from kept.foundation.money import Money
from kept.practice.models import Clinic


class Ids(forms.Field):
    """Ids in their order; what is none is left out."""

    widget = forms.MultipleHiddenInput

    def __init__(self) -> None:
        super().__init__(required=False)

    def clean(self, value: list[str] | None) -> list[UUID]:
        return [found for text in value or [] if (found := as_id(text))]


SKIPPED = gettext_lazy("Clocks skip that time at the clinic. Choose another.")


def within_the_calendar(form: forms.Form) -> date | None:
    """Cleans the field `date`."""
    found: date | None = form.cleaned_data["date"]
    if found and not EARLIEST <= found <= LATEST:
        raise forms.ValidationError(_("Choose a day that the calendar shows."))
    return found


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
            return Money.parse(typed.lstrip("$€£ "), self.clinic.currency)
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


class BlockForm(forms.Form):
    """Time to be kept free: of whom or what, when, and why."""

    resource = forms.ChoiceField(label=gettext_lazy("Who or what"))
    date = forms.DateField(label=gettext_lazy("Day"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    start = forms.TimeField(label=gettext_lazy("From"), widget=forms.TimeInput({"type": "time"}, format="%H:%M"))
    end = forms.TimeField(label=gettext_lazy("To"), widget=forms.TimeInput({"type": "time"}, format="%H:%M"))
    why = forms.CharField(label=gettext_lazy("Why"), max_length=120, required=False, widget=forms.TextInput({"list": "block-whys"}))

    def __init__(self, *args: Any, clinic: Clinic, resources: list[tuple[str, list[tuple[str, str]]]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.clinic = clinic
        resource = self.fields["resource"]
        assert isinstance(resource, forms.ChoiceField)
        resource.choices = [("", _("Choose")), *resources]

    clean_date = within_the_calendar

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in ("start", "end"):
            if cleaned.get("date") and cleaned.get(name):
                try:
                    cleaned[f"{name}_at"] = clock.instant(datetime.combine(cleaned["date"], cleaned[name]), self.clinic.zone)
                except ValueError:
                    self.add_error(name, SKIPPED)
        return cleaned
