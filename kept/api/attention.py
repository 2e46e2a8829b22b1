"""Needs attention: money that only a person can decide about."""

from ninja import Query, Router

from kept.api import find
from kept.api.door import KeyRequest
from kept.api.pages import Page
from kept.api.shapes.attention import AttentionAsked, AttentionItem
from kept.billing import attention, queries
from kept.foundation import clock
from kept.foundation.paging import page
from kept.practice.rules import Right

router = Router(tags=["Invoices"])


@router.get("/attention", response=Page[AttentionItem])
def list_attention(request: KeyRequest, asked: Query[AttentionAsked]) -> Page[AttentionItem]:
    """What needs somebody, in the order in which its charges were due. Everything else settles by itself."""
    member, at = request.member, clock.now()
    member.must(Right.SEE_SALES)
    open_ones = queries.with_particulars(queries.attention(member, at=at, clinics=find.ids(asked.clinic)))
    found = page(open_ones, by="due_at", cursor=asked.cursor, limit=asked.limit, newest_first=False)
    return Page[AttentionItem](items=[AttentionItem.of(attention.item(charge, member, at=at)) for charge in found.rows], next=found.next)
