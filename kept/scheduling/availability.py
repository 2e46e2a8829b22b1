"""Free times (R17): the starts of a clinic's grid for which hours and claims leave room. Inside, instants are epoch seconds, which cost a
fifth of what datetimes do."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple
from uuid import UUID

from django.db.models import BigIntegerField, Exists, F, Func, OuterRef, Prefetch, QuerySet

from kept.foundation import clock
from kept.practice.models import Clinic, Provider, Resource, Schedule, ServiceProvider
from kept.scheduling.fitting import Visit, left_open, needs
from kept.scheduling.models import Appointment, Claim

STEP = 15
NEVER = 2**40

Span = tuple[datetime, datetime]
Spans = list[tuple[int, int]]


class Slot(NamedTuple):
    """A free start, and the providers who are free for the visit then, by name."""

    starts_at: datetime
    providers: tuple[Provider, ...]


def free_starts(
    clinic: Clinic,
    visit: Visit,
    *,
    first: date,
    last: date,
    at: datetime,
    provider: Provider | None = None,
    resources: Sequence[Resource] = (),
    step: int = STEP,
    but: Appointment | None = None,
) -> list[Slot]:
    """When the visit can be booked at the clinic on those local days, earliest first, not before `at`.

    Starts are those at which the clinic's clocks show a multiple of `step` minutes. The visit lies within the clinic's hours and the
    provider's weekly ones; with its buffers it meets no live claim of hers, of the `resources` named, or of those it would take. `provider`
    None: anyone who performs its services. The claims of the appointment `but` do not count. Four queries, whatever is asked.
    """
    days = _days(first, last)
    grid = [start for start in (_epoch(each) for on in days for each in clock.grid(on, clinic.zone, step)) if start >= at.timestamp()]
    people = list(_performers(clinic, visit, provider))
    if not grid or not people:
        return []
    wanted = left_open(needs(clinic, visit.service_ids), resources)
    before, lasts, after = (int(each.total_seconds()) for each in visit[1:])
    rooms = {*resources, *(room for need in wanted for room in need.fitting)}
    ids = [*(room.pk for room in rooms), *(person.resource_id for person in people)]
    busy = _busy(ids, _instant(grid[0] - before), _instant(grid[-1] + lasts + after), but)

    def unclaimed(starts: Sequence[int], resource_id: UUID) -> list[int]:
        return _within(_gaps(busy.get(resource_id, [])), starts, before, lasts + after)

    open_ = grid
    for room in resources:
        open_ = unclaimed(open_, room.pk)
    for need in wanted:
        open_ = sorted({start for room in need.fitting for start in unclaimed(open_, room.pk)})
    found: dict[int, list[Provider]] = {}
    for person in people:
        working = _within(_hours(person.schedules.all(), clinic, days), open_, 0, lasts)
        for start in unclaimed(working, person.resource_id):
            found.setdefault(start, []).append(person)
    return [Slot(_instant(start), tuple(found[start])) for start in sorted(found)]


def working_hours(clinic: Clinic, providers: Iterable[Provider], first: date, last: date) -> dict[UUID, list[Span]]:
    """When each of them works at the clinic on those local days, by the provider's id: weekly hours as instants, within the clinic's
    own; the clinic's own where she has no weekly hours there. One query."""
    people, days = list(providers), _days(first, last)
    weeks: dict[UUID, list[Schedule]] = {}
    for row in _weekly(clinic).filter(provider__in=people):
        weeks.setdefault(row.provider_id, []).append(row)
    return {
        person.pk: [(_instant(start), _instant(end)) for start, end in _hours(weeks.get(person.pk, []), clinic, days)] for person in people
    }


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]


def _performers(clinic: Clinic, visit: Visit, provider: Provider | None) -> QuerySet[Provider]:
    """Who works at the clinic and performs each of the services, or she alone if she does, with her weekly hours there."""
    hers = ServiceProvider.objects.filter(service=OuterRef("service"), provider=OuterRef(OuterRef("pk")))
    not_hers = ServiceProvider.objects.filter(~Exists(hers), service__in=visit.service_ids)
    found = Provider.objects.filter(~Exists(not_hers), active=True, places__clinic=clinic)
    found = found.filter(pk=provider.pk) if provider else found
    return found.prefetch_related(Prefetch("schedules", _weekly(clinic))).order_by("name", "id")


def _weekly(clinic: Clinic) -> QuerySet[Schedule]:
    return Schedule.objects.filter(clinic=clinic).order_by("weekday", "opens_at")


def _hours(week: Collection[Schedule], clinic: Clinic, days: Iterable[date]) -> Spans:
    """Those hours of the week on those days, within the clinic's; without any, the clinic's."""
    found: Spans = []
    for on in days:
        opens, closes = (_epoch(each) for each in clinic.hours(on))
        found += (
            [
                (max(opens, _epoch(start)), min(closes, _epoch(end)))
                for start, end in (row.on(on, clinic.zone) for row in week if row.weekday == on.weekday())
            ]
            if week
            else [(opens, closes)]
        )
    return _joined((start, end) for start, end in found if start < end)


def _busy(resource_ids: Collection[UUID], start: datetime, end: datetime, but: Appointment | None) -> dict[UUID, Spans]:
    """The claimed time of each resource, whatever the lane: one query for all."""
    found = Claim.objects.over(resource_ids, start, end)
    found = found.exclude(appointment=but) if but else found
    busy: dict[UUID, Spans] = {}
    for resource_id, lower, upper in found.values_list("resource_id", _seconds("starts_at", "floor"), _seconds("ends_at", "ceil")):
        busy.setdefault(resource_id, []).append((lower, upper))
    return {resource_id: _joined(sorted(spans)) for resource_id, spans in busy.items()}


def _seconds(field: str, rounded: str) -> Func:
    return Func(F(field), template=f"{rounded}(extract(epoch from %(expressions)s))::bigint", output_field=BigIntegerField())


def _joined(spans: Iterable[tuple[int, int]]) -> Spans:
    """Sorted spans, of which those that touch or overlap have become one."""
    joined: Spans = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _gaps(spans: Spans) -> Spans:
    """What lies between sorted spans that do not touch, and before and after them all."""
    return [(end, start) for (_start, end), (start, _end) in pairwise([(-NEVER, -NEVER), *spans, (NEVER, NEVER)])]


def _within(spans: Spans, starts: Sequence[int], lead: int, tail: int) -> list[int]:
    """Of sorted starts those that lie in one of the sorted spans with all of their lead and tail."""
    return [start for opens, closes in spans for start in starts[bisect_left(starts, opens + lead) : bisect_right(starts, closes - tail)]]


def _epoch(at: datetime) -> int:
    return int(at.timestamp())


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
