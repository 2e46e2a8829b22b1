"""Bills: issued once with a gapless number, balanced by a payment, cancelled by a credit note."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from kept.billing.models import DEPOSIT, Charge, CreditNote, Invoice, InvoiceLine, Payment, Refund
from kept.events import journal
from kept.foundation.dates import clock_time, full_date
from kept.foundation.money import Money
from kept.practice.models import Member
from kept.practice.transitions import next_number

FEE_LINE = "Appointment Cancellation/Rescheduling Charges"
DEPOSIT_LINE = "Appointment deposit"
FIRST_INVOICE, FIRST_CREDIT_NOTE = 10001, 1


def issue_invoice(charge: Charge, *, at: datetime) -> Invoice:
    """The bill of a fee, with its number, at its first attempt, link or recorded payment (R6a). Once there is one it is that one."""
    if charge.invoice:
        return charge.invoice
    appointment = charge.appointment
    zone = appointment.clinic.zone
    start = f"{full_date(appointment.starts_at, zone)}, {clock_time(appointment.starts_at, zone)}"
    invoice = Invoice.objects.create(
        practice_id=charge.practice_id,
        number=next_number(charge.practice_id, "invoice", first=FIRST_INVOICE),
        kind=charge.kind,
        patient_id=charge.patient_id,
        appointment=appointment,
        provider_id=appointment.provider_id,
        clinic_id=appointment.clinic_id,
        total_minor=charge.amount_minor,
        currency=charge.currency,
        issued_at=at,
    )
    words = {"kind": charge.get_kind_display(), "start": start, "provider": appointment.provider.name}
    if charge.kind == DEPOSIT:
        _line(invoice, DEPOSIT_LINE, charge.amount, _("Appointment on %(start)s with %(provider)s") % words)
    else:
        _line(invoice, FEE_LINE, charge.amount + charge.applied, _("%(kind)s. Appointment on %(start)s with %(provider)s") % words)
    if charge.applied_minor:
        _line(invoice, _("Deposit applied"), charge.nothing - charge.applied, _("Paid when the appointment was booked"))
    charge.invoice = invoice
    charge.save(update_fields=["invoice"])
    journal.record("invoice.issued", invoice, by=None, at=at, charge=str(charge.id), minor=invoice.total_minor)
    return invoice


def _line(invoice: Invoice, text: str, amount: Money, detail: str) -> None:
    InvoiceLine.objects.create(
        practice_id=invoice.practice_id,
        invoice=invoice,
        text=text,
        detail=detail,
        amount_minor=amount.minor,
        currency=amount.currency,
    )


def balance_invoice(charge: Charge, amount: Money, *, at: datetime, **how: Any) -> None:
    """Money came in: a payment, and the invoice paid. A bill that a credit note ended stays ended."""
    invoice = issue_invoice(charge, at=at)
    Payment.objects.create(
        practice_id=charge.practice_id,
        invoice=invoice,
        charge=charge,
        amount_minor=amount.minor,
        currency=amount.currency,
        at=at,
        **how,
    )
    if invoice.status == Invoice.Status.ISSUED:
        invoice.status = Invoice.Status.BALANCED
        invoice.save(update_fields=["status"])
    journal.record("invoice.paid", invoice, by=None, at=at, charge=str(charge.id), minor=amount.minor)


def cancel_invoice(invoice: Invoice, *, why: str, by: Member | None, at: datetime) -> CreditNote:
    """The bill is not to be paid: a credit note over the whole answers it."""
    note = _credit(invoice, invoice.total, why=why, at=at)
    invoice.status = Invoice.Status.CANCELLED
    invoice.save(update_fields=["status"])
    journal.record("invoice.cancelled", invoice, by=by, at=at, credit_note=note.number)
    return note


def credit_refund(refund: Refund, *, at: datetime) -> CreditNote:
    """What went back is taken off the invoice by a note of its own, once."""
    note = _credit(refund.invoice, refund.amount, why=refund.why, at=at, refund=refund)
    journal.record("credit_note.issued", refund.invoice, by=None, at=at, credit_note=note.number, minor=note.amount_minor)
    return note


def reverse_credit(refund: Refund, *, at: datetime) -> None:
    """The refund failed after all: its note, which is final, is answered by another."""
    note = refund.credit_notes.filter(reverses=None).first()
    if note:
        answer = _credit(refund.invoice, refund.amount, why=_("Refund failed"), at=at, refund=refund, reverses=note)
        journal.record("credit_note.reversed", refund.invoice, by=None, at=at, credit_note=note.number, by_note=answer.number)


def _credit(
    invoice: Invoice, amount: Money, *, why: str, at: datetime, refund: Refund | None = None, reverses: CreditNote | None = None
) -> CreditNote:
    return CreditNote.objects.create(
        practice_id=invoice.practice_id,
        number=next_number(invoice.practice_id, "credit_note", first=FIRST_CREDIT_NOTE),
        invoice=invoice,
        refund=refund,
        reverses=reverses,
        amount_minor=amount.minor,
        currency=amount.currency,
        why=why,
        at=at,
    )
