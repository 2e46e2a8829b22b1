"""Coming in: sign-in leads here, then to a practice and its book."""

from typing import cast
from urllib.parse import urlsplit
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from kept.desk.context import THEMES, tabs
from kept.desk.setup.started import getting_started
from kept.practice import queries
from kept.practice.doors import MemberRequest, member_required, sit_down
from kept.practice.models import User
from kept.practice.rules import Right


def enter(request: HttpRequest) -> HttpResponse:
    """To the work of the practice; to the choice of one where there are several. Where none was opened yet, how that is done."""
    if not request.user.is_authenticated and not queries.any_practice():
        return render(request, "desk/first_run.html")
    return _in(request)


@login_required
def _in(request: HttpRequest) -> HttpResponse:
    seats = queries.seats(cast(User, request.user))
    here = request.session.get("practice")
    if here not in {str(seat.practice_id) for seat in seats}:
        if len(seats) != 1:
            return redirect("desk:choose")
        sit_down(request, seats[0].practice_id)
    return first_tab(request)


@member_required
def first_tab(request: MemberRequest) -> HttpResponse:
    """To the book; to Sales for who does not see it. Who sets up is led to *Getting started* until there is an hour to book."""
    if request.member.may(Right.SET_UP) and not queries.bookable(request.member) and getting_started(request.member):
        return redirect("desk:settings")
    return redirect(next(tab.url for tab in tabs(request.member) if tab.key != "patients"))


@login_required
def choose(request: HttpRequest) -> HttpResponse:
    """Where do you work today?"""
    seats = queries.seats(cast(User, request.user))
    wanted = request.POST.get("practice", "")
    if request.method == "POST" and wanted in {str(seat.practice_id) for seat in seats}:
        sit_down(request, UUID(wanted))
        request.session.pop("clinic", None)
        return redirect("desk:enter")
    return render(request, "desk/choose.html", {"seats": seats})


@require_POST
@member_required
def switch_clinic(request: MemberRequest) -> HttpResponse:
    """She works at another clinic from now on; the page she was on shows it. A day or a visit names its own clinic: then the book."""
    if request.POST.get("clinic", "") in {str(clinic.pk) for clinic in request.member.given_clinics}:
        request.session["clinic"] = request.POST["clinic"]
    return redirect("desk:day") if _page_before(request) in ("desk:day", "desk:panel") else back(request)


@require_POST
@login_required
def theme(request: HttpRequest) -> HttpResponse:
    """Light, dark, or as the system is; kept with the user."""
    user = cast(User, request.user)
    wanted = request.POST.get("theme", "")
    user.theme = wanted if wanted in THEMES else ""
    user.save(update_fields=["theme"])
    return back(request)


def _page_before(request: HttpRequest) -> str:
    """The name of the page she was on; empty for one that is not ours."""
    try:
        return resolve(urlsplit(request.headers.get("Referer", "")).path).view_name
    except (Resolver404, ValueError):
        return ""


def came_from(request: HttpRequest, *, but: str = "") -> str:
    """The address of the page she was on; empty for one that is not ours, or that has the name `but`."""
    before = request.headers.get("Referer", "")
    ours = before.startswith("http") and url_has_allowed_host_and_scheme(before, {request.get_host()}, require_https=request.is_secure())
    return before if ours and (not but or _page_before(request) not in ("", but)) else ""


def back(request: HttpRequest) -> HttpResponse:
    before = came_from(request)
    return HttpResponseRedirect(before) if before else redirect("desk:enter")
