"""The sample around today: a week of visits either side, and a missed one in each state that a fee can stay in.

All of it is made by the transitions that people use, at the instants at which it would have happened. Today, the days beside it
and the missed visits come first, within seconds; the rest of the week may follow while people work."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import product
from typing import Any

from django.db import transaction

import kept.noshows.transitions.attendance as noshows
import kept.scheduling.transitions.attendance as attendance
import kept.scheduling.transitions.booking as booking
from kept.foundation import clock
from kept.foundation.refusals import Refusal
from kept.foundation.scope import scope
from kept.noshows.models import Fee
from kept.ops import cast, consent, stories, timetable
from kept.ops.cast import House
from kept.ops.people import PracticePlan
from kept.ops.stories import STORIES, Story
from kept.ops.timetable import Visit
from kept.patients.models import Card
from kept.practice.models import Clinic, Practice
from kept.practice.rules import Role
from kept.scheduling.models import Appointment, Status

Cards = dict[Any, Card]
DAYS = 7
NEAR = 1
OPENED_BEFORE = timedelta(days=200)
ARRIVES_BEFORE = timedelta(minutes=20)
FORGOTTEN_WITHIN = timedelta(hours=30)
LAST_WALL_TIME = timedelta(hours=23, minutes=45)


def open_book(plan: PracticePlan, *, now: datetime) -> None:
    """Yesterday, today and tomorrow by each clinic's own calendar, and the missed visits of the week. Opens its own scopes."""
    house = _house(plan)
    cards = _give_cards(house, now=now)
    for clinic, offset in _days(house):
        visits = _planned(house, clinic, offset, now=now)
        _keep(house, [visit for visit in visits if abs(offset) <= NEAR or visit[1]], cards, now=now)
    _leave_waiting(house, cards, now=now)


def fill_week(plan: PracticePlan, *, now: datetime) -> None:
    """The other visits of the week, day by day; `now` is that of `open_book`. A day that is there already is left alone."""
    house = _house(plan)
    with _seeding(house):
        cards = {card.patient_id: card for card in Card.objects.order_by("-given_at")}
    for clinic, offset in _days(house):
        visits = [visit for visit in _planned(house, clinic, offset, now=now) if not visit[1]]
        if abs(offset) > NEAR and not _is_kept(house, visits[0][0]):
            _keep(house, visits, cards, now=now)


def states(plan: PracticePlan, *, at: datetime) -> dict[str, str]:
    """An appointment for each state that a fee of the practice is in."""
    with scope(Practice.objects.get(slug=plan.slug).id, actor="command:seed", source="command"):
        found = Fee.objects.filter(open=True, appointment__status=Status.NOSHOW).order_by("-at", "-id")
        return {fee.state: str(fee.appointment_id) for fee in found.with_state(at)}


def _house(plan: PracticePlan) -> House:
    with scope(Practice.objects.get(slug=plan.slug).id, actor="command:seed", source="command"):
        return cast.house(plan)


@contextmanager
def _seeding(house: House) -> Iterator[None]:
    """In a scope of the practice."""
    with scope(house.practice.id, actor="command:seed", source="command"):
        yield


def _days(house: House) -> Iterable[tuple[Clinic, int]]:
    """Each clinic's days, as how many after today."""
    return product(house.clinics.values(), range(-DAYS, DAYS + 1))


def _give_cards(house: House, *, now: datetime) -> Cards:
    """A card of most patients, given a month ago."""
    kinds = ["visa", "visa", "mastercard", "amex"]
    at = now - timedelta(days=30)
    return {
        patient.id: consent.give_card(patient, kinds[number % len(kinds)], gateway_key=house.plan.gateway_key, at=at)
        for number, patient in enumerate(house.patients)
        if number % 7 != 6
    }


def _planned(house: House, clinic: Clinic, offset: int, *, now: datetime) -> list[tuple[Visit, Story | None]]:
    """A clinic's day, and which of its visits are missed: at the first clinic, with the provider who has a seat."""
    visits = timetable.visits(house, clinic, clinic.local_date(now) + timedelta(days=offset))
    seat = house.members[Role.PROVIDER].provider_id
    fitting = [visit for visit in visits if clinic.name == house.plan.clinics[0].name and visit.provider.id == seat]
    missed = dict(zip(map(id, fitting), (story for story in STORIES if story.days_ago == -offset), strict=False))
    return [(visit, missed.get(id(visit))) for visit in visits]


