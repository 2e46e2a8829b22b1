"""Appointments as the API says them, and what their calls take."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, tzinfo
from typing import Literal, Self

from pydantic import BaseModel, Field, StrictBool, model_validator
from pydantic_core import PydanticCustomError

from kept.api.pages import Paged
from kept.api.shapes.fields import (
    Amount,
    AmountSent,
    CardShape,
    Day,
    Display,
    FeeState,
    Instant,
    Named,
    NoFeeReason,
    Note,
    PriceSent,
    Reason,
    Sent,
    Versioned,
)
from kept.billing.models import Charge, Invoice
from kept.foundation.qr import drawing
from kept.noshows.actions import Action
from kept.noshows.deposits import left_of
from kept.noshows.models import Fee
from kept.noshows.offers import FeeOffer, costs
from kept.noshows.proposals import proposal_for
from kept.noshows.queries import Attendance
from kept.patients.models import Card
from kept.policies.document import Kind
from kept.policies.models import Acceptance
from kept.scheduling.models import Appointment, Status
from kept.scheduling.rules import display

StatusCode = Literal["booked", "arrived", "fulfilled", "noshow", "cancelled", "entered-in-error"]
FeeAct = Literal["charge", "charge_now", "spare", "unspare"]
STILL_OPEN = ("undecided", "spared")


class BookAsked(Paged):
    """Which lines of the book. Each parameter but the dates may be repeated."""

    first: Day | None = Field(None, alias="from", description="Local date of the start, in each clinic's own zone. Default: today.")
    last: Day | None = Field(None, alias="to", description="Local date of the start, included. Default: seven days later than today.")
    clinic: list[str] = []
    provider: list[str] = []
    patient: list[str] = []
    status: list[StatusCode] = []


class PolicyAcceptedSent(Sent):
    """The patient accepted that version on the clinic's own website, which showed it in full."""

    version: int = Field(ge=1, le=2_000_000_000)
    accepted_at: Instant
    channel: Literal["website"] = "website"


class Booking(Sent):
    """A visit to book. Its services follow each other; a `start` in the past is recorded afterwards.

    `resources` are the rooms and devices wanted; of what the services need beyond them, the first that is free is taken. `price` is for the
    whole visit, in place of the sum of its services. `card` (a payment method that the website had saved at the gateway) and
    `policy_accepted` go together, and need scope `consent`. `notify`: whether a confirmation goes to her; by default as the practice’s
    settings say. Where a card is asked for it follows the card.
    """

    clinic: str
    provider: str
    patient: str
    services: list[str] = Field(min_length=1, max_length=20)
    start: Instant
    resources: list[str] = Field([], max_length=20)
    price: PriceSent | None = None
    double_book: StrictBool = False
    note: Note = ""
    notify: StrictBool | None = None
    card: str | None = Field(None, min_length=1, max_length=120)
    policy_accepted: PolicyAcceptedSent | None = None


class Missed(Versioned):
    """`charge_fee` is required when a fee is offered; `amount` may lower it, with a `fee_reason`. `notify`: whether the patient is told;
    by default as the practice’s settings say."""

    charge_fee: StrictBool | None = None
    amount: AmountSent | None = None
    fee_reason: Reason = ""
    reason: Reason = ""
    note: Note = ""
    notify: StrictBool | None = None


class FeeActed(Versioned):
    """What becomes of a fee: of the one that `fee` names by its id in `fees`, or of the last. `amount` lowers one that is charged; lowering
    and sparing need a `fee_reason`."""

    action: FeeAct
    fee: str | None = None
    amount: AmountSent | None = None
    fee_reason: Reason = ""

    @model_validator(mode="after")
    def _only_a_charge_has_an_amount(self) -> Self:
        if self.amount and self.action in ("spare", "unspare"):
            raise PydanticCustomError("amount", "amount goes with charge and charge_now.")
        return self


