"""Visits that a journey acts on: booked for it some days ago, early in the morning, where the sample leaves the book empty."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, TypeVar

import pytest
from django.db import OperationalError

import kept.patients.transitions as patients
import kept.scheduling.transitions.booking as booking
from kept.foundation import clock
from kept.foundation.scope import scope
from kept.ops import cast, consent
from kept.ops.people import JUNIPER
from kept.patients.models import Patient
from kept.policies import queries as policies
from kept.policies.document import Document
from kept.policies.transitions import publish
from kept.practice.rules import Role
from kept.scheduling.models import Appointment

T = TypeVar("T")

if TYPE_CHECKING:
    from tests.journeys.conftest import Installation

NAMES = [
    "Isaura",
    "Casimir",
    "Ottoline",
    "Leocadia",
    "Valerian",
    "Zenobia",
    "Hyacinth",
    "Florimond",
    "Araminta",
    "Ignatius",
    "Seraphina",
    "Ulric",
]
TRIES = 10
EARLY = 7  # of them before the clinic opens


@dataclass(frozen=True, slots=True)
class Booked:
    """A visit by what people see of it."""

    id: str
    number: str
    patient: str
    on: date
    address: str


@contextmanager
def in_force(house: cast.House, terms: Document) -> Iterator[None]:
    """A policy of the practice with these terms, and its first one again at the end."""

    def published(terms: Document) -> Document:
        with scope(house.practice.id, actor="test", source="journey"):
            version = policies.version_in_use()
            assert version is not None
            words = {"description": version.description, "authorization_text": version.authorization_text, "currency": version.currency}
            publish(**words, terms=terms, by=house.members[Role.OWNER], at=clock.now())
            return version.terms

    before = again(lambda: published(terms))
    yield
    again(lambda: published(before))


@pytest.fixture(scope="session")
def numbers() -> Iterator[int]:
    return count()


def again(act: Callable[[], T]) -> T:
    """As the doors do where locks clash: the worker fills the sample meanwhile."""
    for _turn in range(TRIES):
        try:
            return act()
        except OperationalError:
            continue
    return act()


@pytest.fixture
def visit(installation: "Installation", numbers: Iterator[int]) -> Callable[..., Booked]:
    """`visit("visa")`: a patient of its own was booked some days ago with Tess Marrowby and gave that card ("" for none).

    `days=1` books it for tomorrow; `like=other` at the other's very time."""

    def book(card: str = "visa", *, days: int = -2, like: Booked | None = None) -> Booked:
        number = next(numbers)
        now, practice_id = clock.now(), installation.juniper.practice.id

        def attempt() -> tuple[Patient, Appointment, datetime]:
            with scope(practice_id, actor="test", source="journey"):
                house = cast.house(JUNIPER)
                clinic, desk = house.clinics["Elm Street"], house.members[Role.MANAGER]
                on = clinic.local_date(now) + timedelta(days=days if days > 0 else days - number // EARLY)
                opening, _closing = clinic.hours(on)
                early = opening - timedelta(minutes=45 * (1 + number % EARLY))
                starts_at = early if days < 0 else opening + timedelta(minutes=45 * (number % 11))
                if like:
                    starts_at = Appointment.objects.get(pk=like.id).starts_at
                patient = patients.add_patient(
                    first_name=NAMES[number % len(NAMES)],
                    last_name=f"Journey{number}",
                    email=f"journey{number}@example.com",
                    by=desk,
                    at=now,
                )
                booked_at = min(starts_at, now) - timedelta(days=5)
                appointment = booking.book(
                    clinic=clinic,
                    provider=house.providers["Tess Marrowby" if days < 0 else "Dr. Imani Oduvale"],
                    patient=patient,
                    services=[house.services["Consultation"]],
                    starts_at=starts_at,
                    by=desk,
                    at=booked_at,
                    double_book=days > 0,
                )
            return patient, appointment, booked_at

        patient, appointment, booked_at = again(attempt)
        if card:
            given = consent.give_card(patient, card, gateway_key=JUNIPER.gateway_key, at=booked_at)
            with scope(practice_id, actor="patient:link", source="journey"):
                consent.accept(appointment, given, at=booked_at + timedelta(minutes=5))
        on = appointment.local_date
        return Booked(str(appointment.id), str(appointment), patient.name, on, f"/appointments/?date={on}")

    return book
