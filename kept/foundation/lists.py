"""Lists with filters in their address: reading it, writing it, and saying what is chosen. What is not understood is left out, and
said: a kept link never breaks."""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.http import QueryDict

from kept.foundation.ids import as_id

EARLIEST, LATEST = date(1970, 1, 2), date(2199, 12, 30)  # what every zone and the database can still tell apart


@dataclass(frozen=True, slots=True)
class Option:
    """One of several values of a filter."""

    value: str
    label: str
    selected: bool


def chosen_ids(asked: QueryDict, key: str) -> list[UUID]:
    """The ids under a repeated parameter; others are left out."""
    return [found for text in asked.getlist(key) if (found := as_id(text))]


def day_of(asked: QueryDict, key: str) -> date | None:
    """An ISO date; None for none, or for what is no date."""
    return _day(asked.get(key, ""))


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if EARLIEST <= found <= LATEST else None


def left_out(asked: QueryDict, /, *, days: Iterable[str] = (), ids: Iterable[str] = (), **choices: Container[str]) -> list[str]:
    """What the address asks for and a list can't read, as it stands there: "fee=gold". Nothing asked under a name is nothing left out."""
    understood = {**dict.fromkeys(days, _day), **dict.fromkeys(ids, as_id), **{key: known.__contains__ for key, known in choices.items()}}
    return [f"{key}={text[:40]}" for key, read in understood.items() for text in asked.getlist(key) if text and not read(text)]


def chosen_label(options: Iterable[Option], everything: str, several: str) -> str:
    """What a filter's button says: all, the one chosen, or how many."""
    selected = [each.label for each in options if each.selected]
    if not selected:
        return everything
    return selected[0] if len(selected) == 1 else f"{len(selected)} {several}"


def with_query(asked: QueryDict, **changes: str | None) -> str:
    """The same address with some parameters changed; None takes one away."""
    query = asked.copy()
    for key, value in changes.items():
        query.pop(key, None)
        if value is not None:
            query[key] = value
    return f"?{query.urlencode()}"
