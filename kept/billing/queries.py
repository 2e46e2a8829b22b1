"""Reading the money: invoices for Sales, and one invoice with all that belongs to it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from kept.billing.models import ASKS, IN_FLIGHT, CardCapture, Charge, Dispute, GatewayEvent, Invoice, State
from kept.foundation.money import Money
from kept.patients.models import Card
from kept.patients.queries import patients
from kept.practice import queries as practice
from kept.practice.models import Member
from kept.scheduling.queries import in_days


@dataclass(frozen=True, slots=True)
class Filter:
    """What Sales is asked for. Dates are local dates of the appointment's start, inclusive, in each clinic's own zone; None: any."""

    first: date | None = None
    last: date | None = None
    kinds: Sequence[str] = ()
    statuses: Sequence[str] = ()
    clinics: Sequence[Any] = ()
    providers: Sequence[Any] = ()
    patient: Any = None
    number: str = ""
    search: str = ""


# What may stand beside an invoice's status: some of it went back, it is disputed, or its patient has a link to pay it.
BESIDE = {
    "refunded": Q(refunded_minor__gt=0),
    "disputed": Q(dispute__in=Charge.TAKEN_BACK),
    "link_sent": Q(state=State.NEEDS_PATIENT, cancel_requested=False, link_at__isnull=False),
}


def invoices(member: Member, wanted: Filter) -> QuerySet[Invoice]:
    """Newest first, each with patient, clinic, provider, appointment, charges and payments. A `search` is an invoice's number or a
    patient."""
    found = Invoice.objects.filter(practice.own(member))
    if wanted.first or wanted.last:
        found = found.filter(in_days(wanted.first, wanted.last, member.given_clinics, through="appointment__"))
    if wanted.statuses:
        beside = [made for status, made in BESIDE.items() if status in wanted.statuses]
        of_charges = Charge.objects.filter(reduce(or_, beside, Q(pk__in=[]))).values("invoice")
        found = found.filter(Q(status__in=wanted.statuses) | Q(pk__in=of_charges))
    if wanted.number:
        found = found.filter(_numbered(wanted.number))
    if wanted.search.strip():
        of_patient = Q(patient__in=patients(member, wanted.search).order_by().values("pk"))
        found = found.filter(_numbered(wanted.search) | of_patient)
    same = {"kind__in": wanted.kinds, "clinic__in": wanted.clinics, "provider__in": wanted.providers, "patient": wanted.patient}
    found = found.filter(**{key: value for key, value in same.items() if value})
    return (
        found.select_related("patient", "clinic", "provider", "appointment__clinic", "appointment__provider")
        .prefetch_related("charges", "payments")
        .order_by("-issued_at", "-id")
    )


def _numbered(text: str) -> Q:
    """INV-10482, or what of it was typed."""
    found = re.fullmatch(r"\s*(?:inv)?[\s-]*(\d{1,18})\s*", text, re.ASCII | re.IGNORECASE)
    return Q(number=int(found[1])) if found else Q(pk__in=[])


def charge_of(invoice: Invoice) -> Charge | None:
    """The charge by which an invoice is to be paid: of several, made one after the other has failed, the last."""
    return max(invoice.charges.all(), key=lambda charge: (charge.live, charge.created_at, charge.pk), default=None)


def cards_to_pay_with(charge: Charge) -> list[Card]:
    """The patient's cards that can pay the charge, newest first. Its payment, once made, belongs to one customer at the gateway."""
    cards = Card.objects.filter(patient=charge.patient_id, state=Card.State.ACTIVE)
    if charge.gateway_intent_id:
        cards = cards.filter(gateway_customer_id=charge.card.gateway_customer_id)
    return list(cards.order_by("-given_at", "-id"))


def shown_status(invoice: Invoice) -> str:
    """Its chip's key: what is disputed or went back stands over paid, and a link that is out over unpaid."""
    charge = charge_of(invoice)
    if charge and charge.dispute in Charge.TAKEN_BACK:
        return "disputed"
    if charge and charge.refunded_minor:
        return "refunded" if charge.refunded_minor >= charge.captured_minor else "part_refunded"
    return "link_sent" if charge and charge.with_her else str(invoice.status)


TOO_LONG, LEFT_UNPAID = timedelta(minutes=5), timedelta(days=7)


def attention(member: Member, *, at: datetime, clinics: Sequence[Any] = ()) -> QuerySet[Charge]:
    """Charges that only a person can decide about, in her clinics: paid against the wish to end the fee, their refund failed, unknown for
    over five minutes, disputed and not answered, or left unpaid for over a week."""
    silent = Q(state=State.UNKNOWN, unknown_since__lt=at - TOO_LONG)
    left = Q(state__in=[State.DECLINED, State.FAILED], due_at__lt=at - LEFT_UNPAID)
    unanswered = Dispute.objects.filter(charge=OuterRef("pk"), closed_at=None, evidence_sent_at=None)
    disputed = Q(dispute=Charge.Disputed.OPEN) & Q(Exists(unanswered))
    found = Charge.objects.filter(ASKS, ~Q(flag="") | disputed | silent | left, practice=member.practice_id)
    limits = {clinic.pk for clinic in member.given_clinics if clinic.pk in clinics} if clinics else member.clinic_limits
    return found.filter(appointment__clinic__in=limits) if clinics or limits else found


