"""Time that is given free because a card did not come: of holds (R19), and of visits whose card was promised by a time."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet

from kept.scheduling.models import Appointment, Status
from kept.scheduling.transitions.writing import turn

# Booked online and untouched since. What the desk restored or moved is no hold any more.
UNTOUCHED_ONLINE = Q(channel=Appointment.Channel.ONLINE, booking_no=1, status_at=F("booked_at"))


def card_awaited() -> QuerySet[Appointment]:
    """Booked, with a card wanted that is not there."""
    return Appointment.objects.filter(status=Status.BOOKED, card_wanted=True, acceptance=None)


def give_free(late: QuerySet[Appointment], *, asked: str, reason: str, at: datetime, **particulars: Any) -> list[UUID]:
    """Those are off the book; the ids of those that were still on it. A second run changes nothing."""
    given = []
    for appointment_id in late.order_by("id").values_list("id", flat=True):
        appointment = Appointment.objects.locked(Appointment(pk=appointment_id))
        if not late.filter(pk=appointment_id).exists():
            continue  # its card came while we waited for the lock
        fields = {"cancelled_for": asked, "outcome_reason": reason}
        told = {"asked": asked} | particulars
        turn(appointment, Status.CANCELLED, "appointment.cancelled", by=None, at=at, particulars=told, **fields)
        given.append(appointment_id)
    return given
