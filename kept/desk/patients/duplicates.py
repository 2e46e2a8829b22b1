"""Possible duplicates: pairs of records that may be of one person, to be merged or told apart."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

import kept.patients.duplicates as records
from kept.desk.known import known
from kept.foundation import clock
from kept.foundation.ids import as_id
from kept.foundation.pages import told
from kept.patients.queries import patient_or_404
from kept.practice.doors import MemberRequest, member_required
from kept.practice.looks import looks_at
from kept.practice.queries import NIL
from kept.practice.rules import Right


@member_required
def duplicates(request: MemberRequest) -> HttpResponse:
    """The pairs that have most in common first, each with what the desk knows of both."""
    now, member = clock.now(), request.member
    member.must(Right.ERASE_PATIENTS)
    looks_at(request, "duplicates listed", None, now)
    found = records.duplicates(member)
    about = {each.patient.pk: each for each in known({each for pair in found.pairs for each in (pair.one, pair.other)})}
    context = {
        "tab": "patients",
        "pairs": [{"why": pair.why, "records": [about[pair.one.pk], about[pair.other.pk]]} for pair in found.pairs],
        "count": found.count,
        "more": found.count - len(found.pairs),
    }
    return render(request, "desk/patients/duplicates.html", context)


@require_POST
@member_required
def tell_apart(request: MemberRequest, patient_id: UUID) -> HttpResponse:
    """Not the same person as `other`."""
    member, one = request.member, patient_or_404(request.member, patient_id)
    member.must(Right.ERASE_PATIENTS)
    other = patient_or_404(member, as_id(request.POST.get("other", "")) or NIL)
    records.tell_apart(one, other, by=member, at=clock.now())
    return told(request, "ui/_toast.html", {"text": _("Noted: two people."), "oob": True}, "desk:duplicates")
