"""How often a page asks the database."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext

SCOPE = ("SAVEPOINT", "RELEASE", "ROLLBACK", "SET ", "SELECT SET_CONFIG")


@contextmanager
def queries(number: int) -> Iterator[None]:
    """Inside the block tables are asked or written that often. What opens and closes a scope is not counted."""
    with CaptureQueriesContext(connection) as captured:
        yield
    asked = [query["sql"] for query in captured if not query["sql"].upper().startswith(SCOPE)]
    assert len(asked) == number, "\n".join([f"{len(asked)} queries, not {number}:", *(sql[:160] for sql in asked)])
