"""Reading the practice: seats, clinics, providers and services a member may see."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from kept.practice.models import (
    ApiKey,
    Clinic,
    Member,
    OpeningHours,
    Practice,
    Provider,
    ProviderClinic,
    Resource,
    ScheduleException,
    Service,
    User,
)
from kept.practice.rules import Role

NIL = UUID(int=0)


def seats(user: User) -> Sequence[Member]:
    """Where a user may sit down, over all practices. The one look-up that reads before a practice is known: its transaction says
    the nil practice, in which every other table is empty, and ends at once."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select set_config('app.user', %s, true), set_config('app.practice', %s, true)", [str(user.pk), str(NIL)])
        found = list(Member.objects.filter(user=user, active=True).select_related("practice").order_by("practice__name", "id"))
        cursor.execute("select set_config('app.user', '', true), set_config('app.practice', '', true)")
    return found


def sits_elsewhere(member: Member) -> bool:
    """Whether her account has a seat in another practice too, and so is not this one's alone to change. Inside the member's scope."""
    with connection.cursor() as cursor:
        cursor.execute("select set_config('app.user', %s, true)", [str(member.user_id)])
        found = Member.objects.filter(user=member.user_id, active=True).exclude(practice=member.practice_id).exists()
        cursor.execute("select set_config('app.user', '', true)")
    return found


def practice_by_slug(slug: str) -> Practice | None:
    return Practice.objects.filter(slug=slug).first()


def any_practice() -> bool:
    """Whether one was opened at all. Read before anybody signs in."""
    return Practice.objects.exists()


def bookable(member: Member) -> bool:
    """Whether there is somebody to book with and something to book."""
    return providers(member).exists() and services(member).exists()


def clinics(member: Member) -> QuerySet[Clinic]:
    """The clinics she was given, by name."""
    found = Clinic.objects.filter(practice=member.practice_id, active=True)
    return (found.filter(id__in=member.clinic_limits) if member.clinic_limits else found).order_by("name", "id")


def providers(member: Member, clinic: Clinic | None = None, *, also: Iterable[UUID] = ()) -> QuerySet[Provider]:
    """Providers who work at her clinics, or at that one; to a provider herself alone. `also`: and these, who may have left."""
    works = Q(active=True)
    if clinic:
        works &= Q(places__clinic=clinic)
    elif member.clinic_limits:
        works &= Q(places__clinic__in=member.clinic_limits)
    left = list(also)
    found = Provider.objects.filter(works | Q(pk__in=left) if left else works, practice=member.practice_id)
    if member.role == Role.PROVIDER:
        found = found.filter(id=member.provider_id or NIL)
    return found.distinct().order_by("name", "id")


def services(member: Member) -> QuerySet[Service]:
    return Service.objects.filter(practice=member.practice_id, active=True).order_by("name", "id")


def rooms(member: Member) -> QuerySet[Resource]:
    """Rooms and devices in use at her clinics."""
    found = Resource.objects.filter(practice=member.practice_id, active=True, clinic__in=member.given_clinics)
    return found.select_related("clinic").order_by("name", "id")


def all_clinics(member: Member) -> QuerySet[Clinic]:
    """Those she was given, in use first, then those that are not."""
    found = Clinic.objects.filter(practice=member.practice_id)
    return (found.filter(id__in=member.clinic_limits) if member.clinic_limits else found).order_by("-active", "name", "id")


def all_providers(member: Member) -> QuerySet[Provider]:
    """Who works, or worked, at her clinics; in use first."""
    found = Provider.objects.filter(practice=member.practice_id)
    if member.clinic_limits:
        found = found.filter(pk__in=ProviderClinic.objects.filter(clinic__in=member.clinic_limits).values("provider"))
    return found.order_by("-active", "name", "id")


def special_days(member: Member) -> QuerySet[OpeningHours]:
    """Dates that differ from their weekdays at those clinics, earliest first."""
    found = OpeningHours.objects.filter(on__isnull=False, clinic__in=all_clinics(member).values("id"))
    return found.select_related("clinic").order_by("on", "id")


def exceptions(member: Member) -> QuerySet[ScheduleException]:
    """Days of those providers that differ from their weeks, at her clinics, earliest first."""
    found = ScheduleException.objects.filter(provider__in=all_providers(member).values("id"))
    if member.clinic_limits:
        found = found.filter(Q(clinic=None) | Q(clinic__in=member.clinic_limits))
    return found.select_related("provider", "clinic").order_by("first_on", "id")


def all_services(member: Member) -> QuerySet[Service]:
    """By category; in use first."""
    return Service.objects.filter(practice=member.practice_id).order_by("-active", "category", "name", "id")


def all_rooms(member: Member) -> QuerySet[Resource]:
    """Rooms and devices of her clinics, in use first."""
    found = Resource.objects.filter(practice=member.practice_id, clinic__in=all_clinics(member).values("id"))
    return found.select_related("clinic").order_by("-active", "clinic__name", "name", "id")


def all_members(member: Member) -> QuerySet[Member]:
    """Seats of the practice, those in use first."""
    return Member.objects.filter(practice=member.practice_id).select_related("user", "provider").order_by("-active", "name", "id")


def tokens(practice_id: Any) -> QuerySet[ApiKey]:
    """Tokens of the API with their members and last uses, the newest first."""
    return ApiKey.objects.filter(practice=practice_id).select_related("member").prefetch_related("uses").order_by("-created_at", "-id")


def own(member: Member) -> Q:
    """The appointments and invoices a member may see: in her clinics; for a provider, hers (R24)."""
    visible = Q(practice=member.practice_id)
    if member.clinic_limits:
        visible &= Q(clinic__in=member.clinic_limits)
    if member.role == Role.PROVIDER:
        visible &= Q(provider=member.provider_id)
    return visible


def open_days(clinic: Clinic) -> Callable[[date], bool]:
    """Says whether the clinic is open on a local day: by its date where that has hours or is closed, else by its weekday. Asks the database
    once, and only when a day is asked for."""

    @cache
    def hours() -> list[OpeningHours]:
        return list(OpeningHours.objects.filter(clinic=clinic))

    def is_open(on: date) -> bool:
        of_the_date = [row for row in hours() if row.on == on]
        if of_the_date:
            return any(row.opens_at for row in of_the_date)
        week = [row.weekday for row in hours() if row.weekday is not None]
        return not week or on.weekday() in week

    return is_open
