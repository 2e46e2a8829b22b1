"""That a patient's record was read is recorded (R25)."""

from datetime import datetime
from uuid import UUID

from kept.events import journal
from kept.practice.doors import MemberRequest


def looks_at(request: MemberRequest, what: str, patient_id: UUID | None, at: datetime) -> None:
    """One look at a patient, or one search over many, until something else is looked at: however often a part refreshes itself, and
    however many keys it takes."""
    seen = str(patient_id or what)
    if request.session.get("looks_at") != seen:
        request.session["looks_at"] = seen
        journal.looked_at(what, practice_id=request.member.practice_id, patient_id=patient_id, at=at)
