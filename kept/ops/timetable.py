"""Who comes when in the sample, as pure values: the same day always has the same visits."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from kept.ops.cast import House
from kept.patients.models import Patient
from kept.practice.models import Clinic, Provider, Service

QUARTER = timedelta(minutes=15)
LUNCH = (timedelta(hours=3), timedelta(hours=4))  # after opening


@dataclass(slots=True)
class Visit:
    """One visit to be booked. `confirms`: she says that she will come; `is_forgotten`: nobody records what became of it."""

    clinic: Clinic
    provider: Provider
    patient: Patient
    service: Service
    starts_at: datetime
    confirms: bool
    is_forgotten: bool

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.service.minutes)


def visits(house: House, clinic: Clinic, on: date) -> list[Visit]:
    """A clinic's local day, by start. Nobody comes twice on one day, and nobody to two clinics."""
    people = iter(_regulars(house, clinic, on))
    found = [visit for provider in _at_work(house, clinic, on) for visit in _column(house, clinic, provider, on, people)]
    return sorted(found, key=lambda visit: (visit.starts_at, visit.provider.name))


def _regulars(house: House, clinic: Clinic, on: date) -> list[Patient]:
    """The patients of that clinic, in the day's own order."""
    place = list(house.clinics).index(clinic.name)
    mine = [patient for number, patient in enumerate(house.patients) if _home(number, len(house.clinics)) == place]
    return random.Random(f"{clinic.name} {on}").sample(mine, len(mine))


def _home(number: int, clinics: int) -> int:
    """Two of three go to the first clinic."""
    return 1 if clinics > 1 and number % 3 == 2 else 0


def _at_work(house: House, clinic: Clinic, on: date) -> list[Provider]:
    """By their weeks."""
    return [house.providers[person.name] for person in house.plan.providers if person.clinic_on(on.weekday()) == clinic.name]


def _column(house: House, clinic: Clinic, provider: Provider, on: date, people: Iterator[Patient]) -> Iterator[Visit]:
    """One provider's day: visits in a row with gaps, an hour for lunch, buffers respected."""
    chance = random.Random(f"{provider.name} {on}")
    offers = list(house.services.values())
    opening, closing = clinic.hours(on)
    free_from = opening + QUARTER * chance.randrange(3)
    while True:
        service = chance.choice(offers)
        start = _next_quarter(free_from + timedelta(minutes=service.buffer_before), opening)
        end = start + timedelta(minutes=service.minutes + service.buffer_after)
        if start - timedelta(minutes=service.buffer_before) < opening + LUNCH[1] and end > opening + LUNCH[0]:
            free_from = opening + LUNCH[1]
            continue
        patient = next(people, None)
        if end > closing or patient is None:
            return
        yield Visit(clinic, provider, patient, service, start, confirms=chance.random() < 0.6, is_forgotten=chance.random() < 0.2)
        free_from = end + QUARTER * chance.choice([0, 0, 1, 2, 4])


def _next_quarter(at: datetime, opening: datetime) -> datetime:
    return opening + QUARTER * -((opening - at) // QUARTER)