def _is_kept(house: House, first: Visit) -> bool:
    with _seeding(house):
        return Appointment.objects.filter(provider=first.provider, patient=first.patient, starts_at=first.starts_at).exists()


def _keep(house: House, visits: list[tuple[Visit, Story | None]], cards: Cards, *, now: datetime) -> None:
    """These visits booked, in one transaction, and what became of each by now; then the missed ones, with their charges."""
    special = {id(visit): _card_of_story(house, visit, story) for visit, story in visits if story}
    missed: list[tuple[Story, Appointment]] = []
    with _seeding(house):
        for visit, story in visits:
            card = special[id(visit)] if story else cards.get(visit.patient.id)
            with _unless_taken():
                appointment = _booked(house, visit, card, now=now)
                if story:
                    missed.append((story, appointment))
                else:
                    _attend(house, visit, appointment, now=now)
    for story, appointment in missed:
        stories.tell(story, house, appointment, now=now)


@contextmanager
def _unless_taken() -> Iterator[None]:
    """Somebody may book that time while the week is being filled: then it is theirs."""
    try:
        with transaction.atomic():
            yield
    except Refusal as refused:
        if refused.code != "slot_taken":
            raise


def _card_of_story(house: House, visit: Visit, story: Story) -> Card | None:
    if not story.card:
        return None
    return consent.give_card(visit.patient, story.card, gateway_key=house.plan.gateway_key, at=visit.starts_at - timedelta(days=20))


def _booked(house: House, visit: Visit, card: Card | None, *, now: datetime) -> Appointment:
    """Booked some days before, the policy accepted half an hour later where there is a card."""
    booked_at = min(visit.starts_at, now) - timedelta(days=2 + visit.patient.id.int % 12, hours=3)
    appointment = booking.book(
        clinic=visit.clinic,
        provider=visit.provider,
        patient=visit.patient,
        services=[visit.service],
        starts_at=visit.starts_at,
        by=house.members[Role.FRONT_DESK],
        at=booked_at,
    )
    if card:
        consent.accept(appointment, card, at=booked_at + timedelta(minutes=30))
    return appointment


def _attend(house: House, visit: Visit, appointment: Appointment, *, now: datetime) -> None:
    """Came, is here, or has said that she will come; a few visits of today and yesterday wait for an outcome."""
    desk = house.members[Role.FRONT_DESK]
    if visit.starts_at - ARRIVES_BEFORE > now:
        if visit.confirms and visit.starts_at - now < timedelta(days=3):
            attendance.confirm(appointment, by=desk, at=now - timedelta(hours=2))
        return
    if visit.is_forgotten and now - visit.ends_at < FORGOTTEN_WITHIN:
        return
    attendance.check_in(appointment, by=desk, at=min(visit.starts_at - timedelta(minutes=5), now))
    if visit.starts_at <= now:
        attendance.start_treatment(appointment, by=desk, at=visit.starts_at)
    if visit.ends_at <= now:
        attendance.complete(appointment, by=desk, at=visit.ends_at)


def _leave_waiting(house: House, cards: Cards, *, now: datetime) -> None:
    """A visit of today called off before its start: its fee waits until the start and the policy's late minutes (R7d).

    The last one still to come where the day ends last; after hours, one that is booked for it."""
    clinic = house.clinics[house.plan.clinics[-1].name]
    desk = house.members[Role.FRONT_DESK]
    midnight, midnight_after = clock.day(clinic.local_date(now), clinic.zone)
    with scope(house.practice.id, actor=f"user:{desk.user_id}", source="command"):
        coming = Appointment.objects.filter(clinic=clinic, status=Status.BOOKED, starts_at__gt=now, starts_at__lt=midnight_after)
        appointment = coming.exclude(acceptance=None).order_by("-starts_at", "id").first()
        if appointment is None:
            starts_at = min(now.replace(second=0, microsecond=0) + timedelta(hours=2), midnight + LAST_WALL_TIME)
            patient = next(patient for patient in house.patients if patient.id in cards)
            person = next(person for person in house.plan.providers if clinic.name in person.clinics)
            service = next(iter(house.services.values()))
            visit = Visit(clinic, house.providers[person.name], patient, service, starts_at, confirms=False, is_forgotten=False)
            appointment = _booked(house, visit, cards[patient.id], now=now)
        noshows.mark(appointment, charge_fee=True, by=desk, at=now, reason="Called: can’t come")
