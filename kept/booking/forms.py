"""What a patient writes down of herself."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kept.patients.rules import is_phone


def _text(kind: str, autocomplete: str) -> forms.TextInput:
    return forms.TextInput(attrs={"type": kind, "autocomplete": autocomplete, "class": "input h-12 w-full text-base"})


class DetailsForm(forms.Form):
    """`accept` is asked for where a card is: by a tick, never in advance."""

    first_name = forms.CharField(label=gettext_lazy("First name"), max_length=80, widget=_text("text", "given-name"))
    last_name = forms.CharField(label=gettext_lazy("Last name"), max_length=80, widget=_text("text", "family-name"))
    email = forms.EmailField(label=gettext_lazy("E-mail"), widget=_text("email", "email"))
    phone = forms.CharField(label=gettext_lazy("Phone"), max_length=30, widget=_text("tel", "tel"))
    accept = forms.BooleanField(required=False)

    def __init__(self, *args: object, must_accept: bool, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.must_accept = must_accept

    def clean_phone(self) -> str:
        phone = " ".join(str(self.cleaned_data["phone"]).split())
        if not is_phone(phone):
            raise forms.ValidationError(_("Enter a phone number, for example (555) 010-0142."))
        return phone

    def clean_accept(self) -> bool:
        accepted = bool(self.cleaned_data["accept"])
        if self.must_accept and not accepted:
            raise forms.ValidationError(_("Tick this to go on."))
        return accepted
