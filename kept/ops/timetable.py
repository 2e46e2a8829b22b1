"""Who comes when in the sample, as pure values: seen from the same instant, the same day always has the same visits."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import NamedTuple

from kept.ops.cast import House
from kept.ops.plans import Course, PracticePlan, ProviderPlan, Scene, ServicePlan
from kept.patients.models import Patient
from kept.practice.models import Clinic, Provider, Service

Span = tuple[datetime, datetime]

QUARTER = timedelta(minutes=15)
GAPS = (0, 0, 0, 0, 1, 1, 2)  # quarters of an hour after a visit
WITH_CARD, ACCEPT = 0.8, 0.85  # of all patients, and of the visits of those
MISS, CANCEL, CALL_OFF, MOVE = 0.05, 0.04, 0.01, 0.04  # of all visits
FORGET, FORGET_LONG_AGO = 0.1, 0.004  # of those of today and yesterday, and of those before
COMBINE = 0.08  # two services in a row
NOTICE = timedelta(minutes=30)  # with which the newcomer books
CONFIRM = 0.6
RECORDED_AFTER = timedelta(minutes=10)
A_WHILE = timedelta(minutes=20)  # after being added, before booking


@dataclass(eq=False, slots=True)
class Visit:
    """A visit of the timetable. `accepts`: the patient accepts the policy, with a card; `confirms_at`: she says that she will come, or
    never; `beside` another: a deliberate double booking."""

    clinic: Clinic
    provider: Provider
    patient: Patient
    services: list[Service]
    starts_at: datetime
    booked_at: datetime
    course: Course
    accepts: bool
    confirms_at: datetime | None = None
    beside: bool = False

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=sum(service.minutes for service in self.services))

    @property
    def busy(self) -> Span:
        """With the buffers of its first and last service."""
        before, after = self.services[0].buffer_before, self.services[-1].buffer_after
        return self.starts_at - timedelta(minutes=before), self.ends_at + timedelta(minutes=after)


class Slot(NamedTuple):
    """Where services in a row fit, and the room or device that they take, "" for none."""

    offers: list[ServicePlan]
    starts_at: datetime
    busy: Span
    room: str


@dataclass(slots=True)
class Day:
    """A clinic's local day while it is being planned: when providers, rooms and devices are taken already, by name."""

    house: House
    clinic: Clinic
    on: date
    now: datetime
    taken: dict[str, list[Span]] = field(default_factory=dict)

    @property
    def from_today(self) -> int:
        return (self.on - self.clinic.local_date(self.now)).days

    def at(self, wall: time) -> datetime:
        """The instant of a wall time; no clinic of the sample is open while clocks jump."""
        return datetime.combine(self.on, wall, self.clinic.zone).astimezone(UTC)

    def is_free(self, name: str, busy: Span) -> bool:
        return not any(start < busy[1] and busy[0] < end for start, end in self.taken.get(name, ()))

    def take(self, name: str, busy: Span) -> None:
        self.taken.setdefault(name, []).append(busy)


def visits(house: House, clinic: Clinic, on: date, *, now: datetime) -> list[Visit]:
    """A clinic's local day, by start, seen from that instant. Nobody comes twice on one day, and nobody to two clinics."""
    day = Day(house, clinic, on, now)
    for block in house.plan.blocks:
        if (block.day, block.clinic) == (day.from_today, clinic.name):
            day.take(block.resource, (day.at(block.wall), day.at(block.until)))
    at_work = [person for person in house.plan.providers if person.clinic_on(on.weekday()) == clinic.name]
    found = [_staged(day, scene) for person in at_work for scene in house.plan.scenes if _is_on(day, scene, person)]
    others = _people(day, but={visit.patient.pk for visit in found})
    for person in at_work:
        found += _column(day, person, others)
    return sorted(found, key=lambda visit: (visit.starts_at, visit.provider.name, visit.beside))


def _is_on(day: Day, scene: Scene, person: ProviderPlan) -> bool:
    if scene.provider != person.name or scene.day is not None:
        return (scene.provider, scene.day) == (person.name, day.from_today)
    today = datetime.combine(day.clinic.local_date(day.now), scene.wall, day.clinic.zone)
    return day.from_today == (0 if day.now + NOTICE < today else 1)


def _staged(day: Day, scene: Scene) -> Visit:
    patient = next(patient for patient in day.house.patients if patient.name == scene.patient)
    offer = next(offer for offer in day.house.plan.services if offer.name == scene.service)
    slot = _slot(day, [offer], day.at(scene.wall) - timedelta(minutes=offer.before), day.at(time(23)))
    assert slot, f"{scene} does not fit"
    visit = _visit(day, scene.provider, patient, slot, scene.course, Random(f"{scene.patient} {day.on}"))
    visit.accepts, visit.beside = scene.accepts, scene.beside
    if visit.course == Course.WALKED_IN:
        visit.booked_at = visit.ends_at + RECORDED_AFTER
    return visit


