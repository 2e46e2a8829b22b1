"""Money: what is owed, the bill, what came in and what went back. Amounts in minor units."""

from typing import Any

from django.db import models
from django.db.models import F, Q

from kept.billing.guards import CHARGE_GUARD, INVOICE_GUARD
from kept.foundation.history import remembered
from kept.foundation.models import OfPractice, code, within
from kept.foundation.money import Money
from kept.foundation.walls import PlainSql, fixed, walls
from kept.policies.document import Kind as Kind

DEPOSIT = "deposit"
KINDS = [*Kind.choices, (DEPOSIT, "Deposit")]  # of bills: a fee's, and beside them what was paid at booking


class Method(models.TextChoices):
    """How money came in. Only `card` moves it through the gateway; the others are recorded by staff, and so is what goes back."""

    CARD = "card", "Card"
    CASH = "cash", "Cash"
    TERMINAL = "terminal", "Card terminal"
    TRANSFER = "transfer", "Transfer"
    OTHER = "other", "Other"


@remembered("Invoice")
class Invoice(OfPractice):
    """A bill. Its number is gapless per practice; once issued only its status moves: balanced when paid, cancelled by a credit note."""

    class Status(models.TextChoices):
        ISSUED = "issued", "Unpaid"
        BALANCED = "balanced", "Paid"
        CANCELLED = "cancelled", "Cancelled"

    number = models.PositiveBigIntegerField()
    kind = code(choices=KINDS)
    status = code(choices=Status.choices, default=Status.ISSUED)
    patient = within("patients.Patient", related_name="invoices")
    appointment = within("scheduling.Appointment", related_name="invoices")
    provider = within("practice.Provider")
    clinic = within("practice.Clinic")
    total_minor = models.PositiveIntegerField()
    currency = code(max_length=3)
    issued_at = models.DateTimeField()

    class Meta:
        constraints = [
            *walls(
                "billing_invoice",
                patient="patients_patient",
                appointment="scheduling_appointment",
                provider="practice_provider",
                clinic="practice_clinic",
            ),
            models.UniqueConstraint(fields=["practice", "number"], name="invoice_number_once"),
            PlainSql(name="invoice_guard", **INVOICE_GUARD),
        ]
        indexes = [
            models.Index(fields=["practice", "-issued_at", "-id"], name="invoice_newest"),
            models.Index(fields=["practice", "patient", "-issued_at"], name="invoice_of_patient"),
        ]

    def __str__(self) -> str:
        return f"INV-{self.number}"

    @property
    def total(self) -> Money:
        return Money(self.total_minor, self.currency)

    @property
    def nothing(self) -> Money:
        return Money(0, self.currency)


class InvoiceLine(OfPractice):
    """A line of a bill: what it says, its detail without any treatment's name, and the amount."""

    invoice = within("billing.Invoice", related_name="lines")
    text = models.CharField(max_length=200)
    detail = models.CharField(max_length=200, blank=True)
    amount_minor = models.IntegerField()
    currency = code(max_length=3)

    class Meta:
        ordering = ["id"]
        constraints = [*walls("billing_invoiceline", invoice="billing_invoice"), fixed("billing_invoiceline")]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class CreditNote(OfPractice):
    """What answers an invoice: the whole of one that is not to be paid, or what was refunded of one that was. A refund that fails after all
    has its note answered by another, which `reverses` it."""

    number = models.PositiveBigIntegerField()
    invoice = within("billing.Invoice", related_name="credit_notes")
    refund = within("billing.Refund", null=True, blank=True, related_name="credit_notes")
    reverses = within("billing.CreditNote", null=True, blank=True, related_name="reversed_by")
    amount_minor = models.PositiveIntegerField()
    currency = code(max_length=3)
    why = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            *walls("billing_creditnote", invoice="billing_invoice", refund="billing_refund", reverses="billing_creditnote"),
            models.UniqueConstraint(fields=["practice", "number"], name="creditnote_number_once"),
            models.UniqueConstraint(fields=["practice", "refund"], name="creditnote_refund_once", condition=Q(reverses=None)),
            models.UniqueConstraint(fields=["practice", "reverses"], name="creditnote_reversed_once"),
            fixed("billing_creditnote"),
        ]

    def __str__(self) -> str:
        return f"CN-{self.number}"

    @property
    def signed(self) -> str:
        """What it changes of the invoice: −$25.00, or of one that reverses another $25.00 again."""
        amount = Money(self.amount_minor, self.currency)
        return str(amount) if self.reverses_id else f"−{amount}"


