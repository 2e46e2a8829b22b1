"""The appointment as a file for the patient's own calendar. It says "appointment", never the treatment."""

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from icalendar import Calendar, Event

from kept.booking.links import by_link, link_or_404, practice_of
from kept.foundation import clock
from kept.foundation.scope import scope
from kept.scheduling.models import Appointment


@require_safe
@by_link
def page(request: HttpRequest, link_id: UUID) -> HttpResponse:
    with scope(practice_of(request, link_id), actor="patient:link", source="calendar file"):
        shown = Appointment.objects.select_related("practice", "provider", "clinic")
        body = written(shown.get(pk=link_or_404(link_id).subject_id), at=clock.now())
    headers = {"Content-Disposition": 'attachment; filename="appointment.ics"'}
    return HttpResponse(body, content_type="text/calendar; charset=utf-8", headers=headers)


def written(appointment: Appointment, *, at: datetime) -> bytes:
    """In the clinic's zone, whose clock changes the file carries along. Taken in again after a change, it replaces what it said before."""
    zone, clinic = appointment.clinic.zone, appointment.clinic
    event = Event()
    event.add("uid", f"{appointment.pk}@kept")
    event.add("sequence", appointment.version)
    event.add("dtstamp", at)
    event.add("dtstart", appointment.starts_at.astimezone(zone))
    event.add("dtend", appointment.ends_at.astimezone(zone))
    words = {"provider": appointment.provider.name, "practice": appointment.practice.name}
    event.add("summary", _("Appointment with %(provider)s, %(practice)s") % words)
    event.add("location", ", ".join(filter(None, [clinic.name, clinic.address])))
    event.add("status", "CONFIRMED" if appointment.status != "cancelled" else "CANCELLED")
    calendar = Calendar()
    calendar.add("prodid", "-//Kept//Appointment//EN")
    calendar.add("version", "2.0")
    calendar.add_component(event)
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())
