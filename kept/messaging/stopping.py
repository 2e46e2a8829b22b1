"""Numbers to which no text messages go."""

from datetime import datetime
from typing import Any

from kept.events import journal
from kept.messaging.models import TextStop
from kept.practice.models import Member


def stop_texts(practice_id: Any, number: str, *, by: Member | None, at: datetime) -> TextStop:
    """From now on none goes there. `by` None: its owner wrote STOP; that she alone takes back."""
    stop, new = TextStop.objects.get_or_create(practice_id=practice_id, number=number, defaults={"at": at, "by": by})
    if new:
        journal.record("texts.stopped", stop, by=by, at=at)
    elif by is None and stop.by_id:
        stop.by, stop.at = None, at
        stop.save(update_fields=["by", "at"])
    return stop


def resume_texts(practice_id: Any, number: str, *, by: Member | None, at: datetime) -> None:
    """They go there again: `by` None, as its owner wrote; by staff, unless she herself had stopped them."""
    found = TextStop.objects.select_for_update(no_key=True).filter(practice_id=practice_id, number=number)
    if by:
        found = found.exclude(by=None)
    for stop in found:
        journal.record("texts.resumed", stop, by=by, at=at)
        stop.delete()
