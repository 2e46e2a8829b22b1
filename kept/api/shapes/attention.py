"""What needs attention, as the API says it."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from kept.api.pages import Page, Paged
from kept.api.shapes.appointments import InvoiceRef
from kept.api.shapes.fields import Amount, Named, Sent
from kept.api.shapes.invoices import AppointmentRef
from kept.api.shapes.messages import MessageShape
from kept.billing.attention import Item
from kept.noshows.answers import Said

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


Settled = Literal["restored", "spared", "stays"]


class AnswerShape(BaseModel):
    """What a patient says to a no-show on her own page: `here`, she was there, or `emergency`; `text` in her words. `outcome` is `open`
    until somebody settles it. `note` is what she reads where it stays."""

    id: str
    kind: Literal["here", "emergency"]
    text: str
    at: datetime
    outcome: Literal["open", "restored", "spared", "stays"]
    note: str
    settled_by: Named | None
    settled_at: datetime | None
    patient: Named
    clinic: Named
    appointment: AppointmentRef
    outcomes: list[Settled] = Field(description="What may become of it now, by this token.")

    @classmethod
    def of(cls, said: Said) -> "AnswerShape":
        answer, visit = said.answer, said.answer.appointment
        zone = visit.clinic.zone
        return cls.model_validate(
            {
                "id": str(answer.pk),
                "kind": answer.kind,
                "text": answer.text,
                "at": answer.at.astimezone(zone),
                "outcome": answer.outcome,
                "note": answer.note,
                "settled_by": Named.of(answer.settled_by) if answer.settled_by else None,
                "settled_at": answer.settled_at.astimezone(zone) if answer.settled_at else None,
                "patient": Named.of(visit.patient),
                "clinic": Named.of(visit.clinic),
                "appointment": AppointmentRef.of(visit),
                "outcomes": said.outcomes,
            }
        )


class AttentionPage(Page[AttentionItem]):
    """With the first page, `answers`: what patients say to no-shows and nobody has settled; and `letters` that did not arrive."""

    answers: list[AnswerShape]
    letters: list[MessageShape]


class AnswerSettled(Sent):
    """What becomes of an answer, and why."""

    outcome: Settled
    note: str = Field("", max_length=500, description="Required but for `restored`.")
