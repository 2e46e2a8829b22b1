"""How every act on an appointment ends: named fields are written, and its event is recorded."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kept.events import journal
from kept.practice.models import Member
from kept.scheduling.models import Appointment, Status


def write(
    appointment: Appointment, kind: str, *, by: Member | None, at: datetime, particulars: Mapping[str, Any] | None = None, **fields: Any
) -> Appointment:
    """These fields of the locked appointment, and the event of that kind with its particulars."""
    for name, value in fields.items():
        setattr(appointment, name, value)
    appointment.save(update_fields=fields.keys())
    appointment.refresh_from_db(fields=["version"])  # raised by the database with each change
    journal.record(kind, appointment, by=by, at=at, **(particulars or {}))
    return appointment


def turn(
    appointment: Appointment,
    to: Status,
    kind: str,
    *,
    by: Member | None,
    at: datetime,
    particulars: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Appointment:
    """The same with a new status, which it has from that member and instant on. Its claims follow by trigger."""
    status = {"status": to, "status_at": at, "status_by": by}
    return write(appointment, kind, by=by, at=at, particulars=particulars, **status, **fields)
