"""Appointments: the day, its feed for the calendar, an appointment's panel, and what the desk does there."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.db.models import prefetch_related_objects
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.views.decorators.http import require_POST

import kept.scheduling.transitions.attendance as attendance
from kept.desk import awaiting, grid
from kept.desk.book_page import BookPage
from kept.desk.context import clinic_of
from kept.desk.day_page import DayPage
from kept.desk.list_page import ListPage
from kept.desk.looks import looks_at
from kept.desk.privacy import is_private
from kept.desk.week_page import WeekPage, week_of
from kept.foundation import clock
from kept.foundation.lists import chosen_ids, day_of
from kept.foundation.pages import done
from kept.messaging import queries as letters
from kept.messaging import timeline
from kept.noshows import queries
from kept.noshows.actions import actions
from kept.noshows.words import fee_words
from kept.practice.doors import MemberRequest, member_required
from kept.practice.models import Clinic
from kept.practice.rules import Right
from kept.scheduling.entries import blocked, entries, in_span
from kept.scheduling.fitting import rooms_of
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


PAGES: dict[str, type[BookPage]] = {page.view: page for page in (DayPage, WeekPage, ListPage)}


def place(request: MemberRequest, asked: QueryDict, *, remember: bool = True) -> Clinic:
    """The clinic that is asked for, else the one she works at now. Asking for one makes it that."""
    wanted = chosen_ids(asked, "clinic")
    if wanted:
        given = {clinic.pk: clinic for clinic in request.member.given_clinics}
        if not given.keys() >= set(wanted):
            raise Http404
        if remember and request.session.get("clinic") != str(wanted[0]):
            request.session["clinic"] = str(wanted[0])
        return given[wanted[0]]
    chosen = clinic_of(request, request.member)
    if chosen is None:
        raise Http404
    return chosen


def page_of(
    request: MemberRequest,
    clinic: Clinic,
    now: datetime,
    *,
    on: date | None = None,
    provider: UUID | None = None,
) -> BookPage:
    """The page that the address names. What it does not name is as it was last viewed; on another day, that day.

    `on` and `provider` are of an appointment whose panel lies over the page, which is as it was last viewed too. A page that only
    brings itself up to date is not remembered.
    """
    kept, today = request.session.get("book", {}), clinic.local_date(now).isoformat()
    fields = QueryDict() if on else request.GET
    as_before = not fields
    view = kept.get("view", "day") if as_before else fields.get("view", "day")
    last = kept.get("on") if kept.get("seen") == today else today
    on = on or day_of(fields, "date") or date.fromisoformat(last)
    before = [provider] if provider else [UUID(each) for each in kept.get("providers", [])]
    asked = before if as_before and view == "week" else chosen_ids(fields, "provider")
    page = PAGES.get(view, DayPage)(request.member, clinic, on, asked, now, is_private(request), fields)
    seen = {"seen": today, "on": on.isoformat(), "view": page.view, "providers": [str(each) for each in page.chosen]}
    if kept != seen and not request.headers.get("HX-Request"):
        request.session["book"] = seen
    return page


@member_required
def day(request: MemberRequest) -> HttpResponse:
    """The book: as a day, a week or a list."""
    now = clock.now()
    request.member.must(Right.SEE_BOOK)
    page = page_of(request, place(request, request.GET), now)
    return render(request, page.template, page.context())


@member_required
def feed(request: MemberRequest) -> HttpResponse:
    """The same days for the calendar to keep up with. Asked by itself every few seconds, so it leaves no trace of what was viewed last."""
    now, member = clock.now(), request.member
    member.must(Right.SEE_BOOK)
    clinic = place(request, request.GET, remember=False)
    on = day_of(request.GET, "date") or clinic.local_date(now)
    asked, private = chosen_ids(request.GET, "provider"), is_private(request)
    if request.GET.get("view") == "list":
        return grid.answer(request, ListPage(member, clinic, on, asked, now, private, request.GET).feed())
    first, last = week_of(on) if request.GET.get("view") == "week" else (on, on)
    found = entries(in_span(member, [clinic], first, last, asked))
    shown = [each for each in found if each.on_the_book or "ghosts" in request.GET]
    named = [each.by_initials() for each in shown] if private else shown
    away = [each for each in blocked(member, clinic, first, last) if not asked or each.provider_id in asked]
    return grid.answer(request, grid.feed(named, away, first, clinic.zone, member, now))


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
    return over_its_day(request, appointment.clinic, appointment.local_date, "desk/_panel.html", context, provider=appointment.provider_id)


def over_its_day(
    request: MemberRequest,
    clinic: Clinic,
    on: date,
    drawer: str,
    context: dict[str, Any],
    *,
    provider: UUID | None = None,
    status: int = 200,
) -> HttpResponse:
    """A whole page: the book of that day, as it was last viewed, with that in its drawer. A week is that provider's."""
    page = page_of(request, clinic, clock.now(), on=on, provider=provider)
    return render(request, page.template, page.context() | context | {"drawer": drawer, "clinic": clinic}, status=status)


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
    written = list(letters.of_appointment(appointment))
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
        "timeline": timeline.of_appointment(appointment, written),
        "letters": [letter for letter in written if letter.unsent],
        "may_withdraw": member.may(Right.BOOK, appointment),
        "rooms": rooms_of(appointment),
        "awaiting": awaiting.facts(appointment) if can["card-link"].allowed else None,
        "url": reverse("desk:panel", args=[appointment.pk]),
        "close_url": beneath(request) or f"{reverse('desk:day')}?date={appointment.local_date}&clinic={appointment.clinic_id}",
    }


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
    VERBS[verb](appointment, by=request.member, at=clock.now(), version=int(version[:10]) if version.isdecimal() else None)
    return done(request, "desk:panel", appointment_id)