class State(models.TextChoices):
    """Where a charge stands. `unknown` is a state of its own: the answer never came, and it is followed up until it is known."""

    DUE = "due"
    SENDING = "sending"
    SUCCEEDED = "succeeded"
    DECLINED = "declined"
    NEEDS_PATIENT = "needs_patient"
    UNKNOWN = "unknown"
    CANCELED = "canceled"
    FAILED = "failed"


IN_FLIGHT = (State.SENDING, State.UNKNOWN)

# Charges that a person may have to decide about; the list of them is short, and so is its index.
ASKS = (
    ~Q(flag="")
    | Q(dispute="open")
    | Q(state=State.UNKNOWN)
    | Q(state__in=[State.DECLINED, State.FAILED], cancel_requested=False, captured_minor=0)
)


@remembered("Charge")
class Charge(OfPractice):
    """One fee and its one payment at the gateway, for its whole life (I4); or a deposit, of kind `deposit`, which has the id of the
    capture by which it was paid, so that it is one payment however often that is told.

    `live` says that we intend it; a fact from the gateway sets the state and `flag`, never `live`. Idempotency keys are written
    with the row, before the first call. `lease_until`: while somebody has it; `look_at`: when an unknown outcome is looked up next.

    `link_at`: since when the patient has a link on which she pays it herself; from then on only she confirms it. `expires_at`: until
    when it waits for her. `recording`: what staff say was paid another way; it counts once the card payment cannot happen any more.
    `applied` is what the patient's deposit pays of the fee, so that `amount` is the rest of it.
    `captured` is all that came in, by card or recorded. `dispute`: the patient's bank took it back, and how that ended.
    """

    class Flag(models.TextChoices):
        REFUND_OR_KEEP = "refund_or_keep"
        REFUND_FAILED = "refund_failed"

    class Disputed(models.TextChoices):
        OPEN = "open"
        WON = "won"
        LOST = "lost"

    TAKEN_BACK = (Disputed.OPEN, Disputed.LOST)  # what was paid is with the patient's bank

    appointment = within("scheduling.Appointment", related_name="charges")
    patient = within("patients.Patient")
    card = within("patients.Card")
    invoice = within("billing.Invoice", null=True, blank=True, related_name="charges")
    kind = code(choices=KINDS)
    booking_no = models.PositiveIntegerField()
    live = models.BooleanField(default=True)
    state = code(choices=State.choices, default=State.DUE)
    amount_minor = models.PositiveIntegerField()
    applied_minor = models.PositiveIntegerField(default=0, db_default=0)
    currency = code(max_length=3)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    gateway_intent_id = code(max_length=80, null=True, blank=True)
    create_key = code(max_length=80)
    creations = models.PositiveSmallIntegerField(default=1)
    confirm_key = code(max_length=80, blank=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    look_at = models.DateTimeField(null=True, blank=True)
    unknown_since = models.DateTimeField(null=True, blank=True)
    cancel_requested = models.BooleanField(default=False)
    cancel_why = models.CharField(max_length=200, blank=True)
    decline_code = code(max_length=80, blank=True)
    decline_text = models.CharField(max_length=300, blank=True)
    decline_advice = code(max_length=80, blank=True)
    link_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    recording = models.JSONField(null=True, blank=True)
    captured_minor = models.PositiveIntegerField(default=0)
    captured_at = models.DateTimeField(null=True, blank=True)
    refund_reserved_minor = models.PositiveIntegerField(default=0)
    refunded_minor = models.PositiveIntegerField(default=0)
    flag = code(choices=Flag.choices, blank=True)
    dispute = code(choices=Disputed.choices, blank=True)

    class Meta:
        constraints = [
            *walls(
                "billing_charge",
                appointment="scheduling_appointment",
                patient="patients_patient",
                card="patients_card",
                invoice="billing_invoice",
            ),
            models.UniqueConstraint(
                fields=["practice", "appointment", "kind", "booking_no"], name="charge_live_once", condition=Q(live=True)
            ),
            models.UniqueConstraint(fields=["practice", "appointment"], name="deposit_live_once", condition=Q(live=True, kind=DEPOSIT)),
            models.UniqueConstraint(fields=["practice", "gateway_intent_id"], name="charge_intent_once"),
            models.CheckConstraint(name="charge_is_of_something", condition=Q(amount_minor__gt=0)),
            models.CheckConstraint(
                name="refund_within_captured", condition=Q(captured_minor__gte=F("refund_reserved_minor") + F("refunded_minor"))
            ),
            PlainSql(name="charge_guard", **CHARGE_GUARD),
        ]
        indexes = [
            models.Index(fields=["practice", "state", "due_at"], name="charge_open", condition=Q(state__in=["due", "sending", "unknown"])),
            models.Index(fields=["practice", "due_at", "id"], name="charge_asks", condition=ASKS),
            models.Index(fields=["practice", "expires_at"], name="charge_expires", condition=Q(state=State.NEEDS_PATIENT)),
        ]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def applied(self) -> Money:
        return Money(self.applied_minor, self.currency)

    @property
    def captured(self) -> Money:
        return Money(self.captured_minor, self.currency)

    @property
    def refunded(self) -> Money:
        return Money(self.refunded_minor, self.currency)

    @property
    def refundable(self) -> Money:
        """What is left to give back, refunds under way already taken off."""
        return Money(self.captured_minor - self.refunded_minor - self.refund_reserved_minor, self.currency)

    @property
    def nothing(self) -> Money:
        return Money(0, self.currency)

    @property
    def in_flight(self) -> bool:
        """Sent, or perhaps sent, and not yet known."""
        return self.state in IN_FLIGHT

    @property
    def with_her(self) -> bool:
        """The patient has a link on which she can pay it."""
        return self.state == State.NEEDS_PATIENT and self.link_at is not None and not self.cancel_requested

    @property
    def by_hand(self) -> str:
        """How it was paid, where staff recorded that; empty for a card."""
        return str(self.recording["method"]) if self.recording and self.captured_minor else ""

    @property
    def ending(self) -> bool:
        """No longer wanted, or paid another way: its payment at the gateway is being cancelled."""
        return self.cancel_requested and self.state in (State.DECLINED, State.NEEDS_PATIENT)


class Payment(OfPractice):
    """Money that came in for an invoice: by card, as the gateway says, or another way, recorded `by` a member."""

    invoice = within("billing.Invoice", related_name="payments")
    charge = within("billing.Charge", related_name="payments")
    method = code(choices=Method.choices, default=Method.CARD)
    amount_minor = models.PositiveIntegerField()
    currency = code(max_length=3)
    gateway_charge_id = code(max_length=80, blank=True)
    by = within("practice.Member", null=True, blank=True)
    note = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            *walls("billing_payment", invoice="billing_invoice", charge="billing_charge", by="practice_member"),
            models.UniqueConstraint(fields=["practice", "charge"], name="payment_by_card_once", condition=Q(method=Method.CARD)),
            models.UniqueConstraint(fields=["practice", "charge"], name="payment_recorded_once", condition=~Q(method=Method.CARD)),
            fixed("billing_payment"),
        ]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


