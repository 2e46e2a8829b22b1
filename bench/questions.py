"""The hot reads: the No Shows list and its totals, a day's feed, free times; each against the same question in bare SQL."""

import json
from collections.abc import Callable
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from bench.measure import Bench
from bench.seed import TODAY
from kept.foundation import clock
from kept.foundation.paging import page
from kept.foundation.scope import scope
from kept.noshows import queries
from kept.practice.doors import seat
from kept.practice.models import Clinic, Member
from kept.scheduling.models import Appointment

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

DAY = """select a.id, a.provider_id, a.starts_at, a.ends_at, a.status, p.first_name, p.last_name, a.acceptance_id,
  (select string_agg(l.name, ', ' order by l.position) from scheduling_line l
   where l.practice_id = a.practice_id and l.appointment_id = a.id)
from scheduling_appointment a join patients_patient p on p.practice_id = a.practice_id and p.id = a.patient_id
where a.practice_id = %s and a.clinic_id = %s and a.starts_at >= %s and a.starts_at < %s and a.status in ('booked', 'arrived', 'fulfilled')
order by a.starts_at, a.id"""

BUSY = """select extract(epoch from lower(during))::int, extract(epoch from upper(during))::int from scheduling_claim
where practice_id = %s and resource_id = %s and live and during && tstzrange(%s, %s)"""


@contextmanager
def standing(bench: Bench) -> Any:
    """The manager in her practice, at the town's present."""
    with clock.standing_at(TODAY), scope(bench.town.practice_id, actor="bench", source="bench"):
        yield seat(bench.town.user_id)


def _ever(bench: Bench) -> queries.Filter:
    """All days there are, all clinics."""
    return queries.Filter(date(2020, 1, 1), clock.local_date(TODAY, Clinic(zone_name="UTC").zone))


def _span(bench: Bench) -> tuple[Any, ...]:
    return (bench.town.practice_id, TODAY - timedelta(days=3000), TODAY)


def _sql(found: "QuerySet[Appointment]") -> tuple[str, Any]:
    """A query set's own SQL and values."""
    return found.query.sql_with_params()


def _cursor_far(bench: Bench, member: Member) -> tuple[int, str | None]:
    """The cursor of page 100, or of the last full one."""
    cursor, reached = None, 1
    while reached < FAR:
        found = page(queries.no_shows(member, _ever(bench), at=TODAY), by="starts_at", cursor=cursor, limit=ROWS)
        if found.next is None:
            break
        cursor, reached = found.next, reached + 1
    return reached, cursor


def no_shows(bench: Bench) -> None:
    """The list's own SQL against one row by its key; a far page against the first; then the whole work."""
    with standing(bench) as member:
        whole = queries.no_shows(member, _ever(bench), at=TODAY)
        query, values = _sql(whole[: ROWS + 1])
        reached, far = _cursor_far(bench, member)
        key = whole.values_list("pk", flat=True)[0]
    with bench.raw() as ask:
        plan = ask(f"explain (analyze, buffers, format json) {query}", values)[0][0][0]["Plan"]
        bench.compare(
            "No Shows, 50 rows with names: its SQL",
            lambda: ask(query, values),
            lambda: ask(BY_KEY, (bench.town.practice_id, key)),
            named="one row by its key",
            goal="7",
            sort="yes" if '"Sort"' in json.dumps(plan) else "none",
            pages=plan["Shared Hit Blocks"] + plan["Shared Read Blocks"],
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
        page(queries.no_shows(member, _ever(bench), at=TODAY), by="starts_at", cursor=cursor, limit=ROWS)


def _ok(response: Any) -> Any:
    if response.status_code != 200:
        raise RuntimeError(f"{response.request['PATH_INFO']} answered {response.status_code}")
    return response


def totals(bench: Bench) -> None:
    """Above the list, over all days."""

    def ours() -> None:
        with standing(bench) as member:
            queries.totals(member, _ever(bench))

    with bench.raw() as ask:
        bench.compare("No Shows, totals of all days", ours, lambda: ask(TOTALS, _span(bench) * 2), named="bare SQL")


def day_feed(bench: Bench) -> None:
    """A clinic's day for the calendar, as JSON over the view."""
    browser, (start, end) = bench.browser(), clock.day(TODAY.date(), Clinic(zone_name="America/New_York").zone)
    address = f"{reverse('desk:feed')}?date={TODAY.date()}&clinic={bench.town.clinic_id}"
    with bench.raw() as ask, clock.standing_at(TODAY):
        answer = _ok(browser.get(address))
        rows = ask(DAY, (bench.town.practice_id, bench.town.clinic_id, start, end))
        bench.compare(
            f"Day feed of {len(rows)} appointments",
            lambda: _ok(browser.get(address)),
            lambda: ask(DAY, (bench.town.practice_id, bench.town.clinic_id, start, end)),
            named="bare SQL",
            goal="2.5",
            bytes_an_appointment=round(len(answer.content) / max(len(rows), 1)),
        )


ALL: dict[str, Callable[[Bench], None]] = {"no-shows": no_shows, "totals": totals, "day feed": day_feed}
