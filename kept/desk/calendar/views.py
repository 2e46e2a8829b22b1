"""Appointments: the book as a day, a week or a list, and its feed for the calendar."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render

from kept.desk.calendar import grid
from kept.desk.calendar.book_page import BookPage
from kept.desk.calendar.day_page import DayPage
from kept.desk.calendar.list_page import ListPage
from kept.desk.calendar.week_page import WeekPage, week_of
from kept.desk.context import clinic_of
from kept.foundation import clock
from kept.foundation.lists import chosen_ids, day_of
from kept.practice.doors import MemberRequest, member_required
from kept.practice.models import Clinic
from kept.practice.privacy import patients_look_on
from kept.practice.rules import Right
from kept.scheduling.entries import blocked, entries, in_span

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
    page = PAGES.get(view, DayPage)(request.member, clinic, on, asked, now, patients_look_on(), fields)
    seen = {"seen": today, "on": on.isoformat(), "view": page.view, "providers": [str(each) for each in page.chosen]}
    if kept != seen and not request.headers.get("HX-Request"):
        request.session["book"] = seen
    return page


@member_required
def day(request: MemberRequest) -> HttpResponse:
    """The book: as a day, a week or a list."""
    now = clock.now()
    request.member.must(Right.SEE_BOOK)
    clinic = place(request, request.GET, remember=not request.headers.get("HX-Request"))
    page = page_of(request, clinic, now)
    return render(request, page.template, page.context())


@member_required
def feed(request: MemberRequest) -> HttpResponse:
    """The same days for the calendar to keep up with. Asked by itself every few seconds, so it leaves no trace of what was viewed last."""
    now, member = clock.now(), request.member
    member.must(Right.SEE_BOOK)
    clinic = place(request, request.GET, remember=False)
    on = day_of(request.GET, "date") or clinic.local_date(now)
    asked, private = chosen_ids(request.GET, "provider"), patients_look_on()
    if request.GET.get("view") == "list":
        return grid.answer(request, ListPage(member, clinic, on, asked, now, private, request.GET).feed())
    first, last = week_of(on) if request.GET.get("view") == "week" else (on, on)
    found = entries(in_span(member, [clinic], first, last, asked))
    shown = [each for each in found if each.on_the_book or "ghosts" in request.GET]
    named = [each.by_initials() for each in shown] if private else shown
    away = [each for each in blocked(member, clinic, first, last) if not asked or each.provider_id in asked]
    return grid.answer(request, grid.feed(named, away, first, clinic.zone, member, now))


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
