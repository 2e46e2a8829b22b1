"""Telling a past: acts happen at their own instants, and what they queue is done as a worker would have done it then."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from procrastinate.contrib.django import app

from kept.foundation import clock, jobs
from kept.foundation.jobs import Job
from kept.foundation.scope import scope


@contextmanager
def telling(practice_id: UUID, *, now: datetime) -> Iterator[None]:
    """In a scope of the practice: what is told there is committed together. Jobs that were due by `now` are done then; later ones wait in
    their queues."""
    with jobs.held() as queued, scope(practice_id, actor="command:seed", source="command"):
        yield
    _do(practice_id, queued, now)


def _do(practice_id: UUID, queued: list[Job], now: datetime) -> None:
    waiting = sorted(queued, key=lambda job: job.at)
    while waiting and waiting[0].at <= now:
        job = waiting.pop(0)
        with jobs.held() as more, clock.standing_at(job.at):
            app.tasks[job.task].func(**job.arguments)
        waiting = sorted([*waiting, *more], key=lambda job: job.at)
    if waiting:
        with scope(practice_id, actor="command:seed", source="command"):
            for job in waiting:
                jobs.defer(job.task, at=job.at, **{name: value for name, value in job.arguments.items() if name != "practice_id"})
