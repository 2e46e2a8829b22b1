"""Papers of the books as PDF, set by Typst: receipts, credit notes, evidence. What people wrote is data, never markup."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import typst

from kept.billing.models import CreditNote, Invoice, Payment, Refund
from kept.foundation.dates import full_date

TEMPLATES = Path(__file__).parent


def receipt(invoice: Invoice) -> bytes:
    """What is owed, what was paid, what went back; a receipt once something was paid. Named by its number and the appointment alone."""
    zone = invoice.clinic.zone
    payments = list(invoice.payments.select_related("charge__card").order_by("at", "id"))
    notes = invoice.credit_notes.order_by("number")
    refunds = invoice.refunds.filter(state=Refund.State.SUCCEEDED).order_by("settled_at", "id")
    sums = [
        *((_paid(each) + f", {full_date(each.at, zone)}", str(each.amount)) for each in payments),
        *((f"Credit note {each}, {full_date(each.at, zone)}", each.signed) for each in notes),
        *((f"Refunded, {full_date(each.settled_at or each.created_at, zone)}", str(each.amount)) for each in refunds),
    ]
    balance = invoice.total if invoice.status == Invoice.Status.ISSUED else invoice.nothing
    lines = [(line.text, line.detail, str(line.amount)) for line in invoice.lines.all()]
    title = "Receipt" if payments else "Invoice"
    issued = full_date(invoice.issued_at, zone)
    return _set("paper.typ", _head(invoice, title, str(invoice), issued) | {
        "lines": lines, "total": str(invoice.total), "sums": sums, "balance": str(balance),
    })  # fmt: skip


def credit_note(note: CreditNote) -> bytes:
    """What answers the invoice, or a part of it."""
    invoice, zone = note.invoice, note.invoice.clinic.zone
    lines = [(f"Invoice {invoice} of {full_date(invoice.issued_at, zone)}", note.why, note.signed)]
    head = _head(invoice, "Credit note", str(note), full_date(note.at, zone))
    return _set("paper.typ", head | {"lines": lines, "total": note.signed, "sums": [], "balance": ""})


def sections(title: str, practice: str, parts: list[tuple[str, str]]) -> bytes:
    """Text under headings, on as many pages as it takes."""
    return _set("sections.typ", {"title": title, "from": practice, "sections": parts})


def _paid(payment: Payment) -> str:
    return f"Paid with {payment.charge.card}" if payment.method == "card" else f"Paid: {payment.get_method_display()}"


def _head(invoice: Invoice, title: str, number: str, issued: str) -> dict[str, Any]:
    clinic = invoice.clinic
    return {
        "title": title,
        "number": number,
        "issued": issued,
        "practice": invoice.practice.name,
        "clinic": [line for line in (clinic.name, *clinic.address.splitlines(), clinic.phone) if line],
        "patient": invoice.patient.name,
    }


@cache
def _template(name: str) -> bytes:
    return (TEMPLATES / name).read_bytes()


def _set(name: str, data: dict[str, Any]) -> bytes:
    """Tagged, for screen readers; in Typst’s own fonts, so that it looks the same everywhere. A letter that they lack stays blank."""
    return typst.compile(_template(name), format="pdf", sys_inputs={"data": json.dumps(data)}, ignore_system_fonts=True)
