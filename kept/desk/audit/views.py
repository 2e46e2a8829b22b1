"""The audit log: who looked at patients and what was done, for owner, manager and auditor, and the same as files."""

from zoneinfo import ZoneInfo

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse

from kept.desk.audit import words
from kept.desk.audit.log import CHANGES, LOOKS, Filter, Kind, filters, wanted
from kept.desk.context import clinic_of
from kept.events import journal
from kept.foundation import clock
from kept.foundation.csvs import download
from kept.foundation.lists import left_out, with_query
from kept.foundation.paging import page
from kept.noshows.listing import BACK, presets
from kept.patients.models import Patient
from kept.practice.doors import MemberRequest, member_required
from kept.practice.looks import looks_at
from kept.practice.rules import Right

ROWS = 50
KINDS = {kind.name: kind for kind in (LOOKS, CHANGES)}
COLUMNS = ["At", "Who", "What", "Patient", "From where"]


@member_required
def audit(request: MemberRequest, kind: str) -> HttpResponse:
    now, member, shown = clock.now(), request.member, KINDS[kind]
    member.must(Right.SEE_AUDIT)
    looks_at(request, "audit", None, now)
    asked, zone = _asked(request, shown)
    found = page(shown.rows(member, asked, zone), by="at", cursor=request.GET.get("after"), limit=ROWS)
    context = {
        "tab": "settings",
        "kinds": [{"label": each.label, "url": reverse(f"desk:audit-{each.name}"), "selected": each is shown} for each in KINDS.values()],
        "lines": shown.lines(found.rows),
        "filter": asked,
        "about": Patient.objects.filter(practice=member.practice_id, pk__in=asked.patients) if asked.patients else [],
        "without_patient": with_query(request.GET, patient=None, after=None),
        "filters": filters(shown, asked, member),
        "presets": presets(request.GET, asked, clock.local_date(now, zone), BACK),
        "left_out": left_out(request.GET, days=("from", "to"), ids=("who", "patient"), what=shown.choices),
        "filtered": any(request.GET.get(key) for key in ("from", "to", "who", "what", "patient", "q")),
        "all_url": request.path,
        "csv_url": f"{reverse(f'desk:audit-{shown.name}-csv')}?{request.GET.urlencode()}",
        "next_url": with_query(request.GET, after=found.next) if found.next else "",
        "first_url": with_query(request.GET, after=None) if request.GET.get("after") else "",
        "may_see_settings": member.may(Right.SEE_SETTINGS),
        "zone": zone,
        "now": now,
    }
    return render(request, "desk/audit/page.html", context)


@member_required
def audit_csv(request: MemberRequest, kind: str) -> StreamingHttpResponse:
    """The whole filtered list; who took it is written down in it."""
    now, member, shown = clock.now(), request.member, KINDS[kind]
    member.must(Right.SEE_AUDIT)
    journal.looked_at(f"{shown.name} exported", practice_id=member.practice_id, at=now)
    asked, zone = _asked(request, shown)
    known: dict[str, str] = {}

    def cells(row: object) -> list[str]:
        actor: str = row.actor  # type: ignore[attr-defined]
        if actor not in known:
            known[actor] = words.names([actor]).get(actor, actor)
        line = shown.line(row, known)
        return [line.at.astimezone(zone).isoformat(timespec="seconds"), line.who, line.what, line.about, line.place]

    return download(f"audit-{shown.name}.csv", COLUMNS, shown.rows(member, asked, zone), cells, by="at")


def _asked(request: MemberRequest, shown: Kind) -> tuple[Filter, ZoneInfo]:
    """The filter, and the zone of its days: that of the clinic she works at now."""
    clinic = clinic_of(request, request.member)
    zone = clinic.zone if clinic else ZoneInfo("UTC")
    return wanted(request.GET, shown, clock.local_date(clock.now(), zone)), zone
