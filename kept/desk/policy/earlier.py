"""Visits to come under earlier terms: who accepted what, and whom to ask to accept what holds today."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kept.billing.renewals import last_asked, under_earlier_terms
from kept.desk.calendar.acceptance import ask_to_accept_again
from kept.desk.calendar.privacy import hide_names
from kept.desk.policy.shown import Editor
from kept.foundation import clock
from kept.foundation.ids import as_id
from kept.foundation.lists import with_query
from kept.foundation.paging import page
from kept.messaging.reach import reachable
from kept.practice.doors import MemberRequest, member_required
from kept.practice.privacy import patients_look_on
from kept.practice.rules import Right

ROWS = 50


@member_required
def earlier(request: MemberRequest) -> HttpResponse:
    """GET lists them by start; POST asks the patients of those ticked, by a letter each."""
    now, member = clock.now(), request.member
    member.must(Right.SEE_SETTINGS)
    found = under_earlier_terms(member, at=now)
    if request.method == "POST":
        member.must(Right.SET_UP)
        _ask(request, [pk for text in request.POST.getlist("visit")[:ROWS] if (pk := as_id(text))])
        return redirect(request.get_full_path())
    shown = (
        found.select_related("patient", "provider", "clinic", "acceptance__version").prefetch_related("lines").order_by("starts_at", "id")
    )
    listed = page(shown, by="starts_at", cursor=request.GET.get("after"), limit=ROWS, newest_first=False)
    asked = last_asked(listed.rows)
    private = patients_look_on()
    rows = []
    for visit in listed.rows:
        may_ask = reachable(visit.patient, member.practice) and member.may(Right.BOOK, visit)
        if private:
            hide_names(visit, [])
        rows.append(
            {"visit": visit, "asked_at": asked.get(visit.pk), "may_ask": may_ask, "reachable": reachable(visit.patient, member.practice)}
        )
    context = Editor.of(request).context(
        "texts",
        rows=rows,
        count=found.count(),
        next_url=with_query(request.GET, after=listed.next) if listed.next else "",
        first_url=with_query(request.GET, after=None) if request.GET.get("after") else "",
    )
    return render(request, "desk/policy/earlier.html", context)


def _ask(request: MemberRequest, chosen: list[UUID]) -> None:
    """A letter to each that is still under earlier terms and whose address is known; how many went is said."""
    now, member = clock.now(), request.member
    asked = 0
    for visit in under_earlier_terms(member, at=now).filter(pk__in=chosen).order_by("id"):
        if reachable(visit.patient, member.practice) and member.may(Right.BOOK, visit):
            _link, letter = ask_to_accept_again(visit, by=member, at=now)
            asked += letter is not None
    if asked:
        sentence = ngettext("Asked %d patient.", "Asked %d patients.", asked)
        messages.success(request, sentence % asked)
    else:
        messages.warning(request, _("Nobody was asked. Tick the visits first."))
