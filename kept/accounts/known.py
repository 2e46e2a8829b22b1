"""Browsers in which somebody has signed in before carry a cookie that says so. When wrong passwords for an account come from everywhere, it
closes for browsers that do not have it; whose account it is still gets in."""

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

AGE = timedelta(days=90)
MOST = 12  # people of one browser; the one who was here longest ago is forgotten first


def is_known(request: HttpRequest, email: str) -> bool:
    return _mark(email) in _marks(request)


def remember(request: HttpRequest, response: HttpResponse, email: str) -> None:
    mark = _mark(email)
    marks = [mark, *(each for each in _marks(request) if each != mark)][:MOST]
    response.set_cookie(
        settings.KNOWN_COOKIE_NAME,
        ".".join(marks),
        max_age=AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _marks(request: HttpRequest) -> list[str]:
    return request.COOKIES.get(settings.KNOWN_COOKIE_NAME, "").split(".")


def _mark(email: str) -> str:
    """Of an account in a browser: nobody else can make it, and it names nobody."""
    return salted_hmac("known browser", email.lower(), algorithm="sha256").hexdigest()
