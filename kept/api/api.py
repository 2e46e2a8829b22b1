"""The API at /api/v1/: its door, how it says no, and which file answers which address."""

from typing import Any, NoReturn

from django.http import Http404, HttpRequest, HttpResponse
from ninja.errors import HttpError, ValidationError

from kept.api import (
    appointments,
    attendance,
    attention,
    calls,
    changes,
    events,
    invoices,
    messages,
    noshows,
    patients,
    policies,
    problems,
    setup,
    special,
    time,
    webhooks,
)
from kept.api.door import any_token, scoped
from kept.api.openapi import DescribedApi
from kept.foundation.refusals import Refusal

DESCRIPTION = """Everything the screens do, through the same functions.

A token belongs to a practice and acts as one of its members. Times are ISO 8601 with offset; money is in minor units; ids are opaque.
Lists come in pages: follow `next` with `cursor`. A refused call changes nothing and says why as problem+json with a stable `code`.
Checks come in this order: not found, permission, status, too early, fee, slot."""

api = DescribedApi(title="Kept", version="1", description=DESCRIPTION, urls_namespace="api", auth=any_token, docs_url=None)
api.add_decorator(scoped, mode="view")
api.add_router("/appointments", appointments.router)
api.add_router("/appointments", attendance.router)
api.add_router("/appointments", changes.router)
api.add_router("/invoices", invoices.router)
api.add_router("/patients", patients.router)
api.add_router("", noshows.router)
api.add_router("", calls.router)
api.add_router("", attention.router)
api.add_router("", messages.router)
api.add_router("", events.router)
api.add_router("", setup.router)
api.add_router("", special.router)
api.add_router("/policies", policies.router)
api.add_router("/webhooks", webhooks.router)
api.add_router("", time.router)


@api.exception_handler(Refusal)
def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    return problems.of_refusal(refusal)


@api.exception_handler(Http404)
def not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return problems.not_found()


@api.exception_handler(ValidationError)
def not_valid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    return problems.of_fields(error)


@api.exception_handler(HttpError)
def not_readable(request: HttpRequest, error: HttpError) -> HttpResponse:
    return problems.of_status(error.status_code)


@api.exception_handler(Exception)
def ours(request: HttpRequest, error: Any) -> NoReturn:
    """Out of the scope, which takes everything back; the door tries again where locks clashed, else it is a crash."""
    raise error
