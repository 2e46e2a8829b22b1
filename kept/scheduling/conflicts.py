"""What stands in the way of a visit, and what would be free instead: for the booking drawer, and for a drag before its drop."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from kept.foundation import clock
from kept.foundation.dates import clock_time
from kept.practice.models import Clinic, Member, Provider, Resource
from kept.scheduling import claims
from kept.scheduling.availability import Span, free_starts, open_hours, working_hours
from kept.scheduling.fitting import Need, Times, Visit, check_provider, check_rooms, needs, pick, rooms_of
from kept.scheduling.models import Appointment, Claim

OFFERED = 3
OFFERED_DAYS = timedelta(days=13)


@dataclass(frozen=True, slots=True)
class Conflict:
    """A provider, room or device has no time: `field` is what to change ("start" or "resources"), `until` when the resource has time again,
    buffers included. `claim` says whose time it is, where the member may know (R24); `sentence` says it all."""

    field: str
    resource: Resource
    until: datetime
    sentence: str
    claim: Claim | None


@dataclass(frozen=True, slots=True)
class Warned:
    """What the desk may do and should know: `clinic_closed`, `outside_hours` or `past`."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Outlook:
    """Of a visit at some time. `rooms` are those it would take. Where something is in the way: `free_rooms` that would do at that time,
    and the next starts with the same provider, in the same rooms and in any."""

    conflicts: Sequence[Conflict]
    warnings: Sequence[Warned]
    rooms: Sequence[Resource]
    provider_free_until: datetime | None
    free_rooms: Sequence[Resource]
    next_in_rooms: Sequence[datetime]
    next_starts: Sequence[datetime]


def outlook(
    clinic: Clinic,
    provider: Provider,
    visit: Visit,
    starts_at: datetime,
    *,
    resources: Sequence[Resource] = (),
    by: Member,
    at: datetime,
    but: Appointment | None = None,
) -> Outlook:
    """How `book` would go with the same wishes, and `reschedule` of the appointment `but`: nothing is locked or written.

    Raises Refusal `invalid` for a provider who does not perform the services, or rooms in which they can't be done.
    """
    check_provider(provider, clinic, visit.service_ids)
    own = rooms_of(but) if but else []
    wanted = [need.preferring(own) for need in needs(clinic, visit.service_ids)]
    check_rooms(wanted, resources)
    on, times = clinic.local_date(starts_at), visit.at(starts_at)
    busy_from, busy_to = times.busy
    asked = {provider.resource_id} | {room.pk for need in wanted for room in need.fitting}
    until_night = claims.holders(asked, (busy_from, max(busy_to, clock.day(on, clinic.zone)[1])), but=but)
    taken = [claim for claim in until_night if claim.starts_at < busy_to]
    rooms = pick(wanted, resources, {claim.resource_id for claim in taken})
    rivals = _rivals(taken, [provider.resource_id, *(room.pk for room in rooms)])
    hours = working_hours(clinic, [provider], on, on)[provider.pk]

    def next_free(rooms: Sequence[Resource]) -> list[datetime]:
        last, after = on + OFFERED_DAYS, max(at, starts_at)
        slots = free_starts(clinic, visit, first=on, last=last, at=after, provider=provider, resources=rooms, but=but)
        return [slot.starts_at for slot in slots[:OFFERED]]

    return Outlook(
        conflicts=[_conflict(claim, times, provider, by) for claim in rivals],
        warnings=_warnings(clinic, provider, times.visit, hours, at),
        rooms=rooms,
        provider_free_until=_free_until(provider, starts_at, until_night, hours),
        free_rooms=_free_rooms(wanted, rivals, taken),
        next_in_rooms=next_free(rooms) if rivals and rooms else [],
        next_starts=next_free(()) if rivals else [],
    )


def _rivals(taken: Sequence[Claim], resource_ids: Sequence[UUID]) -> list[Claim]:
    """Of each of these resources the first claim that is in the way."""
    firsts = {id_: next((claim for claim in taken if claim.resource_id == id_), None) for id_ in resource_ids}
    return [claim for claim in firsts.values() if claim]


def _conflict(claim: Claim, times: Times, provider: Provider, by: Member) -> Conflict:
    known = claims.may_know(claim, by)
    field = "start" if claim.resource_id == provider.resource_id else "resources"
    return Conflict(field, claim.resource, claim.ends_at, claims.in_the_way(claim, times, known=known), claim if known else None)


def _free_rooms(wanted: Sequence[Need], rivals: Sequence[Claim], taken: Sequence[Claim]) -> list[Resource]:
    """What would do in place of the rooms and devices that are taken."""
    busy, lost = {claim.resource_id for claim in taken}, {claim.resource_id for claim in rivals}
    instead = [need.fitting for need in wanted if lost & {room.pk for room in need.fitting}]
    return list(dict.fromkeys(room for fitting in instead for room in fitting if room.pk not in busy))


def _free_until(provider: Provider, starts_at: datetime, until_night: Sequence[Claim], hours: Sequence[Span]) -> datetime | None:
    """When the provider's next claim or the end of her hours comes; None where she is not free at the start, or nothing comes."""
    hers = [claim for claim in until_night if claim.resource_id == provider.resource_id]
    ends = [closes for opens, closes in hours if opens <= starts_at < closes]
    if any(claim.starts_at <= starts_at for claim in hers):
        return None
    return min([*(claim.starts_at for claim in hers), *ends], default=None)


def _warnings(clinic: Clinic, provider: Provider, span: Span, hours: Sequence[Span], at: datetime) -> list[Warned]:
    found = []
    if span[0] < at:
        found.append(Warned("past", _("That time is past. It is recorded afterwards, without a card.")))
    opening = open_hours(clinic, clinic.local_date(span[0]))
    if not opening:
        found.append(Warned("clinic_closed", _("%s is closed that day.") % clinic))
    elif not _inside(span, opening):
        words = {"where": clinic, "hours": _hours_in_words(opening, clinic)}
        found.append(Warned("clinic_closed", _("%(where)s is open %(hours)s.") % words))
    elif not hours:
        found.append(Warned("outside_hours", _("%(who)s does not work at %(where)s that day.") % {"who": provider, "where": clinic}))
    elif not _inside(span, hours):
        words = {"who": provider, "hours": _hours_in_words(hours, clinic)}
        found.append(Warned("outside_hours", _("%(who)s works %(hours)s that day.") % words))
    return found


def _inside(span: Span, hours: Sequence[Span]) -> bool:
    return any(opens <= span[0] and span[1] <= closes for opens, closes in hours)


def _hours_in_words(hours: Sequence[Span], clinic: Clinic) -> str:
    """9:00 AM–12:00 PM, 1:00 PM–6:00 PM"""
    return ", ".join(f"{clock_time(opens, clinic.zone)}–{clock_time(closes, clinic.zone)}" for opens, closes in hours)
