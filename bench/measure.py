"""Measuring: the product and its control in turn, so that a busy machine is busy for both; medians, and their ratio."""

import statistics
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import psycopg
from django.test import Client

from bench.seed import Town
from kept.ops.server import APP, Server
from kept.practice.models import User

Act = Callable[[], Any]
Say = Callable[[str], None]
LEAST, MOST, LONG_ENOUGH_SECONDS = 7, 200, 3.0
SET = "select set_config('app.practice', %s, true), set_config('app.actor', 'bench', true), set_config('app.reason', '', true), "
SET += "set_config('app.source', 'bench', true), set_config('join_collapse_limit', '4', true)"


@dataclass(frozen=True, slots=True)
class Figure:
    """One question: medians in milliseconds, how many times the product takes of the control, and what to reach."""

    what: str
    ours_ms: float
    control_ms: float
    control: str
    ratio: float
    goal: str = ""
    runs: int = 0
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass
class Bench:
    """One run of the figures."""

    server: Server
    database: str
    town: Town
    say: Say
    figures: list[Figure] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def compare(self, what: str, ours: Act, control: Act, *, named: str, goal: str = "", **facts: Any) -> Figure:
        """Ask both in turn, at least seven times, after a first time that does not count."""
        ours(), control()
        taken: tuple[list[float], list[float]] = ([], [])
        began = time.perf_counter()
        while len(taken[0]) < LEAST or (time.perf_counter() - began < LONG_ENOUGH_SECONDS and len(taken[0]) < MOST):
            for times, act in zip(taken, (ours, control), strict=True):
                start = time.perf_counter()
                act()
                times.append(time.perf_counter() - start)
        mine, other = (statistics.median(times) * 1000 for times in taken)
        figure = Figure(what, round(mine, 2), round(other, 2), named, round(mine / other, 2), goal, len(taken[0]), facts)
        self.note(figure)
        return figure

    def note(self, figure: Figure) -> None:
        self.figures.append(figure)
        self.say(f"  {figure.what}: {figure.ratio} x {figure.control}")

    def must(self, holds: bool, what: str) -> None:
        """What may not be otherwise, however fast it is."""
        if not holds:
            self.broken.append(what)
            self.say(f"  BROKEN: {what}")

    @contextmanager
    def raw(self) -> Any:
        """Bare SQL as the app's role, behind the same walls: `ask(sql, values)` is one transaction that names its practice, in which
        other statements may go before. Nothing is prepared, since the product prepares nothing."""
        with psycopg.connect(self.server.url(APP, self.database), autocommit=True, prepare_threshold=None) as connection:

            def ask(query: str, values: Any = (), *before: tuple[str, Any]) -> list[tuple[Any, ...]]:
                with connection.transaction():
                    connection.execute(SET, [str(self.town.practice_id)])
                    for first in before:
                        connection.execute(*first).fetchall()  # type: ignore[arg-type]
                    return connection.execute(query, values).fetchall()  # type: ignore[arg-type]

            yield ask

    def browser(self) -> Client:
        """The manager, signed in, without a network between."""
        client = Client()
        client.force_login(User.objects.get(pk=self.town.user_id))
        session = client.session
        session["practice"], session["clinic"] = str(self.town.practice_id), str(self.town.clinic_id)
        session.save()
        return client

    def as_json(self, scale: str) -> dict[str, Any]:
        return {
            "scale": scale,
            "appointments": self.town.appointments,
            "figures": [asdict(each) for each in self.figures],
            "broken": self.broken,
        }

    def as_table(self, scale: str) -> str:
        """For docs/performance.md."""
        head = [
            f"`bin/bench --scale {scale}`: {self.town.appointments:,} appointments, as the app's role, row-level security on.",
            "",
            "| what | ratio | control | ms, ours | ms, control | reach |",
            "| --- | ---: | --- | ---: | ---: | --- |",
        ]
        rows = [
            f"| {each.what} | {each.ratio} | {each.control} | {each.ours_ms} | {each.control_ms} | {each.goal} |" for each in self.figures
        ]
        facts = [
            f"- {each.what}: " + ", ".join(f"{name} {value}" for name, value in each.facts.items()) for each in self.figures if each.facts
        ]
        return "\n".join([*head, *rows, "", *facts, *(f"- **Broken:** {each}" for each in self.broken)])
