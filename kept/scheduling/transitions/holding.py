"""Holds: a visit booked online that still awaits its card has its time for half an hour, then gives it free by itself (R19)."""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from kept.foundation.refusals import Refusal, refusing
from kept.scheduling import claims
from kept.scheduling.models import Appointment, Status
from kept.scheduling.transitions.giving_free import UNTOUCHED_ONLINE, card_awaited, give_free
from kept.scheduling.transitions.promising import released
from kept.scheduling.transitions.writing import turn

HOLD = timedelta(minutes=30)
LAPSED = "No card was given within 30 minutes"


def holds() -> QuerySet[Appointment]:
    """Booked online, untouched since, their card awaited."""
    return card_awaited().filter(UNTOUCHED_ONLINE)


def lapsed(appointment: Appointment) -> bool:
    """Given free because no card came."""
    online = appointment.channel == Appointment.Channel.ONLINE
    return online and appointment.status == Status.CANCELLED and appointment.outcome_reason == LAPSED


def release(held: QuerySet[Appointment], *, at: datetime) -> None:
    """Those of the holds are off the book. A second run changes nothing."""
    give_free(held, asked=Appointment.Asked.PATIENT, reason=LAPSED, at=at)


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