@remembered("Refund")
class Refund(OfPractice):
    """Money going back the way it came: to the card, its amount reserved on the charge before the gateway is asked (I6), or by record.

    `external`: somebody made it at the gateway itself, and it was found there.
    """

    class State(models.TextChoices):
        RESERVED = "reserved"
        SENDING = "sending"
        PENDING = "pending"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        UNKNOWN = "unknown"

    charge = within("billing.Charge", related_name="refunds")
    invoice = within("billing.Invoice", related_name="refunds")
    method = code(choices=Method.choices, default=Method.CARD)
    amount_minor = models.PositiveIntegerField()
    currency = code(max_length=3)
    why = models.CharField(max_length=200)
    note = models.CharField(max_length=500, blank=True)
    state = code(choices=State.choices, default=State.RESERVED)
    key = code(max_length=80)
    gateway_refund_id = code(max_length=80, null=True, blank=True)
    failure = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    external = models.BooleanField(default=False)

    class Meta:
        constraints = [
            *walls("billing_refund", charge="billing_charge", invoice="billing_invoice"),
            models.UniqueConstraint(fields=["practice", "gateway_refund_id"], name="refund_gateway_once"),
            models.CheckConstraint(name="refund_is_of_something", condition=Q(amount_minor__gt=0)),
        ]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


