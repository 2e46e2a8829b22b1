"""What a practice offers: its clinics, providers, services, rooms and devices."""

from typing import TypeVar

from django.db.models import Model, QuerySet
from ninja import Query, Router

from kept.api.door import KeyRequest, also_websites
from kept.api.pages import Page, Paged, by_name
from kept.api.shapes.lists import ClinicShape, Offered, ProviderShape, ResourceShape, ServiceShape
from kept.practice import queries as practice
from kept.practice.models import Member
from kept.practice.rules import Right

router = Router(tags=["Practice"], auth=also_websites)
M = TypeVar("M", bound=Model)


def _out_of_use(found: QuerySet[M], member: Member) -> QuerySet[M]:
    """Those that are not in use, to whoever sees settings. Raises Refusal `not_permitted`."""
    member.must(Right.SEE_SETTINGS)
    return found.filter(active=False)


@router.get("/clinics", response=Page[ClinicShape])
def list_clinics(request: KeyRequest, asked: Query[Offered]) -> Page[ClinicShape]:
    """The clinics that the member was given, by name."""
    rows = practice.clinics(request.member) if asked.active else _out_of_use(practice.all_clinics(request.member), request.member)
    found = by_name(rows.prefetch_related("opening_hours"), "name", asked=asked)
    return Page[ClinicShape](items=[ClinicShape.of(clinic) for clinic in found.rows], next=found.next)


@router.get("/providers", response=Page[ProviderShape])
def list_providers(request: KeyRequest, asked: Query[Offered]) -> Page[ProviderShape]:
    """Providers at those clinics, by name; to a provider herself alone."""
    rows = practice.providers(request.member) if asked.active else _out_of_use(practice.all_providers(request.member), request.member)
    found = by_name(rows.prefetch_related("places", "schedules"), "name", asked=asked)
    return Page[ProviderShape](items=[ProviderShape.of(provider) for provider in found.rows], next=found.next)


@router.get("/services", response=Page[ServiceShape])
def list_services(request: KeyRequest, asked: Query[Offered]) -> Page[ServiceShape]:
    """What can be booked, by name."""
    rows = practice.services(request.member) if asked.active else _out_of_use(practice.all_services(request.member), request.member)
    found = by_name(rows.prefetch_related("performers", "resources"), "name", asked=asked)
    return Page[ServiceShape](items=[ServiceShape.of(service) for service in found.rows], next=found.next)


@router.get("/resources", response=Page[ResourceShape])
def list_resources(request: KeyRequest, asked: Query[Paged]) -> Page[ResourceShape]:
    """Rooms and devices in use at those clinics, by name."""
    found = by_name(practice.rooms(request.member).prefetch_related("services"), "name", asked=asked)
    return Page[ResourceShape](items=[ResourceShape.of(resource) for resource in found.rows], next=found.next)
