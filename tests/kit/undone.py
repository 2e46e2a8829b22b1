"""Asking without consequences, for tests that ask many times."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy

from django.db import transaction

from tests.kit.browser import Browser


@contextmanager
def undone(browser: Browser) -> Iterator[None]:
    """After the block the database and the browser's cookies are as they were before it."""
    before, cookies = transaction.savepoint(), deepcopy(browser.cookies)
    try:
        yield
    finally:
        transaction.savepoint_rollback(before)
        browser.cookies = cookies
