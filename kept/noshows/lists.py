"""The lists under the wrench, No Shows (R8) and Cancelled (R13): one page, asked about two kinds of visits."""

from collections.abc import Callable, Container
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from kept.events import journal
from kept.foundation import clock
from kept.foundation.lists import left_out, with_query
from kept.foundation.paging import page
from kept.noshows import exports, listing, queries, taken
from kept.noshows.actions import fee_acts
from kept.noshows.listing import Days, FilterButton, Total
from kept.noshows.proposals import Grounds, proposal
from kept.noshows.queries import Filter
from kept.noshows.words import fee_words
from kept.practice.doors import MemberRequest, member_required
from kept.practice.models import Member
from kept.practice.rules import Right
from kept.scheduling.models import Appointment

ROWS = 50
ASKED = ("clinic", "provider", "fee", "asked", "q", "from", "to")


@dataclass(frozen=True, slots=True)
class Kind:
    """What tells one list from the other. `name` is also how a look at it is written down."""

    name: str
    title: Promise
    template: str
    csv: str
    days: Days
    choices: dict[str, Container[str]]
    button: Callable[[Filter], FilterButton]
    found: Callable[[Member, Filter, datetime], QuerySet[Appointment]]
    totals: Callable[[Member, Filter, datetime], list[Total]]
    row: Callable[[Appointment, Member, datetime], dict[str, Any]]
    export: Callable[..., StreamingHttpResponse]


def _missed(appointment: Appointment, member: Member, now: datetime) -> dict[str, Any]:
    fee = queries.fee_of(appointment, at=now)
    return {
        "fee": fee,
        "words": fee_words(appointment, fee, at=now),
        "acts": fee_acts(appointment, member, fee, at=now),
        "moving": fee is not None and fee.is_moving,
        "may_restore": member.may(Right.MARK, appointment),
        "may_see_invoice": member.may(Right.SEE_SALES, appointment),
    }


def _cancelled(appointment: Appointment, member: Member, now: datetime) -> dict[str, Any]:
    to_come, fee = now < appointment.starts_at, queries.fee_of(appointment, at=now)
    return {
        "fee": fee,
        "words": fee_words(appointment, fee, at=now) if fee else None,
        "acts": fee_acts(appointment, member, fee, at=now) if fee else [],
        "moving": fee is not None and fee.is_moving,
        "to_come": to_come,
        "may_restore": to_come and member.may(Right.MARK, appointment),
        "may_see_invoice": member.may(Right.SEE_SALES, appointment),
    }


NO_SHOWS = Kind(
    name="no-shows",
    title=gettext_lazy("No Shows"),
    template="noshows/no_shows.html",
    csv="noshows:csv",
    days=listing.BACK,
    choices={"fee": listing.FEE_STATES},
    button=listing.by_fee,
    found=lambda member, wanted, at: queries.no_shows(member, wanted, at=at),
    totals=lambda member, wanted, at: listing.totals(queries.totals(member, wanted, at=at)),
    row=_missed,
    export=exports.no_shows,
)
CANCELLED = Kind(
    name="cancelled",
    title=gettext_lazy("Cancelled"),
    template="noshows/cancelled.html",
    csv="noshows:cancelled-csv",
    days=listing.BOTH_WAYS,
    choices={"asked": Appointment.Asked.values},
    button=listing.by_asked,
    found=lambda member, wanted, at: queries.cancelled(member, wanted, at=at),
    totals=lambda member, wanted, at: listing.cancellations(queries.cancellations(member, wanted, at=at)),
    row=_cancelled,
    export=exports.cancelled,
)


@member_required
def no_shows(request: MemberRequest) -> HttpResponse:
    return _list(request, NO_SHOWS)


@member_required
def no_shows_csv(request: MemberRequest) -> StreamingHttpResponse:
    return _csv(request, NO_SHOWS)


@member_required
def cancelled(request: MemberRequest) -> HttpResponse:
    return _list(request, CANCELLED)


@member_required
def cancelled_csv(request: MemberRequest) -> StreamingHttpResponse:
    return _csv(request, CANCELLED)


def _list(request: MemberRequest, kind: Kind) -> HttpResponse:
    now, member = clock.now(), request.member
    member.must(Right.LIST_NO_SHOWS)
    today = listing.today(member, at=now)
    wanted = listing.wanted(request.GET, today, kind.days)
    if wanted.search:
        journal.looked_at(f"{kind.name} searched", practice_id=member.practice_id, at=now)
    found = page(kind.found(member, wanted, now), by="starts_at", cursor=request.GET.get("after"), limit=ROWS)
    facts = queries.attendance([row.patient_id for row in found.rows])
    rivals = queries.taken_by(found.rows)
    grounds = Grounds.of(found.rows)
    rows = []
    for appointment in found.rows:
        appointment.practice = member.practice  # one and the same, whose settings are read once
        row = kind.row(appointment, member, now)
        rival = rivals.get(appointment.pk) if row["may_restore"] else None
        row |= {
            "appointment": appointment,
            "attendance": facts.get(appointment.patient_id),
            "proposal": proposal(appointment, row.get("fee"), grounds),
            "taken_by": taken.briefly(rival, member) if rival else "",
        }
        rows.append(row)
    context = {
        "tab": "appointments",
        "title": kind.title,
        "rows": rows,
        "moving": any(row.get("moving") for row in rows),
        "several_zones": len({clinic.zone_name for clinic in member.given_clinics}) > 1,
        "totals": kind.totals(member, wanted, now),
        "next_url": with_query(request.GET, after=found.next) if found.next else "",
        "first_url": with_query(request.GET, after=None) if request.GET.get("after") else "",
        "csv_url": f"{reverse(kind.csv)}?{request.GET.urlencode()}",
        "filter": wanted,
        "filtered": any(key in request.GET for key in ASKED),
        "left_out": left_out(request.GET, days=("from", "to"), ids=("clinic", "provider"), **kind.choices),
        "filters": listing.filters(wanted, member, kind.button(wanted)),
        "presets": listing.presets(request.GET, wanted, today, kind.days),
        "now": now,
    }
    return render(request, kind.template, context)


def _csv(request: MemberRequest, kind: Kind) -> StreamingHttpResponse:
    now, member = clock.now(), request.member
    member.must(Right.LIST_NO_SHOWS)
    wanted = listing.wanted(request.GET, listing.today(member, at=now), kind.days)
    journal.looked_at(f"{kind.name} exported", practice_id=member.practice_id, at=now)
    return kind.export(kind.found(member, wanted, now), at=now)
