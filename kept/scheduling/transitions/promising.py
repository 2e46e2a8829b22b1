"""The promise at the desk: a card that is asked for is given by a time. Where it is not, the visit stays booked and stands on the call
list, or its time is given free, as the practice says."""

from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from kept.foundation import jobs
from kept.patients.models import Link
from kept.practice.models import Clinic, Settings
from kept.scheduling.models import Appointment, Status
from kept.scheduling.rules import card_due, card_reminder
from kept.scheduling.transitions.giving_free import UNTOUCHED_ONLINE, card_awaited, give_free
from kept.scheduling.transitions.writing import write

RELEASED = "No card was given in time"
AT_BOOKING = timedelta(minutes=15)  # a first link so soon is part of the booking


def awaited() -> QuerySet[Appointment]:
    """Booked with a card wanted that is not there, and asked for by the clinic."""
    return card_awaited().exclude(UNTOUCHED_ONLINE)  # those are holds


def overdue(settings: Settings, *, at: datetime) -> Q:
    """Whose time to give it is over: as promised, or because the start is near."""
    return Q(card_due_at=None) | Q(card_due_at__lte=at) | Q(starts_at__lte=at + settings.card_before)


def due(clinic: Clinic, starts_at: datetime, *, at: datetime) -> datetime:
    """By when a card that is asked for at that instant is promised."""
    settings = clinic.practice.settings
    return card_due(at, starts_at, within=settings.card_within, before=settings.card_before)


def ask(appointment: Appointment, *, at: datetime) -> Appointment:
    """The patient of the locked appointment is asked for her card, anew: she has the whole time for it once more."""
    due_at = due(appointment.clinic, appointment.starts_at, at=at)
    if due_at == appointment.card_due_at:
        return appointment
    write(appointment, "card.asked", by=None, at=at, particulars={"due": due_at.isoformat()}, card_due_at=due_at)
    follow(appointment, at=at)
    return appointment


def ask_by_link(appointment: Appointment, *, at: datetime) -> None:
    """A link was given for the locked appointment. Where it is the first, and comes after the booking, her time begins with it."""
    if not awaited().filter(pk=appointment.pk).exists() or at < appointment.booked_at + AT_BOOKING:
        return
    if not Link.objects.filter(subject_id=appointment.pk, purpose=Link.Purpose.CARD).exists():
        ask(appointment, at=at)


def follow(appointment: Appointment, *, at: datetime) -> None:
    """The jobs of its promise: a reminder, and what comes when it is not kept. Each looks again when it runs; one of an earlier promise
    finds another time and does nothing."""
    due_at = appointment.card_due_at
    if due_at is None or due_at <= at:
        return
    remind_at = card_reminder(at, due_at, appointment.clinic.zone)
    task = "noshows.remind_of_card" if remind_at else "noshows.card_due"
    jobs.defer(task, at=remind_at or due_at, lock=f"card:{appointment.pk}", appointment_id=str(appointment.pk), due=due_at.isoformat())


def release_overdue(*, at: datetime) -> None:
    """Where the practice says so, visits whose card did not come in time are off the book: by their jobs, and by whoever looks for a
    time, so that no clock needs to be punctual. A second run changes nothing."""
    settings = Settings.objects.filter(without_card=Settings.WithoutCard.RELEASE).first()
    if settings is None:
        return
    late = releasable(settings, at=at)
    for appointment_id in give_free(late, asked=Appointment.Asked.CLINIC, reason=RELEASED, at=at, why="no_card"):
        jobs.defer("messaging.released", appointment_id=str(appointment_id))


def releasable(settings: Settings, *, at: datetime) -> QuerySet[Appointment]:
    """Promised by a time that is past, with a link to keep the promise, and the start not near yet: a visit of today is not given away
    in its last hours, and none that staff put back on the book since."""
    asked = Exists(Link.objects.filter(subject_id=OuterRef("pk"), purpose=Link.Purpose.CARD))
    found = awaited().filter(asked, card_due_at__lte=at, starts_at__gt=at + settings.card_before)
    return found.filter(status_at__lt=F("card_due_at"))


def releases_at(appointment: Appointment, *, at: datetime) -> datetime | None:
    """When its time will be given free by itself, as things are; None: not at all."""
    due_at = appointment.card_due_at
    if due_at is None or due_at <= at:
        return None
    settings = appointment.practice.settings
    if settings.without_card != Settings.WithoutCard.RELEASE:
        return None
    return due_at if releasable(settings, at=due_at).filter(pk=appointment.pk).exists() else None


def released(appointment: Appointment) -> bool:
    """Given free because its card did not come in time."""
    return appointment.status == Status.CANCELLED and appointment.outcome_reason == RELEASED
