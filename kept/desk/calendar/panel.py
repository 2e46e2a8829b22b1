"""An appointment's panel: over its day, and what the desk does there with one press."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.db.models import prefetch_related_objects
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.views.decorators.http import require_POST

import kept.scheduling.transitions.attendance as attendance
from kept.billing.queries import balances
from kept.billing.renewals import renewal
from kept.desk.booking import awaiting
from kept.desk.calendar.privacy import hide_names
from kept.desk.calendar.views import over_its_day
from kept.desk.context import clinic_of
from kept.desk.views import came_from
from kept.foundation import clock
from kept.foundation.dates import elapsed
from kept.foundation.pages import done
from kept.messaging import queries as letters
from kept.messaging import timeline
from kept.noshows import answers, queries
from kept.noshows.actions import actions, check_opening
from kept.noshows.arriving import asked_after
from kept.noshows.deposits import held, left_of, says
from kept.noshows.proposals import proposal_for
from kept.noshows.steps import steps
from kept.noshows.transitions import arriving
from kept.noshows.words import fee_words
from kept.practice.doors import MemberRequest, member_required
from kept.practice.looks import looks_at
from kept.practice.models import Member
from kept.practice.privacy import patients_look_on
from kept.practice.rules import Right
from kept.scheduling.fitting import rooms_of
from kept.scheduling.models import Appointment, Status
from kept.scheduling.queries import appointment_or_404
from kept.scheduling.rules import display
from kept.scheduling.transitions import promising

VERBS: dict[str, Callable[..., Appointment]] = {
    "check-in": arriving.check_in,
    "undo-check-in": arriving.undo_check_in,
    "start-treatment": attendance.start_treatment,
    "undo-start-treatment": attendance.undo_start_treatment,
    "complete": attendance.complete,
    "reopen": attendance.reopen,
    "confirm": attendance.confirm,
}


@member_required
def panel(request: MemberRequest, appointment_id: UUID) -> HttpResponse:
    """An appointment: over its day; htmx swaps the panel alone."""
    now = clock.now()
    appointment = appointment_or_404(request.member, appointment_id)
    check_opening(appointment, request.member)
    prefetch_related_objects([appointment], "lines")
    looks_at(request, "appointment", appointment.patient_id, now)
    context = panel_context(request, appointment, now)
    if request.headers.get("HX-Request"):
        return render(request, "desk/calendar/_panel.html", context)
    if not request.member.may(Right.SEE_BOOK):
        return render(request, "desk/calendar/panel_alone.html", context)
    if appointment.clinic != clinic_of(request, request.member) and (before := came_from(request, but="desk:panel")):
        context |= {"close_url": before, "leaves": True}
    return over_its_day(
        request, appointment.clinic, appointment.local_date, "desk/calendar/_panel.html", context, provider=appointment.provider_id
    )


def with_card_link(request: MemberRequest, appointment_id: UUID, now: datetime) -> HttpResponse:
    """The panel of what was booked a moment ago, its card link shown where a card is asked for."""
    appointment = appointment_or_404(request.member, appointment_id)
    prefetch_related_objects([appointment], "lines")
    context = panel_context(request, appointment, now)
    if context["can"]["card_link"].allowed:
        context |= awaiting.link(appointment, by=request.member, at=now)
    return render(request, "desk/calendar/_panel.html", context)


def panel_context(request: MemberRequest, appointment: Appointment, now: datetime) -> dict[str, Any]:
    member, zone = request.member, appointment.clinic.zone
    written, private = list(letters.of_appointment(appointment)), patients_look_on()
    if private:
        hide_names(appointment, written)
    standing = queries.fees_of(appointment, at=now)
    fee = next(iter(standing), None)
    facts = queries.attendance([appointment.patient_id]).get(appointment.patient_id)
    can = actions(appointment, member, fee, at=now)
    missed = appointment.status == Status.NOSHOW
    owes = balances(member, [appointment.patient_id]).get(appointment.patient_id, []) if member.may(Right.SEE_SALES) else []
    deposit = held(appointment)
    return {
        "appointment": appointment,
        "private": private,
        "display": display(appointment, at=now),
        "zone": zone,
        "now": now,
        "facts": facts,
        "owes": owes,
        "deposit": deposit,
        "of_deposit": says(deposit, appointment) if deposit else "",
        "rest": left_of(deposit) if deposit else None,
        "fee": fee,
        "words": fee_words(appointment, fee, at=now) if missed or fee else None,
        "earlier_fees": [(each, fee_words(appointment, each, at=now)) for each in standing[1:] if each.state != "not_offered"],
        "moving": fee is not None and fee.is_moving,
        "proposal": proposal_for(appointment, fee),
        "answers": answers.of_appointment(appointment, member, fee, at=now) if missed else [],
        "may_see_invoice": member.may(Right.SEE_SALES, appointment),
        "may_refund": member.may(Right.REFUND, appointment),
        "may_charge": member.may(Right.CHARGE, appointment),
        "steps": steps(appointment, fee, member, at=now),
        "can": {name.replace("-", "_").replace(".", "_"): action for name, action in can.items()},
        "why_not_yet": can["no-show"].reason if can["no-show"].code == "too_early" else "",
        "opens_on": date_format(appointment.local_date, "D, M j"),
        "arrived_question": appointment.status == Status.BOOKED and appointment.starts_at <= now,
        "late": elapsed(appointment.starts_at, now),
        "timeline": timeline.of_appointment(appointment, written),
        "letters": [letter for letter in written if letter.unsent],
        "may_withdraw": member.may(Right.BOOK, appointment),
        "rooms": rooms_of(appointment),
        "awaiting": awaiting.facts(appointment) if can["card-link"].allowed else None,
        "releases_at": promising.releases_at(appointment, at=now),
        "renewal": renewal(appointment, at=now) if can["accept-again"].allowed else None,
        "url": reverse("desk:panel", args=[appointment.pk]),
        "close_url": beneath(request) or _closed(member, appointment),
    }


def _closed(member: Member, appointment: Appointment) -> str:
    """Where the panel leads that lies over no page: to the day, or for those who see no book to the list on which it stands."""
    if not member.may(Right.SEE_BOOK):
        return reverse("noshows:list")
    return f"{reverse('desk:day')}?date={appointment.local_date}&clinic={appointment.clinic_id}"


def beneath(request: MemberRequest) -> str:
    """The page of the book over which a panel is asked for; empty where it is another page, or another panel."""
    under = urlsplit(request.headers.get("HX-Current-URL", ""))
    return f"{under.path}?{under.query}" if under.path == reverse("desk:day") and under.query else ""


@require_POST
@member_required
def act(request: MemberRequest, appointment_id: UUID, verb: str) -> HttpResponse:
    """Check in, complete and their like: one verb, one transition."""
    if verb not in VERBS:
        raise Http404
    appointment = appointment_or_404(request.member, appointment_id)
    version = request.POST.get("version", "")
    done_to = VERBS[verb](appointment, by=request.member, at=clock.now(), version=int(version[:10]) if version.isdecimal() else None)
    asked = asked_after(request, done_to) if verb == "check-in" else None
    return asked or done(request, "desk:panel", appointment_id)