class CheckedIn(Versioned):
    """Where coming so late has a fee, `charge_fee` charges or spares it; without, it is left to be decided. `amount` may lower it, and
    lowering and sparing need a `fee_reason`."""

    charge_fee: StrictBool | None = None
    amount: AmountSent | None = None
    fee_reason: Reason = ""


class Restored(Versioned):
    """At its own time, or at another `start`. `refund` gives back the whole rest of a paid fee."""

    refund: StrictBool = False
    check_in: StrictBool = False
    double_book: StrictBool = False
    start: Instant | None = None
    provider: str | None = None


class Cancelled(Versioned):
    """Who asked for it, and why. `charge_fee` is required when the patient asks and it is late; `amount` may lower the fee, and lowering
    and sparing it need a `fee_reason`. The clinic’s own cancellation is free."""

    by: Literal["patient", "clinic"]
    charge_fee: StrictBool | None = None
    amount: AmountSent | None = None
    fee_reason: Reason = ""
    reason: Reason = ""
    notify: StrictBool | None = None


class Rescheduled(Versioned):
    """Who asked for it, and the new `start`; or another provider, or other `resources`, at its own. Without `resources` it keeps its rooms
    and devices where they are free, else takes others that do. `charge_fee` is required when the patient asks for another time and it is
    late; `amount` may lower the fee, and lowering and sparing it need a `fee_reason`. The clinic’s own move is free."""

    by: Literal["patient", "clinic"]
    start: Instant
    provider: str | None = None
    resources: list[str] | None = Field(None, max_length=20)
    double_book: StrictBool = False
    charge_fee: StrictBool | None = None
    amount: AmountSent | None = None
    fee_reason: Reason = ""
    notify: StrictBool | None = None


class DepositRefunded(Versioned):
    """Why the rest of the deposit goes back, which is required; a note is for staff only."""

    reason: Reason = ""
    note: Note = ""


class ManageLinkAsked(Versioned):
    """Whether the patient is sent a link too."""

    notify: bool = False


class FeeLinkAsked(Sent):
    """For which fee: the one that `fee` names by its id in `fees`, or the last. Whether the patient is sent a link too; without
    `notify` as the practice's setting says."""

    fee: str | None = None
    notify: bool | None = None


class AppointmentLine(BaseModel):
    """One line of the book. Instants carry the clinic's offset."""

    id: str
    number: str
    start: datetime
    end: datetime
    status: StatusCode
    display: Display
    fee_state: FeeState | None
    patient: Named
    provider: Named
    clinic: Named
    services: list[Named]

    @classmethod
    def of(cls, appointment: Appointment, fee: Fee | None, *, at: datetime) -> "AppointmentLine":
        zone = appointment.clinic.zone
        return cls.model_validate(
            {
                "id": str(appointment.pk),
                "number": str(appointment),
                "start": appointment.starts_at.astimezone(zone),
                "end": appointment.ends_at.astimezone(zone),
                "status": appointment.status,
                "display": display(appointment, at=at),
                "fee_state": fee_state(appointment, fee),
                "patient": Named.of(appointment.patient),
                "provider": Named.of(appointment.provider),
                "clinic": Named.of(appointment.clinic),
                "services": services(appointment),
            }
        )


def fee_state(appointment: Appointment, fee: Fee | None) -> str | None:
    """Null until a no-show, or a late cancellation, move or arrival makes a fee possible; a no-show about which nobody was ever asked, as
    an imported one, offers none."""
    if fee:
        return fee.state
    return "not_offered" if appointment.status == Status.NOSHOW else None


def services(appointment: Appointment) -> list[Named]:
    """Its services by the names they had when booked."""
    return [Named(id=str(line.service_id), name=line.name) for line in appointment.lines.all()]


class PolicyAccepted(BaseModel):
    """What the patient accepted for this appointment: the version's number, the hash of the text, and the most that may be charged."""

    version: int
    accepted_at: datetime
    channel: Literal["link", "online", "website"]
    text_hash: str
    fee: Amount

    @classmethod
    def of(cls, acceptance: Acceptance) -> "PolicyAccepted":
        return cls.model_validate(
            {
                "version": acceptance.version.number,
                "accepted_at": acceptance.accepted_at,
                "channel": acceptance.channel,
                "text_hash": acceptance.text_hash,
                "fee": Amount.of(acceptance.fee),
            }
        )


