"""Saying no over HTTP: problem+json (RFC 9457) with a stable `code`, a sentence for people, and the facts of the refusal beside them."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from ninja.errors import ValidationError
from pydantic import BaseModel, ConfigDict

from kept.foundation.refusals import Refusal

MEDIA_TYPE = "application/problem+json"
BELOW = "/api/"
WRAPPERS = {"body", "asked"}  # how every handler names its body and its query


class FieldError(BaseModel):
    """What is wrong with one field of a body, or one parameter of a query: its name as sent, dotted where it lies deeper."""

    field: str
    message: str


class Problem(BaseModel):
    """Why a call was refused. Nothing was changed.

    `code` is stable and meant for programs, `detail` for people. Facts stand beside them: `by` and `at` of a `wrong_status`,
    `until`, and `taken_by` (an appointment) or `blocked_by` where it may be known, of a `slot_taken`; `opens_on` of a `too_early`.
    """

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldError] | None = None


def problem(status: int, code: str, detail: str, errors: Sequence[dict[str, str]] = (), **facts: Any) -> HttpResponse:
    """The answer that says why not."""
    said = facts | {"type": f"urn:kept:{code}", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, "code": code}
    if errors:
        said["errors"] = list(errors)
    return HttpResponse(json.dumps(said), status=status, content_type=MEDIA_TYPE)


def of_refusal(refusal: Refusal) -> HttpResponse:
    """A rule said no. What it says of a field stands under `errors` too."""
    errors = [{"field": refusal.field, "message": refusal.sentence}] if refusal.field else []
    return problem(refusal.status, refusal.code, refusal.sentence, errors, **refusal.facts)


@contextmanager
def called(**names: str) -> Iterator[None]:
    """What a refusal says of a field, it says of that field as the body calls it."""
    try:
        yield
    except Refusal as refusal:
        refusal.field = names.get(refusal.field, refusal.field)
        raise


def of_fields(error: ValidationError) -> HttpResponse:
    """Fields that are missing, unknown, of another type or too long: all of them at once."""
    errors = [{"field": _field(each["loc"]), "message": each["msg"]} for each in error.errors]
    return problem(422, "invalid", _("Some of what was sent can’t be used. See `errors`."), errors)


def _field(place: tuple[int | str, ...]) -> str:
    """`("body", "body", "services", 0)` is `services.0`."""
    below = place[2:] if len(place) > 1 and place[1] in WRAPPERS else place[1:]
    return ".".join(str(step) for step in below)


def not_found() -> HttpResponse:
    """The same words for what does not exist and for what belongs to somebody else."""
    return problem(404, "not_found", _("There is nothing here that this token may see."))


@csrf_exempt
def nothing_here(request: HttpRequest, rest: str = "") -> HttpResponse:
    """What answers below /api/ where no call does."""
    return not_found()


def not_authenticated() -> HttpResponse:
    answer = problem(401, "not_authenticated", _("Send a token that is valid: `Authorization: Bearer …`."))
    answer["WWW-Authenticate"] = "Bearer"
    return answer


def busy() -> HttpResponse:
    """Others held the same rows for too long. Nothing was changed; the same call may be sent again."""
    answer = problem(503, "busy", _("The book is busy. Send it again in a moment."))
    answer["Retry-After"] = "1"
    return answer


WORDS = {
    400: ("bad_request", gettext_lazy("The request can’t be read: its body must be JSON.")),
    405: ("method_not_allowed", gettext_lazy("This address does not take that method.")),
    413: ("too_large", gettext_lazy("The body is too large.")),
    500: ("internal", gettext_lazy("Something went wrong on our side. Nothing was changed.")),
}


def of_status(status: int) -> HttpResponse:
    """What the framework said without our words."""
    if status == 404:
        return not_found()
    code, sentence = WORDS.get(status, ("refused", HTTPStatus(status).phrase))
    return problem(status, code, str(sentence))


class ProblemsBelowApi:
    """Below /api/ whatever goes wrong is said as a problem: a method that is not offered, a body too large, a crash of ours."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        ours = response.headers.get("Content-Type", "").startswith(MEDIA_TYPE)
        if response.status_code < 400 or ours or not request.path_info.startswith(BELOW):
            return response
        answer = of_status(response.status_code)
        if allowed := response.headers.get("Allow"):
            answer["Allow"] = allowed
        return answer
