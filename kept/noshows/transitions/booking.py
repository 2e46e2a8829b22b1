"""Booking a visit: the letter that confirms it, and what it means for a missed one whose time it takes, or whose patient takes it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import kept.messaging.transitions as messaging
import kept.scheduling.transitions.booking as scheduling
from kept.messaging.models import Letter
from kept.noshows.transitions import refilling
from kept.patients.models import Patient
from kept.practice.models import Member, Provider, Service
from kept.scheduling.fitting import Visit
from kept.scheduling.models import Appointment

A_MINUTE = timedelta(minutes=1)  # in which what was booked by mistake tells nobody


def book(
    *,
    provider: Provider,
    patient: Patient,
    services: Sequence[Service],
    starts_at: datetime,
    notify: bool | None = None,
    by: Member,
    at: datetime,
    **more: Any,
) -> Appointment:
    """As `scheduling.book` does. In the same transaction the unpaid fee of a missed visit whose time is booked again by it is spared,
    where the practice spares that by itself (R7c), and of one that the patient missed within the hours in which the version accepted for
    it spares by itself whoever takes a new time. The patient is told in a minute, `notify` None as the practice's settings say; where a
    card is asked for it is confirmed once she has given it. Raises what that raises."""
    ends_at = starts_at + Visit.of(services).lasts if services else starts_at
    stake = refilling.at_stake(provider, starts_at, ends_at, patient=patient, by=by)
    appointment = scheduling.book(provider=provider, patient=patient, services=services, starts_at=starts_at, by=by, at=at, **more)
    refilling.spare_by_itself(stake, at=at)
    if not appointment.card_wanted and not appointment.recorded_afterwards:
        messaging.queue(Letter.BOOKED, appointment, wanted=notify, once="booked", after=A_MINUTE, by=by, at=at)
    return appointment
