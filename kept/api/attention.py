"""Needs attention: money that only a person can decide about, what patients say to no-shows, and letters that did not arrive."""

from ninja import Body, Query, Router

from kept.api import find
from kept.api.door import KeyRequest
from kept.api.shapes.attention import AnswerSettled, AnswerShape, AttentionAsked, AttentionItem, AttentionPage
from kept.api.shapes.messages import MessageShape
from kept.billing import attention, queries
from kept.foundation import clock
from kept.foundation.paging import page
from kept.messaging.queries import MOST_LOST, lost
from kept.noshows import answers
from kept.noshows.models import Answer
from kept.noshows.queries import fee_of
from kept.noshows.transitions import answering
from kept.practice import queries as practice
from kept.practice.rules import Right
from kept.scheduling.models import Appointment

router = Router(tags=["Invoices"])


@router.get("/attention", response=AttentionPage)
def list_attention(request: KeyRequest, asked: Query[AttentionAsked]) -> AttentionPage:
    """What needs somebody, in the order in which its charges were due; with the first page what patients say to no-shows, and
    letters that did not arrive, the oldest first. Everything else settles by itself."""
    member, at = request.member, clock.now()
    member.must(Right.SEE_SALES)
    open_ones = queries.with_particulars(queries.attention(member, at=at, clinics=find.ids(asked.clinic)))
    found = page(open_ones, by="due_at", cursor=asked.cursor, limit=asked.limit, newest_first=False)
    spoken = [] if asked.cursor else answers.to_settle(member, at=at, clinics=find.ids(asked.clinic))
    astray = [] if asked.cursor else lost(member, clinics=find.ids(asked.clinic))[:MOST_LOST]
    return AttentionPage(
        items=[AttentionItem.of(attention.item(charge, member, at=at)) for charge in found.rows],
        next=found.next,
        answers=[AnswerShape.of(each) for each in spoken],
        letters=[MessageShape.of(each, member) for each in astray],
    )


@router.post("/attention/answers/{answer_id}", response=AnswerShape)
def settle_answer(request: KeyRequest, answer_id: str, body: Body[AnswerSettled]) -> AnswerShape:
    """What becomes of it: the visit is `restored`, its fee `spared` (`note` is the fee reason), or all of it `stays` (`note` is what the
    patient reads)."""
    member, at = request.member, clock.now()
    found = find.one(Answer.objects.filter(appointment__in=Appointment.objects.filter(practice.own(member))), answer_id)
    found.appointment = find.appointment(member, str(found.appointment_id))
    answering.settle(found, body.outcome, note=body.note, by=member, at=at)
    visit = found.appointment = find.appointment(member, str(found.appointment_id))
    return AnswerShape.of(answers.said(found, member, fee_of(visit, at=at), at=at))
