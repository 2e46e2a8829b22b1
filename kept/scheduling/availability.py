"""Free times (R17): the starts of a clinic's grid for which hours and claims leave room. Inside, instants are epoch seconds, which cost a
fifth of what datetimes do.

Who works when, `_hours` alone says: the clinic's hours on a date (its own or those of its weekday), and within them the provider's of that
weekday, as her exceptions for the date change them. The calendar's shades, its openings, warnings and free starts all ask it."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple
from uuid import UUID

from django.db.models import BigIntegerField, Exists, F, Func, OuterRef, Prefetch, Q, QuerySet

from kept.foundation import clock
from kept.practice.models import Clinic, OpeningHours, Provider, Resource, Schedule, ScheduleException, Service, ServiceProvider
from kept.scheduling.fitting import Visit, left_open, needs
from kept.scheduling.models import Appointment, Claim

STEP = 15
NEVER = 2**40

Span = tuple[datetime, datetime]
Spans = list[tuple[int, int]]
Kind = ScheduleException.Kind


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
    provider's; with its buffers it meets no live claim of hers, of the `resources` named, or of those it would take. `provider` None:
    anyone who performs its services. The claims of the appointment `but` do not count. Six queries, whatever is asked.
    """
    days = _days(first, last)
    grid = [start for start in (_epoch(each) for on in days for each in clock.grid(on, clinic.zone, step)) if start >= at.timestamp()]
    people = list(_performers(clinic, visit, provider, first, last))
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
    opening = _opening(clinic, days)
    for person in people:
        working = _within(_hours(person.schedules.all(), person.exceptions.all(), clinic, opening), open_, 0, lasts)
        for start in unclaimed(working, person.resource_id):
            found.setdefault(start, []).append(person)
    return [Slot(_instant(start), tuple(found[start])) for start in sorted(found)]


def online_starts(
    clinic: Clinic, visit: Visit, *, first: date, last: date, at: datetime, provider: Provider | None = None, but: Appointment | None = None
) -> list[Slot]:
    """Those of `free_starts` that patients are offered: on the practice's online step, from its lead time after `at` to its horizon; none
    where the clinic or one of the services is not booked online. Two queries more at most."""
    settings = clinic.practice.settings
    closed = Service.objects.filter(Q(online=False) | Q(active=False), pk__in=visit.service_ids)
    if not (clinic.online and clinic.active) or closed.exists():
        return []
    last = min(last, clinic.local_date(at) + timedelta(days=settings.online_horizon_days))
    soonest = at + settings.online_lead
    return free_starts(clinic, visit, first=first, last=last, at=soonest, provider=provider, step=settings.online_step_minutes, but=but)


def working_hours(clinic: Clinic, providers: Iterable[Provider], first: date, last: date) -> dict[UUID, list[Span]]:
    """When each of them works at the clinic on those local days, by the provider's id: as instants, within the clinic's own hours; those
    where she has no weekly hours there. Three queries."""
    people, opening = list(providers), _opening(clinic, _days(first, last))
    weeks: dict[UUID, list[Schedule]] = {}
    for row in _weekly(clinic).filter(provider__in=people):
        weeks.setdefault(row.provider_id, []).append(row)
    exceptions: dict[UUID, list[ScheduleException]] = {}
    for each in _exceptions(clinic, first, last).filter(provider__in=people):
        exceptions.setdefault(each.provider_id, []).append(each)
    return {person.pk: _instants(_hours(weeks.get(person.pk, []), exceptions.get(person.pk, []), clinic, opening)) for person in people}


def open_hours(clinic: Clinic, on: date) -> list[Span]:
    """When the clinic is open on that local day, as instants; empty when it is closed. One query."""
    return _instants(_opening(clinic, [on])[on])


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]


def _performers(clinic: Clinic, visit: Visit, provider: Provider | None, first: date, last: date) -> QuerySet[Provider]:
    """Who works at the clinic and performs each of the services, or she alone if she does, with her hours there on those days."""
    hers = ServiceProvider.objects.filter(service=OuterRef("service"), provider=OuterRef(OuterRef("pk")))
    not_hers = ServiceProvider.objects.filter(~Exists(hers), service__in=visit.service_ids)
    found = Provider.objects.filter(~Exists(not_hers), active=True, places__clinic=clinic)
    found = found.filter(pk=provider.pk) if provider else found
    hours = Prefetch("schedules", _weekly(clinic)), Prefetch("exceptions", _exceptions(clinic, first, last))
    return found.prefetch_related(*hours).order_by("name", "id")


def _weekly(clinic: Clinic) -> QuerySet[Schedule]:
    return Schedule.objects.filter(clinic=clinic)


def _exceptions(clinic: Clinic, first: date, last: date) -> QuerySet[ScheduleException]:
    """Those that touch these days there."""
    return ScheduleException.objects.filter(Q(clinic=clinic) | Q(clinic=None), first_on__lte=last, last_on__gte=first)


def _opening(clinic: Clinic, days: Sequence[date]) -> dict[date, Spans]:
    """When the clinic is open on each of those days: by the hours of the date, else of its weekday; without any week, every day."""
    of_days = Q(on=None) | Q(on__range=(days[0], days[-1])) if days else Q(on=None)
    rows = list(OpeningHours.objects.filter(of_days, clinic=clinic))
    dates = {row.on: row for row in rows if row.on}
    week = [row for row in rows if row.on is None]
    found: dict[date, Spans] = {}
    for on in days:
        if on in dates:
            found[on] = _spans([dates[on]], on, clinic)
        else:
            found[on] = _spans([row for row in week if row.weekday == on.weekday()] if week else [clinic], on, clinic)
    return found


def _hours(week: Collection[Schedule], exceptions: Collection[ScheduleException], clinic: Clinic, opening: Mapping[date, Spans]) -> Spans:
    """When somebody with those hours and exceptions works on the days of `opening`, which says when the clinic is open."""
    found: Spans = []
    for on, open_ in opening.items():
        of_day = [each for each in exceptions if each.first_on <= on <= each.last_on]
        if any(each.kind == Kind.OFF and each.opens_at is None for each in of_day):
            continue
        by_kind = {kind: _spans([each for each in of_day if each.kind == kind], on, clinic) for kind in Kind}
        usual = _spans([row for row in week if row.weekday == on.weekday()], on, clinic) if week else open_
        works = _joined(sorted([*(by_kind[Kind.OTHER] or usual), *by_kind[Kind.EXTRA]]))
        found += _both(_both(works, open_), _gaps(by_kind[Kind.OFF]))
    return _joined(found)


def _spans(rows: Iterable[Clinic | OpeningHours | Schedule | ScheduleException], on: date, clinic: Clinic) -> Spans:
    """Those hours on that day; none of a row without."""
    found = [clock.between(on, row.opens_at, row.closes_at, clinic.zone) for row in rows if row.opens_at and row.closes_at]
    return _joined(sorted((_epoch(start), _epoch(end)) for start, end in found if start < end))


def _both(these: Spans, those: Spans) -> Spans:
    """What lies in a span of each, all sorted."""
    found = [(max(start, opens), min(end, closes)) for start, end in these for opens, closes in those]
    return [(start, end) for start, end in found if start < end]


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


def _instants(spans: Spans) -> list[Span]:
    return [(_instant(start), _instant(end)) for start, end in spans]
