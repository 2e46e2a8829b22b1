"""The one way to write the journal. It knows no room: subjects and actors are anything with the right fields."""

from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from kept.events.models import Access, Event
from kept.foundation import jobs


class Recorded(Protocol):
    """A row that things happen to."""

    id: Any
    practice_id: Any


class Actor(Protocol):
    """A member of the practice."""

    id: Any


def record(kind: str, subject: Recorded, *, by: Actor | None, at: datetime, **particulars: Any) -> Event:
    """Write one event, queue its reactions, and hand it to the outbox, inside the caller's scope. `by` None: the system, the patient or the
    gateway."""
    event = Event.objects.create(
        practice_id=subject.practice_id,
        kind=kind,
        subject_kind=type(subject).__name__.lower(),
        subject_id=subject.id,
        by_id=by.id if by else None,
        at=at,
        particulars=particulars,
    )
    for reaction in import_string(settings.REACTIONS).get(kind, []):
        jobs.defer(reaction, event_id=str(event.id))
    import_string(settings.OUTBOX)(event)
    return event


def looked_at(what: str, *, practice_id: UUID, at: datetime, patient_id: UUID | None = None) -> None:
    """Record that a patient's record was read (R25). `patient_id` None: a search or an export over many."""
    Access.objects.create(practice_id=practice_id, what=what, patient_id=patient_id, at=at)


def timeline(*subject_ids: UUID) -> QuerySet[Event]:
    """What happened to these subjects, newest first."""
    return Event.objects.filter(subject_id__in=subject_ids).order_by("-at", "-id")


def looks(*patient_ids: UUID) -> QuerySet[Access]:
    """Who read these records, the latest first."""
    return Access.objects.filter(patient_id__in=patient_ids).order_by("-at", "-id")
