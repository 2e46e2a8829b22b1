"""What patients said to no-shows is settled: by whoever restores the visit, spares its fee, or says that it stays."""

from collections.abc import Iterable
from datetime import datetime

import kept.messaging.transitions as messaging
from kept.events import journal
from kept.messaging.models import Letter
from kept.noshows.models import Answer
from kept.practice.models import Member
from kept.scheduling.models import Appointment


def settle_all(appointment: Appointment, outcome: Answer.Outcome, *, by: Member | None, at: datetime) -> None:
    """All that is open of a visit that the caller has locked."""
    settled(appointment.answers.filter(outcome=Answer.Outcome.OPEN), outcome, by=by, at=at)


def settled(answers: Iterable[Answer], outcome: Answer.Outcome, *, note: str = "", by: Member | None, at: datetime) -> None:
    """These, of one visit; one letter tells the patient."""
    for answer in answers:
        answer.outcome, answer.note, answer.settled_at, answer.settled_by = outcome, note, at, by
        answer.save(update_fields=["outcome", "note", "settled_at", "settled_by"])
        journal.record("noshow.answer_settled", answer.appointment, by=by, at=at, answer=answer.kind, outcome=outcome)
        messaging.queue(Letter.ANSWERED, answer.appointment, once=at.isoformat(), by=by, at=at)
