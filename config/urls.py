"""Addresses, room by room."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from kept.api.api import api
from kept.api.problems import nothing_here


def alive(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


urlpatterns = [
    path("healthz", alive),
    path("accounts/", include("kept.accounts.urls")),
    path("", include("kept.noshows.urls")),
    path("", include("kept.messaging.urls")),
    path("", include("kept.billing.urls")),
    path("", include("kept.booking.urls")),
    path("", include("kept.desk.urls")),
    path("api/v1/", nothing_here),
    path("api/v1/", api.urls),
    path("api/<path:rest>", nothing_here),
]
