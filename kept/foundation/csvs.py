"""Files for spreadsheets, which would run a cell that looks like a formula."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import StringIO
from typing import TypeVar

from django.db.models import Model, QuerySet
from django.http import StreamingHttpResponse

from kept.foundation.paging import page
from kept.foundation.scope import current, scope

M = TypeVar("M", bound=Model)
BATCH = 500
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe(value: str) -> str:
    """The text as a cell that is only text: what a spreadsheet would take for a formula gets an apostrophe before it."""
    return f"'{value}" if value.startswith(DANGEROUS) else value


def download(
    name: str, columns: Sequence[str], found: "QuerySet[M]", cells: Callable[[M], Iterable[str]], *, by: str
) -> StreamingHttpResponse:
    """A list as a file, however long: read and sent a batch at a time, newest first by that instant.

    It goes on after the caller's scope has closed, so each batch has a scope of its own; none is open while a slow reader takes one.
    """
    unit = current()

    def parts() -> Iterator[str]:
        yield _lines([columns])
        cursor: str | None = ""
        while cursor is not None:
            with scope(unit.practice_id, actor=unit.actor, reason=unit.reason, source=unit.source):
                batch = page(found, by=by, cursor=cursor, limit=BATCH)
                text = _lines(cells(row) for row in batch.rows)
            yield text
            cursor = batch.next

    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(parts(), content_type="text/csv; charset=utf-8", headers=headers)


def _lines(rows: Iterable[Iterable[str]]) -> str:
    written = StringIO(newline="")
    csv.writer(written).writerows([safe(cell) for cell in row] for row in rows)
    return written.getvalue()
