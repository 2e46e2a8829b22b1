"""The hot reads: No Shows and its totals, the calendar's feed, free times, patients; each against the same question in bare SQL."""

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.http import urlencode

from bench.measure import Bench
from bench.seed import TODAY
from kept.desk.calendar.week_page import week_of
from kept.foundation import clock
from kept.foundation.paging import page
from kept.foundation.scope import scope
from kept.noshows import queries
from kept.patients.queries import LAST_LETTER, find
from kept.practice.doors import seat
from kept.practice.models import Clinic, Member, Provider, Service
from kept.scheduling.availability import free_starts
from kept.scheduling.fitting import Visit
from kept.scheduling.models import LONGEST, Appointment

ROWS = 50
FAR = 100  # pages
BY_KEY = "select * from scheduling_appointment where practice_id = %s and id = %s"

LIST = """select a.id, a.number, a.starts_at, a.outcome_reason, p.first_name, p.last_name, v.name, c.name, c.zone_name, m.name, a.status_at
from scheduling_appointment a
join patients_patient p on p.practice_id = a.practice_id and p.id = a.patient_id
join practice_provider v on v.practice_id = a.practice_id and v.id = a.provider_id
join practice_clinic c on c.practice_id = a.practice_id and c.id = a.clinic_id
left join practice_member m on m.practice_id = a.practice_id and m.id = a.status_by_id
where a.practice_id = %s and a.status = 'noshow' and a.starts_at >= %s and a.starts_at < %s
order by a.starts_at desc, a.id desc limit 51"""

TOTALS = """select count(*) filter (where a.status = 'noshow'), count(*) filter (where a.status in ('noshow', 'fulfilled')),
  (select sum(k.amount_minor) from billing_charge k
   join scheduling_appointment b on b.practice_id = k.practice_id and b.id = k.appointment_id
   where b.practice_id = %s and b.status = 'noshow' and b.starts_at >= %s and b.starts_at < %s)
from scheduling_appointment a where a.practice_id = %s and a.starts_at >= %s and a.starts_at < %s and a.status in ('noshow', 'fulfilled')"""

BOOK = """select a.id, a.provider_id, a.starts_at, a.ends_at, a.status, p.first_name, p.last_name, a.acceptance_id,
  (select string_agg(l.name, ', ' order by l.position) from scheduling_line l
   where l.practice_id = a.practice_id and l.appointment_id = a.id)
from scheduling_appointment a join patients_patient p on p.practice_id = a.practice_id and p.id = a.patient_id
where a.practice_id = %s and {whose} = %s and a.starts_at >= %s and a.starts_at < %s and a.status in ('booked', 'arrived', 'fulfilled')
order by a.starts_at, a.id"""

BUSY = """select resource_id, extract(epoch from starts_at)::int, extract(epoch from ends_at)::int from scheduling_claim
where practice_id = %s and resource_id = any(%s) and live and starts_at < %s and ends_at > %s and ends_at < %s"""

FOUND = """select p.id, p.first_name, p.last_name from patients_patient p where p.practice_id = %s
and exists (select from patients_word w where w.practice_id = p.practice_id and w.patient_id = p.id and w.word >= %s and w.word < %s)
and exists (select from patients_word w where w.practice_id = p.practice_id and w.patient_id = p.id and w.word >= %s and w.word < %s)
order by p.sort_name, p.id limit 20"""


@contextmanager
def standing(bench: Bench) -> Any:
    """The manager in her practice, at the town's present."""
    with clock.standing_at(TODAY), scope(bench.town.practice_id, actor="bench", source="bench"):
        yield seat(bench.town.user_id)


def _ever(**more: Any) -> queries.Filter:
    """All days there are, all clinics, unless more is said."""
    return queries.Filter(date(2020, 1, 1), TODAY.date(), **more)


def _span(bench: Bench) -> tuple[Any, ...]:
    return (bench.town.practice_id, TODAY - timedelta(days=3000), TODAY)


def _statements(found: "QuerySet[Appointment]") -> tuple[tuple[str, Any], tuple[str, Any]]:
    """The two of a page, with their values: for the keys, and for the rows."""
    keys = found.values_list("starts_at", "pk")[: ROWS + 1]
    rows = found.filter(pk__in=[pk for _start, pk in keys[:ROWS]])
    return keys.query.sql_with_params(), rows.query.sql_with_params()


def _cursor_far(bench: Bench, member: Member) -> tuple[int, str | None]:
    """The cursor of page 100, or of the last full one."""
    cursor, reached = None, 1
    while reached < FAR:
        found = page(queries.no_shows(member, _ever(), at=TODAY), by="starts_at", cursor=cursor, limit=ROWS)
        if found.next is None:
            break
        cursor, reached = found.next, reached + 1
    return reached, cursor


