"""What a practice offers: its clinics, providers, services, rooms and devices."""

from ninja import Query, Router

from kept.api.door import KeyRequest, also_websites
from kept.api.pages import Page, Paged, by_name
from kept.api.shapes.lists import ClinicShape, ProviderShape, ResourceShape, ServiceShape
from kept.practice import queries as practice

router = Router(tags=["Practice"], auth=also_websites)


@router.get("/clinics", response=Page[ClinicShape])
def list_clinics(request: KeyRequest, asked: Query[Paged]) -> Page[ClinicShape]:
    """The clinics that the member was given, by name."""
    found = by_name(practice.clinics(request.member), "name", asked=asked)
    return Page[ClinicShape](items=[ClinicShape.of(clinic) for clinic in found.rows], next=found.next)


@router.get("/providers", response=Page[ProviderShape])
def list_providers(request: KeyRequest, asked: Query[Paged]) -> Page[ProviderShape]:
    """Providers at those clinics, by name; to a provider herself alone."""
    found = by_name(practice.providers(request.member).prefetch_related("places"), "name", asked=asked)
    return Page[ProviderShape](items=[ProviderShape.of(provider) for provider in found.rows], next=found.next)


@router.get("/services", response=Page[ServiceShape])
def list_services(request: KeyRequest, asked: Query[Paged]) -> Page[ServiceShape]:
    """What can be booked, by name."""
    found = by_name(practice.services(request.member), "name", asked=asked)
    return Page[ServiceShape](items=[ServiceShape.of(service) for service in found.rows], next=found.next)


@router.get("/resources", response=Page[ResourceShape])
def list_resources(request: KeyRequest, asked: Query[Paged]) -> Page[ResourceShape]:
    """Rooms and devices in use at those clinics, by name."""
    found = by_name(practice.rooms(request.member).prefetch_related("services"), "name", asked=asked)
    return Page[ResourceShape](items=[ResourceShape.of(resource) for resource in found.rows], next=found.next)
