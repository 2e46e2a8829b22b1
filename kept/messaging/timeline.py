"""An appointment's history with its letters."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from kept.billing import timeline
from kept.billing.timeline import Entry
from kept.foundation.dates import moment
from kept.messaging.lost import why_lost
from kept.messaging.models import Channel, Message
from kept.messaging.reach import in_words, way_of
from kept.scheduling.models import Appointment

State = Message.State


def of_appointment(appointment: Appointment, letters: Iterable[Message]) -> list[Entry]:
    """What happened, and what was written to the patient, newest first."""
    entries = [*timeline.of_appointment(appointment), *(_entry(message, appointment) for message in letters)]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def _entry(message: Message, appointment: Appointment) -> Entry:
    """A letter stands where it went, or did not; one that waits where it was queued."""
    by = message.queued_by.name if message.queued_by and message.state in (State.QUEUED, State.SENDING) else ""
    goes = _("goes %s") % moment(message.send_after, appointment.clinic.zone)
    detail = {State.QUEUED: goes, State.SENT: message.to}.get(State(message.state), message.why)
    text = {
        State.QUEUED: _("%(letter)s %(how)s waits"),
        State.SENDING: _("%(letter)s %(how)s is being sent"),
        State.SENT: _("%(letter)s sent %(how)s"),
        State.WITHDRAWN: _("%(letter)s withdrawn"),
        State.FAILED: _("%(letter)s could not be sent"),
    }[State(message.state)]
    if message.arrival and message.lost:
        text, detail = _("%(letter)s did not arrive"), why_lost(message)
    said = text % {"letter": message.get_letter_display(), "how": in_words([way_of(message)])}
    icon = "mail" if message.channel == Channel.EMAIL else "smartphone"
    return Entry(icon, "noshow" if message.lost else "", said, by, message.ended_at or message.queued_at, detail)