def parked_reports(member: Member) -> QuerySet[GatewayEvent]:
    """Reports on payments that this installation made and the book does not know, the oldest first. They belong to no clinic, so only
    members of all clinics see them."""
    found = GatewayEvent.objects.filter(state=GatewayEvent.State.PARKED, practice=member.practice_id).order_by("received_at", "id")
    return found.none() if member.clinic_limits else found


def late_cards(member: Member) -> QuerySet[CardCapture]:
    """Online, a patient gave her card when her half hour was over and the time another's: she may think that she is booked. Also where
    her deposit came too late and goes back. In the member's clinics, the oldest first."""
    found = CardCapture.objects.filter(state=CardCapture.State.TOO_LATE, practice=member.practice_id)
    found = found.filter(Q(appointment__channel="online") | Q(deposit_minor__gt=0))
    found = found.select_related("appointment__clinic", "appointment__provider", "patient").order_by("created_at", "id")
    return found.filter(appointment__clinic__in=member.clinic_limits) if member.clinic_limits else found


def with_particulars(found: QuerySet[Charge]) -> QuerySet[Charge]:
    """Charges with what a page says of them, in the order in which they were due."""
    shown = found.select_related("appointment__clinic", "appointment__provider", "patient", "card", "invoice")
    return shown.prefetch_related("refunds", "disputes").order_by("due_at", "id")


@dataclass(frozen=True, slots=True)
class SalesTotals:
    """Of one currency: how much money, and of how many invoices."""

    currency: str
    count: int
    invoiced: Money
    paid: int
    collected: Money
    refunds: int
    refunded: Money
    unpaid: int
    outstanding: Money
    cancelled: int


def totals(found: QuerySet[Invoice]) -> list[SalesTotals]:
    """Above the list, per currency. Cancelled invoices count as made, not as owed."""
    issued = Q(status=Invoice.Status.ISSUED)
    made = found.order_by("currency").values("currency")
    bills = made.annotate(
        count=Count("pk"),
        invoiced=Sum("total_minor"),
        unpaid=Count("pk", filter=issued),
        outstanding=Sum("total_minor", filter=issued),
        cancelled=Count("pk", filter=Q(status=Invoice.Status.CANCELLED)),
    )
    moved = {
        row["invoice__currency"]: row
        for row in Charge.objects.filter(invoice__in=found.order_by().values("pk"))
        .values("invoice__currency")
        .annotate(
            paid=Count("invoice", filter=Q(captured_minor__gt=0), distinct=True),
            collected=Sum("captured_minor"),
            given_back=Count("invoice", filter=Q(refunded_minor__gt=0), distinct=True),
            back=Sum("refunded_minor"),
        )
    }
    return [_total(bill["currency"], dict(bill), dict(moved[bill["currency"]])) for bill in bills]


def _total(currency: str, bills: dict[str, Any], moved: dict[str, Any]) -> SalesTotals:
    def money(minor: int | None) -> Money:
        return Money(minor or 0, currency)

    return SalesTotals(
        currency,
        count=bills["count"],
        invoiced=money(bills["invoiced"]),
        paid=moved["paid"],
        collected=money(moved["collected"]),
        refunds=moved["given_back"],
        refunded=money(moved["back"]),
        unpaid=bills["unpaid"],
        outstanding=money(bills["outstanding"]),
        cancelled=bills["cancelled"],
    )


def owed(member: Member) -> QuerySet[Invoice]:
    """Invoices that are not paid."""
    return Invoice.objects.filter(practice.own(member), status=Invoice.Status.ISSUED)


@dataclass(frozen=True, slots=True)
class Balance:
    """What a patient owes in one currency, and what of it is on its way by a charge sent to her card and not yet known."""

    owed: Money
    in_flight: Money


def balances(member: Member, patient_ids: Iterable[Any]) -> dict[Any, list[Balance]]:
    """What patients owe on the invoices she may see, by patient and currency. Who owes nothing is left out."""
    on_its_way = Exists(Charge.objects.filter(invoice=OuterRef("pk"), state__in=IN_FLIGHT))
    unpaid = owed(member).filter(patient__in=list(patient_ids)).annotate(on_its_way=on_its_way)
    rows = unpaid.values("patient", "currency").annotate(
        owed=Sum("total_minor"), in_flight=Sum("total_minor", filter=Q(on_its_way=True), default=0)
    )
    found: dict[Any, list[Balance]] = {}
    for row in rows.order_by("patient", "currency"):
        balance = Balance(Money(row["owed"], row["currency"]), Money(row["in_flight"], row["currency"]))
        found.setdefault(row["patient"], []).append(balance)
    return found
