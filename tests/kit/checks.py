"""What tests say of an act: that it was refused, and what it queued."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from kept.foundation.refusals import Refusal


@contextmanager
def refused(code: str) -> Iterator["pytest.ExceptionInfo[Refusal]"]:
    """The act is refused with that code, and undone, as the door would leave it."""
    with pytest.raises(Refusal) as caught, transaction.atomic():
        yield caught
    assert caught.value.code == code, f"refused with {caught.value.code!r}: {caught.value.sentence}"


def queued(task: str) -> set[str | tuple[str, ...]]:
    """What the waiting jobs of that task are about: the one argument of each beside the practice, or several by their names' order."""
    found = set()
    for job in ProcrastinateJob.objects.filter(task_name=task, status="todo"):
        about = [str(value) for name, value in sorted(job.args.items()) if name != "practice_id"]
        found.add(about[0] if len(about) == 1 else tuple(about))
    return found
