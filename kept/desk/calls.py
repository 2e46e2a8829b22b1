"""The call list: visits whose card was asked for and did not come. Whom to phone, what the call came to, and the link once more."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from kept.billing.transitions import cards
from kept.desk.booking import awaiting
from kept.desk.calendar.privacy import hide_names
from kept.foundation import clock
from kept.foundation.dates import moment
from kept.foundation.lists import left_out, with_query
from kept.foundation.pages import attempt, dialog, told
from kept.foundation.paging import page
from kept.messaging.reach import reachable
from kept.noshows import listing, queries
from kept.noshows.transitions import calling
from kept.noshows.transitions.calling import Result, WithoutWhy
from kept.practice.doors import MemberRequest, member_required
from kept.practice.models import Settings
from kept.practice.privacy import patients_look_on
from kept.practice.rules import Right
from kept.scheduling.models import Appointment
from kept.scheduling.queries import appointment_or_404
from kept.scheduling.transitions import promising

ROWS = 50
SAYS: dict[str, Promise] = {
    Result.NO_ANSWER: gettext_lazy("It stays on this list, with the time of the call."),
    Result.REACHED: gettext_lazy("The link they have works. They get the whole time for it once more."),
    Result.LINK: gettext_lazy("A new link goes to them. They get the whole time for it once more."),
    Result.WITHOUT: gettext_lazy("No card is awaited any more, and no fee can be charged."),
}


class CallForm(forms.Form):
    """What the call came to, nothing chosen in advance; why, where the visit is kept without a card."""

    result = forms.ChoiceField(choices=Result.choices, error_messages={"required": gettext_lazy("Choose what the call came to.")})
    why = forms.ChoiceField(required=False, choices=[("", gettext_lazy("Choose")), *WithoutWhy.choices], label=gettext_lazy("Why"))
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


@member_required
def call_list(request: MemberRequest) -> HttpResponse:
    now, member = clock.now(), request.member
    member.must(Right.SEE_BOOK)
    today, private = min((clinic.local_date(now) for clinic in member.given_clinics), default=now.date()), patients_look_on()
    wanted = listing.wanted(request.GET, today, listing.AHEAD)
    found = page(queries.to_call(member, wanted, at=now), by="starts_at", cursor=request.GET.get("after"), limit=ROWS, newest_first=False)
    facts, calls = queries.attendance([row.patient_id for row in found.rows]), queries.last_calls(found.rows)
    links = awaiting.last_letters(found.rows)
    rows = []
    for appointment in found.rows:
        if private:
            hide_names(appointment, [])
        call = calls.get(appointment.pk)
        rows.append(
            {
                "appointment": appointment,
                "attendance": facts.get(appointment.patient_id),
                "letter": links.get(appointment.pk),
                "call": Result(call.particulars["result"]).label if call else "",
                "called_at": call.at if call else None,
                "may_call": member.may(Right.BOOK, appointment),
            }
        )
    context = {
        "tab": "appointments",
        "rows": rows,
        "private": private,
        "due": queries.calls_due(member, at=now),
        "next_url": with_query(request.GET, after=found.next) if found.next else "",
        "first_url": with_query(request.GET, after=None) if request.GET.get("after") else "",
        "filter": wanted,
        "filtered": any(key in request.GET for key in ("clinic", "provider", "calls", "from", "to")),
        "left_out": left_out(request.GET, days=("from", "to"), ids=("clinic", "provider"), calls=queries.CALLS),
        "filters": listing.filters(wanted, member, listing.by_call(wanted)),
        "presets": listing.presets(request.GET, wanted, today, listing.AHEAD),
        "now": now,
    }
    return render(request, "desk/calls/list.html", context)


@member_required
def call(request: MemberRequest, appointment_id: UUID) -> HttpResponse:
    """The dialog: whom to phone and about what, then what came of it."""
    now, member = clock.now(), request.member
    appointment = appointment_or_404(member, appointment_id)
    member.must(Right.BOOK, appointment)
    if request.method == "GET":
        calling.check_awaited(appointment, at=now)
    form = CallForm(request.POST if request.method == "POST" else None, initial={"version": appointment.version})
    if form.is_valid():
        answers = form.cleaned_data
        done = attempt(form, lambda: calling.called(appointment, by=member, at=now, **answers), version=appointment.version)
        if done:
            return told(request, "ui/_toast.html", {"text": _said(done, answers["result"]), "oob": True}, "desk:call-list")
    chosen = form["result"].value()
    context = {
        "appointment": appointment,
        "form": form,
        "chosen": chosen in Result.values,
        "without": chosen == Result.WITHOUT,
        "choices": [_choice(appointment, result, chosen == result, now) for result in Result],
        "private": patients_look_on(),
        "now": now,
    }
    return dialog(request, "desk/calls/_call.html", context)


def _choice(appointment: Appointment, result: Result, chosen: bool, now: datetime) -> dict[str, Any]:
    """One of the results, what it means, and what *Confirm* then does."""
    until = moment(promising.due(appointment.clinic, appointment.starts_at, at=now), appointment.clinic.zone, now)
    releases = appointment.practice.settings.without_card == Settings.WithoutCard.RELEASE
    asks = (_("Due %s; without the card the time is given free then.") if releases else _("The card is due %s.")) % until
    return {
        "id": f"result_{result}",
        "value": result,
        "title": result.label,
        "text": SAYS[result],
        "why": _("No email address is known.")
        if result == Result.LINK and not reachable(appointment.patient, appointment.practice)
        else "",
        "chosen": chosen,
        "effect": {Result.NO_ANSWER: _("It stays on the list."), Result.WITHOUT: _("It leaves the list.")}.get(result, asks),
    }


def _said(appointment: Appointment, result: str) -> str:
    if result == Result.WITHOUT:
        return _("Kept without a card.")
    if result == Result.NO_ANSWER or appointment.card_due_at is None:
        return _("Written down: no answer.")
    return _("Written down. The card is due %s.") % moment(appointment.card_due_at, appointment.clinic.zone)


@require_POST
@member_required
def link(request: MemberRequest, appointment_id: UUID) -> HttpResponse:
    """A new link, to copy into a message."""
    appointment = appointment_or_404(request.member, appointment_id)
    address = cards.card_link(appointment, by=request.member, at=clock.now())
    context: dict[str, Any] = {"appointment": appointment, "link": address}
    if not request.headers.get("HX-Request"):
        return render(request, "desk/calls/link.html", context)
    return render(request, "desk/calls/_link.html", context)
