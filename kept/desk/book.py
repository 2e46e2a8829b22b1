"""Appointments: the day, its feed for the calendar, an appointment's panel, and what the desk does there."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import prefetch_related_objects
from django.http import Http404, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.views.decorators.http import require_POST

import kept.scheduling.transitions.attendance as attendance
from kept.billing import timeline
from kept.desk import awaiting, day_page
from kept.desk.context import clinic_of
from kept.desk.looks import looks_at
from kept.foundation import clock
from kept.foundation.lists import chosen_ids, day_of
from kept.foundation.pages import done
from kept.noshows import queries
from kept.noshows.actions import actions
from kept.noshows.words import fee_words
from kept.practice.doors import MemberRequest, member_required
from kept.practice.models import Clinic
from kept.practice.rules import Right
from kept.scheduling.models import Appointment, Status
from kept.scheduling.queries import appointment_or_404
from kept.scheduling.rules import display

VERBS: dict[str, Callable[..., Appointment]] = {
    "check-in": attendance.check_in,
    "undo-check-in": attendance.undo_check_in,
    "start-treatment": attendance.start_treatment,
    "undo-start-treatment": attendance.undo_start_treatment,
    "complete": attendance.complete,
    "reopen": attendance.reopen,
    "confirm": attendance.confirm,
}


def place(request: MemberRequest, asked: QueryDict, *, remember: bool = True) -> Clinic:
    """The clinic that is asked for, else the one she works at now. Asking for one makes it that."""
    wanted = chosen_ids(asked, "clinic")
    if wanted:
        named = next((clinic for clinic in request.member.given_clinics if clinic.pk == wanted[0]), None)
        if named is None:
            raise Http404
        if remember:
            request.session["clinic"] = str(named.pk)
        return named
    chosen = clinic_of(request, request.member)
    if chosen is None:
        raise Http404
    return chosen


def _page(request: MemberRequest, clinic: Clinic, now: datetime, on: Any = None, *, remember: bool = True) -> day_page.DayPage:
    """The day the address names, else the one last viewed, else today."""
    kept_day = request.session.get("day", {})
    last = kept_day.get("on") if kept_day.get("seen") == clinic.local_date(now).isoformat() else None
    day = on or day_of(request.GET, "date") or (last and datetime.fromisoformat(last).date()) or clinic.local_date(now)
    seen = {"on": day.isoformat(), "seen": clinic.local_date(now).isoformat()}
    if remember and kept_day != seen:
        request.session["day"] = seen
    return day_page.DayPage(request.member, clinic, day, chosen_ids(request.GET, "provider"), now)


@member_required
def day(request: MemberRequest) -> HttpResponse:
    now = clock.now()
    request.member.must(Right.SEE_BOOK)
    return render(request, "desk/day.html", _page(request, place(request, request.GET), now).context())


@member_required
def feed(request: MemberRequest) -> HttpResponse:
    """The same day as JSON for the calendar to keep up with. Asked by itself, so it leaves no trace of what was viewed last."""
    now = clock.now()
    request.member.must(Right.SEE_BOOK)
    calendar = _page(request, place(request, request.GET, remember=False), now, remember=False).calendar()
    return JsonResponse({key: calendar[key] for key in ("now", "resources", "events")})


@member_required
def panel(request: MemberRequest, appointment_id: UUID) -> HttpResponse:
    """An appointment: over its day; htmx swaps the panel alone."""
    now = clock.now()
    appointment = appointment_or_404(request.member, appointment_id)
    prefetch_related_objects([appointment], "lines")
    looks_at(request, "appointment", appointment.patient_id, now)
    context = panel_context(request, appointment, now)
    if request.headers.get("HX-Request"):
        return render(request, "desk/_panel.html", context)
    if not request.member.may(Right.SEE_BOOK):
        return render(request, "desk/panel_alone.html", context)
    return over_its_day(request, appointment.clinic, appointment.local_date, "desk/_panel.html", context)


def over_its_day(
    request: MemberRequest, clinic: Clinic, on: date, drawer: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """A whole page: the day with that in its drawer."""
    page = _page(request, clinic, clock.now(), on=on)
    return render(request, "desk/day.html", page.context() | context | {"drawer": drawer, "clinic": clinic}, status=status)


def with_card_link(request: MemberRequest, appointment_id: UUID, now: datetime) -> HttpResponse:
    """The panel of what was booked a moment ago, its card link shown where a card is asked for."""
    appointment = appointment_or_404(request.member, appointment_id)
    prefetch_related_objects([appointment], "lines")
    context = panel_context(request, appointment, now)
    if context["can"]["card_link"].allowed:
        context |= awaiting.link(appointment, by=request.member, at=now)
    return render(request, "desk/_panel.html", context)


def panel_context(request: MemberRequest, appointment: Appointment, now: datetime) -> dict[str, Any]:
    member, zone = request.member, appointment.clinic.zone
    fee = queries.fee_of(appointment, at=now)
    facts = queries.attendance([appointment.patient_id]).get(appointment.patient_id)
    can = actions(appointment, member, fee, at=now)
    late = int((now - appointment.starts_at).total_seconds() // 60)
    missed = appointment.status == Status.NOSHOW
    return {
        "appointment": appointment,
        "display": display(appointment, at=now),
        "zone": zone,
        "now": now,
        "facts": facts,
        "fee": fee,
        "words": fee_words(appointment, fee, at=now) if missed or fee else None,
        "moving": fee is not None and fee.is_moving,
        "may_see_invoice": member.may(Right.SEE_SALES, appointment),
        "may_retry": fee is not None and fee.state == "declined" and member.may(Right.COLLECT, appointment),
        "can": {name.replace("-", "_").replace(".", "_"): action for name, action in can.items()},
        "why_not_yet": can["no-show"].reason if can["no-show"].code == "too_early" else "",
        "opens_on": date_format(appointment.local_date, "D, M j"),
        "arrived_question": appointment.status == Status.BOOKED and late >= 0,
        "late": f"{late // 60} h {late % 60} min" if late >= 60 else f"{late} min",
        "timeline": timeline.of_appointment(appointment),
        "awaiting": awaiting.facts(appointment) if can["card-link"].allowed else None,
        "url": reverse("desk:panel", args=[appointment.pk]),
        "close_url": f"{reverse('desk:day')}?date={appointment.local_date}&clinic={appointment.clinic_id}",
    }


@require_POST
@member_required
def act(request: MemberRequest, appointment_id: UUID, verb: str) -> HttpResponse:
    """Check in, complete and their like: one verb, one transition."""
    if verb not in VERBS:
        raise Http404
    appointment = appointment_or_404(request.member, appointment_id)
    version = request.POST.get("version", "")
    VERBS[verb](appointment, by=request.member, at=clock.now(), version=int(version[:10]) if version.isdecimal() else None)
    return done(request, "desk:panel", appointment_id)
