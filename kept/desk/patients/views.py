"""Patients: the list with its search and filters, and somebody new."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

import kept.billing.queries as billing
import kept.noshows.queries as noshows
import kept.scheduling.queries as scheduling
from kept.desk.known import Known, known
from kept.desk.patients.forms import AddForm
from kept.foundation import clock
from kept.foundation.lists import Option, chosen_ids, chosen_label, left_out, with_query
from kept.foundation.money import Money
from kept.foundation.pages import attempt, dialog
from kept.foundation.paging import page_by_name
from kept.patients.models import Card, Patient
from kept.patients.queries import LookAlike, find, look_alikes
from kept.patients.transitions import add_patient
from kept.practice.doors import MemberRequest, member_required
from kept.practice.looks import looks_at
from kept.practice.models import Member
from kept.practice.rules import Right
from kept.scheduling.models import Appointment

ROWS = 50
MOST_COUNTED = 1000
MISSED = {"1": gettext_lazy("Missed once or more"), "2": gettext_lazy("Missed twice or more"), "3": gettext_lazy("Missed 3 times or more")}
CARDS = {"yes": gettext_lazy("Card on file"), "no": gettext_lazy("No card")}


@dataclass(frozen=True, slots=True)
class Filter:
    """What the list is asked for. What it does not understand it leaves out."""

    search: str
    clinics: Sequence[UUID]
    owing: bool
    alert: bool
    missed: str
    card: str

    @classmethod
    def of(cls, asked: QueryDict, member: Member) -> "Filter":
        cards = {each for each in asked.getlist("card") if each in CARDS}
        return cls(
            search=asked.get("q", "").replace("\0", "")[:80],
            clinics=chosen_ids(asked, "clinic") if member.may(Right.SEE_BOOK) else [],
            owing="balance" in asked and member.may(Right.SEE_SALES),
            alert="alert" in asked,
            missed=min((times for times in asked.getlist("missed") if times in MISSED), default=""),
            card=cards.pop() if len(cards) == 1 else "",
        )

    def of_those(self, found: QuerySet[Patient], member: Member) -> QuerySet[Patient]:
        """Of the patients found, those that fit."""
        if self.clinics:
            there = scheduling.visible(member).filter(clinic__in=self.clinics)
            found = found.filter(pk__in=there.values("patient"))
        if self.owing:
            found = found.filter(pk__in=billing.owed(member).values("patient"))
        if self.alert:
            found = found.exclude(alert="")
        if self.missed:
            found = found.filter(pk__in=noshows.who_missed(member.practice_id, int(self.missed)))
        if self.card:
            with_card = Card.objects.filter(practice=member.practice_id, state=Card.State.ACTIVE).values("patient")
            found = found.filter(pk__in=with_card) if self.card == "yes" else found.exclude(pk__in=with_card)
        return found


@dataclass(frozen=True, slots=True)
class Row:
    """A patient as the list shows her."""

    known: Known
    last: Appointment | None
    next: Appointment | None
    owes: Sequence[billing.Balance]


def rows(member: Member, found: Sequence[Patient], *, at: datetime) -> list[Row]:
    """Those patients, with what the member may see of them."""
    ids = [each.pk for each in found]
    nothing: tuple[Mapping[Any, Any], Mapping[Any, Any]] = ({}, {})
    last, following = scheduling.last_and_next(member, ids, at=at) if member.may(Right.SEE_BOOK) else nothing
    owes = billing.balances(member, ids) if member.may(Right.SEE_SALES) else {}
    return [Row(each, last.get(each.patient.pk), following.get(each.patient.pk), owes.get(each.patient.pk, [])) for each in known(found)]


@member_required
def patients(request: MemberRequest) -> HttpResponse:
    now, member, asked = clock.now(), request.member, request.GET
    member.must(Right.SEE_PATIENTS)
    wanted = Filter.of(asked, member)
    looks_at(request, "patients searched" if wanted.search else "patients listed", None, now)
    found = find(member, wanted.search)
    fitting = wanted.of_those(found.patients, member)
    shown = page_by_name(fitting, "sort_name", cursor=asked.get("after"), limit=ROWS)
    counted = fitting.order_by()[: MOST_COUNTED + 1].count()
    context = {
        "tab": "patients",
        "rows": rows(member, shown.rows, at=now),
        "count": f"{MOST_COUNTED:,}+" if counted > MOST_COUNTED else f"{counted:,}",
        "one": counted == 1,
        "alike": found.alike,
        "filter": wanted,
        "left_out": left_out(asked, ids=["clinic"], missed=MISSED, card=CARDS),
        "filtered": any(asked.get(key) for key in ("q", "clinic", "balance", "alert", "missed", "card")),
        "options": options(wanted, member),
        "may_see_book": member.may(Right.SEE_BOOK),
        "may_see_sales": member.may(Right.SEE_SALES),
        "nothing": Money(0, member.practice.settings.currency),
        "may_add": member.may(Right.CHANGE_PATIENTS),
        "may_merge": member.may(Right.ERASE_PATIENTS),
        "next_url": with_query(asked, after=shown.next) if shown.next else "",
        "first_url": with_query(asked, after=None) if asked.get("after") else "",
        "now": now,
    }
    return render(request, "desk/patients/list.html", context)


def options(wanted: Filter, member: Member) -> list[dict[str, Any]]:
    """The group *Filter*: what each button says, and its choices."""
    clinics = [Option(str(each.pk), each.name, each.pk in wanted.clinics) for each in member.given_clinics]
    filters = [
        ("clinic", _("Clinics"), _("All clinics"), clinics, len(clinics) > 1 and member.may(Right.SEE_BOOK)),
        ("balance", _("Balance"), _("Any balance"), [Option("owing", _("With a balance"), wanted.owing)], member.may(Right.SEE_SALES)),
        ("missed", _("Attendance"), _("Any attendance"), _options(MISSED, wanted.missed), True),
        ("card", _("Card"), _("Any card"), _options(CARDS, wanted.card), True),
        ("alert", _("Alert"), _("Any alert"), [Option("yes", _("With an alert"), wanted.alert)], True),
    ]
    return [
        {"name": name, "legend": legend, "label": chosen_label(choices, everything, legend.lower()), "options": choices}
        for name, legend, everything, choices, offered in filters
        if offered
    ]


def _options(labels: Mapping[str, Any], chosen: str) -> list[Option]:
    return [Option(value, str(label), value == chosen) for value, label in labels.items()]


@member_required
def new(request: MemberRequest) -> HttpResponse:
    """Somebody new; then on to her page. Who she may be already is shown first."""
    now, member = clock.now(), request.member
    member.must(Right.CHANGE_PATIENTS)
    form, alike = AddForm(request.POST or None), list[LookAlike]()
    if request.method == "POST" and form.is_valid():
        given = form.particulars
        alike = look_alikes(member, **{field: form.cleaned_data[field] for field in ("first_name", "last_name", "phone", "email")})
        if all(each.patient.pk in form.cleaned_data["seen"] for each in alike):
            added = attempt(form, lambda: add_patient(**given, by=member, at=now))
            if added:
                return _to(request, reverse("desk:patient", args=[added.pk]))
    context = {"form": form, "alike": alike, "back_url": reverse("desk:patients")}
    return dialog(request, "desk/patients/_new.html", context, status=422 if request.method == "POST" else 200)


def _to(request: MemberRequest, url: str) -> HttpResponse:
    """On to that page, the whole of it, also from a dialog."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return redirect(url)
