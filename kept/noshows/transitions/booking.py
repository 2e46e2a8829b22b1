"""Booking a visit, with what it means for a missed one whose time it takes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import kept.scheduling.transitions.booking as scheduling
from kept.noshows.transitions import refilling
from kept.practice.models import Member, Provider, Service
from kept.scheduling.fitting import Visit
from kept.scheduling.models import Appointment


def book(*, provider: Provider, services: Sequence[Service], starts_at: datetime, by: Member, at: datetime, **more: Any) -> Appointment:
    """As `scheduling.book` does. Where the practice spares by itself, the unpaid fee of a missed visit whose time is booked again by it is
    spared in the same transaction (R7c). Raises what that raises."""
    ends_at = starts_at + Visit.of(services).lasts if services else starts_at
    freed = refilling.freed(provider, starts_at, ends_at, by=by)
    appointment = scheduling.book(provider=provider, services=services, starts_at=starts_at, by=by, at=at, **more)
    refilling.spare_filled(freed, at=at)
    return appointment
