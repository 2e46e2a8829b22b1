"""Patients look on: a switch of this browser, whoever sits before it. What staff's screens then leave out, `kept.patients.privacy` says."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings
from django.http import HttpRequest

COOKIE = "__Host-kept-initials" if settings.SECURE else "kept-initials"

_look_on: ContextVar[bool] = ContextVar("patients_look_on", default=False)


def patients_look_on() -> bool:
    """Whether the page that is being answered was asked for with the switch on; never in a job or over the API."""
    return _look_on.get()


@contextmanager
def as_switched(request: HttpRequest) -> Iterator[None]:
    token = _look_on.set(request.COOKIES.get(COOKIE) == "on")
    try:
        yield
    finally:
        _look_on.reset(token)
