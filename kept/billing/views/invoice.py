"""One invoice: its page, and as a receipt to print."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render

from kept.billing import paper, queries, timeline
from kept.billing.acts import acts
from kept.billing.models import Charge, Invoice, State
from kept.events import journal
from kept.foundation import clock
from kept.practice import queries as practice
from kept.practice.doors import MemberRequest, member_required
from kept.practice.looks import looks_at
from kept.practice.models import Member
from kept.practice.rules import Right


def invoice_or_404(member: Member, invoice_id: UUID) -> Invoice:
    """The one door to an invoice: in her practice and clinics (R24)."""
    found = Invoice.objects.filter(practice.own(member)).select_related(
        "practice",
        "patient",
        "clinic",
        "provider",
        "appointment__clinic",
        "appointment__provider",
        "appointment__acceptance__version",
        "appointment__acceptance__card",
    )
    return get_object_or_404(found.prefetch_related("charges__card", "refunds"), pk=invoice_id)


@member_required
def invoice(request: MemberRequest, invoice_id: UUID) -> HttpResponse:
    member, found, now = request.member, invoice_or_404(request.member, invoice_id), clock.now()
    member.must(Right.SEE_SALES, found)
    looks_at(request, "invoice", found.patient_id, now)
    charge = queries.charge_of(found)
    if charge:
        charge.appointment = found.appointment
    context = {
        "charge": charge,
        "timeline": timeline.of_invoice(found),
        "acts": acts(charge, member, at=now),
        "asks_again": _asks_again(found, charge),
    }
    return render(request, "billing/invoice.html", _money(found, now) | context)


def _asks_again(found: Invoice, charge: Charge | None) -> str:
    """How soon the page brings itself up to date: at once while something moves, or moved between the reading of the invoice and of its
    charge; now and then while the patient has a link."""
    if charge is None:
        return ""
    if found.status == Invoice.Status.ISSUED and charge.state in (State.SUCCEEDED, State.CANCELED):
        return "1s"
    if charge.in_flight or charge.ending or charge.state == State.DUE or charge.refund_reserved_minor:
        return "1s"
    return "5s" if charge.with_her else ""


@member_required
def receipt(request: MemberRequest, invoice_id: UUID) -> HttpResponse:
    """The invoice on paper: what is owed, what was paid, what went back."""
    found = invoice_or_404(request.member, invoice_id)
    request.member.must(Right.SEE_SALES, found)
    looks_at(request, "invoice", found.patient_id, clock.now())
    return render(request, "billing/receipt.html", _money(found, clock.now()))


@member_required
def receipt_pdf(request: MemberRequest, invoice_id: UUID) -> HttpResponse:
    """The same as a PDF."""
    found = invoice_or_404(request.member, invoice_id)
    request.member.must(Right.SEE_SALES, found)
    journal.looked_at("invoice exported", practice_id=found.practice_id, patient_id=found.patient_id, at=clock.now())
    return _pdf(paper.receipt(found), str(found))


@member_required
def credit_note_pdf(request: MemberRequest, invoice_id: UUID, note_id: UUID) -> HttpResponse:
    found = invoice_or_404(request.member, invoice_id)
    request.member.must(Right.SEE_SALES, found)
    note = get_object_or_404(found.credit_notes.all(), pk=note_id)
    note.invoice = found
    journal.looked_at("invoice exported", practice_id=found.practice_id, patient_id=found.patient_id, at=clock.now())
    return _pdf(paper.credit_note(note), str(note))


def _pdf(content: bytes, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'inline; filename="{name}.pdf"'}
    return HttpResponse(content, content_type="application/pdf", headers=headers)


def _money(found: Invoice, now: datetime) -> dict[str, Any]:
    return {
        "tab": "sales",
        "invoice": found,
        "status": queries.shown_status(found),
        "payments": list(found.payments.select_related("charge__card").order_by("at", "id")),
        "refunds": sorted(found.refunds.all(), key=lambda each: (each.created_at, each.pk)),
        "credit_notes": list(found.credit_notes.order_by("number")),
        "now": now,
    }
