"""Settings > Sign-in: when a screen left alone locks, and who needs a second step."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kept.desk.setup.shared import enter, form_page, saved, sent
from kept.foundation import clock
from kept.practice import transitions
from kept.practice.doors import MemberRequest, member_required
from kept.practice.models import MOST_IDLE


class SignInForm(forms.Form):
    idle_minutes = forms.IntegerField(
        label=gettext_lazy("Lock the screen after, minutes without a touch"), widget=forms.NumberInput({"min": 1, "max": MOST_IDLE})
    )
    second_step_for_all = forms.BooleanField(
        required=False, label=gettext_lazy("A second step at sign-in for everybody; owners and managers always need one")
    )


@member_required
def sign_in(request: MemberRequest) -> HttpResponse:
    enter(request)
    member, now = request.member, clock.now()
    kept = member.practice.settings
    initial: dict[str, Any] = {"idle_minutes": kept.idle_minutes, "second_step_for_all": kept.second_step_for_all}
    form = SignInForm(sent(request), initial=initial)
    done = saved(request, form, lambda: transitions.set_sign_in(**form.cleaned_data, by=member, at=now), reverse("desk:sign-in"))
    hint = _("Counts for each person from the next sign-in. A second step is an authenticator app or a passkey.")
    return done or form_page(request, form, title=_("Sign-in"), crumbs=[], hint=hint)
