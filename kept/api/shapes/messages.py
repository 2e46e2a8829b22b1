"""Letters to patients, as the API says them."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from kept.api.pages import Paged
from kept.api.shapes.appointments import InvoiceRef
from kept.api.shapes.fields import Named
from kept.api.shapes.invoices import AppointmentRef
from kept.messaging.lost import why_lost
from kept.messaging.models import Message
from kept.practice.models import Member
from kept.practice.rules import Right

Letter = Literal[
    "no_show",
    "cancelled",
    "moved",
    "receipt",
    "refunded",
    "booked",
    "card_link",
    "card_reminder",
    "accept_again",
    "released",
    "payment_link",
    "manage_link",
    "answered",
]
MessageState = Literal["queued", "sending", "sent", "withdrawn", "failed"]
Arrival = Literal["", "delivered", "undelivered", "complained"]


class MessagesAsked(Paged):
    """Which letters. Each parameter may be repeated."""

    patient: list[str] = []
    appointment: list[str] = []
    letter: list[Letter] = []
    state: list[MessageState] = []
    arrival: list[Arrival] = []


class MessageShape(BaseModel):
    """One letter to one patient, by e-mail or as a text message to a number. `text` is what would go, and once sent what went,
    links left out; `why` says why it did not go. `arrival` is what the service that took it reported, empty for nothing yet; of one that
    did not arrive `lost_why` says what is known, and `settled_at` when somebody saw to it. `invoice` is null for a token that may not see
    invoices."""

    id: str
    letter: Letter
    channel: Literal["email", "sms"]
    state: MessageState
    patient: Named
    appointment: AppointmentRef
    invoice: InvoiceRef | None
    to: str
    title: str
    text: str
    queued_at: datetime
    queued_by: Named | None
    send_after: datetime
    ended_at: datetime | None
    why: str
    arrival: Arrival
    lost_why: str
    settled_at: datetime | None

    @classmethod
    def of(cls, message: Message, member: Member) -> "MessageShape":
        invoice = message.invoice if message.invoice and member.may(Right.SEE_SALES, message.appointment) else None
        return cls.model_validate(
            {
                "id": str(message.pk),
                "letter": message.letter,
                "channel": message.channel,
                "state": message.state,
                "patient": Named.of(message.patient),
                "appointment": AppointmentRef.of(message.appointment),
                "invoice": InvoiceRef.of(invoice) if invoice else None,
                "to": message.to,
                "title": message.title,
                "text": message.text,
                "queued_at": message.queued_at,
                "queued_by": Named.of(message.queued_by) if message.queued_by else None,
                "send_after": message.send_after,
                "ended_at": message.ended_at,
                "why": message.why,
                "arrival": message.arrival,
                "lost_why": why_lost(message),
                "settled_at": message.settled_at,
            }
        )
