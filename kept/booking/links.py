"""Links without an account (I17): the first GET swaps the token for the session and a clean address; only POST changes anything."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from csp.decorators import csp_update
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from kept.booking.limits import guessing
from kept.foundation import clock
from kept.foundation.ids import as_id
from kept.foundation.refusals import Refusal
from kept.foundation.scope import scope
from kept.patients.models import Link
from kept.patients.queries import link_by_secret

View = Callable[..., HttpResponse]

hand_over: Any = csp_update({"form-action": settings.GATEWAY_PAGES})  # of a page whose form leads to the gateway


def by_link(view: View) -> View:
    """A page that patients come to by a link. One that opens nothing says so, whatever the reason, and where a new one comes from. No
    search engine keeps any."""

    @wraps(view)
    def shown(request: HttpRequest, **place: Any) -> HttpResponse:
        try:
            response = view(request, **place)
        except Http404:
            response = render(request, "booking/no_link.html", status=404)
        except Refusal as refusal:
            if refusal.code != "too_many":
                raise
            response = render(request, "booking/no_link.html", {"why": refusal.sentence}, status=429)
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return shown


def come_in(request: HttpRequest, token: str, *purposes: str) -> str:
    """The id of the link that somebody followed. Raises Http404 for an unknown or expired one alike, Refusal `too_many` from where too
    many were tried."""
    practice_id = as_id(token.partition(".")[0])
    if practice_id is None:
        raise Http404
    return guessing(request, str(practice_id), lambda: let_in(request, token, *purposes), at=clock.now())


def let_in(request: HttpRequest, token: str, *purposes: str) -> str:
    """The id of the link whose token this is, now known to the session. Raises Http404 for an unknown or expired one alike."""
    practice, _dot, secret = token.partition(".")
    practice_id = as_id(practice)
    if practice_id is None:
        raise Http404
    with scope(practice_id, actor="patient:link", source="link"):
        link = link_by_secret(secret, *purposes)
    if link is None or not link.open_at(clock.now()):
        raise Http404
    held = request.session.get("links", {})
    request.session["links"] = held | {str(link.id): str(practice_id)}
    return str(link.id)


def practice_of(request: HttpRequest, link_id: UUID) -> str:
    """The practice of a link that this session came in by. Raises Http404."""
    practice_id = request.session.get("links", {}).get(str(link_id))
    if practice_id is None:
        raise Http404
    return str(practice_id)


def manage_page_of(request: HttpRequest, appointment_id: UUID) -> Link | None:
    """The link, known to this session, on which she manages that appointment."""
    held = [found for text in request.session.get("links", {}) if (found := as_id(text))]
    return Link.objects.filter(pk__in=held, purpose=Link.Purpose.MANAGE, subject_id=appointment_id).first()


def link_or_404(link_id: UUID) -> Link:
    """The link, inside its practice's scope. Raises Http404."""
    link = Link.objects.filter(pk=link_id).first()
    if link is None:
        raise Http404
    return link
