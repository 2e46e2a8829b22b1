"""Invoices and refunds as the API says them, and what their calls take."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from kept.api.pages import Paged
from kept.api.shapes.appointments import card_shape
from kept.api.shapes.fields import Amount, AmountSent, CardShape, Code, Day, Named, Note, Reason, Sent
from kept.billing.models import Charge, Invoice, Payment, Refund
from kept.billing.queries import charge_of
from kept.foundation.money import Money
from kept.scheduling.models import Appointment

InvoiceStatus = Literal["issued", "balanced", "cancelled"]
Kind = Literal["no_show", "late_cancel", "late_reschedule", "late_arrival", "deposit"]
Method = Literal["card", "cash", "terminal", "transfer", "other"]


class InvoicesAsked(Paged):
    """Which invoices. Each parameter but the dates and the number may be repeated."""

    first: Day | None = Field(None, alias="from", description="Local date of the appointment's start, in each clinic's own zone.")
    last: Day | None = Field(None, alias="to", description="Local date of the appointment's start, included.")
    kind: list[Kind] = []
    status: list[Literal["issued", "link_sent", "balanced", "refunded", "cancelled"]] = []
    clinic: list[str] = []
    provider: list[str] = []
    patient: list[str] = []
    number: Code = ""


class RefundSent(Sent):
    """What to give back, and why. Without `amount` the whole rest."""

    amount: AmountSent | None = None
    reason: Reason = ""
    note: Note = ""


class LinkAsked(Sent):
    """Whether the patient is sent a link too; without `notify` as the practice's setting says."""

    notify: bool | None = None


class PaymentSent(Sent):
    """How it was paid, and a note for staff."""

    method: Literal["cash", "terminal", "transfer", "other"]
    note: Note = ""


class VoidSent(Sent):
    """Why it is not to be paid."""

    reason: Reason = ""


class AppointmentRef(BaseModel):
    """An appointment: `A-4830217`, and when it starts."""

    id: str
    number: str
    start: datetime

    @classmethod
    def of(cls, appointment: Appointment) -> "AppointmentRef":
        return cls(id=str(appointment.pk), number=str(appointment), start=appointment.starts_at.astimezone(appointment.clinic.zone))


class InvoiceLine(BaseModel):
    """One line in the list of invoices. `refunded` stands beside the status: what went back of what was collected."""

    id: str
    number: str
    kind: Kind
    status: InvoiceStatus
    total: Amount
    collected: Amount
    refunded: Amount
    issued_at: datetime
    patient: Named
    provider: Named
    clinic: Named
    appointment: AppointmentRef

    @classmethod
    def of(cls, invoice: Invoice) -> "InvoiceLine":
        charges = list(invoice.charges.all())
        return cls.model_validate(
            {
                "id": str(invoice.pk),
                "number": str(invoice),
                "kind": invoice.kind,
                "status": invoice.status,
                "total": Amount.of(invoice.total),
                "collected": Amount(minor=sum(charge.captured_minor for charge in charges), currency=invoice.currency),
                "refunded": Amount(minor=sum(charge.refunded_minor for charge in charges), currency=invoice.currency),
                "issued_at": invoice.issued_at.astimezone(invoice.clinic.zone),
                "patient": Named.of(invoice.patient),
                "provider": Named.of(invoice.provider),
                "clinic": Named.of(invoice.clinic),
                "appointment": AppointmentRef.of(invoice.appointment),
            }
        )


class BillLine(BaseModel):
    """What is billed. The detail names no treatment."""

    text: str
    detail: str
    amount: Amount


class PaymentShape(BaseModel):
    """Money that came in: by card, or another way, as staff recorded it."""

    id: str
    method: Method
    amount: Amount
    note: str
    at: datetime

    @classmethod
    def of(cls, payment: Payment) -> "PaymentShape":
        return cls.model_validate(
            {
                "id": str(payment.pk),
                "method": payment.method,
                "amount": Amount.of(payment.amount),
                "note": payment.note,
                "at": payment.at,
            }
        )


