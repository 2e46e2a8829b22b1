"""The lock over a page: by hand or after the practice's minutes without a touch, opened by PIN, password or passkey (I19)."""

from allauth.core.internal import ratelimit
from allauth.mfa.webauthn.forms import AuthenticateWebAuthnForm
from allauth.mfa.webauthn.internal.auth import begin_authentication
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.contrib.auth.hashers import check_password
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from kept.accounts import recording
from kept.practice import sessions
from kept.practice.doors import bar, to_page

MOST_WRONG = 5


@login_required
def lock(request: HttpRequest) -> HttpResponse:
    """POST locks the session; both show what opens it."""
    if request.method == "POST":
        sessions.lock(request)
    if not request.headers.get("HX-Request"):
        return render(request, "accounts/locked.html", sessions.lock_words(request) | {"next": _back(request)})
    return render(request, "accounts/_lock.html", sessions.lock_words(request))


@require_POST
@sensitive_post_parameters("secret")
def unlock(request: HttpRequest) -> HttpResponse:
    """By PIN or password. Five wrong ones end the session."""
    if not request.user.is_authenticated:
        return to_page(request, "account_login")
    tries = {"app": "allauth.account", "action": "unlock", "key": request.session.session_key}
    if not ratelimit.consume(request, **tries):  # counted one by one, however many come at once
        return _end(request)
    user, secret = request.user, request.POST.get("secret", "")
    if (user.pin and check_password(secret, user.pin)) or user.check_password(secret):
        ratelimit.clear(request, **tries)
        return _opened(request)
    return _wrong(request, _("Enter your PIN or password.") if not secret else _("That is not it."))


@require_http_methods(["GET", "POST"])
def unlock_by_passkey(request: HttpRequest) -> HttpResponse:
    """GET: what the browser asks the passkey. POST: its answer, `credential`."""
    if not request.user.is_authenticated:
        return to_page(request, "account_login")
    if request.method == "GET":
        return JsonResponse({"request_options": begin_authentication(request.user)})
    form = AuthenticateWebAuthnForm(request.POST, user=request.user)
    if not form.is_valid():
        return _wrong(request, _("That passkey is not one of yours."))
    form.save()
    return _opened(request)


def _opened(request: HttpRequest) -> HttpResponse:
    sessions.unlock(request)
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Trigger": "unlocked"})
    return redirect(_back(request))


def _wrong(request: HttpRequest, why: str) -> HttpResponse:
    wrong = request.session["wrong"] = request.session.get("wrong", 0) + 1
    if wrong >= MOST_WRONG:
        return _end(request)
    words = sessions.lock_words(request) | {"error": why, "left": MOST_WRONG - wrong}
    if request.headers.get("HX-Request"):
        return render(request, "accounts/_lock.html", words, status=422)
    return render(request, "accounts/locked.html", words | {"next": _back(request)}, status=422)


def _end(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        recording.unlocking_refused(request, request.user)
    logout(request)
    return to_page(request, "account_login")


def _back(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if ours else "/"


@require_POST
@login_required
def touch(request: HttpRequest) -> HttpResponse:
    """She is typing: the page says so once in a while."""
    return bar(request) or HttpResponse(status=204)
