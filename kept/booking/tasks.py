"""Jobs of online booking."""

from procrastinate.contrib.django import app

from kept.foundation import clock
from kept.foundation.scope import job_scope
from kept.scheduling.transitions import holding


@app.task(name="booking.release", queue="desk")
def release(practice_id: str) -> None:
    """A hold's half hour is over."""
    with job_scope(practice_id, "release_hold"):
        holding.release_overdue(at=clock.now())
