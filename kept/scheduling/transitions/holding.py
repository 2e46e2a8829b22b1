"""Holds: a visit booked online that still awaits its card has its time for half an hour, then gives it free by itself (R19)."""

from datetime import datetime, timedelta

from django.db.models import F, QuerySet

from kept.foundation.refusals import Refusal, refusing
from kept.scheduling import claims
from kept.scheduling.models import Appointment, Status
from kept.scheduling.transitions.promising import released
from kept.scheduling.transitions.writing import turn

HOLD = timedelta(minutes=30)
LAPSED = "No card was given within 30 minutes"


def holds() -> QuerySet[Appointment]:
    """Booked online, untouched since, their card awaited. What the desk restored or moved is no hold any more."""
    awaited = Appointment.objects.filter(channel=Appointment.Channel.ONLINE, status=Status.BOOKED, card_wanted=True, acceptance=None)
    return awaited.filter(booking_no=1, status_at=F("booked_at"))


def lapsed(appointment: Appointment) -> bool:
    """Given free because no card came."""
    online = appointment.channel == Appointment.Channel.ONLINE
    return online and appointment.status == Status.CANCELLED and appointment.outcome_reason == LAPSED


def release(held: QuerySet[Appointment], *, at: datetime) -> None:
    """Those of the holds are off the book. A second run changes nothing."""
    for appointment_id in held.order_by("id").values_list("id", flat=True):
        appointment = Appointment.objects.locked(Appointment(pk=appointment_id))
        if not held.filter(pk=appointment_id).exists():
            continue  # its card came while we waited for the lock
        fields = {"cancelled_for": Appointment.Asked.PATIENT, "outcome_reason": LAPSED}
        turn(
            appointment,
            Status.CANCELLED,
            "appointment.cancelled",
            by=None,
            at=at,
            particulars={"asked": Appointment.Asked.PATIENT},
            **fields,
        )


def release_overdue(*, at: datetime) -> None:
    """Holds whose half hour is over are off the book: done by whoever looks for a time next, so that no clock needs to run for it."""
    release(holds().filter(booked_at__lte=at - HOLD), at=at)


def take_back(appointment: Appointment, *, at: datetime) -> bool:
    """The card of what was given free for want of it came after all: the locked appointment is on the book again if its time is still
    free and ahead."""
    if not (lapsed(appointment) or released(appointment)) or at >= appointment.starts_at:
        return False
    claims.lock(appointment.claims.values_list("resource_id", flat=True))
    try:
        with refusing(claim_once=Refusal("slot_taken", "")):
            turn(appointment, Status.BOOKED, "appointment.restored", by=None, at=at, cancelled_for="", outcome_reason="")
    except Refusal:
        appointment.refresh_from_db()
        return False
    return True
