"""Who comes when in the sample, as pure values: the same day always has the same visits."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from kept.ops.cast import House
from kept.ops.people import ProviderPlan
from kept.patients.models import Patient
from kept.practice.models import Clinic, Provider, Service

QUARTER = timedelta(minutes=15)


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
    found = [visit for person in _at_work(house, clinic, on) for visit in _column(house, clinic, person, on, people)]
    return sorted(found, key=lambda visit: (visit.starts_at, visit.provider.name))


def _regulars(house: House, clinic: Clinic, on: date) -> list[Patient]:
    """The patients of that clinic, in the day's own order."""
    place = list(house.clinics).index(clinic.name)
    mine = [patient for number, patient in enumerate(house.patients) if _home(number, len(house.clinics)) == place]
    return random.Random(f"{clinic.name} {on}").sample(mine, len(mine))


def _home(number: int, clinics: int) -> int:
    """Two of three go to the first clinic."""
    return 1 if clinics > 1 and number % 3 == 2 else 0


def _at_work(house: House, clinic: Clinic, on: date) -> list[ProviderPlan]:
    """By their weeks."""
    return [person for person in house.plan.providers if person.clinic_on(on.weekday()) == clinic.name]


def _column(house: House, clinic: Clinic, person: ProviderPlan, on: date, people: Iterator[Patient]) -> Iterator[Visit]:
    """One provider's day: visits in a row with gaps, an hour for lunch, buffers respected."""
    chance = random.Random(f"{person.name} {on}")
    provider = house.providers[person.name]
    offers = [house.services[offer.name] for offer in house.plan.services if person.does(offer)]
    opening, closing = clinic.hours(on)
    lunch = [
        datetime.combine(on, wall, clinic.zone).astimezone(UTC) for wall in (house.plan.spans(person)[0][1], house.plan.spans(person)[1][0])
    ]
    free_from = opening + QUARTER * chance.randrange(3)
    while True:
        service = chance.choice(offers)
        start = _next_quarter(free_from + timedelta(minutes=service.buffer_before), opening)
        end = start + timedelta(minutes=service.minutes + service.buffer_after)
        if start - timedelta(minutes=service.buffer_before) < lunch[1] and end > lunch[0]:
            free_from = lunch[1]
            continue
        patient = next(people, None)
        if end > closing or patient is None:
            return
        yield Visit(clinic, provider, patient, service, start, confirms=chance.random() < 0.6, is_forgotten=chance.random() < 0.2)
        free_from = end + QUARTER * chance.choice([0, 0, 1, 2, 4])


def _next_quarter(at: datetime, opening: datetime) -> datetime:
    return opening + QUARTER * -((opening - at) // QUARTER)
