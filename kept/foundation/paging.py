"""Pages by key, not by offset: the next page starts after the last row seen, however long the list is."""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _

from kept.foundation.refusals import Refusal

M = TypeVar("M", bound=Model)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows of a list, and the cursor of the next ones; None at the end."""

    rows: list[T]
    next: str | None


def page(found: "QuerySet[M]", *, by: str, cursor: str | None, limit: int, newest_first: bool = True) -> Page[M]:
    """The rows after the cursor, ordered by that instant and then by id. Raises Refusal `invalid` for a cursor that is none.

    An index gives their keys in that order and stops; then names are joined to these rows alone, however many there are.
    """
    shown = page_of_keys(found, by=by, cursor=cursor, limit=limit, newest_first=newest_first)
    return Page(list(found.filter(pk__in=shown.rows)), shown.next)


def page_of_keys(found: "QuerySet[Any]", *, by: str, cursor: str | None, limit: int, newest_first: bool = True) -> Page[UUID]:
    """The same rows by their ids, for whoever reads them herself."""
    op = "lt" if newest_first else "gt"
    if cursor:
        instant, row_id = _read(cursor)
        # The first condition alone bounds the scan; the second breaks ties between rows of one instant.
        found = found.filter(Q(**{f"{by}__{op}e": instant}), Q(**{f"{by}__{op}": instant}) | Q(**{by: instant, f"pk__{op}": row_id}))
    keys = list(found.values_list(by, "pk")[: limit + 1])
    return Page([pk for _instant, pk in keys[:limit]], _write(*keys[limit - 1]) if len(keys) > limit else None)


def _write(instant: datetime, row_id: UUID) -> str:
    return base64.urlsafe_b64encode(f"{instant.isoformat()}|{row_id}".encode()).decode()


def _read(cursor: str) -> tuple[datetime, UUID]:
    try:
        instant, row_id = base64.urlsafe_b64decode(cursor.encode()).decode().split("|")
        return _aware(datetime.fromisoformat(instant)), UUID(row_id)
    except (ValueError, binascii.Error) as garbled:
        raise _no_page() from garbled


def _aware(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("a cursor's instant has an offset")
    return instant


def page_by_name(found: "QuerySet[M]", *fields: str, cursor: str | None, limit: int) -> Page[M]:
    """The rows after the cursor, in the order of those text fields and then of id. Raises Refusal `invalid` for a cursor that is none."""
    keys = [*fields, "pk"]
    if cursor:
        found = found.filter(_after(keys, _read_names(cursor, len(keys))))
    rows = list(found.order_by(*keys)[: limit + 1])
    more = len(rows) > limit
    rows = rows[:limit]
    return Page(rows, _write_names([getattr(rows[-1], key) for key in keys]) if more else None)


def _after(keys: list[str], values: list[Any]) -> Q:
    """(a, b, id) > (x, y, z), with a bound on the first field alone for the index."""
    later, same = Q(pk__in=[]), Q()
    for key, value in zip(keys, values, strict=True):
        later |= same & Q(**{f"{key}__gt": value})
        same &= Q(**{key: value})
    return Q(**{f"{keys[0]}__gte": values[0]}) & later


def _write_names(values: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps([str(value) for value in values], ensure_ascii=False).encode()).decode()


def _read_names(cursor: str, length: int) -> list[Any]:
    try:
        *names, last = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        values = [*names, UUID(last)]
        if len(values) != length or any(not isinstance(name, str) or "\0" in name for name in names):
            raise ValueError("not a cursor of this list")
        "".join(names).encode()
    except (ValueError, TypeError, AttributeError, RecursionError) as garbled:
        raise _no_page() from garbled
    return values


def _no_page() -> Refusal:
    return Refusal("invalid", _("That page does not exist. Start from the first one."), field="cursor")
