"""Booking a visit: the letter that confirms it, and what it means for a missed one whose time it takes."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import kept.messaging.transitions as messaging
import kept.scheduling.transitions.booking as scheduling
from kept.messaging.models import Letter
from kept.noshows.transitions import refilling
from kept.practice.models import Member, Provider, Service
from kept.scheduling.fitting import Visit
from kept.scheduling.models import Appointment

A_MINUTE = timedelta(minutes=1)  # in which what was booked by mistake tells nobody


def book(
    *,
    provider: Provider,
    services: Sequence[Service],
    starts_at: datetime,
    notify: bool | None = None,
    by: Member,
    at: datetime,
    **more: Any,
) -> Appointment:
    """As `scheduling.book` does. Where the practice spares by itself, the unpaid fee of a missed visit whose time is booked again by it is
    spared in the same transaction (R7c). The patient is told in a minute, `notify` None as the practice's settings say; where a card is
    asked for it is confirmed once she has given it. Raises what that raises."""
    ends_at = starts_at + Visit.of(services).lasts if services else starts_at
    freed = refilling.freed(provider, starts_at, ends_at, by=by)
    appointment = scheduling.book(provider=provider, services=services, starts_at=starts_at, by=by, at=at, **more)
    refilling.spare_filled(freed, at=at)
    if not appointment.card_wanted and not appointment.recorded_afterwards:
        messaging.queue(Letter.BOOKED, appointment, wanted=notify, once="booked", after=A_MINUTE, by=by, at=at)
    return appointment
