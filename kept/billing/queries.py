"""Reading the money: invoices for Sales, and one invoice with all that belongs to it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from kept.billing.models import Charge, Invoice
from kept.foundation.money import Money
from kept.patients.models import Card
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


def invoices(member: Member, wanted: Filter) -> QuerySet[Invoice]:
    """Newest first, each with patient, clinic, provider, appointment and charges. `refunded` is a status beside: some went back."""
    found = Invoice.objects.filter(practice.own(member))
    if wanted.first or wanted.last:
        found = found.filter(in_days(wanted.first, wanted.last, member.given_clinics, through="appointment__"))
    statuses = [status for status in wanted.statuses if status != "refunded"]
    if wanted.statuses:
        refunded = Q(charges__refunded_minor__gt=0) if "refunded" in wanted.statuses else Q(pk__in=[])
        found = found.filter(Q(status__in=statuses) | refunded)
    if wanted.number:
        digits = "".join(mark for mark in wanted.number if mark.isdecimal())
        found = found.filter(number=int(digits)) if digits and len(digits) < 19 else found.none()
    same = {"kind__in": wanted.kinds, "clinic__in": wanted.clinics, "provider__in": wanted.providers, "patient": wanted.patient}
    found = found.filter(**{key: value for key, value in same.items() if value})
    return (
        found.select_related("patient", "clinic", "provider", "appointment__clinic", "appointment__provider")
        .prefetch_related("charges", "payments")
        .order_by("-issued_at", "-id")
    )


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
    """Its chip's key: what went back stands over paid."""
    charge = charge_of(invoice)
    if charge and charge.refunded_minor:
        return "refunded" if charge.refunded_minor >= charge.captured_minor else "part_refunded"
    return str(invoice.status)


@dataclass(frozen=True, slots=True)
class SalesTotals:
    """Of one currency: how many invoices and how much money."""

    currency: str
    count: int
    invoiced: Money
    collected: Money
    refunded: Money


def totals(found: QuerySet[Invoice]) -> list[SalesTotals]:
    """Above the list, per currency. Cancelled invoices count as made, not as owed."""
    charges = Charge.objects.filter(invoice__in=found.order_by().values("pk"))
    rows = (
        charges.order_by()
        .values("currency")
        .annotate(
            count=Count("invoice", distinct=True), invoiced=Sum("amount_minor"), collected=Sum("captured_minor"), back=Sum("refunded_minor")
        )
        .order_by("currency")
    )
    return [
        SalesTotals(row["currency"], row["count"], *(Money(row[column], row["currency"]) for column in ("invoiced", "collected", "back")))
        for row in rows
    ]


def owed(member: Member) -> QuerySet[Invoice]:
    """Invoices that are not paid."""
    return Invoice.objects.filter(practice.own(member), status=Invoice.Status.ISSUED)


def balances(member: Member, patient_ids: Iterable[Any]) -> dict[Any, list[Money]]:
    """What patients owe on the invoices she may see, by patient and currency. Who owes nothing is left out."""
    rows = owed(member).filter(patient__in=list(patient_ids)).values("patient", "currency").annotate(owed=Sum("total_minor"))
    found: dict[Any, list[Money]] = {}
    for row in rows.order_by("patient", "currency"):
        found.setdefault(row["patient"], []).append(Money(row["owed"], row["currency"]))
    return found
