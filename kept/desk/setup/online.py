"""Settings > Online booking: how soon, how far ahead, how often a time is offered to patients."""

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from kept.desk.setup.forms import OnlineForm
from kept.desk.setup.shared import enter, form_page, saved, sent
from kept.foundation import clock
from kept.practice import transitions
from kept.practice.doors import MemberRequest, member_required


@member_required
def online(request: MemberRequest) -> HttpResponse:
    enter(request)
    member, now = request.member, clock.now()
    settings = member.practice.settings
    initial = {
        "lead_minutes": settings.online_lead_minutes,
        "horizon_days": settings.online_horizon_days,
        "step_minutes": settings.online_step_minutes,
    }
    form = OnlineForm(sent(request), initial=initial)
    done = saved(request, form, lambda: transitions.set_online(**form.cleaned_data, by=member, at=now), reverse("desk:online"))
    hint = _("No time sooner than the lead time from now is offered. Which clinics and services are booked online, their own pages say.")
    return done or form_page(request, form, title=_("Online booking"), crumbs=[], hint=hint)
