"""Fields and their cleaning that several forms of the desk share."""

from datetime import date
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kept.foundation.ids import as_id
from kept.foundation.lists import EARLIEST, LATEST


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