def _people(day: Day, *, but: set[object]) -> Iterator[Patient]:
    """The clinic's patients in the day's own order: first those whose turn it is, each at an interval of her own, last those whose turn
    is or was within three days."""
    chance = Random(f"{day.clinic.name} {day.on}")
    groups: dict[str, list[Patient]] = {"turn": [], "other": [], "near": []}
    for place, patient in enumerate(day.house.patients):
        known = patient.created_at < day.at(time(0)) - timedelta(days=2)
        if known and patient.pk not in but and _home(day.house, place) == day.clinic.name:
            every = 9 + place * 5 % 14
            since = (day.on.toordinal() + place * 3) % every
            groups["turn" if since == 0 else "near" if min(since, every - since) <= 3 else "other"].append(patient)
    for group in groups.values():
        yield from chance.sample(group, len(group))


def _home(house: House, place: int) -> str:
    """The clinic of a patient, by her place among all: the first of two for two of three."""
    names = [clinic.name for clinic in house.plan.clinics]
    return names[place % 3 // 2 % len(names)]


def _column(day: Day, person: ProviderPlan, others: Iterator[Patient]) -> Iterator[Visit]:
    """What a provider's day holds beside its scenes: visits in a row with gaps, buffers respected, as full as that day is."""
    chance = Random(f"{person.name} {day.on}")
    offers = [offer for offer in day.house.plan.services if person.does(offer)]
    simple = [offer for offer in offers if not offer.takes]
    for opens, closes in _free_spans(day, person):
        free_from = opens + QUARTER * chance.choice(GAPS)
        while slots := [slot for offer in offers if (slot := _slot(day, [offer], free_from, closes))]:
            slot = chance.choice(slots)
            if chance.random() < COMBINE and not slot.room:
                slot = _slot(day, [*slot.offers, chance.choice(simple)], free_from, closes) or slot
            free_from = slot.busy[1] + QUARTER * chance.choice(GAPS)
            if chance.random() < _fullness(day.from_today) and (patient := next(others, None)):
                yield _visit(day, person.name, patient, slot, _course(day, patient, chance), chance)


def _free_spans(day: Day, person: ProviderPlan) -> list[Span]:
    """Her hours, less what stands there already."""
    spans = [(day.at(opens), day.at(closes)) for opens, closes in day.house.plan.spans(person)]
    for start, end in sorted(day.taken.get(person.name, ())):
        spans = [part for a, b in spans for part in ((a, min(b, start)), (max(a, end), b)) if part[0] < part[1]]
    return spans


def _slot(day: Day, offers: list[ServicePlan], free_from: datetime, closes: datetime) -> Slot | None:
    """The next quarter at which these fit. None where they last too long, or what they take is taken."""
    opening = day.at(day.house.plan.opens_at)
    before, after = timedelta(minutes=offers[0].before), timedelta(minutes=offers[-1].after)
    starts_at = opening + QUARTER * -((opening - free_from - before) // QUARTER)
    busy = starts_at - before, starts_at + timedelta(minutes=sum(offer.minutes for offer in offers)) + after
    rooms = [name for offer in offers for name in offer.takes if name in _rooms_of(day)]
    free = [name for name in rooms if day.is_free(name, busy)]
    if busy[1] > closes or rooms and not free:
        return None
    return Slot(offers, starts_at, busy, free[0] if free else "")


def _rooms_of(day: Day) -> Sequence[str]:
    place = next(place for place in day.house.plan.clinics if place.name == day.clinic.name)
    return place.rooms + place.devices


def _fullness(from_today: int) -> float:
    """Of what a day could hold: today is full, days to come are not yet."""
    if from_today == 0:
        return 1.0
    return 0.55 if from_today < -1 else max(0.1, 0.8 - 0.025 * from_today)


def _course(day: Day, patient: Patient, chance: Random) -> Course:
    forget = FORGET if day.from_today >= -1 else FORGET_LONG_AGO
    odds = {
        Course.MISSED: day.house.plan.misses.get(patient.name, MISS),
        Course.CANCELLED: CANCEL,
        Course.CALLED_OFF: CALL_OFF,
        Course.MOVED: MOVE,
        Course.FORGOTTEN: forget,
    }
    return chance.choices([*odds, Course.KEPT], [*odds.values(), 1 - sum(odds.values())])[0]


def _has_card(plan: PracticePlan, patient: Patient) -> bool:
    return patient.name not in plan.without_card and Random(patient.name).random() < WITH_CARD


def _visit(day: Day, provider: str, patient: Patient, slot: Slot, course: Course, chance: Random) -> Visit:
    """Booked one to three weeks ahead, in the clinic's hours; confirmed a day or two before. What it takes is taken from here on."""
    for name in {provider, slot.room} - {""}:
        day.take(name, slot.busy)
    asked_on = day.clinic.local_date(min(slot.starts_at, day.now)) - timedelta(days=chance.randint(1, 20))
    called_at = Day(day.house, day.clinic, asked_on, day.now).at(day.house.plan.opens_at) + timedelta(minutes=chance.randrange(520))
    return Visit(
        clinic=day.clinic,
        provider=day.house.providers[provider],
        patient=patient,
        services=[day.house.services[offer.name] for offer in slot.offers],
        starts_at=slot.starts_at,
        booked_at=max(called_at, patient.created_at + A_WHILE),
        course=course,
        accepts=_has_card(day.house.plan, patient) and chance.random() < ACCEPT,
        confirms_at=slot.starts_at - timedelta(hours=chance.randint(20, 48)) if chance.random() < CONFIRM else None,
    )
