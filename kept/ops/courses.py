"""What becomes of a visit of the timetable until it is missed: booked, accepted, confirmed, moved, cancelled, kept, or left open."""

from collections.abc import Callable
from datetime import datetime, timedelta

import kept.scheduling.transitions.attendance as attendance
import kept.scheduling.transitions.booking as booking
from kept.foundation import clock
from kept.noshows.transitions.calling import Result, WithoutWhy, called
from kept.ops import consent
from kept.ops.cast import House
from kept.ops.plans import Course
from kept.ops.timetable import Visit
from kept.patients.models import Card, Patient
from kept.practice.models import Clinic, Member
from kept.practice.rules import Role
from kept.scheduling.models import Appointment
from kept.scheduling.transitions.cancelling import cancel
from kept.scheduling.transitions.moving import reschedule

ACCEPTS_AFTER = timedelta(minutes=30)
A_WEEK = timedelta(days=7)
ONE_AWAITED_OF = 8  # of those who gave no card
COMES_EARLY = timedelta(minutes=5)
IS_THERE_BEFORE = timedelta(minutes=20)  # of today's, some sit in the waiting room already
PATIENT, CLINIC = Appointment.Asked.PATIENT, Appointment.Asked.CLINIC


def follow(house: House, visit: Visit, card: Card | None, *, now: datetime) -> None:
    """The visit as it stands by now. Call it inside `telling`. Raises Refusal `slot_taken` when somebody has that time."""
    COURSES[visit.course](house, visit, card, now)


def desk_of(house: House, clinic: Clinic) -> Member:
    """Who keeps the front desk there."""
    if house.limited and house.plan.limited and house.plan.limited.clinic == clinic.name:
        return house.limited
    return house.members[Role.FRONT_DESK]


def booked(house: House, visit: Visit, card: Card | None) -> Appointment:
    """Booked by the front desk, side by side with another by the manager; the policy accepted with that card half an hour later."""
    appointment = _book(house, visit, starts_at=visit.starts_at, at=visit.booked_at)
    return _accepted(house, visit, appointment, card)


def _book(house: House, visit: Visit, *, starts_at: datetime, at: datetime) -> Appointment:
    by = house.members[Role.MANAGER] if visit.beside else desk_of(house, visit.clinic)
    with clock.standing_at(at):
        return booking.book(
            clinic=visit.clinic,
            provider=visit.provider,
            patient=visit.patient,
            services=visit.services,
            starts_at=starts_at,
            double_book=visit.beside,
            by=by,
            at=at,
        )


def _accepted(house: House, visit: Visit, appointment: Appointment, card: Card | None) -> Appointment:
    """The card comes half an hour after the booking. Where none does, most are kept without one; of some it is still awaited."""
    at = visit.booked_at + ACCEPTS_AFTER
    with clock.standing_at(at):
        if card:
            consent.accept(appointment, card, at=at)
        elif appointment.card_due_at and at < visit.starts_at and not _awaited_still(house, visit.patient):
            why = (WithoutWhy.KNOWN, WithoutWhy.CANNOT)[appointment.number % 2]
            appointment = called(appointment, Result.WITHOUT, why=why, by=desk_of(house, visit.clinic), at=at)
    return appointment


def _awaited_still(house: House, patient: Patient) -> bool:
    return patient.name in house.plan.without_card or house.patients.index(patient) % ONE_AWAITED_OF == 0


def _kept(house: House, visit: Visit, card: Card | None, now: datetime) -> None:
    _attend(house, visit, booked(house, visit, card), now)


def _forgotten(house: House, visit: Visit, card: Card | None, now: datetime) -> None:
    """It happened, or not; nobody has said so yet."""
    appointment = booked(house, visit, card)
    if visit.starts_at > now:
        _attend(house, visit, appointment, now)


def _moved(house: House, visit: Visit, card: Card | None, now: datetime) -> None:
    """Booked for a week later first, then brought forward, where that was possible."""
    moved_at = visit.booked_at + (min(visit.starts_at, now) - visit.booked_at) / 2
    appointment = _book(house, visit, starts_at=visit.starts_at + A_WEEK, at=visit.booked_at)
    _accepted(house, visit, appointment, card)
    appointment = _act(reschedule, appointment, starts_at=visit.starts_at, by=desk_of(house, visit.clinic), at=moved_at)
    _attend(house, visit, appointment, now)


def _cancelled(house: House, visit: Visit, card: Card | None, now: datetime) -> None:
    _call_off(house, visit, booked(house, visit, card), PATIENT, "Can’t make it", now)


def _called_off(house: House, visit: Visit, card: Card | None, now: datetime) -> None:
    _call_off(house, visit, booked(house, visit, card), CLINIC, f"{visit.provider.name} is ill", now)


def _call_off(house: House, visit: Visit, appointment: Appointment, asked: Appointment.Asked, reason: str, now: datetime) -> None:
    at = visit.booked_at + (visit.starts_at - visit.booked_at) * 2 / 3
    if at <= now:
        _act(cancel, appointment, asked=asked, reason=reason, by=desk_of(house, visit.clinic), at=at)


def _walked_in(house: House, visit: Visit, card: Card | None, now: datetime) -> None:
    """Nobody had booked it: recorded when it was over."""
    if visit.booked_at <= now:
        appointment = _book(house, visit, starts_at=visit.starts_at, at=visit.booked_at)
        _act(attendance.complete, appointment, by=desk_of(house, visit.clinic), at=visit.booked_at)


def _attend(house: House, visit: Visit, appointment: Appointment, now: datetime) -> None:
    """Came, is here, or has said that she will come."""
    desk = desk_of(house, visit.clinic)
    if visit.starts_at - IS_THERE_BEFORE > now:
        if visit.confirms_at and visit.booked_at < visit.confirms_at <= now:
            _act(attendance.confirm, appointment, by=desk, at=visit.confirms_at)
        return
    _act(attendance.check_in, appointment, by=desk, at=min(visit.starts_at - COMES_EARLY, now))
    if visit.starts_at <= now < visit.ends_at:
        _act(attendance.start_treatment, appointment, by=desk, at=visit.starts_at)
    if visit.ends_at <= now:
        _act(attendance.complete, appointment, by=desk, at=visit.ends_at)


def _act(verb: Callable[..., Appointment], appointment: Appointment, *, by: Member, at: datetime, **how: object) -> Appointment:
    """At that instant, for whoever asks what time it is."""
    with clock.standing_at(at):
        return verb(appointment, by=by, at=at, **how)


COURSES: dict[Course, Callable[[House, Visit, Card | None, datetime], None]] = {
    Course.KEPT: _kept,
    Course.MISSED: _kept,
    Course.FORGOTTEN: _forgotten,
    Course.MOVED: _moved,
    Course.CANCELLED: _cancelled,
    Course.CALLED_OFF: _called_off,
    Course.WALKED_IN: _walked_in,
}
