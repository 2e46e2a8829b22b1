"""Adapters to the world outside call this first: nothing waits for somebody else's server while it holds locks."""

from django.db import connection


class NetworkInTransaction(RuntimeError):
    """An adapter was called inside a transaction. Commit the intent, call, commit the outcome."""


def leave_the_database() -> None:
    """Raise NetworkInTransaction inside a transaction. A test's own enclosing transaction does not count."""
    if any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
        raise NetworkInTransaction("no network inside a transaction")
