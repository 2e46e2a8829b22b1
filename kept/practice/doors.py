"""The staff door: who is signed in, in which practice, inside one scope around the view and its rendering."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.template.response import SimpleTemplateResponse

from kept.events import journal
from kept.foundation import clock
from kept.foundation.scope import scope
from kept.practice import privacy, sessions
from kept.practice.models import Member

View = Callable[..., HttpResponse]


class MemberRequest(HttpRequest):
    """A request inside the staff door."""

    member: Member


def member_required(view: Callable[..., HttpResponseBase]) -> View:
    """Signed in, with a seat in the session's practice, inside a scope. Rights are read anew each time; without a seat: not found.

    Barred while the session is locked or over, and to who still has to set up a second step (I19)."""

    @wraps(view)
    def inner(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        if barred := bar(request):
            return barred
        practice_id = request.session.get("practice")
        if not practice_id:
            return redirect(settings.LOGIN_REDIRECT_URL)
        try:
            with scope(practice_id, actor=f"user:{request.user.pk}", source=screen(request)), privacy.as_switched(request):
                request.member = seat(request.user.pk)
                if sessions.came_in(request, request.member):
                    journal.record("member.came_in", request.member, by=request.member, at=clock.now())
                if sessions.lacks_second_step(request, request.member):
                    return to_page(request, "mfa_index")
                response: Any = view(request, *args, **kwargs)
                if isinstance(response, SimpleTemplateResponse) and not response.is_rendered:
                    response.render()
                return response
        except Exception:
            request.member = None  # a refusal's notice is rendered outside the scope, so without the shell
            raise

    return inner


def bar(request: HttpRequest) -> HttpResponse | None:
    """What is answered in place of a page whose session is over or locked; None where it may go on, which counts as a touch."""
    if sessions.is_over(request):
        logout(request)
        return _to_sign_in(request)
    if sessions.is_locked(request):
        sessions.lock(request)
        if request.headers.get("HX-Request") or "application/json" in request.headers.get("Accept", ""):
            return HttpResponse(status=423, headers={"HX-Trigger": "locked"})
        return render(request, "accounts/locked.html", sessions.lock_words(request) | {"next": request.get_full_path()}, status=423)
    sessions.touch(request)
    return None


def screen(request: HttpRequest) -> str:
    """Where a scope of a page comes from: the network address it was asked from."""
    return f"screen {request.META.get('REMOTE_ADDR', '')}"


def seat(user_id: int) -> Member:
    """The user's active seat in the scope's practice. Raises Http404."""
    member = Member.objects.filter(user=user_id, active=True).select_related("practice", "provider").first()
    if member is None:
        raise Http404
    return member


def sit_down(request: HttpRequest, practice_id: UUID) -> None:
    """From now on the session works in that practice."""
    request.session["practice"] = str(practice_id)


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page, which leads back here. A part asked for by htmx sends the whole page there."""
    if "application/json" in request.headers.get("Accept", ""):
        return HttpResponse(status=401)
    if request.headers.get("HX-Request"):
        return to_page(request, settings.LOGIN_URL)
    return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)


def to_page(request: HttpRequest, name: str) -> HttpResponse:
    """The whole page goes there, also when htmx asked for a part."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": resolve_url(name)})
    return redirect(name)
