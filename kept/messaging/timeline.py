"""An appointment's history with its letters."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from kept.billing import timeline
from kept.billing.timeline import Entry
from kept.foundation.dates import moment
from kept.messaging.models import Message
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
        State.QUEUED: _("%s by e-mail waits"),
        State.SENDING: _("%s by e-mail is being sent"),
        State.SENT: _("%s sent by e-mail"),
        State.WITHDRAWN: _("%s withdrawn"),
        State.FAILED: _("%s could not be sent"),
    }[State(message.state)]
    tone = "noshow" if message.state == State.FAILED else ""
    return Entry("mail", tone, text % message.get_letter_display(), by, message.ended_at or message.queued_at, detail)
