"""The one door to the database: a transaction that says which practice it works for, who acts, why, and from where."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction


@dataclass(frozen=True, slots=True)
class Unit:
    practice_id: UUID
    actor: str
    reason: str = ""
    source: str = ""


class ScopeError(RuntimeError):
    """Code opened a scope where it must not: for another practice inside one, or without an actor."""


_unit: ContextVar[Unit | None] = ContextVar("unit", default=None)

# pgtrigger.ignore is emptied because history would otherwise test it on each row with an exception caught. Of the tables of a query the
# first four are joined in the cheapest order, names as written: trying every order of seven takes thirty times as long as asking.
_SAY = """select set_config('app.practice', %s, true), set_config('app.actor', %s, true), set_config('app.reason', %s, true),
    set_config('app.source', %s, true), set_config('pgtrigger.ignore', '{}', true), set_config('join_collapse_limit', '4', true)"""


@contextmanager
def scope(practice_id: UUID | str, *, actor: str, reason: str = "", source: str = "") -> Iterator[Unit]:
    """Open a transaction for one practice. Row-level security and history read what it says.

    Inside another scope of the same practice it joins that one: the outer actor, reason and source stay. `actor` is
    `user:<id>`, `key:<id>`, `patient:link`, `job:<name>` or `gateway:<event>`; `source` the address or job it came through.
    Raises ScopeError when another practice's scope is open.
    """
    practice_id = UUID(str(practice_id))
    outer = _unit.get()
    if outer is not None:
        if outer.practice_id != practice_id:
            raise ScopeError("another practice's scope is open")
        yield outer
        return
    if not actor:
        raise ScopeError("a scope names its actor")
    unit = Unit(practice_id, actor, reason, source)
    with transaction.atomic(durable=True):
        token = enter(unit)
        try:
            yield unit
        finally:
            _unit.reset(token)
        if not connection.needs_rollback and any(getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
            say(None)  # a test's own transaction outlives this one


@contextmanager
def job_scope(practice_id: str, name: str) -> Iterator[Unit]:
    """One transaction of the job of that name."""
    with scope(practice_id, actor=f"job:{name}", source="job") as unit:
        yield unit


def enter(unit: Unit) -> Token[Unit | None]:
    """Stand in a unit inside a transaction that is already open. For `scope`, and for tests that stand in a practice throughout."""
    say(unit)
    return _unit.set(unit)


@contextmanager
def outside() -> Iterator[None]:
    """As a stranger would find the database: nothing said. What was said before returns at the end. For the test client."""
    unit, token = _unit.get(), _unit.set(None)
    say(None)
    try:
        yield
    finally:
        _unit.reset(token)
        say(unit)


def current() -> Unit:
    """The unit that is open. Raises ScopeError outside of any."""
    unit = _unit.get()
    if unit is None:
        raise ScopeError("no scope is open")
    return unit


def say(unit: Unit | None) -> None:
    """Tell the database, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_SAY, [str(unit.practice_id), unit.actor, unit.reason, unit.source] if unit else [""] * 4)
