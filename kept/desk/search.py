"""The search in the top bar: a patient, or the number of an invoice or appointment."""

import re
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render

import kept.billing.queries as billing
import kept.scheduling.queries as scheduling
from kept.billing.models import Invoice
from kept.desk.known import known
from kept.foundation import clock
from kept.patients.queries import find
from kept.practice.doors import MemberRequest, member_required
from kept.practice.looks import looks_at
from kept.practice.models import Member
from kept.practice.rules import Right
from kept.scheduling.models import Appointment

MOST = 20
NUMBER = re.compile(r"#?\s*(?P<kind>inv|a)?\s*-?\s*(?P<number>\d{1,18})", re.ASCII | re.IGNORECASE)


@member_required
def search(request: MemberRequest) -> HttpResponse:
    """A number that says what it is of leads there at once; all else to a page of what it may be."""
    now, member = clock.now(), request.member
    member.must(Right.SEE_PATIENTS)
    asked = request.GET.get("q", "").replace("\0", "").strip()[:80]
    context: dict[str, Any] = {"q": asked, "now": now}
    if asked:
        looks_at(request, "searched", None, now)
        named = NUMBER.fullmatch(asked)
        kind, number = ((named["kind"] or "").lower(), int(named["number"])) if named else ("", None)
        invoices = _invoices(member, number) if number is not None and kind != "a" else []
        appointments = _appointments(member, number) if number is not None and kind != "inv" else []
        if kind and len(invoices) + len(appointments) == 1 and not request.headers.get("HX-Request"):
            return redirect("billing:invoice", invoices[0].pk) if invoices else redirect("desk:panel", appointments[0].pk)
        found = find(member, asked)
        people = list(found.patients[: MOST + 1]) if not kind else []
        context |= {
            "invoices": [{"invoice": each, "status": billing.shown_status(each)} for each in invoices],
            "appointments": appointments,
            "people": known(people[:MOST]),
            "more": len(people) > MOST,
            "alike": found.alike,
        }
    return render(request, "desk/search.html", context)


def _invoices(member: Member, number: int) -> list[Invoice]:
    return list(billing.invoices(member, billing.Filter(number=str(number)))) if member.may(Right.SEE_SALES) else []


def _appointments(member: Member, number: int) -> list[Appointment]:
    return list(scheduling.visible(member).filter(number=number))
