"""Needs attention: what only a person can decide about the money."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kept.billing import attention, queries
from kept.billing.models import GatewayEvent
from kept.billing.transitions import cards, reporting
from kept.foundation import clock
from kept.foundation.lists import Option, chosen_ids, chosen_label, with_query
from kept.foundation.paging import page as page_of
from kept.practice.doors import MemberRequest, member_required
from kept.practice.models import Member
from kept.practice.rules import Right

ROWS = 100


@member_required
def page(request: MemberRequest) -> HttpResponse:
    member, asked, now = request.member, request.GET, clock.now()
    member.must(Right.SEE_SALES)
    chosen = chosen_ids(asked, "clinic")
    found = queries.attention(member, at=now, clinics=chosen)
    shown = page_of(queries.with_particulars(found), by="due_at", cursor=asked.get("after"), limit=ROWS, newest_first=False)
    clinics = [Option(str(each.pk), each.name, each.pk in chosen) for each in member.given_clinics]
    context = {
        "tab": "attention",
        "groups": attention.groups(attention.item(charge, member, at=now) for charge in shown.rows),
        "parked": [] if chosen or asked.get("after") else list(queries.parked_reports(member)[:ROWS]),
        "late": [] if chosen or asked.get("after") else list(queries.late_cards(member)[:ROWS]),
        "may_ask": member.may(Right.COLLECT),
        "may_end": member.may(Right.CHARGE),
        "now": now,
        "clinics": clinics,
        "clinics_label": chosen_label(clinics, _("All clinics"), _("clinics")),
        "filtered": bool(chosen),
        "next_url": with_query(asked, after=shown.next) if shown.next else "",
        "first_url": with_query(asked, after=None) if asked.get("after") else "",
    }
    return render(request, "billing/attention.html", context)


@require_POST
@member_required
def look_again(request: MemberRequest, event_id: UUID) -> HttpResponse:
    """The gateway is asked once more what the report is about."""
    event = _parked_or_404(request.member, event_id)
    reporting.look_again(event, by=request.member, at=clock.now())
    messages.success(request, _("The payment provider is asked again. What fits the book leaves this list by itself."))
    return redirect("billing:attention")


@require_POST
@member_required
def set_aside(request: MemberRequest, event_id: UUID) -> HttpResponse:
    event = _parked_or_404(request.member, event_id)
    reporting.set_aside(event, why=request.POST.get("why", ""), by=request.member, at=clock.now())
    messages.success(request, _("Set aside. The report is kept."))
    return redirect("billing:attention")


@require_POST
@member_required
def late_card_seen(request: MemberRequest, capture_id: UUID) -> HttpResponse:
    """The patient knows that her time was gone."""
    member = request.member
    member.must(Right.COLLECT)
    cards.seen(get_object_or_404(queries.late_cards(member), pk=capture_id), by=member, at=clock.now())
    messages.success(request, _("Done. The card stays on the patient’s file."))
    return redirect("billing:attention")


def _parked_or_404(member: Member, event_id: UUID) -> GatewayEvent:
    member.must(Right.COLLECT)
    return get_object_or_404(queries.parked_reports(member), pk=event_id)
