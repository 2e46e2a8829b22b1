"""Needs attention: what only a person can decide about the money."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from kept.billing import attention, queries
from kept.foundation import clock
from kept.foundation.lists import Option, chosen_ids, chosen_label, with_query
from kept.foundation.paging import page as page_of
from kept.practice.doors import MemberRequest, member_required
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
        "may_ask": member.may(Right.COLLECT),
        "clinics": clinics,
        "clinics_label": chosen_label(clinics, _("All clinics"), _("clinics")),
        "filtered": bool(chosen),
        "next_url": with_query(asked, after=shown.next) if shown.next else "",
        "first_url": with_query(asked, after=None) if asked.get("after") else "",
    }
    return render(request, "billing/attention.html", context)
