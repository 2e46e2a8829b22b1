"""The link to the patient's own page of a visit: made to be copied, or sent to her."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kept.foundation import clock
from kept.foundation.pages import told
from kept.messaging.reach import addresses, way_of
from kept.noshows.transitions import linking
from kept.practice.doors import MemberRequest, member_required
from kept.scheduling.queries import appointment_or_404
from kept.scheduling.transitions.managing import link_at_the_desk


@require_POST
@member_required
def give(request: MemberRequest, appointment_id: UUID) -> HttpResponse:
    """A new one in the button's place; without script on a page."""
    appointment = appointment_or_404(request.member, appointment_id)
    context = {"appointment": appointment, "link": link_at_the_desk(appointment, by=request.member, at=clock.now())}
    whole = "desk/calendar/their_link.html"
    return render(request, "desk/calendar/_their_link.html" if request.headers.get("HX-Request") else whole, context)


@require_POST
@member_required
def send(request: MemberRequest, appointment_id: UUID) -> HttpResponse:
    appointment = appointment_or_404(request.member, appointment_id)
    sent = linking.send_link(appointment, by=request.member, at=clock.now())
    return told(
        request,
        "ui/_toast.html",
        {"text": _("The link is on its way to %s.") % addresses([way_of(sent)]), "oob": True},
        "desk:panel",
        appointment.pk,
    )
