"""Settings > Calendar settings."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from kept.foundation import clock
from kept.foundation.pages import attempt, status_of
from kept.practice import transitions
from kept.practice.doors import MemberRequest, member_required
from kept.practice.models import CALENDAR_STEPS
from kept.practice.rules import Right

STEPS = [(step, ngettext_lazy("%(step)d minute", "%(step)d minutes", step) % {"step": step}) for step in CALENDAR_STEPS]


class WallTime(forms.TimeInput):
    input_type = "time"


class CalendarForm(forms.Form):
    ghosts = forms.BooleanField(required=False, label=gettext_lazy("Show no-shows and cancellations behind the book"))
    step_minutes = forms.TypedChoiceField(coerce=int, choices=STEPS, label=gettext_lazy("Slot step"))
    shown_from = forms.TimeField(required=False, widget=WallTime(format="%H:%M"), label=gettext_lazy("Hours shown from"))
    shown_to = forms.TimeField(required=False, widget=WallTime(format="%H:%M"), label=gettext_lazy("Hours shown to"))


@member_required
def calendar_settings(request: MemberRequest) -> HttpResponse:
    member = request.member
    member.must(Right.SEE_SETTINGS)
    kept = member.practice.settings
    as_it_is = {
        "ghosts": kept.calendar_ghosts,
        "step_minutes": kept.calendar_step_minutes,
        "shown_from": kept.calendar_from,
        "shown_to": kept.calendar_to,
    }
    form = CalendarForm(request.POST if request.method == "POST" else None, initial=as_it_is)
    if form.is_valid():
        saved = attempt(form, lambda: transitions.set_calendar(**form.cleaned_data, by=member, at=clock.now()))
        if saved:
            messages.success(request, _("Calendar settings saved."))
            return redirect("desk:calendar-settings")
    context = {"tab": "settings", "form": form}
    return render(request, "desk/calendar/settings.html", context, status=status_of(form))
