"""The sample around today: a week of visits either side, and a missed one in each state that a fee can stay in.

All of it is made by the transitions that people use, at the instants at which it would have happened."""

from datetime import date, datetime, timedelta
from typing import Any

import kept.noshows.transitions.attendance as noshows
import kept.scheduling.transitions.attendance as attendance
import kept.scheduling.transitions.booking as booking
from kept.foundation import clock
from kept.foundation.scope import scope
from kept.noshows.models import Fee
from kept.ops import cast, consent, stories, timetable
from kept.ops.cast import House
from kept.ops.people import PracticePlan
from kept.ops.stories import STORIES, Story
from kept.ops.timetable import Visit
from kept.patients.models import Card
from kept.practice.models import Practice
from kept.practice.rules import Role
from kept.scheduling.models import Appointment, Status

Cards = dict[Any, Card]
DAYS = 7
OPENED_BEFORE = timedelta(days=200)
ARRIVES_BEFORE = timedelta(minutes=20)
FORGOTTEN_WITHIN = timedelta(hours=30)
LAST_WALL_TIME = timedelta(hours=23, minutes=45)


def fill(plan: PracticePlan, *, now: datetime, days: int = DAYS) -> None:
    """The practice's book from `days` before today to `days` after, by each clinic's own calendar. Opens its own scopes."""
    practice_id = Practice.objects.get(slug=plan.slug).id
    with scope(practice_id, actor="command:seed", source="command"):
        house = cast.house(plan)
    cards = _cards(house, now=now)
    for clinic in house.clinics.values():
        today = clinic.local_date(now)
        for offset in range(-days, days + 1):
            on = today + timedelta(days=offset)
            visits = timetable.visits(house, clinic, on)
            _keep_day(house, visits, _missed(house, visits, on, now=now), cards, now=now)
    _leave_waiting(house, cards, now=now)


def states(plan: PracticePlan, *, at: datetime) -> dict[str, str]:
    """An appointment for each state that a fee of the practice is in."""
    with scope(Practice.objects.get(slug=plan.slug).id, actor="command:seed", source="command"):
        found = Fee.objects.filter(open=True, appointment__status=Status.NOSHOW).order_by("-at", "-id")
        return {fee.state: str(fee.appointment_id) for fee in found.with_state(at)}


def _cards(house: House, *, now: datetime) -> Cards:
    """A card of most patients, given a month ago."""
    kinds = ["visa", "visa", "mastercard", "amex"]
    at = now - timedelta(days=30)
    return {
        patient.id: consent.give_card(patient, kinds[number % len(kinds)], gateway_key=house.plan.gateway_key, at=at)
        for number, patient in enumerate(house.patients)
        if number % 7 != 6
    }


def _missed(house: House, visits: list[Visit], on: date, *, now: datetime) -> dict[int, Story]:
    """Which visits of a day are missed, by their place in it: at the first clinic, with the provider who has a seat."""
    first, seat = house.clinics[house.plan.clinics[0].name], house.members[Role.PROVIDER]
    wanted = [story for story in STORIES if on == first.local_date(now) - timedelta(days=story.days_ago)]
    fitting = [place for place, visit in enumerate(visits) if visit.clinic == first and visit.provider.id == seat.provider_id]
    return dict(zip(fitting, wanted, strict=False))


def _keep_day(house: House, visits: list[Visit], missed: dict[int, Story], cards: Cards, *, now: datetime) -> None:
    """One clinic's day: everybody booked, and what became of each by now."""
    theirs = {place: _card_of_story(house, visits[place], story) for place, story in missed.items()}
    appointments = []
    with scope(house.practice.id, actor="command:seed", source="command"):
        for place, visit in enumerate(visits):
            card = theirs[place] if place in missed else cards.get(visit.patient.id)
            appointments.append(_booked(house, visit, card, now=now))
            if place not in missed:
                _attend(house, visit, appointments[place], now=now)
    for place, story in missed.items():
        stories.tell(story, house, appointments[place], now=now)


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
            starts_at = min(now + timedelta(hours=2), midnight + LAST_WALL_TIME)
            patient = next(patient for patient in house.patients if patient.id in cards)
            person = next(person for person in house.plan.providers if clinic.name in person.clinics)
            service = next(iter(house.services.values()))
            visit = Visit(clinic, house.providers[person.name], patient, service, starts_at, confirms=False, is_forgotten=False)
            appointment = _booked(house, visit, cards[patient.id], now=now)
        noshows.mark(appointment, charge_fee=True, by=desk, at=now, reason="Called: can’t come")
