"""Forms of one's own account."""

from itertools import pairwise
from typing import Any

from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class PinForm(forms.Form):
    """Four to six digits that unlock a screen of somebody who is signed in."""

    pin = forms.RegexField(
        r"^\d{4,6}$",
        label=gettext_lazy("PIN"),
        widget=forms.PasswordInput({"inputmode": "numeric", "autocomplete": "off", "maxlength": 6}),
        error_messages={"required": gettext_lazy("Enter four to six digits."), "invalid": gettext_lazy("Enter four to six digits.")},
    )

    def clean_pin(self) -> str:
        pin: str = self.cleaned_data["pin"]
        steps = {int(after) - int(before) for before, after in pairwise(pin)}
        if steps in ({0}, {1}, {-1}):
            raise forms.ValidationError(_("That is the first one somebody would try. Choose another."))
        return pin


class AddPasskey(AddWebAuthnForm):  # type: ignore[misc]
    """Keys of ours are passkeys: one that signs in by itself, until she says otherwise."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].initial = _("Passkey")
        self.fields["passwordless"].initial = True
        self.fields["passwordless"].label = _("It signs me in by itself, without the password")
