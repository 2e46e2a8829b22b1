"""Booking a visit."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _
from psycopg.types.range import Range

from kept.events import journal
from kept.foundation.refusals import Refusal
from kept.patients.models import Patient
from kept.policies import queries as policies
from kept.practice.models import Clinic, Member, Provider, ProviderClinic, Service
from kept.practice.rules import Right
from kept.practice.transitions import next_number
from kept.scheduling import claims
from kept.scheduling.models import Appointment, Line

FIRST_NUMBER = 20001


class Place(NamedTuple):
    """Where and with whom: what a right to book is asked for."""

    clinic_id: UUID
    provider_id: UUID


def book(
    *,
    clinic: Clinic,
    provider: Provider,
    patient: Patient,
    services: list[Service],
    starts_at: datetime,
    by: Member,
    at: datetime,
    double_book: bool = False,
    note: str = "",
    channel: Appointment.Channel = Appointment.Channel.DESK,
) -> Appointment:
    """The patient has the time: an appointment `booked`, its services in a row, the provider's time claimed with buffers (R16).

    `starts_at` is aware; one in the past is recorded afterwards. Where the policy is on, a card is wanted of the patient until then.
    Raises Refusal `not_permitted`, `invalid`, `slot_taken`.
    """
    by.must(Right.BOOK, Place(clinic.id, provider.id))
    if double_book:
        by.must(Right.DOUBLE_BOOK, Place(clinic.id, provider.id))
    if not services:
        raise Refusal("invalid", _("Choose at least one service."), field="services")
    if not ProviderClinic.objects.filter(provider=provider, clinic=clinic).exists():
        raise Refusal("invalid", _("%(who)s does not work at %(where)s.") % {"who": provider, "where": clinic}, field="provider")
    if any(service.currency != clinic.currency for service in services):
        raise Refusal("invalid", _("That service is not priced in the clinic’s currency."), field="services")

    busy_from, _start, ends_at, busy_to = claims.busy_span(services, starts_at)
    past = starts_at < at
    claims.lock([provider.resource_id])
    appointment = Appointment.objects.create(
        practice_id=by.practice_id,
        number=next_number(by.practice_id, "appointment", first=FIRST_NUMBER),
        patient=patient,
        provider=provider,
        clinic=clinic,
        starts_at=starts_at,
        ends_at=ends_at,
        booked_at=at,
        channel=channel,
        note=note.strip(),
        recorded_afterwards=past,
        card_wanted=not past and policies.version_in_use() is not None,
        status_at=at,
        status_by=by,
    )
    Line.objects.bulk_create(
        Line(
            practice_id=by.practice_id,
            appointment=appointment,
            service=service,
            position=position,
            name=service.name,
            minutes=service.minutes,
            price_minor=service.price_minor,
            currency=service.currency,
        )
        for position, service in enumerate(services)
    )
    claims.take(appointment, [provider.resource_id], Range(busy_from, busy_to), double_book=double_book, by=by)
    journal.record("appointment.booked", appointment, by=by, at=at, channel=channel, double_booked=double_book)
    return appointment
