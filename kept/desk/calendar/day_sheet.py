"""The day on paper: for each provider who comes when, for what, and how to reach them."""

from typing import Any, NamedTuple

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format

from kept.desk.calendar.day_page import DayPage
from kept.desk.calendar.views import place
from kept.events import journal
from kept.foundation import clock
from kept.foundation.lists import chosen_ids, day_of
from kept.practice.doors import MemberRequest, member_required
from kept.practice.models import Provider
from kept.practice.privacy import patients_look_on
from kept.practice.rules import Right
from kept.scheduling.models import Appointment


class Column(NamedTuple):
    provider: Provider
    rows: list[dict[str, Any]]


@member_required
def day_sheet(request: MemberRequest) -> HttpResponse:
    """A page to print. While names are hidden, phones and notes are too. It is an export of patients' records, and recorded so (R25)."""
    now, member = clock.now(), request.member
    member.must(Right.SEE_BOOK)
    clinic, private = place(request, request.GET, remember=False), patients_look_on()
    on = day_of(request.GET, "date") or clinic.local_date(now)
    day = DayPage(member, clinic, on, chosen_ids(request.GET, "provider"), now, private)
    journal.looked_at("day sheet", practice_id=member.practice_id, at=now)
    more = Appointment.objects.filter(pk__in=[each.id for each in day.booked]).values_list("pk", "patient__phone", "note")
    reach = {} if private else {pk: {"phone": phone, "note": note} for pk, phone, note in more}
    columns = [
        Column(each, [day.item(entry) | reach.get(entry.id, {}) for entry in day.booked if entry.provider_id == each.pk])
        for each in day.shown
    ]
    context = {
        "title": date_format(day.on, "l, F j, Y"),
        "clinic": clinic,
        "practice": member.practice,
        "private": private,
        "columns": [column for column in columns if column.rows],
        "back_url": day.url(),
        "printed_by": member.name,
        "now": now,
    }
    return render(request, "desk/calendar/day_sheet.html", context)
