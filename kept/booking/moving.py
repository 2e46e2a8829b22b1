"""Another time, chosen by the patient herself: the times of online booking, with what changing it costs (R14, R15, R16)."""

from datetime import datetime
from functools import cached_property
from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from kept.billing.models import Kind
from kept.booking.links import by_link, practice_of
from kept.booking.manage import (
    ACTOR,
    SOURCE,
    AgreeForm,
    again,
    appointment_of,
    context_of,
    cost_of,
    in_minor,
    not_agreed,
    open_to_her,
    over,
)
from kept.booking.offer import Choice
from kept.foundation import clock
from kept.foundation.refusals import Refusal
from kept.foundation.scope import scope
from kept.noshows.transitions import moving
from kept.practice.models import Provider, Service
from kept.scheduling.availability import Slot
from kept.scheduling.fitting import Visit
from kept.scheduling.models import Appointment


class Move(Choice):
    """Of another time for an appointment that is booked: its services stay, and it is not in its own way."""

    own: Appointment

    @cached_property
    def services(self) -> list[Service]:
        return [line.service for line in self.own.lines.select_related("service")]

    @property
    def visit(self) -> Visit:
        return Visit.booked(self.own)

    @cached_property
    def slots(self) -> list[Slot]:
        return [slot for slot in super().slots if slot.starts_at != self.own.starts_at]


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@by_link
def page(request: HttpRequest, link_id: UUID) -> HttpResponse:
    """GET shows free times, then the one chosen; POST moves to it."""
    at, practice_id = clock.now(), practice_of(request, link_id)
    try:
        with scope(practice_id, actor=ACTOR, source=SOURCE):
            appointment = appointment_of(link_id, at=at)
            if request.method == "POST":
                if missing := _move(request.POST, appointment, at=at):
                    return _shown(request, link_id, appointment, at=at, missing=missing)
                return redirect("booking:manage", link_id)
            if not open_to_her(appointment, at=at):
                return redirect("booking:manage", link_id)
            return _shown(request, link_id, appointment, at=at)
    except Refusal as refusal:
        if refusal.code != "slot_taken":
            return again(request, practice_id, link_id, refusal, at=at)
        with scope(practice_id, actor=ACTOR, source=SOURCE):
            return _shown(request, link_id, appointment_of(link_id, at=at), at=at, gone=True)


def _shown(
    request: HttpRequest, link_id: UUID, appointment: Appointment, *, at: datetime, gone: bool = False, missing: str = ""
) -> HttpResponse:
    choice = Move(appointment.clinic, request.POST if request.method == "POST" else request.GET, at, appointment)
    here = reverse("booking:manage-time", args=[link_id])
    cost = cost_of(appointment, Kind.LATE_RESCHEDULE, at=at)
    context = context_of(request, link_id, appointment, at=at) | {"choice": choice, "here": here, "cost": cost, "fee": in_minor(cost)}
    if not gone and choice.start and choice.slot:
        context |= {"slot": choice.slot, "provider": _with(choice, choice.slot), "error": missing}
        return render(request, "booking/manage_time.html", context | {"back_url": here}, status=422 if missing else 200)
    context |= {"gone": gone or choice.start is not None, "back_url": reverse("booking:manage", args=[link_id])}
    return render(request, "booking/manage_times.html", context, status=409 if gone else 200)


def _with(choice: Move, slot: Slot) -> Provider:
    """Who has that time: the one she has now, if he is free."""
    return next((each for each in slot.providers if each.pk == choice.own.provider_id), slot.providers[0])


def _move(asked: QueryDict, appointment: Appointment, *, at: datetime) -> str:
    """What she has not agreed to yet; empty once it is moved. Raises Refusal `wrong_status`, `stale_version`, `slot_taken`."""
    if not open_to_her(appointment, at=at):
        raise over()
    form = AgreeForm(asked)
    if not form.is_valid():
        raise Refusal("stale_version", "")
    choice = Move(appointment.clinic, asked, at, appointment)
    if choice.slot is None:
        raise Refusal("slot_taken", _("That time was just taken."), field="start")
    if missing := not_agreed(form, in_minor(cost_of(appointment, Kind.LATE_RESCHEDULE, at=at))):
        return missing
    version, provider = form.cleaned_data["version"], _with(choice, choice.slot)
    moving.reschedule(appointment, starts_at=choice.slot.starts_at, provider=provider, by=None, at=at, version=version)
    return ""
