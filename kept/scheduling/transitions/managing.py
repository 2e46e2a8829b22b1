"""The link on which a patient sees, confirms, moves and cancels her own appointment."""

from datetime import datetime, timedelta

from django.conf import settings

from kept.patients.models import Link
from kept.patients.transitions import give_link
from kept.scheduling.models import Appointment

AFTER = timedelta(days=7)  # the visit, and no less after it was given, to which the link works


def manage_token(appointment: Appointment, *, at: datetime) -> str:
    """The token of a new link; those before work on."""
    until = max(appointment.ends_at, at) + AFTER
    return give_link(appointment.patient, Link.Purpose.MANAGE, subject_id=appointment.pk, expires_at=until, at=at)


def manage_link(appointment: Appointment, *, at: datetime) -> str:
    """The address of a new one, as a letter has it."""
    return f"{settings.BASE_URL}/manage/{manage_token(appointment, at=at)}/"
