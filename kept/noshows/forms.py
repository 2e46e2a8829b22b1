"""The questions of the dialogs, as forms."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kept.foundation.lists import EARLIEST, LATEST
from kept.foundation.money import Money
from kept.noshows.offers import FeeOffer
from kept.scheduling.models import Appointment

REASONS = [
    gettext_lazy("No answer to call"),
    gettext_lazy("Forgot"),
    gettext_lazy("Illness"),
    gettext_lazy("Transport"),
    gettext_lazy("Emergency"),
    gettext_lazy("Other"),
]


FEE_REASONS = [
    gettext_lazy("Illness"),
    gettext_lazy("Emergency"),
    gettext_lazy("Called ahead"),
    gettext_lazy("First time"),
    gettext_lazy("Our mistake"),
    gettext_lazy("The time was filled again"),
    gettext_lazy("Goodwill"),
]


class FeeForm(forms.Form):
    """About a fee: a lower amount, and why it is lowered or spared. Of these an act asks for some."""

    amount = forms.CharField(required=False, max_length=20, label=gettext_lazy("Amount"))
    fee_reason = forms.CharField(
        required=False, max_length=200, label=gettext_lazy("Why a lower fee"), widget=forms.TextInput({"list": "fee-reasons"})
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    fee_reasons = FEE_REASONS

    def __init__(self, *args: Any, fee: Money | None, asks: Sequence[str] = ("amount", "fee_reason"), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fee = fee
        for name in {"amount", "fee_reason"} - set(asks):
            del self.fields[name]
        if list(asks) == ["fee_reason"]:
            reason = self.fields["fee_reason"]
            reason.label, reason.required = _("Fee reason"), True
            reason.error_messages["required"] = _("Say why it is not charged.")

    def clean_amount(self) -> Money | None:
        typed = str(self.cleaned_data["amount"])
        if not typed or self.fee is None:
            return None
        try:
            return Money.parse(typed, self.fee.currency)
        except ValueError:
            raise forms.ValidationError(_("Enter an amount, for example %s.") % self.fee.decimal) from None


class MarkForm(FeeForm):
    """Mark As No-Show: to charge or not, nothing chosen in advance unless the practice says so; why missed; a note; whether the patient
    is told."""

    charge_fee = forms.ChoiceField(choices=[("yes", ""), ("no", "")], required=False)
    reason = forms.ChoiceField(required=False, label=gettext_lazy("Reason"))
    note = forms.CharField(required=False, max_length=500, label=gettext_lazy("Note"), help_text=gettext_lazy("staff only"))
    notify = forms.BooleanField(required=False)

    def __init__(self, *args: Any, offer: FeeOffer, may_charge: bool, **kwargs: Any) -> None:
        super().__init__(*args, fee=offer.amount, **kwargs)
        self.must_choose = offer.offered and may_charge
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
        if not cleaned["charge_fee"]:
            cleaned["amount"] = None
        return cleaned


CANCEL_REASONS = [
    gettext_lazy("Not well"),
    gettext_lazy("Work"),
    gettext_lazy("Family"),
    gettext_lazy("Travel"),
    gettext_lazy("No longer wanted"),
    gettext_lazy("The provider is away"),
    gettext_lazy("A room or device is out of order"),
]


class LateForm(FeeForm):
    """Who asks for it; when it is late and the patient does, to charge or to spare the fee, nothing chosen in advance."""

    asked = forms.ChoiceField(error_messages={"required": gettext_lazy("Choose who asks for it.")})
    charge_fee = forms.ChoiceField(choices=[("yes", ""), ("no", "")], required=False)

    def __init__(self, *args: Any, who: str, offer: FeeOffer | None, may_charge: bool, **kwargs: Any) -> None:
        super().__init__(*args, fee=offer.amount if offer else None, **kwargs)
        self.must_choose = offer is not None and offer.offered and may_charge
        asked, fee_reason = self.fields["asked"], self.fields["fee_reason"]
        assert isinstance(asked, forms.ChoiceField)
        asked.choices = [(Appointment.Asked.PATIENT, who), (Appointment.Asked.CLINIC, _("The clinic"))]
        fee_reason.label = _("Fee reason")
        fee_reason.help_text = _("to spare or lower it")

    def clean_asked(self) -> Appointment.Asked:
        return Appointment.Asked(self.cleaned_data["asked"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        choice = cleaned.get("charge_fee")
        if cleaned.get("asked") == Appointment.Asked.CLINIC:
            choice = None
        elif self.must_choose and not choice and "charge_fee" not in self.errors:
            self.add_error("charge_fee", _("Choose whether to charge the fee."))
        elif not self.must_choose and choice != "yes":  # a charge asked for is refused aloud where none is offered
            choice = None
        cleaned["charge_fee"] = {"yes": True, "no": False}.get(choice or "")
        if not cleaned["charge_fee"]:
            cleaned["amount"] = None
        if choice is None:
            cleaned["fee_reason"] = ""
        return cleaned


class CancelForm(LateForm):
    """Cancel appointment: also why, a note, and whether the patient is told."""

    reason = forms.CharField(
        required=False, max_length=200, label=gettext_lazy("Reason"), widget=forms.TextInput({"list": "cancel-reasons"})
    )
    note = forms.CharField(required=False, max_length=500, label=gettext_lazy("Note"), help_text=gettext_lazy("staff only"))
    notify = forms.BooleanField(required=False)
    reasons = CANCEL_REASONS


class ArrivalForm(FeeForm):
    """A patient came late: to charge the fee or to spare it, for a reason."""

    charge_fee = forms.ChoiceField(
        choices=[("yes", ""), ("no", "")], error_messages={"required": gettext_lazy("Choose whether to charge the fee.")}
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reason = self.fields["fee_reason"]
        reason.label, reason.help_text = _("Fee reason"), _("to spare or lower it")


class ErrorForm(forms.Form):
    """Entered in error: nothing is asked, but that it is still the appointment that was seen."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


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
