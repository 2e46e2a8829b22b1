"""A visit as a cancellation policy judges it: its services at the prices booked, and what its patient's earlier visits say."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import F, Q

from kept.foundation.money import Money
from kept.patients.models import Patient
from kept.policies.case import Case, Facts, Item
from kept.policies.queries import first_accepted_at
from kept.practice.models import Clinic, Service
from kept.practice.queries import open_days
from kept.scheduling.models import Appointment, Status

REMEMBERED = 99  # no policy counts more missed visits
REPRICED = Q(own_price=False, currency=F("service__currency")) & ~Q(price_minor=F("service__price_minor"))


def case_of(appointment: Appointment, *, at: datetime) -> Case:
    """As it was accepted; as it would be at that instant where it was not yet. Windows run against its start as it is now (R14a)."""
    acceptance = appointment.acceptance
    kept = acceptance.facts if acceptance else None
    facts = Facts.model_validate(kept) if kept else _facts(appointment.clinic, _booked(appointment), appointment.patient)
    return _case(appointment, facts, at)


def case_anew(appointment: Appointment, *, at: datetime) -> Case:
    """As it would be accepted at that instant in place of what was, at the prices that its services have now. The time in which
    it is free after the booking does not begin anew."""
    facts = _facts(appointment.clinic, _booked(appointment, today=True), appointment.patient)
    kept = appointment.acceptance.facts if appointment.acceptance else None
    paid = Facts.model_validate(kept).deposit if kept else 0
    return _case(appointment, facts.model_copy(update={"deposit": paid}), at)


def _case(appointment: Appointment, facts: Facts, at: datetime) -> Case:
    first_at = first_accepted_at(appointment.acceptance) if appointment.acceptance else at
    return Case(facts, appointment.starts_at, appointment.clinic.zone, first_at, open_days(appointment.clinic))


def repriced(appointment: Appointment) -> bool:
    """A service of the visit has another price by now. One that was agreed for the visit alone stays."""
    return appointment.lines.filter(REPRICED).exists()


def case_for(
    clinic: Clinic, services: Sequence[Service], patient: Patient | None, *, starts_at: datetime, at: datetime, price: Money | None = None
) -> Case:
    """A visit that is not booked yet, at today's prices or at one for all of it; without a patient, that of a new one."""
    items = tuple(
        Item(service=each.pk, category=each.category, minutes=each.minutes, minor=amount.minor, zones=each.zones)
        for each, amount in zip(services, prices_of(services, price), strict=True)
    )
    return Case(_facts(clinic, items, patient), starts_at, clinic.zone, at, open_days(clinic))


def prices_of(services: Sequence[Service], price: Money | None) -> list[Money]:
    """What each is booked at: its own price, or its share of one for the whole visit."""
    return price.spread([each.price_minor for each in services]) if price is not None else [each.price for each in services]


def _booked(appointment: Appointment, *, today: bool = False) -> tuple[Item, ...]:
    lines = appointment.lines.order_by("position")
    anew = set(lines.filter(REPRICED).values_list("pk", flat=True)) if today else set()
    return tuple(
        Item(
            service=line.service_id,
            category=line.service.category,
            minutes=line.minutes,
            minor=line.service.price_minor if line.pk in anew else line.price_minor,
            zones=line.zones,
        )
        for line in lines.select_related("service")
    )


def _facts(clinic: Clinic, items: tuple[Item, ...], patient: Patient | None) -> Facts:
    earlier = Appointment.objects.filter(patient=patient) if patient else Appointment.objects.none()
    missed = earlier.filter(status=Status.NOSHOW).order_by("-starts_at").values_list("starts_at", flat=True)
    return Facts(
        clinic=clinic.pk,
        currency=clinic.currency,
        items=items,
        new=not earlier.filter(status=Status.FULFILLED).exists(),
        missed_at=tuple(missed[:REMEMBERED]),
    )
