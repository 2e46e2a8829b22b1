"""Several at the same moment: threads with connections of their own, let go through one gate."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from django.db import connections

from kept.foundation.refusals import Refusal

T = TypeVar("T")
MOST = 25  # of the server's connections, for one test


def together(acts: Sequence[Callable[[], T]]) -> list[T | Exception]:
    """What each act returned or raised, in their order, at the caller's time. More than 25 take turns. For `committed` tests."""
    size = min(len(acts), MOST)
    contexts = [copy_context() for _act in acts]
    gate = threading.Barrier(size)

    def run(turn: int) -> list[T | Exception]:
        gate.wait()
        try:
            return [context.run(_tried, act) for act, context in zip(acts[turn::size], contexts[turn::size], strict=True)]
        finally:
            connections.close_all()

    done: list[T | Exception | None] = [None] * len(acts)
    with ThreadPoolExecutor(size) as pool:
        for turn, results in enumerate(pool.map(run, range(size))):
            done[turn::size] = results
    return done  # type: ignore[return-value]  # all are done


def told(results: Sequence[object]) -> Counter[str]:
    """How often each outcome came: a refusal by its code, anything else by its kind."""
    return Counter(result.code if isinstance(result, Refusal) else type(result).__name__ for result in results)


def _tried(act: Callable[[], T]) -> T | Exception:
    try:
        return act()
    except Exception as error:
        return error
