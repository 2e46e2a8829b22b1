"""Moving a visit: the book, and the letter that tells of it. Free, whoever asks for it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import kept.messaging.transitions as messaging
import kept.scheduling.transitions.moving as scheduling
from kept.messaging.models import Letter
from kept.practice.models import Member, Provider, Resource
from kept.scheduling.models import Appointment

LONG_ENOUGH_TO_UNDO = timedelta(minutes=1)


def reschedule(
    appointment: Appointment,
    *,
    starts_at: datetime,
    provider: Provider | None = None,
    resources: Sequence[Resource] | None = None,
    asked: Appointment.Asked = Appointment.Asked.PATIENT,
    double_book: bool = False,
    notify: bool | None = None,
    by: Member,
    at: datetime,
    version: int | None = None,
) -> Appointment:
    """It has another time, provider or room, with its card and policy; the patient is told of a new time in a minute.

    `starts_at` is aware UTC; `notify` None follows the practice's setting. Raises Refusal `wrong_status`, `stale_version`, `invalid`,
    `slot_taken` (at field `start` or `resources`), `not_permitted`.
    """
    moved = scheduling.reschedule(
        appointment,
        starts_at=starts_at,
        provider=provider,
        resources=resources,
        asked=asked,
        double_book=double_book,
        by=by,
        at=at,
        version=version,
    )
    if moved.starts_at != appointment.starts_at:
        messaging.queue(Letter.MOVED, moved, wanted=notify, after=LONG_ENOUGH_TO_UNDO, by=by, at=at)
    return moved
