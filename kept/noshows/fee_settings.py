"""Settings > Fees and letters."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from kept.foundation import clock
from kept.foundation.pages import attempt
from kept.practice import transitions
from kept.practice.doors import MemberRequest, member_required
from kept.practice.models import Settings
from kept.practice.rules import Right
from kept.practice.transitions import MOST_DECIDE_DAYS

SPACES = [0, 5, 10, 15, 30, 60, 120, 240, 480, 1440]


def waiting(minutes: int) -> str:
    """How long a fee waits, in words."""
    if not minutes:
        return _("None: charged at once")
    hours, rest = divmod(minutes, 60)
    if rest:
        return ngettext("%d minute", "%d minutes", minutes) % minutes
    return ngettext("%d hour", "%d hours", hours) % hours


class FeesForm(forms.Form):
    breathing_space_minutes = forms.TypedChoiceField(coerce=int, label=gettext_lazy("Breathing space"))
    decide_days = forms.IntegerField(min_value=1, max_value=MOST_DECIDE_DAYS, label=gettext_lazy("Days to decide"))
    fee_choice = forms.ChoiceField(required=False, label=gettext_lazy("Chosen in advance"))
    when_filled = forms.ChoiceField(label=gettext_lazy("When the time is booked again"))
    tell_patients = forms.BooleanField(required=False, label=gettext_lazy("Tell patients by e-mail"))

    def __init__(self, sent: Any, *, kept: Settings) -> None:
        names = ("breathing_space_minutes", "decide_days", "fee_choice", "when_filled", "tell_patients")
        super().__init__(sent, initial={name: getattr(kept, name) for name in names})
        spaces = sorted({*SPACES, kept.breathing_space_minutes})
        for name, choices in (
            ("breathing_space_minutes", [(minutes, waiting(minutes)) for minutes in spaces]),
            ("fee_choice", Settings.FeeChoice.choices),
            ("when_filled", Settings.WhenFilled.choices),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices


@member_required
def fee_settings(request: MemberRequest) -> HttpResponse:
    member = request.member
    member.must(Right.SEE_SETTINGS)
    form = FeesForm(request.POST if request.method == "POST" else None, kept=member.practice.settings)
    if form.is_valid():
        saved = attempt(form, lambda: transitions.set_fees(**form.cleaned_data, by=member, at=clock.now()))
        if saved:
            messages.success(request, _("Fees and letters saved."))
            return redirect("noshows:fee-settings")
    return render(request, "noshows/fee_settings.html", {"tab": "settings", "form": form}, status=422 if form.errors else 200)
