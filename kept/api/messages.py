"""Letters to patients: what waits, what went, and what was taken back."""

from ninja import Query, Router

from kept.api import find
from kept.api.door import KeyRequest
from kept.api.pages import Page
from kept.api.shapes.messages import MessagesAsked, MessageShape
from kept.events import journal
from kept.foundation import clock
from kept.foundation.paging import page
from kept.messaging.queries import messages
from kept.practice.rules import Right

router = Router(tags=["Messages"])


@router.get("/messages", response=Page[MessageShape])
def list_messages(request: KeyRequest, asked: Query[MessagesAsked]) -> Page[MessageShape]:
    """Letters about appointments that the member may see, newest first. Who read them is written down."""
    member = request.member
    member.must(Right.SEE_PATIENTS)
    journal.looked_at("messages opened", practice_id=member.practice_id, at=clock.now())
    same = {"patient__in": find.ids(asked.patient), "appointment__in": find.ids(asked.appointment), "letter__in": asked.letter}
    wanted = {key: values for key, values in (same | {"state__in": asked.state}).items() if values}
    found = page(messages(member).filter(**wanted), by="queued_at", cursor=asked.cursor, limit=asked.limit)
    return Page[MessageShape](items=[MessageShape.of(message, member) for message in found.rows], next=found.next)
