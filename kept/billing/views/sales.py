"""Sales: the list of invoices, and the same as a file."""

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse

from kept.billing import listing, queries
from kept.events import journal
from kept.foundation import clock
from kept.foundation.lists import with_query
from kept.foundation.paging import page
from kept.patients.models import Patient
from kept.practice.doors import MemberRequest, member_required
from kept.practice.rules import Right

ROWS = 50


@member_required
def invoices(request: MemberRequest) -> HttpResponse:
    member, asked = request.member, request.GET
    member.must(Right.SEE_SALES)
    wanted = listing.wanted(asked)
    if wanted.search.strip():
        journal.looked_at("invoices searched", practice_id=member.practice_id, at=clock.now())
    found = queries.invoices(member, wanted)
    shown = page(found, by="issued_at", cursor=asked.get("after"), limit=ROWS)
    context = {
        "tab": "sales",
        "rows": [{"invoice": row, "charge": queries.charge_of(row), "status": queries.shown_status(row)} for row in shown.rows],
        "totals": listing.totals(queries.totals(found)),
        "filter": wanted,
        "filtered": bool(asked),
        "left_out": listing.left_out_of(asked),
        "patient": Patient.objects.filter(pk=wanted.patient).first() if wanted.patient else None,
        "csv_url": f"{reverse('billing:csv')}?{asked.urlencode()}",
        "next_url": with_query(asked, after=shown.next) if shown.next else "",
        "first_url": with_query(asked, after=None) if asked.get("after") else "",
    }
    return render(request, "billing/invoices.html", context | listing.options(wanted, member))


@member_required
def invoices_csv(request: MemberRequest) -> StreamingHttpResponse:
    """Who exported is written down."""
    request.member.must(Right.SEE_SALES)
    journal.looked_at("invoices exported", practice_id=request.member.practice_id, at=clock.now())
    return listing.as_file(queries.invoices(request.member, listing.wanted(request.GET)))
