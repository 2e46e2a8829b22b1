"""Jobs: queued by name in the transaction of the change that wants them, so that they exist if and only if it is committed."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import NamedTuple

from procrastinate.contrib.django import app

from kept.foundation import clock
from kept.foundation.scope import current


class Job(NamedTuple):
    """A job that was held, and the instant at which it would be done."""

    at: datetime
    task: str
    arguments: dict[str, str]


_held: ContextVar[list[Job] | None] = ContextVar("held", default=None)


def defer(task: str, *, at: datetime | None = None, lock: str | None = None, **arguments: str) -> None:
    """Queue a job of the scope's practice, now or at an instant; of those with one `lock`, one runs at a time. Arguments are ids and
    codes only: they lie outside the walls."""
    arguments["practice_id"] = str(current().practice_id)
    held = _held.get()
    if held is None:
        app.configure_task(task, schedule_at=at, lock=lock).defer(**arguments)
    else:
        held.append(Job(at or clock.now(), task, arguments))


def are_held() -> bool:
    """Whether a past is being told, of which nobody outside is to hear."""
    return _held.get() is not None


@contextmanager
def held() -> Iterator[list[Job]]:
    """Inside, jobs are listed instead of queued: whoever tells a past does them herself, each at its own instant."""
    jobs: list[Job] = []
    token = _held.set(jobs)
    try:
        yield jobs
    finally:
        _held.reset(token)