class RefundShape(BaseModel):
    """Money going back the way it came: to the card, or by hand, recorded. `state` ends as `succeeded`, or `failed` with its cause in
    `failure`."""

    id: str
    method: Method
    amount: Amount
    reason: str
    note: str
    state: Literal["reserved", "sending", "pending", "succeeded", "failed", "unknown"]
    failure: str
    created_at: datetime
    settled_at: datetime | None

    @classmethod
    def of(cls, refund: Refund) -> "RefundShape":
        return cls.model_validate(
            {
                "id": str(refund.pk),
                "method": refund.method,
                "amount": Amount.of(refund.amount),
                "reason": refund.why,
                "note": refund.note,
                "state": refund.state,
                "failure": refund.failure,
                "created_at": refund.created_at,
                "settled_at": refund.settled_at,
            }
        )


class CreditNoteShape(BaseModel):
    """What answers an invoice: `CN-1`. With `refund` it takes off what went back; with `reverses` that refund failed after all."""

    id: str
    number: str
    amount: Amount
    refund: str | None
    reverses: str | None
    reason: str
    at: datetime


class ChargeShape(BaseModel):
    """Where the charge to the card stands. `unknown`: the gateway's answer never came; it is followed up until it is known.
    `refundable` is what may still be given back."""

    id: str
    state: Literal["due", "sending", "succeeded", "declined", "needs_patient", "unknown", "canceled", "failed"]
    attempt: int
    amount: Amount
    refundable: Amount
    card: CardShape
    decline_code: str
    decline_text: str
    flag: Literal["", "refund_or_keep", "refund_failed"]

    @classmethod
    def of(cls, charge: Charge) -> "ChargeShape":
        return cls.model_validate(
            {
                "id": str(charge.pk),
                "state": charge.state,
                "attempt": charge.attempt,
                "amount": Amount.of(charge.amount),
                "refundable": Amount.of(charge.refundable),
                "card": card_shape(charge.card),
                "decline_code": charge.decline_code,
                "decline_text": charge.decline_text,
                "flag": charge.flag,
            }
        )


class InvoiceShape(InvoiceLine):
    """An invoice: its line and all that belongs to it."""

    lines: list[BillLine]
    charge: ChargeShape | None
    payments: list[PaymentShape]
    refunds: list[RefundShape]
    credit_notes: list[CreditNoteShape]

    @classmethod
    def of(cls, invoice: Invoice) -> "InvoiceShape":
        charge = charge_of(invoice)
        return cls(
            **dict(InvoiceLine.of(invoice)),
            lines=[BillLine(text=line.text, detail=line.detail, amount=Amount.of(line.amount)) for line in invoice.lines.all()],
            charge=ChargeShape.of(charge) if charge else None,
            payments=[PaymentShape.of(payment) for payment in invoice.payments.order_by("at", "id")],
            refunds=[RefundShape.of(refund) for refund in invoice.refunds.order_by("created_at", "id")],
            credit_notes=[
                CreditNoteShape(
                    id=str(note.pk),
                    number=str(note),
                    amount=Amount.of(Money(note.amount_minor, note.currency)),
                    refund=str(note.refund_id) if note.refund_id else None,
                    reverses=str(note.reverses) if note.reverses else None,
                    reason=note.why,
                    at=note.at,
                )
                for note in invoice.credit_notes.select_related("reverses").order_by("number")
            ],
        )


class RefundMade(RefundShape):
    """A refund, with its invoice as it is now."""

    invoice: InvoiceShape


class PaymentLink(BaseModel):
    """The address of a page on which the patient pays on her own phone, the same as a QR code in SVG, and its invoice as it is now."""

    url: str
    qr: str
    expires_at: datetime
    invoice: InvoiceShape
