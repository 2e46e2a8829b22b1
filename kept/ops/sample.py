"""The sample around today: sixty days of a practice's past, and thirty that are booked already.

All of it is made by the transitions that people use, at the instants at which it would have happened. The visits that were missed, with
their fees, then today and the days beside it come first; the rest follows by jobs, a clinic's day at a time, while people work. A day
that was cut off is taken up where it stopped, since a visit that is there is left alone."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import product

from django.db import transaction
from procrastinate.contrib.django.models import ProcrastinateJob

import kept.noshows.transitions.attendance as noshows
import kept.patients.transitions as patients
from kept.foundation import clock, jobs
from kept.foundation.refusals import Refusal
from kept.foundation.scope import scope
from kept.noshows.models import Fee
from kept.ops import cast, consent, courses, stories, timetable
from kept.ops.cast import House
from kept.ops.crowd import crowd
from kept.ops.plans import Course, PracticePlan
from kept.ops.telling import telling
from kept.ops.timetable import Visit
from kept.patients.models import Card
from kept.practice.models import Clinic, Practice, Resource
from kept.practice.rules import Role
from kept.practice.transitions import set_texts
from kept.scheduling.models import Appointment, Status
from kept.scheduling.transitions.blocking import block_time

OPENED_BEFORE = timedelta(days=200)
NEAR = (-1, 0, 1)
DAYS_BACK = 60
OTHER_DAYS = (*range(2, 8), *range(-2, -DAYS_BACK - 1, -1), *range(8, 31))  # those at hand, the past, what is further off
CARD_KINDS = ("visa", "visa", "mastercard", "amex")
BLOCKED_BEFORE, WRITTEN_BEFORE = timedelta(days=3), timedelta(days=40)
STATES = ("paid", "declined", "spared", "refunded", "needs_patient", "part_refunded", "failed", "undecided", "not_offered", "disputed")
FILL = "ops.fill_sample"


def open_book(plan: PracticePlan, *, now: datetime) -> None:
    """What is there at Ready, and the job for the rest. Opens its own scopes."""
    practice_id = Practice.objects.get(slug=plan.slug).id
    with telling(practice_id, now=now):
        owner = cast.house(plan).members[Role.OWNER]
        cast.add_patients(crowd(plan), by=owner, opened_at=now - OPENED_BEFORE)
        set_texts(text_from=plan.text_from, by=owner, at=now)
    house = _house(plan)
    with telling(practice_id, now=now):
        _block(house, now=now)
        _write_down(house, now=now)
    for visit, ending in _missed(house, now=now):
        stories.miss(house, visit, ending, _card(house, visit), now=now)
    for clinic, offset in product(house.clinics.values(), NEAR):
        _keep(house, clinic, offset, now=now)
    _leave_waiting(house, now=now)
    _fill_next(house, 0, now=now)


def fill(plan: PracticePlan, unit: int, *, now: datetime) -> None:
    """One of the other days, and the job for the next. `now` is that of `open_book`."""
    house = _house(plan)
    units = _units(house)
    _keep(house, *units[unit], now=now)
    if unit + 1 < len(units):
        _fill_next(house, unit + 1, now=now)


def is_full(plan: PracticePlan) -> bool:
    """Whether the job for the last day is done."""
    last = len(OTHER_DAYS) * len(plan.clinics) - 1
    done = ProcrastinateJob.objects.filter(task_name=FILL, status="succeeded", args__unit=str(last))
    return done.filter(args__practice_id=str(Practice.objects.get(slug=plan.slug).id)).exists()


def states(plan: PracticePlan, *, at: datetime) -> dict[str, str]:
    """An appointment for each state that a fee of the practice is in."""
    with scope(Practice.objects.get(slug=plan.slug).id, actor="command:seed", source="command"):
        found = Fee.objects.filter(open=True, appointment__status=Status.NOSHOW).order_by("-at", "-id")
        return {fee.state: str(fee.appointment_id) for fee in found.with_state(at)}


def _house(plan: PracticePlan) -> House:
    with scope(Practice.objects.get(slug=plan.slug).id, actor="command:seed", source="command"):
        return cast.house(plan, size=len(plan.patients) + plan.crowd)


def _units(house: House) -> list[tuple[Clinic, int]]:
    """Each clinic's other days, as how many after today."""
    return [(clinic, offset) for offset in OTHER_DAYS for clinic in house.clinics.values()]


def _fill_next(house: House, unit: int, *, now: datetime) -> None:
    with scope(house.practice.id, actor="command:seed", source="command"):
        jobs.defer(FILL, unit=str(unit), seen_from=now.isoformat())


def _visits(house: House, clinic: Clinic, offset: int, *, now: datetime) -> list[Visit]:
    return timetable.visits(house, clinic, clinic.local_date(now) + timedelta(days=offset), now=now)


def _is_missed(visit: Visit, *, now: datetime) -> bool:
    """And marked by now."""
    return visit.course == Course.MISSED and visit.starts_at + stories.MARKED <= now


def _missed(house: House, *, now: datetime) -> list[tuple[Visit, str]]:
    """All that were missed, in their order, so that invoices have theirs; each with how its fee ended: the last ones that fit with one of
    each state."""
    days = product(range(-DAYS_BACK, 1), house.clinics.values())
    told = [visit for offset, clinic in days for visit in _visits(house, clinic, offset, now=now)]
    missed = sorted((visit for visit in told if _is_missed(visit, now=now)), key=lambda visit: visit.starts_at)
    wanted = list(STATES)
    endings = []
    for visit in reversed(missed):
        state = next((name for name in wanted if stories.can_end(visit, name, house)), "")
        wanted = [name for name in wanted if name != state]
        endings.append((visit, state or stories.ending_of(visit, house)))
    return endings[::-1]


