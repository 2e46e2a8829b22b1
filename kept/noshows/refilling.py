"""Whether the time of a visit that was missed, or cancelled late, or that a late move left, was booked again (R7c)."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db.models import Max

from kept.events.models import Event
from kept.noshows.models import Fee
from kept.noshows.offers import costs
from kept.practice.models import Resource
from kept.scheduling.models import LONGEST, Appointment, Claim

TAKES_TIME = ("appointment.booked", "appointment.moved", "appointment.restored")


class Left(NamedTuple):
    """The provider's time that a visit was moved away from, and when."""

    resource: UUID
    starts_at: datetime
    ends_at: datetime
    at: datetime


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
        if _half(visit, others):
            found[pk] = others[0]
    return found


def left_filled(appointment: Appointment, fee: Fee) -> Appointment | None:
    """Of the fee of a late move: the first of the other visits that have at least half of the time that it left, and took it since. A
    double booking that stood before is none. Four queries."""
    left = _left(appointment, fee.booking_no)
    if left is None:
        return None
    claims = Claim.objects.over([left.resource], left.starts_at, left.ends_at).filter(lane=0, appointment__isnull=False)
    held = claims.exclude(appointment=appointment).select_related("appointment__clinic").order_by("starts_at", "id")
    rivals = [claim.appointment for claim in held if claim.appointment]
    taken = Event.objects.filter(subject_id__in=[rival.pk for rival in rivals], kind__in=TAKES_TIME).order_by()
    taken_at = dict(taken.values_list("subject_id").annotate(Max("at")))
    since = [rival for rival in rivals if taken_at.get(rival.pk, rival.booked_at) >= left.at and _shared(left, rival) > timedelta(0)]
    return since[0] if _half(left, since) else None


def _left(appointment: Appointment, booking_no: int) -> Left | None:
    past = appointment.history.filter(booking_no=booking_no).order_by("pgh_id")  # type: ignore[attr-defined]  # made by @remembered
    last = past.values_list("provider__resource", "starts_at", "ends_at").last()
    if last is None:
        return None
    resource, starts_at, ends_at = last
    moves = Event.objects.filter(subject_id=appointment.pk, kind="appointment.moved", particulars__before__start=starts_at.isoformat())
    move = moves.order_by("at", "id").last()
    return Left(resource, starts_at, ends_at, move.at) if move else None


def _half(visit: Appointment | Left, others: Sequence[Appointment]) -> bool:
    shared = sum((_shared(visit, rival) for rival in others), timedelta(0))
    return bool(others) and shared * 2 >= visit.ends_at - visit.starts_at


def _shared(visit: Appointment | Left, rival: Appointment) -> timedelta:
    return min(visit.ends_at, rival.ends_at) - max(visit.starts_at, rival.starts_at)
