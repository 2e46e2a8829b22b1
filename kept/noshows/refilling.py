"""Whether the time of a visit that was missed, or cancelled late, was booked again (R7c)."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from kept.noshows.offers import costs
from kept.practice.models import Resource
from kept.scheduling.models import LONGEST, Appointment, Claim


def filled_by(appointments: Sequence[Appointment]) -> dict[UUID, Appointment]:
    """Of visits missed, or cancelled late, at least half of whose time with the provider other visits have taken since: the first of
    these, by the missed one's id. Whoever has lane 0 of a time that was freed took it afterwards: before, the exclusion constraint kept it.
    Two queries."""
    missed = {each.pk: each for each in appointments if costs(each)}
    held = Claim.objects.filter(appointment__in=missed, live=False, lane=0, resource__kind=Resource.Kind.PROVIDER)
    resources = dict(held.values_list("appointment", "resource"))
    if not resources:
        return {}
    first, last = min(each.starts_at for each in missed.values()), max(each.ends_at for each in missed.values())
    rivals = Claim.objects.filter(
        resource__in=set(resources.values()),
        appointment__isnull=False,
        live=True,
        lane=0,
        starts_at__lt=last,
        ends_at__gt=first,
        ends_at__lt=last + LONGEST,
    ).select_related("appointment__clinic")
    taken: dict[UUID, list[Appointment]] = defaultdict(list)
    for claim in rivals.order_by("starts_at", "id"):
        if claim.appointment:
            taken[claim.resource_id].append(claim.appointment)
    found = {}
    for pk, visit in missed.items():
        others = [rival for rival in taken.get(resources.get(pk, pk), []) if _shared(visit, rival) > timedelta(0)]
        if sum((_shared(visit, rival) for rival in others), timedelta(0)) * 2 >= visit.ends_at - visit.starts_at and others:
            found[pk] = others[0]
    return found


def _shared(visit: Appointment, rival: Appointment) -> timedelta:
    return min(visit.ends_at, rival.ends_at) - max(visit.starts_at, rival.starts_at)
