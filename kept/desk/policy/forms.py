"""The small forms of the policy: what stands in no row, its texts, and publishing."""

from django import forms
from django.utils.translation import gettext_lazy

CHANCES = [
    ("off", gettext_lazy("Off")),
    ("propose", gettext_lazy("Propose it to the desk")),
    ("by_itself", gettext_lazy("Spare it by itself")),
]


class OptionsForm(forms.Form):
    """What stands in no row."""

    cancelled_in_time = forms.ChoiceField(
        choices=[("returned", gettext_lazy("Returned to the card")), ("kept", gettext_lazy("Kept"))],
        label=gettext_lazy("Cancelled in time"),
    )
    late_or_missed = forms.ChoiceField(
        choices=[("applied", gettext_lazy("Applied to the fee first")), ("kept", gettext_lazy("Kept beside the fee"))],
        label=gettext_lazy("Late or missed"),
    )
    free_hours = forms.IntegerField(min_value=0, max_value=24 * 14, label=gettext_lazy("Free after the booking is confirmed, hours"))
    late_minutes = forms.IntegerField(min_value=0, max_value=240, label=gettext_lazy("Counts as missed from, minutes after the start"))
    first_time = forms.ChoiceField(choices=CHANCES, label=gettext_lazy("The first no-show is forgiven"))
    first_within = forms.IntegerField(min_value=1, max_value=120, label=gettext_lazy("The first in how many months"))
    new_time = forms.ChoiceField(choices=CHANCES, label=gettext_lazy("Spared when the patient takes a new time"))
    new_within = forms.IntegerField(min_value=1, max_value=120, label=gettext_lazy("A new time within how many hours"))
    was = forms.CharField(max_length=16, widget=forms.HiddenInput)


class TextsForm(forms.Form):
    description = forms.CharField(label=gettext_lazy("Description"), max_length=4000, widget=forms.Textarea({"rows": 4}))
    authorization_text = forms.CharField(label=gettext_lazy("CC Authorization Text"), max_length=4000, widget=forms.Textarea({"rows": 5}))
    was = forms.CharField(max_length=16, widget=forms.HiddenInput)


class PublishForm(forms.Form):
    what_changed = forms.CharField(label=gettext_lazy("What changed, for the record"), max_length=200)
    was = forms.CharField(max_length=16, widget=forms.HiddenInput)
    based_on = forms.IntegerField(min_value=0, max_value=1_000_000, widget=forms.HiddenInput)


class WasForm(forms.Form):
    """The fingerprint of the row that was opened; none for a new one."""

    was = forms.CharField(required=False, max_length=16, widget=forms.HiddenInput)
