"""Pages of a list: some items and the cursor of the next ones."""

import base64
import json
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _
from pydantic import BaseModel, Field

from kept.api.shapes.fields import Asked
from kept.foundation import paging
from kept.foundation.refusals import Refusal

T = TypeVar("T")
M = TypeVar("M", bound=Model)


class Page(BaseModel, Generic[T]):
    """`next` is the `cursor` of the page after this one; null at the end."""

    items: list[T]
    next: str | None


class Paged(Asked):
    """A query for a page."""

    cursor: str | None = Field(None, max_length=1000, pattern=r"^[A-Za-z0-9_=-]*$", description="`next` of the page before.")
    limit: int = Field(50, ge=1, le=200)


def by_name(found: QuerySet[M], *fields: str, asked: Paged) -> paging.Page[M]:
    """The rows after the cursor, in the order of those text fields and then of id. Raises Refusal `invalid` for a cursor that is none."""
    keys = [*fields, "pk"]
    if asked.cursor:
        found = found.filter(_after(keys, _read(asked.cursor, len(keys))))
    rows = list(found.order_by(*keys)[: asked.limit + 1])
    more = len(rows) > asked.limit
    rows = rows[: asked.limit]
    return paging.Page(rows, _write([getattr(rows[-1], key) for key in keys]) if more else None)


def _after(keys: list[str], values: list[Any]) -> Q:
    """(a, b, id) > (x, y, z), with a bound on the first field alone for the index."""
    later, same = Q(pk__in=[]), Q()
    for key, value in zip(keys, values, strict=True):
        later |= same & Q(**{f"{key}__gt": value})
        same &= Q(**{key: value})
    return Q(**{f"{keys[0]}__gte": values[0]}) & later


def _write(values: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps([str(value) for value in values], ensure_ascii=False).encode()).decode()


def _read(cursor: str, length: int) -> list[Any]:
    try:
        *names, last = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        values = [*names, UUID(last)]
        if len(values) != length or any(not isinstance(name, str) or "\0" in name for name in names):
            raise ValueError("not a cursor of this list")
        "".join(names).encode()
    except (ValueError, TypeError, AttributeError) as garbled:
        raise Refusal("invalid", _("That page does not exist. Start from the first one."), field="cursor") from garbled
    return values