def no_shows(bench: Bench) -> None:
    """The list's own SQL against one row by its key; a far page against the first; then the whole work."""
    with standing(bench) as member:
        whole = queries.no_shows(member, _ever(), at=TODAY)
        reached, far = _cursor_far(bench, member)
        key = whole.values_list("pk", flat=True)[0]
        month = queries.Filter((TODAY - timedelta(days=29)).date(), TODAY.date())
        asked = {
            "": whole,
            ", 30 days": queries.no_shows(member, month, at=TODAY),
            ", one clinic": queries.no_shows(member, _ever(clinics=[bench.town.clinic_id]), at=TODAY),
            ", one provider": queries.no_shows(member, _ever(providers=[bench.town.provider_id]), at=TODAY),
        }
        lists = {name: _statements(found) for name, found in asked.items()}
    with bench.raw() as ask:
        for name, (keys, rows) in lists.items():
            plans = [ask(f"explain (analyze, buffers, format json) {query}", values)[0][0][0]["Plan"] for query, values in (keys, rows)]
            bench.compare(
                f"No Shows, 50 rows with names{name}: its SQL",
                partial(ask, *rows, keys),
                lambda: ask(BY_KEY, (bench.town.practice_id, key)),
                named="one row by its key",
                goal="7",
                pages=" and ".join(str(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]) for plan in plans),
            )
        bench.compare(
            "No Shows, first page: query set",
            lambda: _page(bench, None),
            lambda: ask(LIST, _span(bench)),
            named="bare SQL",
            goal="",
        )
        bench.compare(
            f"No Shows, page {reached}: query set",
            lambda: _page(bench, far),
            lambda: _page(bench, None),
            named="the first page",
            goal="1.2",
        )
        browser = bench.browser()
        days = "?from=2020-01-01"
        with clock.standing_at(TODAY):
            bench.compare(
                "No Shows, the page in HTML",
                lambda: _ok(browser.get(reverse("noshows:list") + days)),
                lambda: ask(LIST, _span(bench)),
                named="bare SQL",
            )


def _page(bench: Bench, cursor: str | None) -> None:
    with standing(bench) as member:
        page(queries.no_shows(member, _ever(), at=TODAY), by="starts_at", cursor=cursor, limit=ROWS)


def _ok(response: Any) -> Any:
    if response.status_code != 200:
        raise RuntimeError(f"{response.request['PATH_INFO']} answered {response.status_code}")
    return response


def totals(bench: Bench) -> None:
    """Above the list, over all days."""

    def ours() -> None:
        with standing(bench) as member:
            queries.totals(member, _ever(), at=clock.now())

    with bench.raw() as ask:
        bench.compare("No Shows, totals of all days", ours, lambda: ask(TOTALS, _span(bench) * 2), named="bare SQL")


def feed(bench: Bench) -> None:
    """A clinic's day and a provider's week for the calendar, as JSON over the view."""
    town, zone = bench.town, Clinic(zone_name="America/New_York").zone
    first, last = week_of(TODAY.date())
    day, week = clock.day(TODAY.date(), zone), (clock.day(first, zone)[0], clock.day(last, zone)[1])
    _feed(bench, "Day feed", {"clinic": town.clinic_id}, BOOK.format(whose="a.clinic_id"), (town.practice_id, town.clinic_id, *day))
    of_one = {"clinic": town.clinic_id, "view": "week", "provider": town.provider_id}
    _feed(bench, "Week feed", of_one, BOOK.format(whose="a.provider_id"), (town.practice_id, town.provider_id, *week))


def _feed(bench: Bench, what: str, query: dict[str, Any], control: str, values: tuple[Any, ...]) -> None:
    browser, address = bench.browser(), f"{reverse('desk:feed')}?{urlencode({'date': TODAY.date(), **query})}"
    with bench.raw() as ask, clock.standing_at(TODAY):
        answer, rows = _ok(browser.get(address)), ask(control, values)
        bench.compare(
            f"{what} of {len(rows)} appointments",
            lambda: _ok(browser.get(address)),
            lambda: ask(control, values),
            named="bare SQL",
            goal="2.5",
            bytes_an_appointment=round(len(answer.content) / max(len(rows), 1)),
        )


def free_times(bench: Bench) -> None:
    """When a visit of 45 minutes can be booked: with one provider that day, with anyone of the clinic in a fortnight."""
    with standing(bench):
        clinic, one = Clinic.objects.get(pk=bench.town.clinic_id), Provider.objects.get(pk=bench.town.provider_id)
        visit = Visit.of([Service.objects.get(pk=bench.town.service_id)])
        everyone = [resource_id for _provider_id, resource_id in bench.town.providers]
    _free(bench, "one provider-day", clinic, visit, 1, one, [one.resource_id])
    _free(bench, f"{len(everyone)} providers, 14 days", clinic, visit, 14, None, everyone)


def _free(
    bench: Bench, what: str, clinic: Clinic, visit: Visit, days: int, provider: Provider | None, resource_ids: Sequence[UUID]
) -> None:
    first, last = TODAY.date(), TODAY.date() + timedelta(days=days - 1)
    start, end = clock.day(first, clinic.zone)[0], clock.day(last, clinic.zone)[1]
    values = (bench.town.practice_id, list(resource_ids), end, start, end + LONGEST)

    def ours() -> None:
        with scope(bench.town.practice_id, actor="bench", source="bench"):
            free_starts(clinic, visit, first=first, last=last, at=TODAY, provider=provider)

    with bench.raw() as ask:
        bench.compare(f"Free times, {what}", ours, lambda: ask(BUSY, values), named="its busy times in bare SQL", goal="3")


def patients(bench: Bench) -> None:
    """Found while typing: the beginnings of two names."""

    def ours() -> None:
        with standing(bench) as member:
            list(find(member, "ada bel").patients[:20])

    values = (bench.town.practice_id, "ada", "ada" + LAST_LETTER, "bel", "bel" + LAST_LETTER)
    with bench.raw() as ask:
        bench.compare("Patients, “ada bel”", ours, lambda: ask(FOUND, values), named="bare SQL")


ALL: dict[str, Callable[[Bench], None]] = {
    "no-shows": no_shows,
    "totals": totals,
    "feed": feed,
    "free times": free_times,
    "patients": patients,
}
