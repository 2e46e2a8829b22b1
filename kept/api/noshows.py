"""The lists of No Shows and Cancelled: a page of each, its totals, and all of it as CSV."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router

from kept.api import find
from kept.api.door import KeyRequest
from kept.api.pages import Page
from kept.api.shapes.fields import Amount
from kept.api.shapes.noshows import (
    CancelledAsked,
    CancelledFilter,
    CancelledVisit,
    ListFilter,
    NoShow,
    NoShowsAsked,
    NoShowsFilter,
    Summaries,
    Summary,
)
from kept.events import journal
from kept.foundation import clock
from kept.foundation.money import Money
from kept.foundation.paging import page
from kept.foundation.refusals import Refusal
from kept.noshows import exports, listing, queries
from kept.practice import queries as practice
from kept.practice.models import Member
from kept.practice.rules import Right

CSV = {"responses": {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}}

router = Router(tags=["No-shows"])


@router.get("/no-shows", response=Page[NoShow])
def list_no_shows(request: KeyRequest, asked: Query[NoShowsAsked]) -> Page[NoShow]:
    """Missed appointments, newest first: the last 30 days, at all clinics the member may see, unless asked otherwise."""
    member, at = request.member, clock.now()
    member.must(Right.LIST_NO_SHOWS)
    found = page(queries.no_shows(member, _wanted(asked, member, at), at=at), by="starts_at", cursor=asked.cursor, limit=asked.limit)
    rivals = queries.taken_by(found.rows)
    items = [NoShow.of(row, queries.fee_of(row, at=at), rivals.get(row.pk), member) for row in found.rows]
    return Page[NoShow](items=items, next=found.next)


def _wanted(asked: NoShowsFilter, member: Member, at: datetime) -> queries.Filter:
    today = listing.today(member, at=at)
    first, last = asked.first or queries.last_days(asked.last or today)[0], asked.last or max(today, asked.first or today)
    return replace(wanted_days(asked, first, last), fees=asked.fee)


def wanted_days(asked: ListFilter, first: date, last: date, calls: Sequence[str] = ()) -> queries.Filter:
    """The filter of a list over those days. Raises Refusal `invalid`."""
    if first > last:
        raise Refusal("invalid", _("The last day is before the first."), field="to")
    return queries.Filter(first, last, find.ids(asked.clinic), find.ids(asked.provider), calls=calls)


@router.get("/cancelled", response=Page[CancelledVisit])
def list_cancelled(request: KeyRequest, asked: Query[CancelledAsked]) -> Page[CancelledVisit]:
    """Cancelled appointments, newest first: from 30 days ago to 30 days ahead, at all her clinics, unless asked otherwise."""
    member, at = request.member, clock.now()
    member.must(Right.LIST_NO_SHOWS)
    found = page(queries.cancelled(member, _gone(asked, member, at), at=at), by="starts_at", cursor=asked.cursor, limit=asked.limit)
    rivals = queries.taken_by(found.rows)
    items = [CancelledVisit.of(row, rivals.get(row.pk), member, at=at) for row in found.rows]
    return Page[CancelledVisit](items=items, next=found.next)


@router.get("/cancelled.csv", openapi_extra=CSV)
def export_cancelled(request: KeyRequest, asked: Query[CancelledFilter]) -> StreamingHttpResponse:
    """The whole filtered list as a file for spreadsheets. Who exported is written down."""
    member, at = request.member, clock.now()
    member.must(Right.LIST_NO_SHOWS)
    journal.looked_at("cancelled exported", practice_id=member.practice_id, at=at)
    return exports.cancelled(queries.cancelled(member, _gone(asked, member, at), at=at), at=at)


def _gone(asked: CancelledFilter, member: Member, at: datetime) -> queries.Filter:
    first, last = listing.around(listing.today(member, at=at))
    first, last = asked.first or min(first, asked.last or first), asked.last or max(last, asked.first or last)
    return replace(wanted_days(asked, first, last), asked=asked.by)


@router.get("/no-shows/summary", response=Summaries)
def sum_up_no_shows(request: KeyRequest, asked: Query[NoShowsFilter]) -> Summaries:
    """The totals of a filter, for each currency of its clinics and its fees. `concluded` counts visits whatever became of a fee."""
    member, at = request.member, clock.now()
    member.must(Right.LIST_NO_SHOWS)
    wanted = _wanted(asked, member, at)
    money = queries.totals(member, wanted, at=at)
    clinics = [clinic for clinic in practice.clinics(member) if not wanted.clinics or clinic.pk in wanted.clinics]
    items = []
    for currency in sorted({clinic.currency for clinic in clinics} | money.invoiced.keys()):
        here = [clinic.pk for clinic in clinics if clinic.currency == currency]
        visits = queries.totals(member, replace(wanted, clinics=here), at=at) if here else queries.Totals()
        invoiced, collected, refunded = (
            Amount.of(Money(amounts.get(currency, 0), currency)) for amounts in (money.invoiced, money.collected, money.refunded)
        )
        items.append(
            Summary(
                currency=currency,
                count=visits.count,
                concluded=visits.concluded,
                rate=round(visits.rate, 4),
                invoiced=invoiced,
                collected=collected,
                refunded=refunded,
            )
        )
    return Summaries(items=items)


@router.get("/no-shows.csv", openapi_extra=CSV)
def export_no_shows(request: KeyRequest, asked: Query[NoShowsFilter]) -> StreamingHttpResponse:
    """The whole filtered list as a file for spreadsheets. Who exported is written down."""
    member, at = request.member, clock.now()
    member.must(Right.LIST_NO_SHOWS)
    journal.looked_at("no-shows exported", practice_id=member.practice_id, at=at)
    return exports.no_shows(queries.no_shows(member, _wanted(asked, member, at), at=at), at=at)
