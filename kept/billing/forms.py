"""The questions of Sales, as forms."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kept.billing.transitions.recording import BY_HAND
from kept.foundation.money import Money

REFUND_REASONS = [
    gettext_lazy("Goodwill"),
    gettext_lazy("Charged by mistake"),
    gettext_lazy("Emergency"),
    gettext_lazy("Patient came after all"),
    gettext_lazy("Other"),
]


class RefundForm(forms.Form):
    """Refund: all or part of it, and why. Nothing is chosen in advance."""

    refund_id = forms.UUIDField(widget=forms.HiddenInput, required=False)
    how_much = forms.ChoiceField(choices=[("all", ""), ("part", "")], required=False)
    amount = forms.CharField(required=False, max_length=20)
    reason = forms.ChoiceField(label=gettext_lazy("Reason"), error_messages={"required": gettext_lazy("Say why it is refunded.")})
    note = forms.CharField(
        required=False, max_length=500, label=gettext_lazy("Note"), help_text=gettext_lazy("staff only"), widget=forms.Textarea({"rows": 2})
    )

    def __init__(self, *args: Any, most: Money, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.most = most
        reason = self.fields["reason"]
        assert isinstance(reason, forms.ChoiceField)
        reason.choices = [("", _("Choose")), *((text, text) for text in REFUND_REASONS)]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("how_much"):
            self.add_error("how_much", _("Choose how much goes back."))
        cleaned["amount"] = self._amount(cleaned.get("amount", "")) if cleaned.get("how_much") == "part" else None
        return cleaned

    def _amount(self, typed: str) -> Money | None:
        try:
            return Money.parse(typed, self.most.currency)
        except ValueError:
            self.add_error("amount", _("Enter an amount, for example %s.") % self.most.decimal)
            return None


class RecordForm(forms.Form):
    """Record payment: how it was paid, nothing chosen in advance; a note."""

    method = forms.ChoiceField(
        choices=[(method.value, method.label) for method in BY_HAND], error_messages={"required": gettext_lazy("Choose how it was paid.")}
    )
    note = forms.CharField(required=False, max_length=500, label=gettext_lazy("Note"), help_text=gettext_lazy("staff only"))

    @property
    def ways(self) -> list[tuple[str, str, bool]]:
        """Each way to pay, its words, and whether it is chosen."""
        return [(method.value, str(method.label), self["method"].value() == method.value) for method in BY_HAND]


class VoidForm(forms.Form):
    """Void: why the bill is not to be paid."""

    reason = forms.CharField(
        max_length=200, label=gettext_lazy("Reason"), error_messages={"required": gettext_lazy("Say why it is not to be paid.")}
    )


class SecretInput(forms.PasswordInput):
    """For a key that is pasted: no browser offers to keep it."""

    def __init__(self, looks_like: str) -> None:
        super().__init__({"autocomplete": "off", "spellcheck": "false", "placeholder": looks_like})


class KeyForm(forms.Form):
    secret_key = forms.CharField(label=gettext_lazy("Secret key"), max_length=300, widget=SecretInput("sk_live_…"))


class WebhookForm(forms.Form):
    webhook_secret = forms.CharField(label=gettext_lazy("Signing secret"), max_length=300, widget=SecretInput("whsec_…"))
