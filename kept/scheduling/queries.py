"""Reading the book: one appointment, a day, the lines of a period, free times."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet
from django.http import Http404

from kept.foundation import clock
from kept.policies.models import Acceptance
from kept.policies.queries import with_earlier
from kept.practice import queries as practice
from kept.practice.models import Clinic, Member, Resource
from kept.practice.rules import Role
from kept.scheduling.models import LONGEST, ON_THE_BOOK, Appointment, Block, Claim, Status


def appointment_or_404(member: Member, appointment_id: UUID) -> Appointment:
    """The one door to an appointment: in her practice and clinics; for a provider, hers. Another's is simply not found (R24)."""
    found = Appointment.objects.filter(practice.own(member), pk=appointment_id)
    appointment = found.select_related(
        *("practice", "patient", "provider", "clinic", "status_by"),
        *("acceptance__card", "acceptance__version", "agreement__version"),
    ).first()
    if appointment is None:
        raise Http404
    return appointment


def visible(member: Member) -> QuerySet[Appointment]:
    """All she may see, with what a line of a list shows."""
    return Appointment.objects.filter(practice.own(member)).select_related("patient", "provider", "clinic", "acceptance__card")


def in_days(first: date | None, last: date | None, clinics: Iterable[Clinic], *, through: str = "") -> Q:
    """Appointments that start on those local days, each clinic by its own zone; None leaves that side open. `through` is the path to
    them, as in "appointment__"."""
    by_zone: dict[ZoneInfo, list[Clinic]] = {}
    for clinic in clinics:
        by_zone.setdefault(clinic.zone, []).append(clinic)
    starts = {zone: clock.day(first, zone)[0] for zone in by_zone} if first else {}
    ends = {zone: clock.day(last, zone)[1] for zone in by_zone} if last else {}

    def between(start: datetime | None, end: datetime | None) -> Q:
        bounds = {f"{through}starts_at__gte": start, f"{through}starts_at__lt": end}
        return Q(**{name: bound for name, bound in bounds.items() if bound})

    found = Q(pk__in=[])
    for zone, same in by_zone.items():
        found |= Q(**{f"{through}clinic__in": [clinic.pk for clinic in same]}) & between(starts.get(zone), ends.get(zone))
    if len(by_zone) > 1:  # an index goes by one span around them all
        found &= between(min(starts.values(), default=None), max(ends.values(), default=None))
    return found


def day_book(member: Member, clinic: Clinic, on: date) -> QuerySet[Appointment]:
    """What stands on the book of one clinic that day: booked, arrived and completed, by start."""
    start, end = clock.day(on, clinic.zone)
    found = visible(member).filter(clinic=clinic, starts_at__gte=start, starts_at__lt=end, status__in=ON_THE_BOOK)
    return found.prefetch_related("lines").order_by("starts_at", "id")


def blocks(member: Member) -> QuerySet[Block]:
    """Blocked time at her clinics, lifted or not; to a provider her own. Each with the provider whose it is, if one's."""
    found = Block.objects.filter(practice=member.practice_id, clinic__in=member.given_clinics)
    if member.role == Role.PROVIDER:
        found = found.filter(resource__providers=member.provider_id or practice.NIL)
    return found.select_related("resource", "clinic", "by").prefetch_related("resource__providers")


def blocks_over(member: Member, first: date, last: date, clinics: Iterable[Clinic]) -> QuerySet[Block]:
    """What is blocked at those clinics in some part of those days, each clinic's by its own zone; not what was lifted."""
    over = Q(pk__in=[])
    for clinic in clinics:
        start, end = clock.day(first, clinic.zone)[0], clock.day(last, clinic.zone)[1]
        over |= Q(clinic=clinic, starts_at__lt=end, starts_at__gt=start - LONGEST, ends_at__gt=start)
    return blocks(member).filter(over, lifted_at=None)


def blocks_of_day(member: Member, clinic: Clinic, on: date) -> QuerySet[Block]:
    """What is blocked at the clinic in some part of that day, by start."""
    return blocks_over(member, on, on, [clinic]).order_by("starts_at", "id")


def rooms_held(appointment_ids: Iterable[UUID]) -> dict[UUID, list[str]]:
    """The rooms and devices that each of these appointments holds, by name."""
    held = Claim.objects.filter(appointment__in=list(appointment_ids)).exclude(resource__kind=Resource.Kind.PROVIDER)
    found: dict[UUID, list[str]] = {}
    for appointment_id, name in held.order_by("resource__name", "id").values_list("appointment_id", "resource__name"):
        found.setdefault(appointment_id, []).append(name)
    return found


def last_and_next(member: Member, patient_ids: Iterable[Any], *, at: datetime) -> tuple[dict[Any, Appointment], dict[Any, Appointment]]:
    """By patient: the visit she came to last, and the next that is booked. Those the member may see."""
    found = Appointment.objects.filter(practice.own(member), patient__in=list(patient_ids)).select_related("clinic")
    came = found.filter(status__in=[Status.ARRIVED, Status.FULFILLED], starts_at__lte=at)
    comes = found.filter(status=Status.BOOKED, ends_at__gt=at)
    last = came.order_by("patient", "-starts_at", "-id").distinct("patient")
    following = comes.order_by("patient", "starts_at", "id").distinct("patient")
    return {each.patient_id: each for each in last}, {each.patient_id: each for each in following}


def relying_on(card_ids: Iterable[Any]) -> QuerySet[Appointment]:
    """Booked appointments whose fee those cards would pay, by start; wherever they are booked."""
    found = Appointment.objects.filter(acceptance__card__in=list(card_ids), status=Status.BOOKED)
    return found.select_related("clinic", "acceptance__version").order_by("starts_at", "id")


def accepted_for(appointment: Appointment) -> list[Acceptance]:
    """All that its patient accepted for it, what counts first, then newest first: those that came with a card, and the one that asked
    for none."""
    found = with_earlier(appointment.acceptance) if appointment.acceptance else []
    return found + ([appointment.agreement] if appointment.agreement else [])


@dataclass(frozen=True, slots=True)
class UnderVersion:
    """How many appointments were accepted under a version of the policy: booked and still to come, and all others."""

    ahead: int
    past: int


def booked_under(member: Member, *, at: datetime) -> dict[UUID, UnderVersion]:
    """Of her clinics, by version. In one query."""
    ahead = Q(status=Status.BOOKED, starts_at__gt=at)
    found = Appointment.objects.filter(practice.own(member), acceptance__isnull=False).values("acceptance__version").order_by()
    counted = found.annotate(ahead=Count("pk", filter=ahead), past=Count("pk", filter=~ahead))
    return {line["acceptance__version"]: UnderVersion(line["ahead"], line["past"]) for line in counted}
