"""What a draft changes against the version in use, in words. Pure."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from kept.policies.document import Ask, Document, Row
from kept.policies.words import Words


class Change(NamedTuple):
    """A line of what changes: Everyone else | Cancels less than 24 h before: $75.00 → $80.00 | changed"""

    title: str
    text: str
    kind: Literal["new", "changed", "removed"]


def changes(before: Document | None, after: Document, words: Words) -> list[Change]:
    """Rows of fees, then what booking asks, then the rest. A row is the same where it is for the same visits."""
    found = _rows(before.rows if before else (), after.rows, words)
    found += _asks(before.asks if before else (), after.asks, words)
    return found + (_options(before, after) if before else [])


def _rows(before: Sequence[Row], after: Sequence[Row], words: Words) -> list[Change]:
    were = {row.conditions: row for row in before}
    are = {row.conditions for row in after}
    found = []
    for row in after:
        was = were.get(row.conditions)
        if was is None:
            found.append(Change(_title(row, words), words.to_patient(row), "new"))
        elif was != row:
            found.append(Change(_title(row, words), _difference(was, row, words), "changed"))
    found += [Change(_title(row, words), words.to_patient(row), "removed") for row in before if row.conditions not in are]
    if not found and [row.conditions for row in before] != [row.conditions for row in after]:
        found.append(Change(_("The order of the rows"), _("Which row counts first is another."), "changed"))
    return found


def _difference(was: Row, row: Row, words: Words) -> str:
    """The steps that are not the same, old and new."""
    old, new = ([step for step in one.steps if step not in other.steps] for one, other in ((was, row), (row, was)))
    said = [words.to_patient(Row(steps=tuple(steps))) if steps else _("As in the next row that fits.") for steps in (old, new)]
    return " → ".join(said) if old or new else words.to_patient(row)


def _title(row: Row | Ask, words: Words) -> str:
    return ", ".join(filter(None, [words.title(row.conditions), words.subtitle(row.conditions)]))


def _asks(before: Sequence[Ask], after: Sequence[Ask], words: Words) -> list[Change]:
    were, are = ({ask.conditions: ask for ask in asks} for asks in (before, after))
    found = []
    for ask in after:
        was = were.get(ask.conditions)
        if was is None:
            found.append(Change(_booking(ask, words), words.ask(ask), "new"))
        elif was != ask:
            found.append(Change(_booking(ask, words), f"{words.ask(was)} → {words.ask(ask)}", "changed"))
    return found + [Change(_booking(ask, words), words.ask(ask), "removed") for ask in before if ask.conditions not in are]


def _booking(ask: Ask, words: Words) -> str:
    return _("Booking, %s") % _title(ask, words)


def _options(before: Document, after: Document) -> list[Change]:
    told = {
        "free_hours": (_("Free after the booking is confirmed"), _("%d h")),
        "late_minutes": (_("Missed from, after the start"), _("%d min")),
    }
    found = []
    for name, (title, pattern) in told.items():
        was, now = getattr(before, name), getattr(after, name)
        if was != now:
            found.append(Change(title, f"{pattern % was} → {pattern % now}", "changed"))
    if before.first_time != after.first_time:
        found.append(Change(_("The first no-show"), f"{first_time_in_words(before)} → {first_time_in_words(after)}", "changed"))
    if before.new_time != after.new_time:
        found.append(Change(_("Who takes a new time"), f"{new_time_in_words(before)} → {new_time_in_words(after)}", "changed"))
    if before.deposits != after.deposits:
        was_said, said = (capfirst(", ".join(deposits_in_words(each))) for each in (before, after))
        found.append(Change(_("Deposits"), f"{was_said} → {said}", "changed"))
    return found


def first_time_in_words(document: Document) -> str:
    """What becomes of a patient's first no-show."""
    chance = document.first_time
    if chance.mode == "off":
        return _("not forgiven")
    said = _("forgiven, the first in %d months") if chance.mode == "by_itself" else _("proposed to be forgiven, the first in %d months")
    return said % chance.within


def new_time_in_words(document: Document) -> str:
    """What becomes of the fee of who takes a new time."""
    chance = document.new_time
    if chance.mode == "off":
        return _("not spared")
    return (_("spared, within %d h") if chance.mode == "by_itself" else _("proposed to be spared, within %d h")) % chance.within


def deposits_in_words(document: Document) -> tuple[str, str]:
    """What becomes of a deposit: cancelled in time, and late or missed."""
    in_time = _("returned when cancelled in time") if document.deposits.cancelled_in_time == "returned" else _("kept even in time")
    late = _("applied to the fee first") if document.deposits.late_or_missed == "applied" else _("kept beside the fee")
    return in_time, late