@remembered("Dispute")
class Dispute(OfPractice):
    """The patient's bank took a payment back and asks the clinic for evidence until `due_by`. `reason` and `status` are the gateway's.

    `evidence` is what staff answered, by the gateway's fields; a bank takes one answer only. `evidence_sent_at`: the gateway has it.
    """

    charge = within("billing.Charge", related_name="disputes")
    gateway_dispute_id = code(max_length=80)
    status = code()
    reason = code(max_length=80)
    amount_minor = models.PositiveIntegerField()
    currency = code(max_length=3)
    due_by = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    evidence = models.JSONField(null=True, blank=True)
    evidence_by = within("practice.Member", null=True, blank=True)
    evidence_at = models.DateTimeField(null=True, blank=True)
    evidence_sent_at = models.DateTimeField(null=True, blank=True)
    evidence_trouble = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            *walls("billing_dispute", charge="billing_charge", evidence_by="practice_member"),
            models.UniqueConstraint(fields=["practice", "gateway_dispute_id"], name="dispute_once"),
        ]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class CardCapture(OfPractice):
    """A patient on her way to a card, with what she accepted before (R3a): to the gateway's page, or from a clinic's own website that
    sent the card's `payment_method_id`. With `charge` she wants to pay that with it, and accepts nothing.

    `consent` holds the fields of the acceptance that is written when the card is there; without a card none is. With `deposit` she pays
    that on the gateway's page, which keeps the card by it.
    """

    class State(models.TextChoices):
        OPEN = "open"
        DONE = "done"
        TOO_LATE = "too_late"  # the card came after the start: it is kept for the patient, not for this appointment
        SEEN = "seen"  # it was too late, and somebody has told the patient
        REFUSED = "refused"  # what a website sent is no card that the gateway holds

    appointment = within("scheduling.Appointment")
    patient = within("patients.Patient")
    charge = within("billing.Charge", null=True, blank=True)
    consent = models.JSONField(default=dict)
    deposit_minor = models.PositiveIntegerField(default=0, db_default=0)
    state = code(choices=State.choices, default=State.OPEN)
    session_id = code(max_length=120, null=True, blank=True)
    payment_method_id = code(max_length=120, blank=True)
    key = code(max_length=80)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            *walls("billing_cardcapture", appointment="scheduling_appointment", patient="patients_patient", charge="billing_charge"),
            models.UniqueConstraint(fields=["practice", "session_id"], name="card_capture_session_once"),
        ]
        indexes = [models.Index(fields=["practice", "created_at"], name="card_capture_late", condition=Q(state="too_late"))]

    @property
    def deposit(self) -> Money | None:
        """What is paid on the gateway's page; None where only a card is given there."""
        return Money(self.deposit_minor, self.consent["currency"]) if self.deposit_minor else None


class CustomerErasure(OfPractice):
    """A customer at the gateway who is to go there too, since the patient was erased. `look_at`: when that is tried next; `why` it was not
    done so far. `gateway_customer_id` is forgotten once she is gone."""

    patient = within("patients.Patient")
    gateway_customer_id = code(max_length=80, blank=True)
    asked_at = models.DateTimeField()
    look_at = models.DateTimeField()
    why = models.CharField(max_length=300, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            *walls("billing_customererasure", patient="patients_patient"),
            models.UniqueConstraint(fields=["practice", "gateway_customer_id"], name="customer_erased_once", condition=Q(done_at=None)),
            models.CheckConstraint(name="customer_known_until_done", condition=Q(done_at=None) ^ Q(gateway_customer_id="")),
        ]
        indexes = [
            models.Index(fields=["practice", "look_at"], name="customer_erasure_due", condition=Q(done_at=None)),
            models.Index(fields=["practice", "patient"], name="customer_erasure_of_patient"),
        ]


class GatewayEvent(OfPractice):
    """A webhook as it was received, once. A job fetches the object it speaks of and applies that.

    `parked`: it speaks of a payment that this installation made and that the book does not know, so somebody must look.
    """

    class State(models.TextChoices):
        STORED = "stored"
        APPLIED = "applied"
        FOREIGN = "foreign"  # of somebody else who uses the same account
        PARKED = "parked"
        SET_ASIDE = "set_aside"  # somebody looked at a parked one

    event_id = code(max_length=120)
    kind = code(max_length=80)
    body = models.JSONField()
    received_at = models.DateTimeField()
    state = code(choices=State.choices, default=State.STORED)

    class Meta:
        constraints = [
            *walls("billing_gatewayevent"),
            models.UniqueConstraint(fields=["practice", "event_id"], name="gateway_event_once"),
        ]
        indexes = [
            models.Index(fields=["practice", "-received_at"], name="gateway_event_newest"),
            models.Index(fields=["practice", "received_at"], name="gateway_event_parked", condition=Q(state="parked")),
        ]

    @property
    def about(self) -> dict[str, Any]:
        """What the gateway said of the object, as it was when it reported."""
        said: dict[str, Any] = self.body["data"]["object"]
        return said

    @property
    def amount(self) -> Money | None:
        said = self.about
        return Money(said["amount"], said["currency"].upper()) if said.get("amount") and said.get("currency") else None
