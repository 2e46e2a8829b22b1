"""What happens around every request: whose it is, headers, and refusals become answers, after their scope has rolled back."""

import random
import time
from collections.abc import Callable
from ipaddress import ip_address

from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from kept.foundation.refusals import Refusal

TITLES = {
    "wrong_status": _("Already settled"),
    "stale_version": _("Changed meanwhile"),
    "slot_taken": _("That time is taken"),
    "not_permitted": _("Not permitted"),
    "too_early": _("Not yet"),
    "charge_in_flight": _("A charge is under way"),
    "already_charged": _("Already charged"),
}
TRY_AGAIN_STATES = {"40P01", "40001", "55P03"}  # deadlock, serialization, lock not available
MOST_TRIES = 3


class CallersAddress:
    """REMOTE_ADDR is the caller's, wherever it is written down: as the outermost of our own proxies saw it (`KEPT_PROXIES`). What a browser
    wrote into the header before counts for nothing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        seen = [each.strip() for each in request.headers.get("X-Forwarded-For", "").split(",")]
        if settings.PROXIES and len(seen) >= settings.PROXIES and _is_address(seen[-settings.PROXIES]):
            request.META["REMOTE_ADDR"] = seen[-settings.PROXIES]
        return self.get_response(request)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


class Headers:
    """What Django has no setting for: pages use no device of their reader's, and nobody else's page shows what is ours."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


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
            return _notice(request, error)
        if isinstance(error, OperationalError) and getattr(error.__cause__, "sqlstate", "") in TRY_AGAIN_STATES:
            response = _notice(request, Refusal("busy", str(_("The book is busy. Try again in a moment."))), status=503)
            response.clashed = True  # type: ignore[attr-defined]
            return response
        return None


def _notice(request: HttpRequest, refusal: Refusal, status: int | None = None) -> HttpResponse:
    """As a dialog where htmx asked, wherever its answer should have gone; else as a page."""
    words = {"title": TITLES.get(refusal.code, _("Not possible")), "text": refusal.sentence}
    if request.headers.get("HX-Request"):
        answer = render(request, "ui/_refusal.html", words, status=409)
        answer["HX-Retarget"], answer["HX-Reswap"], answer["HX-Trigger"] = "#dialog", "innerHTML", "appointment-changed"
        return answer
    return render(request, "notice.html", words | {"back_url": request.headers.get("Referer", "")}, status=status or refusal.status)
