"""No-shows and cancelled appointments as the API lists and sums them up."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from kept.api.pages import Paged
from kept.api.shapes.appointments import InvoiceRef, fee_state, services
from kept.api.shapes.fields import Amount, Asked, Day, FeeState, Named, NoFeeReason
from kept.noshows.models import Fee
from kept.noshows.queries import fee_of
from kept.practice.models import Member
from kept.practice.rules import Right
from kept.scheduling.claims import may_know
from kept.scheduling.models import Appointment, Claim


class ListFilter(Asked):
    """Which visits. Each parameter but the dates may be repeated."""

    first: Day | None = Field(None, alias="from", description="Local date of the start, in each clinic's own zone.")
    last: Day | None = Field(None, alias="to", description="Local date of the start, included.")
    clinic: list[str] = []
    provider: list[str] = []


class NoShowsFilter(ListFilter):
    """Which no-shows: of the last 30 days, unless it is said."""

    fee: list[FeeState] = Field([], description="States of the fee.")


class NoShowsAsked(NoShowsFilter, Paged):
    """A page of the list."""


class CancelledFilter(ListFilter):
    """Which cancelled appointments: from 30 days ago to 30 days ahead, unless it is said."""

    by: list[Literal["patient", "clinic"]] = Field([], description="Who asked for it.")


class CancelledAsked(CancelledFilter, Paged):
    """A page of the list."""


class NoShowFee(BaseModel):
    """The fee of a no-show, or of a late cancellation. `reason` says why none was offered; `invoice` is null for a token that may not see
    invoices."""

    state: FeeState
    amount: Amount | None
    invoice: InvoiceRef | None
    reason: NoFeeReason | None

    @classmethod
    def of(cls, missed: Appointment, fee: Fee | None, *, may_see_invoice: bool) -> "NoShowFee":
        invoice = fee.charge.invoice if fee and fee.charge and may_see_invoice else None
        never_asked = "imported" if missed.imported else "no_card"
        return cls.model_validate(
            {
                "state": fee_state(missed, fee),
                "amount": Amount.of(fee.amount) if fee and fee.currency else None,
                "invoice": InvoiceRef.of(invoice) if invoice else None,
                "reason": (fee.why_not if fee else never_asked) or None,
            }
        )


class SlotTaken(BaseModel):
    """What holds the time, or the room, meanwhile: an appointment or blocked time. Of one that the token does not see, the hours alone."""

    id: str | None
    number: str | None
    patient: Named | None
    block: Named | None = Field(description="Blocked time: its id, and why.")
    start: datetime
    end: datetime

    @classmethod
    def of(cls, claim: Claim, member: Member) -> "SlotTaken":
        known, zone = may_know(claim, member), claim.clinic.zone
        visit, block = (claim.appointment, claim.block) if known else (None, None)
        held = claim.appointment or claim.block or claim
        return cls(
            id=str(visit.pk) if visit else None,
            number=str(visit) if visit else None,
            patient=Named.of(visit.patient) if visit else None,
            block=Named(id=str(block.pk), name=block.why) if block else None,
            start=held.starts_at.astimezone(zone),
            end=held.ends_at.astimezone(zone),
        )


class Gone(BaseModel):
    """A visit that did not take place: why, and what holds its time meanwhile."""

    id: str
    number: str
    start: datetime
    local_date: date
    zone: str
    patient: Named
    services: list[Named]
    provider: Named
    clinic: Named
    reason: str
    note: str
    slot_taken_by: SlotTaken | None


def _gone(visit: Appointment, rival: Claim | None, member: Member) -> dict[str, Any]:
    zone = visit.clinic.zone
    return {
        "id": str(visit.pk),
        "number": str(visit),
        "start": visit.starts_at.astimezone(zone),
        "local_date": visit.local_date,
        "zone": zone.key,
        "patient": Named.of(visit.patient),
        "services": services(visit),
        "provider": Named.of(visit.provider),
        "clinic": Named.of(visit.clinic),
        "reason": visit.outcome_reason,
        "note": visit.outcome_note,
        "slot_taken_by": SlotTaken.of(rival, member) if rival else None,
    }


class NoShow(Gone):
    """A missed appointment: its fee, who marked it when and why, and what holds its time meanwhile."""

    fee: NoShowFee
    marked_by: Named | None
    marked_at: datetime | None

    @classmethod
    def of(cls, missed: Appointment, fee: Fee | None, rival: Claim | None, member: Member) -> "NoShow":
        return cls(
            **_gone(missed, rival, member),
            fee=NoShowFee.of(missed, fee, may_see_invoice=member.may(Right.SEE_SALES, missed)),
            marked_by=Named.of(missed.status_by) if missed.status_by else None,
            marked_at=missed.status_at.astimezone(missed.clinic.zone) if missed.status_at else None,
        )


class CancelledVisit(Gone):
    """A cancelled appointment: who asked for it, who cancelled it when and why, and what holds its time meanwhile. It can be restored until
    its start."""

    by: Literal["patient", "clinic"] | None = Field(description="Null of an imported visit that does not say.")
    late: bool
    fee: NoShowFee | None = Field(description="Of a late cancellation.")
    cancelled_by: Named | None
    cancelled_at: datetime | None
    restorable: bool

    @classmethod
    def of(cls, visit: Appointment, rival: Claim | None, member: Member, *, at: datetime) -> "CancelledVisit":
        fee, may_see_invoice = fee_of(visit, at=at), member.may(Right.SEE_SALES, visit)
        return cls.model_validate(
            _gone(visit, rival, member)
            | {
                "by": visit.cancelled_for or None,
                "late": visit.late_cancel,
                "fee": NoShowFee.of(visit, fee, may_see_invoice=may_see_invoice) if fee else None,
                "cancelled_by": Named.of(visit.status_by) if visit.status_by else None,
                "cancelled_at": visit.status_at.astimezone(visit.clinic.zone) if visit.status_at else None,
                "restorable": at < visit.starts_at,
            }
        )


class Summary(BaseModel):
    """Of one currency: visits missed, of how many completed or missed, and the money of their fees."""

    currency: str
    count: int
    concluded: int
    rate: float = Field(description="Missed of concluded, 0 to 1.")
    invoiced: Amount
    collected: Amount
    refunded: Amount


class Summaries(BaseModel):
    """One for each currency, by its code."""

    items: list[Summary]