def _keep(house: House, clinic: Clinic, offset: int, *, now: datetime) -> None:
    """A clinic's day as it stands by now, what is there already left alone. A visit a transaction: more would hold one provider's time
    while they wait for another's, and a desk may do the same the other way round."""
    visits = _new(house, _visits(house, clinic, offset, now=now))
    missed = [visit for visit in visits if _is_missed(visit, now=now)]
    others = [visit for visit in visits if visit not in missed]
    cards = {visit: _card(house, visit) for visit in visits}
    for visit in others:
        with telling(house.practice.id, now=now), _unless_taken(), transaction.atomic():
            courses.follow(house, visit, cards[visit], now=now)
    for visit in missed:
        with _unless_taken():
            stories.miss(house, visit, stories.ending_of(visit, house), cards[visit], now=now)


def _new(house: House, visits: Sequence[Visit]) -> list[Visit]:
    """Those that are not there. Nobody books two visits at one instant, so that it tells a visit even when it was moved."""
    with scope(house.practice.id, actor="command:seed", source="command"):
        known = Appointment.objects.filter(patient__in=[visit.patient for visit in visits])
        there = set(known.values_list("patient_id", "booked_at"))
    return [visit for visit in visits if (visit.patient.pk, visit.booked_at) not in there]


@contextmanager
def _unless_taken() -> Iterator[None]:
    """Somebody may book that time while the sample is being filled: then it is theirs."""
    try:
        yield
    except Refusal as refused:
        if refused.code != "slot_taken":
            raise


def _card(house: House, visit: Visit) -> Card | None:
    """The card with which the patient accepts the policy; given soon after she was added, if it is not there yet. Opens its own scopes."""
    if not visit.accepts:
        return None
    patient, plan = visit.patient, house.plan
    with scope(house.practice.id, actor="command:seed", source="command"):
        if card := Card.objects.filter(patient=patient).order_by("given_at", "id").first():
            return card
    kinds = [CARD_KINDS[house.patients.index(patient) % len(CARD_KINDS)], *(["mastercard"] if patient.name in plan.with_two_cards else [])]
    at = patient.created_at + timetable.A_WHILE / 2
    return [consent.give_card(patient, kind, gateway_key=plan.gateway_key, at=at) for kind in kinds][0]


def _block(house: House, *, now: datetime) -> None:
    """Time of providers, rooms and devices that nobody can book, where they are there on that day."""
    for plan in house.plan.blocks:
        clinic = house.clinics[plan.clinic]
        day = timetable.Day(house, clinic, clinic.local_date(now) + timedelta(days=plan.day), now)
        person = next((person for person in house.plan.providers if person.name == plan.resource), None)
        if day.at(plan.until) <= now or person and person.clinic_on(day.on.weekday()) != clinic.name:
            continue
        resource = Resource.objects.get(name=plan.resource, clinic=None if person else clinic)
        times = {"starts_at": day.at(plan.wall), "ends_at": day.at(plan.until)}
        block_time(resource, clinic, **times, why=plan.why, by=house.members[Role.MANAGER], at=now - BLOCKED_BEFORE)


def _write_down(house: House, *, now: datetime) -> None:
    """What staff know of some patients."""
    desk, at = house.members[Role.FRONT_DESK], now - WRITTEN_BEFORE
    known = {patient.name: patient for patient in house.patients}
    for name, text in house.plan.notes.items():
        patients.add_note(known[name], text, by=desk, at=at)
    for name, alert in house.plan.alerts.items():
        patients.change_patient(known[name], alert=alert, by=desk, at=at)


def _leave_waiting(house: House, *, now: datetime) -> None:
    """A visit of today called off before its start: its fee waits until the start and the policy's late minutes (R7d).

    The last one still to come where the day ends last; after hours, one that is booked for it, until there is no later today."""
    clinic = house.clinics[house.plan.clinics[-1].name]
    day = clock.day(clinic.local_date(now), clinic.zone)
    with telling(house.practice.id, now=now):
        coming = Appointment.objects.filter(clinic=clinic, status=Status.BOOKED, starts_at__gt=now, starts_at__lt=day[1])
        appointment = coming.exclude(acceptance=None).order_by("-starts_at", "id").first() or _book_for_tonight(house, clinic, day, now=now)
        if appointment:
            with clock.standing_at(now):
                noshows.mark(appointment, charge_fee=True, by=courses.desk_of(house, clinic), at=now, reason="Called: can’t come")


def _book_for_tonight(house: House, clinic: Clinic, day: tuple[datetime, datetime], *, now: datetime) -> Appointment | None:
    starts_at = min(now.replace(second=0, microsecond=0) + timedelta(hours=2), day[1] - timedelta(minutes=15))
    comes_today = Appointment.objects.filter(starts_at__gte=day[0], starts_at__lt=day[1]).values("patient")
    card = Card.objects.exclude(patient__in=comes_today).select_related("patient").order_by("given_at", "id").first()
    if card is None or starts_at <= now:
        return None
    provider = next(house.providers[person.name] for person in house.plan.providers if clinic.name in person.clinics)
    services = [next(iter(house.services.values()))]
    booked_at = now - timedelta(days=2)
    visit = Visit(clinic, provider, card.patient, services, starts_at, booked_at, Course.MISSED, accepts=True)
    return courses.booked(house, visit, card)
