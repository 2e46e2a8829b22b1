"""Calling a visit off: the book, and the letter that tells of it. Free, whoever asks for it."""

from datetime import datetime, timedelta

import kept.messaging.transitions as messaging
import kept.scheduling.transitions.cancelling as scheduling
from kept.messaging.models import Letter
from kept.practice.models import Member
from kept.scheduling.models import Appointment

TWO_MINUTES = timedelta(minutes=2)  # in which a restore takes the letter back


def cancel(
    appointment: Appointment,
    *,
    asked: Appointment.Asked,
    reason: str = "",
    note: str = "",
    notify: bool | None = None,
    by: Member,
    at: datetime,
    version: int | None = None,
) -> Appointment:
    """Its time is free, before its start, and the patient is told in two minutes (R14).

    `notify` None follows the practice's setting. Raises Refusal `wrong_status`, `stale_version`, `not_permitted`.
    """
    cancelled = scheduling.cancel(appointment, asked=asked, reason=reason, note=note, by=by, at=at, version=version)
    messaging.queue(Letter.CANCELLED, cancelled, wanted=notify, after=TWO_MINUTES, by=by, at=at)
    return cancelled
