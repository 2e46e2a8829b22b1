"""Booking a visit."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _

from kept.events import journal
from kept.foundation.money import Money
from kept.foundation.refusals import Refusal
from kept.patients.models import Patient
from kept.policies import queries as policies
from kept.policies.asks import asked
from kept.practice.models import Clinic, Member, Provider, Resource, Service
from kept.practice.rules import Right
from kept.scheduling import claims
from kept.scheduling.cases import case_for, prices_of
from kept.scheduling.fitting import Visit, check_provider, check_rooms, needs
from kept.scheduling.models import Appointment, Line
from kept.scheduling.transitions import holding, promising

A_DAY = timedelta(days=1)
MOST_MINOR = 2**31 - 1


class Place(NamedTuple):
    """Where and with whom: what a right to book is asked for. `provider_id` None: a room or device alone."""

    clinic_id: UUID
    provider_id: UUID | None


def book(
    *,
    clinic: Clinic,
    provider: Provider,
    patient: Patient,
    services: Sequence[Service],
    starts_at: datetime,
    by: Member | None,
    at: datetime,
    resources: Sequence[Resource] = (),
    price: Money | None = None,
    double_book: bool = False,
    note: str = "",
    channel: Appointment.Channel = Appointment.Channel.DESK,
) -> Appointment:
    """The patient has the time: an appointment `booked`, its services in a row; the time of the provider, and of one room or device of
    each kind that a service lists at the clinic, is claimed with buffers (R16).

    `starts_at` is aware; one in the past is recorded afterwards, online never. `resources` are the rooms and devices wanted; where none
    is named, the first that is free is taken. `price` is for the whole visit, in place of the sum of its services. Where the policy is
    on, a card is wanted of the patient until the start, and at the desk promised by a time. `by` None: the patient herself, online; her
    caller has asked whether it is offered.

    Raises Refusal `not_permitted`, `invalid`, `slot_taken` (at field `start` or `resources`).
    """
    place = Place(clinic.id, provider.id)
    if by:
        by.must(Right.BOOK, place)
        if double_book:
            by.must(Right.DOUBLE_BOOK, place)
    _check(clinic, services, price)
    past = starts_at < at
    if past and channel == Appointment.Channel.ONLINE:
        raise Refusal("invalid", _("That time has passed. Choose a later one."), field="start")
    holding.release_overdue(at=at)
    promising.release_overdue(at=at)
    visit = Visit.of(services)
    check_provider(provider, clinic, visit.service_ids)
    wanted = needs(clinic, visit.service_ids)
    check_rooms(wanted, resources)

    times = visit.at(starts_at)
    lanes = claims.reserve(provider, wanted, resources, times, double_book=double_book, by=by)
    card_wanted = not past and _card_wanted(clinic, services, patient, starts_at, at, price)
    asked = card_wanted and channel != Appointment.Channel.ONLINE
    appointment = Appointment.objects.create_numbered(
        practice_id=clinic.practice_id,
        patient=patient,
        provider=provider,
        clinic=clinic,
        starts_at=starts_at,
        ends_at=starts_at + visit.lasts,
        booked_at=at,
        channel=channel,
        note=note.strip(),
        recorded_afterwards=past,
        card_wanted=card_wanted,
        card_due_at=promising.due(clinic, starts_at, at=at) if asked else None,
        status_at=at,
        status_by=by,
    )
    Line.objects.bulk_create(
        Line(
            practice_id=clinic.practice_id,
            appointment=appointment,
            service=service,
            position=position,
            name=service.name,
            minutes=service.minutes,
            price_minor=amount.minor,
            currency=amount.currency,
            zones=service.zones,
            own_price=price is not None,
        )
        for position, (service, amount) in enumerate(zip(services, prices_of(services, price), strict=True))
    )
    claims.write(appointment, lanes, times.busy)
    journal.record("appointment.booked", appointment, by=by, at=at, channel=channel, double_booked=double_book)
    if asked:
        promising.follow(appointment, at=at)
    return appointment


def _card_wanted(
    clinic: Clinic, services: Sequence[Service], patient: Patient, starts_at: datetime, at: datetime, price: Money | None
) -> bool:
    """Whether the policy in use asks for a card (R18)."""
    version = policies.version_in_use()
    if version is None:
        return False
    case = case_for(clinic, services, patient, starts_at=starts_at, at=at, price=price)
    return asked(version.terms, case, unpaid_fee=False).card


def _check(clinic: Clinic, services: Sequence[Service], price: Money | None) -> None:
    """Raises Refusal `invalid` for services or a price that no visit of the clinic has."""
    if not services:
        raise Refusal("invalid", _("Choose at least one service."), field="services")
    if any(service.currency != clinic.currency for service in services):
        raise Refusal("invalid", _("That service is not priced in the clinic’s currency."), field="services")
    if sum(Visit.of(services)[1:], timedelta(0)) > A_DAY:
        raise Refusal("invalid", _("A visit lasts a day at most. Book it as several."), field="services")
    if price is not None and price.currency != clinic.currency:
        raise Refusal("invalid", _("Enter the price in %s.") % clinic.currency, field="price")
    if price is not None and not 0 <= price.minor <= MOST_MINOR:
        raise Refusal("invalid", _("Enter a price of zero or more."), field="price")
