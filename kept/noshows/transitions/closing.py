"""What patients said to no-shows is settled: by whoever restores the visit, spares its fee, or says that it stays."""

from collections.abc import Iterable
from datetime import datetime

from kept.events import journal
from kept.noshows.models import Answer
from kept.practice.models import Member
from kept.scheduling.models import Appointment


def settle_all(appointment: Appointment, outcome: Answer.Outcome, *, by: Member | None, at: datetime) -> None:
    """All that is open of a visit that the caller has locked."""
    settled(appointment.answers.filter(outcome=Answer.Outcome.OPEN), outcome, by=by, at=at)


def settled(answers: Iterable[Answer], outcome: Answer.Outcome, *, note: str = "", by: Member | None, at: datetime) -> None:
    for answer in answers:
        answer.outcome, answer.note, answer.settled_at, answer.settled_by = outcome, note, at, by
        answer.save(update_fields=["outcome", "note", "settled_at", "settled_by"])
        journal.record("noshow.answer_settled", answer.appointment, by=by, at=at, answer=answer.kind, outcome=outcome)
