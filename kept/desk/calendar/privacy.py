"""Initials in place of names, while patients look on: a switch of this browser, whoever sits before it."""

from collections.abc import Iterable
from copy import copy

from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kept.desk.views import back
from kept.messaging.models import Message
from kept.patients.privacy import seen
from kept.patients.rules import masked
from kept.practice.doors import MemberRequest, member_required
from kept.practice.privacy import COOKIE
from kept.scheduling.models import Appointment

A_YEAR = 365 * 24 * 60 * 60


def hide_names(appointment: Appointment, letters: Iterable[Message]) -> None:
    """As it is about to be shown: initials alone, and that there is an alert or a note, not what it says. Nothing of it is saved."""
    patient = appointment.patient = copy(seen(appointment.patient))
    patient.alert, appointment.note = (text and _("Hidden while patients look on.") for text in (patient.alert, appointment.note))
    for letter in letters:
        letter.to = masked(letter.to)


@require_POST
@member_required
def switch(request: MemberRequest) -> HttpResponse:
    """On or off, as it is said; the page she was on shows it."""
    response = back(request)
    if request.POST.get("initials") == "on":
        response.set_cookie(COOKIE, "on", max_age=A_YEAR, httponly=True, samesite="Lax", secure=settings.SECURE)
    else:
        response.delete_cookie(COOKIE)
    return response
