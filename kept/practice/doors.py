"""The staff door: who is signed in, in which practice, inside one scope around the view and its rendering."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.template.response import SimpleTemplateResponse

from kept.foundation.scope import scope
from kept.practice.models import Member

View = Callable[..., HttpResponse]


class MemberRequest(HttpRequest):
    """A request inside the staff door."""

    member: Member


def member_required(view: Callable[..., HttpResponseBase]) -> View:
    """Signed in, with a seat in the session's practice, inside a scope. Rights are read anew each time; without a seat: not found."""

    @wraps(view)
    def inner(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        practice_id = request.session.get("practice")
        if not practice_id:
            return redirect(settings.LOGIN_REDIRECT_URL)
        try:
            with scope(practice_id, actor=f"user:{request.user.pk}", source=f"screen {request.META.get('REMOTE_ADDR', '')}"):
                request.member = seat(request.user.pk)
                response: Any = view(request, *args, **kwargs)
                if isinstance(response, SimpleTemplateResponse) and not response.is_rendered:
                    response.render()
                return response
        except Exception:
            request.member = None  # a refusal's notice is rendered outside the scope, so without the shell
            raise

    return inner


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
        return HttpResponse(status=204, headers={"HX-Redirect": resolve_url(settings.LOGIN_URL)})
    return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
