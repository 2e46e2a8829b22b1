"""Fixtures of visits: Renata Solbrook with Tess Marrowby at Elm Street, Wednesday, October 14, 2026, 3:30 PM in New York."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

import kept.noshows.transitions.attendance as noshows
import kept.scheduling.transitions.attendance as attendance
import kept.scheduling.transitions.booking as booking
from kept.ops import consent
from kept.ops.cast import House
from kept.patients.models import Card, Patient
from kept.patients.transitions import keep_card
from kept.practice.rules import Role
from kept.scheduling.models import Appointment

BOOKED_AT = datetime(2026, 10, 5, 14, 0, tzinfo=UTC)
ACCEPTED_AT = BOOKED_AT + timedelta(minutes=20)
MIDNIGHT_AT_THE_CLINIC = datetime(2026, 10, 14, 4, 0, tzinfo=UTC)
STARTS_AT = datetime(2026, 10, 14, 19, 30, tzinfo=UTC)
QUARTER_PAST = STARTS_AT + timedelta(minutes=15)

Booking = Callable[..., Appointment]


def book(
    house: House,
    *,
    patient: Patient | None = None,
    service: str = "Lip filler",
    starts_at: datetime = STARTS_AT,
    at: datetime | None = None,
) -> Appointment:
    """Booked at the desk, nine days ahead, with the provider who has a seat. Inside the practice's scope."""
    desk, seat = house.members[Role.FRONT_DESK], house.members[Role.PROVIDER]
    return booking.book(
        clinic=house.clinics[house.plan.clinics[0].name],
        provider=house.providers[seat.name],
        patient=patient or house.patients[0],
        services=[house.services[service]],
        starts_at=starts_at,
        by=desk,
        at=at or min(BOOKED_AT, starts_at - timedelta(days=9)),
    )


def card_of(patient: Patient) -> Card:
    """Visa ••4242, known to us alone. With the fixture `gateway`, `gateway.card(patient)` is one that can be charged."""
    return keep_card(
        patient,
        customer_id=f"cus_{patient.pk.hex}",
        payment_method_id=f"pm_{patient.pk.hex}",
        brand="visa",
        last4="4242",
        exp_month=4,
        exp_year=2031,
        at=BOOKED_AT,
    )


def accepted(appointment: Appointment, card: Card) -> Appointment:
    """The same with the policy accepted and that card, twenty minutes after the booking."""
    consent.accept(appointment, card, at=appointment.booked_at + timedelta(minutes=20))
    return Appointment.objects.select_related("practice", "patient", "provider", "clinic", "acceptance__card", "acceptance__version").get(
        pk=appointment.pk
    )


@pytest.fixture
def appointment(juniper: House) -> Appointment:
    """Booked, the policy (v3, $75.00) accepted, Visa ••4242 given."""
    return accepted(book(juniper), card_of(juniper.patients[0]))


@pytest.fixture
def appointment_without_card(juniper: House) -> Appointment:
    """Booked the day after, by Marguerite Sloane; no policy accepted, no card."""
    return book(juniper, patient=juniper.patients[1], starts_at=STARTS_AT + timedelta(days=1))


@pytest.fixture
def appointment_that_is(juniper: House, appointment: Appointment) -> Callable[[str], Appointment]:
    """`appointment` in the status asked for, as staff would have brought it there at its start."""
    desk, at = juniper.members[Role.FRONT_DESK], STARTS_AT

    def cancelled() -> Appointment:
        appointment.status = "cancelled"
        appointment.save(update_fields=["status"])
        return appointment

    ways: dict[str, Callable[[], Appointment]] = {
        "booked": lambda: appointment,
        "arrived": lambda: attendance.check_in(appointment, by=desk, at=at),
        "fulfilled": lambda: attendance.complete(appointment, by=desk, at=at),
        "noshow": lambda: noshows.mark(appointment, charge_fee=False, by=desk, at=QUARTER_PAST),
        "cancelled": cancelled,
        "entered-in-error": lambda: attendance.enter_in_error(appointment, by=desk, at=at),
    }
    return lambda status: ways[status]()
