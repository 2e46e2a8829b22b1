"""The journal: what was done, by whom, and from where."""

from typing import Any

from django.db.models import Q
from ninja import Query, Router

from kept.api import find
from kept.api.door import KeyRequest
from kept.api.pages import Page
from kept.api.shapes.events import EventsAsked, EventShape
from kept.events import journal
from kept.foundation import clock
from kept.foundation.paging import page
from kept.patients.models import Patient
from kept.practice.models import Member
from kept.rights.holdings import subjects
from kept.rights.journal import events

router = Router(tags=["Journal"])


@router.get("/events", response=Page[EventShape])
def list_events(request: KeyRequest, asked: Query[EventsAsked]) -> Page[EventShape]:
    """What was done, newest first, at the clinics that the member was given: for owner, manager and auditor. Who read it is written down.
    An event stands in its place by `at`; what commits a moment later may have an earlier one, so a program that follows the journal with
    `order=oldest` asks again from a minute before."""
    member = request.member
    found = events(member)
    journal.looked_at("journal read", practice_id=member.practice_id, at=clock.now())
    wanted: dict[str, Any] = {
        "kind__in": asked.kind,
        "subject_kind__in": asked.subject_kind,
        "subject_id__in": find.ids(asked.subject),
        "by_id__in": find.ids(asked.by),
        "at__gte": asked.since,
        "at__lt": asked.before,
    }
    found = found.filter(**{key: value for key, value in wanted.items() if value})
    if asked.patient:
        hers = Q(pk__in=[])
        for patient in Patient.objects.filter(practice=member.practice_id, pk__in=find.ids(asked.patient)):
            hers |= subjects(patient)
        found = found.filter(hers)
    newest_first = asked.order == "newest"
    found = found.order_by("-at", "-id") if newest_first else found.order_by("at", "id")
    shown = page(found, by="at", cursor=asked.cursor, limit=asked.limit, newest_first=newest_first)
    members = Member.objects.in_bulk({event.by_id for event in shown.rows if event.by_id})
    return Page[EventShape](items=[EventShape.of(event, members) for event in shown.rows], next=shown.next)
