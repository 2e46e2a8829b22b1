"""The link to the patient's own page of a visit goes to her by letter."""

from datetime import datetime

import kept.messaging.transitions as messaging
from kept.foundation.refusals import Refusal
from kept.messaging.models import Letter, Message
from kept.messaging.reach import nowhere
from kept.practice.models import Member
from kept.practice.rules import Right
from kept.scheduling.models import Appointment
from kept.scheduling.transitions import managing


def send_link(appointment: Appointment, *, by: Member, at: datetime) -> Message:
    """A letter with a link of its own: one a minute, however often it is asked for. Raises Refusal `wrong_status`, `invalid` where no
    address is known, `not_permitted`."""
    by.must(Right.BOOK, appointment)
    managing.check_link(appointment)
    sent = messaging.queue(Letter.MANAGE_LINK, appointment, wanted=True, once=f"{at:%Y-%m-%d %H:%M}", by=by, at=at)
    if sent is None:
        raise Refusal("invalid", nowhere(appointment.patient))
    return sent