class AcceptanceShape(PolicyAccepted):
    """The proof in full: the text word for word, the most that may be charged for each kind of fee, until when it was free to cancel,
    the card (null where none was asked for), from where and with what it was accepted, and what was accepted before it, newest first.
    `address` is null and `agent` empty where they are not known."""

    text: str
    fees: dict[str, Amount]
    free_until: datetime
    card: CardShape | None
    address: str | None
    agent: str
    locale: str
    earlier: "list[AcceptanceShape]"

    @classmethod
    def whole(cls, acceptance: Acceptance, earlier: Sequence[Acceptance], zone: tzinfo) -> "AcceptanceShape":
        said = dict(PolicyAccepted.of(acceptance)) | {"accepted_at": acceptance.accepted_at.astimezone(zone)}
        return cls(
            **said,
            text=acceptance.text,
            fees={str(kind): Amount.of(acceptance.most(kind)) for kind in Kind if acceptance.fees.get(kind)},
            free_until=acceptance.free_until.astimezone(zone),
            card=card_shape(acceptance.card) if acceptance.card else None,
            address=acceptance.address,
            agent=acceptance.agent,
            locale=acceptance.locale,
            earlier=[AcceptanceShape.whole(each, [], zone) for each in earlier],
        )


class FeeShape(BaseModel):
    """Its cancellation fee, the last where it has several. `state` is null until a no-show, or a late cancellation, move or arrival makes
    one possible; `offered` says whether one can still be charged, and `reason` why not."""

    state: FeeState | None
    offered: bool
    amount: Amount | None
    reason: NoFeeReason | None
    chargeable_from: datetime | None
    proposal: Literal["spare", "refund"] | None = Field(
        description="Its time was booked again, or the patient took a new one, so the fee may be given up (R7c)."
    )

    @classmethod
    def of(cls, appointment: Appointment, fee: Fee | None, offer: FeeOffer) -> "FeeShape":
        zone = appointment.clinic.zone
        state = fee_state(appointment, fee)
        goes_on = fee is not None and fee.of_a_visit_that_goes_on
        possible = appointment.status == Status.BOOKED or costs(appointment) or goes_on
        offered = offer.offered and (appointment.status == Status.BOOKED and not goes_on or state in STILL_OPEN)
        amount = fee.amount if fee and fee.currency else offer.amount if offered else None
        why_not = (fee.why_not if fee else "") or (offer.why_not if possible else "")
        due_at = fee.charge.due_at if fee and fee.charge else offer.chargeable_from if offered else None
        return cls.model_validate(
            {
                "state": state,
                "offered": offered,
                "amount": Amount.of(amount) if amount else None,
                "reason": why_not or None,
                "chargeable_from": due_at.astimezone(zone) if due_at else None,
                "proposal": _proposed(appointment, fee),
            }
        )


class FeeLine(BaseModel):
    """One of its fees: of a no-show, or of a late cancellation, move or arrival. Calls on fees take its `id` as `fee`; `acts` are those
    that may be done with it."""

    id: str
    kind: Kind
    state: FeeState
    amount: Amount | None
    reason: NoFeeReason | None
    invoice: str | None = Field(description="The id of its invoice, for those who may see it.")
    acts: list[FeeAct]

    @classmethod
    def of(cls, fee: Fee, *, acts: Sequence[str], may_see_invoice: bool) -> "FeeLine":
        bill = fee.charge.invoice_id if fee.charge and may_see_invoice else None
        return cls.model_validate(
            {
                "id": str(fee.pk),
                "kind": fee.kind,
                "state": fee.state,
                "amount": Amount.of(fee.amount) if fee.currency else None,
                "reason": fee.why_not or None,
                "invoice": str(bill) if bill else None,
                "acts": acts,
            }
        )


