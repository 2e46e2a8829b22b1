"""Settings > Online booking: each clinic's page with its link, QR code and snippet; how soon, how far and how often times are offered."""

from typing import Any
from uuid import UUID

from django.conf import settings as site
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kept.desk.setup.forms import OnlineForm
from kept.desk.setup.shared import enter, form_page, row_or_404, saved, sent
from kept.foundation import clock
from kept.foundation.qr import drawing, qr_svg
from kept.practice import queries, transitions
from kept.practice.doors import MemberRequest, member_required
from kept.practice.models import Clinic
from kept.practice.setting_up.clinics import switch_online

FRAME = '<iframe src="{}?embed=1" title="{}" width="100%" height="760" frameborder="0"></iframe>'


@member_required
def online(request: MemberRequest) -> HttpResponse:
    enter(request)
    member, now = request.member, clock.now()
    settings = member.practice.settings
    initial = {
        "lead_minutes": settings.online_lead_minutes,
        "horizon_days": settings.online_horizon_days,
        "step_minutes": settings.online_step_minutes,
        "closed": settings.online_closed,
        "sites": "\n".join(settings.online_sites),
    }
    form = OnlineForm(sent(request), initial=initial)
    done = saved(request, form, lambda: transitions.set_online(**form.cleaned_data, by=member, at=now), reverse("desk:online"))
    hint = _("No time sooner than the lead time from now is offered. Which services are booked online, their own pages say.")
    pages = [_page(each) for each in queries.clinics(member)]
    more = {"hint": hint, "pages": pages, "sites": settings.online_sites}
    return done or form_page(request, form, title=_("Online booking"), crumbs=[], template="desk/setup/online.html", **more)


def address(clinic: Clinic) -> str:
    """Where patients book there."""
    return f"{site.BASE_URL}{reverse('booking:online', args=[clinic.practice.slug, clinic.place])}"


def _page(clinic: Clinic) -> dict[str, Any]:
    url = address(clinic)
    title = _("Book at %s") % clinic.name
    snippet = FRAME.format(escape(url), escape(title))
    return {"clinic": clinic, "url": url, "qr": qr_svg(url, _("QR code of the booking page of %s") % clinic.name), "snippet": snippet}


@require_POST
@member_required
def switch(request: MemberRequest, clinic_id: UUID) -> HttpResponse:
    enter(request)
    clinic = row_or_404(queries.clinics(request.member), clinic_id)
    switch_online(clinic, on=request.POST.get("on") == "yes", by=request.member, at=clock.now())
    messages.success(
        request, _("Patients can book %s online.") % clinic if clinic.online else _("%s is not booked online any more.") % clinic
    )
    return redirect("desk:online")


@require_safe
@member_required
def code(request: MemberRequest, clinic_id: UUID) -> HttpResponse:
    """The QR code as a file, for print."""
    enter(request)
    clinic = row_or_404(queries.clinics(request.member), clinic_id)
    headers = {"Content-Disposition": f'attachment; filename="book-{clinic.place}.svg"'}
    return HttpResponse(drawing(address(clinic)), content_type="image/svg+xml", headers=headers)
