"""What happens around every request: refusals become answers, after their scope has rolled back."""

import logging
import random
import time
from collections.abc import Callable

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from kept.foundation.refusals import Refusal

log = logging.getLogger("kept")
TRY_AGAIN_STATES = {"40P01", "40001", "55P03"}  # deadlock, serialization, lock not available
MOST_TRIES = 3


class AnswerRefusals:
    """A refusal becomes a notice: a part where htmx asked for one, else a page. A clash of locks is tried again, then answered 503."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        for turn in range(MOST_TRIES):
            response = self.get_response(request)
            if not getattr(response, "clashed", False):
                return response
            time.sleep(random.uniform(0.01, 0.05) * (turn + 1))
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, Refusal):
            part = getattr(request, "htmx", False)
            template = "ui/_refusal.html" if part else "notice.html"
            return render(request, template, {"refusal": error}, status=error.status)
        if isinstance(error, OperationalError) and getattr(error.__cause__, "sqlstate", "") in TRY_AGAIN_STATES:
            response = render(request, "notice.html", {"refusal": Refusal("busy", "The book is busy. Try again in a moment.")}, status=503)
            response.clashed = True  # type: ignore[attr-defined]
            return response
        return None
