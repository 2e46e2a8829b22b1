"""Bringing in a visit that another book recorded. It is past, so it claims no time."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.utils.translation import gettext as _

from kept.events import journal
from kept.foundation.money import Money
from kept.foundation.refusals import Refusal
from kept.patients.models import Patient
from kept.practice.models import Clinic, Member, Provider, Service
from kept.practice.rules import Right
from kept.scheduling.models import Appointment, Line, Status
from kept.scheduling.transitions.booking import Place

IMPORTABLE = {Status.BOOKED, Status.FULFILLED, Status.NOSHOW, Status.CANCELLED}


class PastService(NamedTuple):
    """A service as it was given, or would have been."""

    service: Service
    minutes: int
    price: Money


def import_visit(
    *,
    external_id: str,
    clinic: Clinic,
    provider: Provider,
    patient: Patient,
    services: Sequence[PastService],
    starts_at: datetime,
    status: Status,
    at: datetime,
    by: Member | None = None,
    booked_at: datetime | None = None,
    note: str = "",
) -> Appointment:
    """The visit stands on the record with its outcome, its services in a row, and no claim on time.

    `booked` means that nobody recorded an outcome. `external_id` is unique in the practice: the key that makes a second import
    harmless. `booked_at` None: not known, so the import's own instant. `by` None: the system.
    Raises Refusal `invalid` for a visit that is not past, `not_permitted`.
    """
    if by:
        by.must(Right.BOOK, Place(clinic.id, provider.id))
    if starts_at >= at:
        raise Refusal("invalid", _("Only past visits are imported. Book it, so that its time is held."), field="starts_at")
    if status not in IMPORTABLE:
        raise Refusal("invalid", _("A past visit was booked, completed, missed or cancelled."), field="status")
    if not services:
        raise Refusal("invalid", _("A visit has at least one service."), field="services")

    appointment = Appointment.objects.create_numbered(
        practice_id=clinic.practice_id,
        patient=patient,
        provider=provider,
        clinic=clinic,
        status=status,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=sum(past.minutes for past in services)),
        booked_at=booked_at or at,
        channel=Appointment.Channel.IMPORT,
        external_id=external_id,
        note=note,
        status_at=at,
        status_by=by,
    )
    Line.objects.bulk_create(
        Line(
            practice_id=clinic.practice_id,
            appointment=appointment,
            service=past.service,
            position=position,
            name=past.service.name,
            minutes=past.minutes,
            price_minor=past.price.minor,
            currency=past.price.currency,
        )
        for position, past in enumerate(services)
    )
    journal.record("appointment.imported", appointment, by=by, at=at, status=status)
    return appointment
