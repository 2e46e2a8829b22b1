"""The questions of the dialogs, as forms."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kept.foundation.lists import EARLIEST, LATEST
from kept.foundation.money import Money
from kept.noshows.offers import FeeOffer

REASONS = [
    gettext_lazy("No answer to call"),
    gettext_lazy("Forgot"),
    gettext_lazy("Illness"),
    gettext_lazy("Transport"),
    gettext_lazy("Emergency"),
    gettext_lazy("Other"),
]


class MarkForm(forms.Form):
    """Mark As No-Show: to charge or not, nothing chosen in advance; why missed; a note; a lower amount with its reason."""

    charge_fee = forms.ChoiceField(choices=[("yes", ""), ("no", "")], required=False)
    amount = forms.CharField(required=False, max_length=20, label=gettext_lazy("Amount"))
    fee_reason = forms.CharField(required=False, max_length=200, label=gettext_lazy("Why a lower fee"))
    reason = forms.ChoiceField(required=False, label=gettext_lazy("Reason"))
    note = forms.CharField(required=False, max_length=500, label=gettext_lazy("Note"), help_text=gettext_lazy("staff only"))
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, offer: FeeOffer, may_charge: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer, self.must_choose = offer, offer.offered and may_charge
        reason = self.fields["reason"]
        assert isinstance(reason, forms.ChoiceField)
        reason.choices = [("", _("Choose")), *((text, text) for text in REASONS)]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        choice = cleaned.get("charge_fee")
        if self.must_choose and not choice and "charge_fee" not in self.errors:
            self.add_error("charge_fee", _("Choose whether to charge the fee."))
        if not self.must_choose and choice != "yes":  # a charge asked for is refused aloud where none is offered
            choice = None
        cleaned["charge_fee"] = {"yes": True, "no": False}.get(choice or "")
        cleaned["amount"] = self._amount(cleaned.get("amount", "")) if cleaned["charge_fee"] else None
        return cleaned

    def _amount(self, typed: str) -> Money | None:
        if not typed or self.offer.amount is None:
            return None
        try:
            return Money.parse(typed.lstrip("$€£ "), self.offer.amount.currency)
        except ValueError:
            self.add_error("amount", _("Enter an amount, for example %s.") % self.offer.amount.decimal)
            return None


class RestoreForm(forms.Form):
    """Restore: where it should go when its time was taken; the separate, unticked refund; checked in with it."""

    where = forms.ChoiceField(choices=[("own", ""), ("beside", ""), ("other", "")], required=False, initial="own")
    start = forms.DateTimeField(required=False, input_formats=["%Y-%m-%dT%H:%M"], label=gettext_lazy("New time"))
    refund = forms.BooleanField(required=False)
    check_in = forms.BooleanField(required=False)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, taken: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.taken = taken

    def clean_start(self) -> datetime | None:
        start: datetime | None = self.cleaned_data["start"]
        if start and not EARLIEST <= start.date() <= LATEST:
            raise forms.ValidationError(_("Choose a day that the calendar shows."))
        return start

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        where = cleaned.get("where")
        if self.taken and where not in ("beside", "other"):
            self.add_error("where", _("Choose where it should go."))
        if where == "other" and not cleaned.get("start") and "start" not in self.errors:
            self.add_error("start", _("Choose a new time."))
        return cleaned
