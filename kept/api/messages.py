"""Letters to patients: what waits, what went, what was taken back, and what did not arrive."""

from collections.abc import Callable

from ninja import Query, Router

from kept.api import find
from kept.api.door import KeyRequest
from kept.api.pages import Page
from kept.api.shapes.messages import MessagesAsked, MessageShape
from kept.events import journal
from kept.foundation import clock
from kept.foundation.paging import page
from kept.messaging import transitions
from kept.messaging.models import Message
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
    became = {"state__in": asked.state, "arrival__in": asked.arrival}
    wanted = {key: values for key, values in (same | became).items() if values}
    found = page(messages(member).filter(**wanted), by="queued_at", cursor=asked.cursor, limit=asked.limit)
    return Page[MessageShape](items=[MessageShape.of(message, member) for message in found.rows], next=found.next)


@router.post("/messages/{message_id}/withdraw", response=MessageShape)
def withdraw(request: KeyRequest, message_id: str) -> MessageShape:
    """A letter that waits does not go."""
    return _after(request, message_id, transitions.withdraw)


@router.post("/messages/{message_id}/send-again", response=MessageShape)
def send_again(request: KeyRequest, message_id: str) -> MessageShape:
    """A letter that did not arrive goes anew, as things stand now, to where the patient is reached now: the new one."""
    return _after(request, message_id, transitions.send_again)


@router.post("/messages/{message_id}/settle", response=MessageShape)
def settle(request: KeyRequest, message_id: str) -> MessageShape:
    """Of one that did not arrive: the patient was told some other way."""
    return _after(request, message_id, transitions.settle)


def _after(request: KeyRequest, message_id: str, act: Callable[..., Message]) -> MessageShape:
    member = request.member
    done = act(find.one(messages(member), message_id), by=member, at=clock.now())
    return MessageShape.of(messages(member).get(pk=done.pk), member)
