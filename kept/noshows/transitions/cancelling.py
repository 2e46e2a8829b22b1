"""Calling a visit off: the book, and the letter that tells of it. Free, whoever asks for it."""

from datetime import datetime

import kept.messaging.transitions as messaging
import kept.scheduling.transitions.cancelling as scheduling
from kept.messaging.models import Letter
from kept.practice.models import Member
from kept.scheduling.models import Appointment


def cancel(
    appointment: Appointment,
    *,
    asked: Appointment.Asked,
    reason: str = "",
    notify: bool | None = None,
    by: Member,
    at: datetime,
    version: int | None = None,
) -> Appointment:
    """Its time is free, before its start, and the patient is told (R14).

    `notify` None follows the practice's setting. Raises Refusal `wrong_status`, `stale_version`, `not_permitted`.
    """
    cancelled = scheduling.cancel(appointment, asked=asked, reason=reason, by=by, at=at, version=version)
    messaging.queue(Letter.CANCELLED, cancelled, wanted=notify, by=by, at=at)
    return cancelled
