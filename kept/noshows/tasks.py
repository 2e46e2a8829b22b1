"""Jobs of visits that await a card."""

from datetime import datetime

from procrastinate.contrib.django import app

from kept.foundation import clock
from kept.foundation.scope import job_scope
from kept.noshows.transitions import calling
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
