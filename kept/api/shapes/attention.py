"""What needs attention, as the API says it."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from kept.api.pages import Paged
from kept.api.shapes.appointments import InvoiceRef
from kept.api.shapes.fields import Amount, Named
from kept.api.shapes.invoices import AppointmentRef
from kept.billing.attention import Item

# The calls on the invoice that answer it, and the act each is.
CALLS = {"refunds": "refund", "keep": "keep", "retry": "retry", "payment-link": "link", "record-payment": "record", "void": "void"}


class AttentionAsked(Paged):
    """A page of it. `clinic` may be repeated."""

    clinic: list[str] = []


class AttentionItem(BaseModel):
    """Money that only a person can decide about. `refund_or_keep`: paid, although the fee had ended; `refund_failed`: it did not go back;
    `dispute`: the patient's bank took it back; `checking`: unknown for over five minutes; `unpaid`: for over a week."""

    kind: Literal["refund_or_keep", "refund_failed", "dispute", "checking", "unpaid"]
    text: str
    since: datetime
    amount: Amount
    refundable: Amount
    patient: Named
    clinic: Named
    appointment: AppointmentRef
    invoice: InvoiceRef
    calls: list[str] = Field(description="What may be done on its invoice now, by the names of the calls.")

    @classmethod
    def of(cls, item: Item) -> "AttentionItem":
        charge = item.charge
        return cls.model_validate(
            {
                "kind": item.kind,
                "text": item.text,
                "since": item.since.astimezone(charge.appointment.clinic.zone),
                "amount": Amount.of(charge.amount),
                "refundable": Amount.of(charge.refundable),
                "patient": Named.of(charge.patient),
                "clinic": Named.of(charge.appointment.clinic),
                "appointment": AppointmentRef.of(charge.appointment),
                "invoice": InvoiceRef.of(charge.invoice),
                "calls": [call for call, act in CALLS.items() if getattr(item.acts, act)],
            }
        )
