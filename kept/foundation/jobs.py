"""Jobs: queued by name in the transaction of the change that wants them, so that they exist if and only if it is committed."""

from datetime import datetime

from procrastinate.contrib.django import app

from kept.foundation.scope import current


def defer(task: str, *, at: datetime | None = None, **arguments: str) -> None:
    """Queue a job of the scope's practice, now or at an instant. Arguments are ids and codes only: they lie outside the walls."""
    app.configure_task(task, schedule_at=at).defer(practice_id=str(current().practice_id), **arguments)