def _proposed(appointment: Appointment, fee: Fee | None) -> str | None:
    proposed = proposal_for(appointment, fee)
    return None if proposed is None else "refund" if proposed.paid else "spare"


class InvoiceRef(BaseModel):
    """An invoice: `INV-10001`, and where it stands."""

    id: str
    number: str
    status: Literal["issued", "balanced", "cancelled"]

    @classmethod
    def of(cls, invoice: Invoice) -> "InvoiceRef":
        return cls.model_validate({"id": str(invoice.pk), "number": str(invoice), "status": invoice.status})


class DepositShape(BaseModel):
    """What the patient paid when it was booked: `left` is neither refunded nor put to a fee, and is credited when the visit is kept.
    `invoice` is null for those who may not see it."""

    amount: Amount
    refunded: Amount
    left: Amount
    invoice: InvoiceRef | None

    @classmethod
    def of(cls, deposit: Charge, *, may_see_invoice: bool) -> "DepositShape":
        return cls.model_validate(
            {
                "amount": Amount.of(deposit.captured),
                "refunded": Amount.of(deposit.refunded),
                "left": Amount.of(left_of(deposit)),
                "invoice": InvoiceRef.of(deposit.invoice) if deposit.invoice and may_see_invoice else None,
            }
        )


class AttendanceShape(BaseModel):
    """A patient's concluded visits: how many, how many of them missed, and when last."""

    visits: int
    missed: int
    last_missed: datetime | None

    @classmethod
    def of(cls, facts: Attendance | None) -> "AttendanceShape":
        facts = facts or Attendance(0, 0, None)
        return cls(visits=facts.visits, missed=facts.missed, last_missed=facts.last_missed)


class ActionShape(BaseModel):
    """Whether that call would be allowed now, and if not, why."""

    allowed: bool
    reason: str | None


class AppointmentShape(AppointmentLine):
    """An appointment: its line and all that belongs to it."""

    version: int
    zone: str
    local_date: date
    price: Amount
    resources: list[Named] = Field(description="The rooms and devices it takes.")
    note: str
    card_on_file: CardShape | None
    policy: PolicyAccepted | None
    card_due: datetime | None = Field(description="By when the card is promised that the clinic asked for; null where none is awaited.")
    fee: FeeShape
    fees: list[FeeLine] = Field(description="All that stand, the last first: late moves and an arrival may have cost their own.")
    deposit: DepositShape | None
    invoices: list[InvoiceRef]
    attendance: AttendanceShape
    recorded_afterwards: bool
    imported: bool
    actions: dict[str, ActionShape]


class HeldShape(AppointmentShape):
    """What a clinic's own website booked without a card where one, or a deposit, is asked for. On `card_page` the patient accepts the
    policy, and gives the card or pays the deposit; until it `expires_at` her time is held, then given free."""

    card_page: "CardLink"


def card_due(appointment: Appointment) -> datetime | None:
    """By when the card is promised, while it is awaited."""
    awaited = appointment.status == Status.BOOKED and appointment.card_wanted and appointment.acceptance_id is None
    return appointment.card_due_at.astimezone(appointment.clinic.zone) if awaited and appointment.card_due_at else None


def card_shape(card: Card) -> CardShape:
    return CardShape(brand=card.brand, last4=card.last4, exp_month=card.exp_month, exp_year=card.exp_year)


def action_shapes(found: Mapping[str, Action]) -> dict[str, ActionShape]:
    return {name: ActionShape(allowed=action.allowed, reason=action.reason or None) for name, action in found.items()}


class CardLink(BaseModel):
    """The address of a page for the patient's own phone, and the same as a QR code in SVG."""

    url: str
    qr: str
    expires_at: datetime

    @classmethod
    def of(cls, appointment: Appointment, url: str, *, until: datetime) -> "CardLink":
        return cls(url=url, qr=drawing(url), expires_at=until.astimezone(appointment.clinic.zone))
