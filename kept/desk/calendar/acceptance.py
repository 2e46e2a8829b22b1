"""The proof that a patient accepted the policy for one appointment (I9), in full."""

from datetime import datetime
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from kept.billing.transitions import renewing
from kept.desk.calendar.privacy import hide_names
from kept.events import journal
from kept.foundation import clock
from kept.foundation.pages import dialog
from kept.messaging import transitions as messaging
from kept.messaging.models import Letter, Message
from kept.noshows.actions import check_opening
from kept.patients.rules import masked
from kept.policies.document import Kind
from kept.practice.doors import MemberRequest, member_required
from kept.practice.models import Member
from kept.practice.privacy import patients_look_on
from kept.scheduling.models import Appointment
from kept.scheduling.queries import accepted_for, appointment_or_404


@member_required
def acceptance(request: MemberRequest, appointment_id: UUID) -> HttpResponse:
    """What she accepted, when and from where, word for word, for all who may open the appointment. Each reading is recorded (R25)."""
    now = clock.now()
    appointment = appointment_or_404(request.member, appointment_id)
    check_opening(appointment, request.member)
    accepted = accepted_for(appointment)
    if not accepted:
        raise Http404
    found, earlier = accepted[0], accepted[1:]
    journal.looked_at("acceptance", practice_id=appointment.practice_id, patient_id=appointment.patient_id, at=now)
    if patients_look_on():
        hide_names(appointment, [])
    context = {
        "appointment": appointment,
        "acceptance": found,
        "fees": [(kind.label, found.most(kind)) for kind in Kind if found.fees.get(kind)],
        "earlier": earlier,
        "zone": appointment.clinic.zone,
        "now": now,
        "back_url": reverse("desk:panel", args=[appointment.pk]),
    }
    return dialog(request, "desk/calendar/_acceptance.html", context)


def ask_to_accept_again(appointment: Appointment, *, by: Member, at: datetime) -> tuple[str, Message | None]:
    """The link to copy, and the letter with one of its own: one a minute, however often the button is pressed."""
    link = renewing.ask_again(appointment, by=by, at=at)
    return link, messaging.queue(Letter.ACCEPT_AGAIN, appointment, wanted=True, once=f"{at:%Y-%m-%d %H:%M}", by=by, at=at)


@require_POST
@member_required
def accept_again(request: MemberRequest, appointment_id: UUID) -> HttpResponse:
    """The patient is asked to accept what holds today: by a letter where her address is known, and by a link to copy."""
    now = clock.now()
    appointment = appointment_or_404(request.member, appointment_id)
    link, letter = ask_to_accept_again(appointment, by=request.member, at=now)
    context = {"appointment": appointment, "link": link, "to": masked(letter.to) if letter else ""}
    return render(request, "desk/calls/_link.html" if request.headers.get("HX-Request") else "desk/calls/link.html", context)
