"""Initials in place of names, while patients look on: a switch of this browser, whoever sits before it."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from kept.desk.views import back
from kept.practice.doors import MemberRequest, member_required

COOKIE = "kept-initials"
A_YEAR = 365 * 24 * 60 * 60


def is_private(request: HttpRequest) -> bool:
    return request.COOKIES.get(COOKIE) == "on"


@require_POST
@member_required
def switch(request: MemberRequest) -> HttpResponse:
    """On or off, as it is said; the page she was on shows it."""
    response = back(request)
    if request.POST.get("initials") == "on":
        response.set_cookie(COOKIE, "on", max_age=A_YEAR, httponly=True, samesite="Lax", secure=request.is_secure())
    else:
        response.delete_cookie(COOKIE)
    return response
