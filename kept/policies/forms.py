"""The questions of the policy page, as forms."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kept.foundation.money import Money
from kept.policies.document import LARGEST_MINOR, flat
from kept.policies.minimum import least


class PublishForm(forms.Form):
    """The next version: what it says, one fee, one window, the card authorization."""

    description = forms.CharField(label=gettext_lazy("Description"), max_length=4000, widget=forms.Textarea({"rows": 4}))
    fee = forms.CharField(label=gettext_lazy("Fee for a missed appointment"), max_length=20)
    window_hours = forms.IntegerField(label=gettext_lazy("Free to cancel until, hours before the start"), min_value=0, max_value=24 * 30)
    late_minutes = forms.IntegerField(label=gettext_lazy("Missed from, minutes after the start"), min_value=0, max_value=240)
    authorization_text = forms.CharField(label=gettext_lazy("CC Authorization Text"), max_length=4000, widget=forms.Textarea({"rows": 4}))
    what_changed = forms.CharField(label=gettext_lazy("What changed, for the record"), max_length=200, required=False)
    based_on = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency

    def clean_fee(self) -> Money:
        try:
            fee = Money.parse(self.cleaned_data["fee"], self.currency)
        except ValueError:
            raise forms.ValidationError(_("Enter an amount, for example 75.00.")) from None
        if fee.minor < least(self.currency):
            raise forms.ValidationError(_("The payment provider charges no less than %s.") % Money(least(self.currency), self.currency))
        if fee.minor > LARGEST_MINOR:
            raise forms.ValidationError(_("The payment provider charges no more than %s.") % Money(LARGEST_MINOR, self.currency))
        return fee

    @property
    def version(self) -> dict[str, Any]:
        """What is to be published."""
        given = dict(self.cleaned_data)
        fee, window_hours, late_minutes = (given.pop(name) for name in ("fee", "window_hours", "late_minutes"))
        return given | {
            "terms": flat(fee.minor, window_hours=window_hours, late_minutes=late_minutes),
            "currency": fee.currency,
        }
