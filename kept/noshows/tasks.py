"""Jobs of visits that await a card, or have got one."""

from datetime import datetime

from procrastinate.contrib.django import app

from kept.foundation import clock
from kept.foundation.scope import job_scope
from kept.noshows.transitions import calling, refilling
from kept.scheduling.models import ON_THE_BOOK, Appointment
from kept.scheduling.transitions import promising


@app.task(name="noshows.remind_of_card", queue="letters")
def remind_of_card(practice_id: str, appointment_id: str, due: str) -> None:
    """Half of the time for the card is over."""
    with job_scope(practice_id, "remind_of_card"):
        calling.remind(appointment_id, due=datetime.fromisoformat(due), at=clock.now())


@app.task(name="noshows.card_due", queue="desk")
def card_due(practice_id: str, appointment_id: str, due: str) -> None:
    """All of it is. Which visits are late the database says, so a job that comes early, twice or for a card that is there does nothing."""
    with job_scope(practice_id, "card_due"):
        promising.release_overdue(at=clock.now())


@app.task(name="noshows.booked_for_good", queue="desk")
def booked_for_good(practice_id: str, appointment_id: str) -> None:
    """Booked online, and the card is there."""
    with job_scope(practice_id, "booked_for_good"):
        for booked in Appointment.objects.select_related("provider__practice", "patient").filter(pk=appointment_id, status__in=ON_THE_BOOK):
            refilling.for_good(booked, at=clock.now())
