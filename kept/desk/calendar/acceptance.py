"""The proof that a patient accepted the policy for one appointment (I9), in full."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse

from kept.desk.calendar.privacy import hide_names, is_private
from kept.events import journal
from kept.foundation import clock
from kept.foundation.pages import dialog
from kept.noshows.actions import check_opening
from kept.policies.document import Kind
from kept.practice.doors import MemberRequest, member_required
from kept.scheduling.queries import appointment_or_404


@member_required
def acceptance(request: MemberRequest, appointment_id: UUID) -> HttpResponse:
    """What she accepted, when and from where, word for word, for all who may open the appointment. Each reading is recorded (R25)."""
    now = clock.now()
    appointment = appointment_or_404(request.member, appointment_id)
    check_opening(appointment, request.member)
    found = appointment.acceptance
    if found is None:
        raise Http404
    journal.looked_at("acceptance", practice_id=appointment.practice_id, patient_id=appointment.patient_id, at=now)
    if is_private(request):
        hide_names(appointment, [])
    context = {
        "appointment": appointment,
        "acceptance": found,
        "fees": [(kind.label, found.most(kind)) for kind in Kind if found.fees.get(kind)],
        "zone": appointment.clinic.zone,
        "now": now,
        "back_url": reverse("desk:panel", args=[appointment.pk]),
    }
    return dialog(request, "desk/calendar/_acceptance.html", context)
