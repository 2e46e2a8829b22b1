"""Addresses, room by room."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def alive(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


urlpatterns = [
    path("healthz", alive),
    path("accounts/", include("allauth.account.urls")),
    path("", include("kept.desk.urls")),
]
