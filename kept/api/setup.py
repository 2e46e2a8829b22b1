"""Setting up over the API: one clinic, provider or service, a new one, or one changed, by the same transitions as the pages of Settings."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from ninja import Body

from kept.api import find
from kept.api.door import KeyRequest, any_token
from kept.api.lists import router as router  # one address, one router: /clinics is listed there and added to here
from kept.api.problems import called
from kept.api.shapes.lists import ClinicShape, ProviderShape, ServiceShape
from kept.api.shapes.setup import (
    ClinicChanged,
    ClinicSent,
    OnlineChanged,
    OnlineShape,
    Place,
    ProviderChanged,
    ProviderSent,
    ServiceChanged,
    ServiceSent,
    week_of,
)
from kept.foundation import clock
from kept.practice import queries as practice
from kept.practice.models import Clinic, Member, Provider, Resource, Service
from kept.practice.rules import Right
from kept.practice.setting_up import clinics, offer, providers
from kept.practice.transitions import set_online
from kept.scheduling.transitions.clinics import change_clinic

M = TypeVar("M", bound=Model)


def _one(in_use: QuerySet[M], all_of_them: QuerySet[M], member: Member, id_: str) -> M:
    """What is not in use is there for whoever sees settings. Raises Http404."""
    return find.one(all_of_them if member.may(Right.SEE_SETTINGS) else in_use, id_)


@router.get("/clinics/{clinic_id}", response=ClinicShape, auth=any_token)
def get_clinic(request: KeyRequest, clinic_id: str) -> ClinicShape:
    """One clinic, with its week."""
    member = request.member
    return ClinicShape.of(_one(practice.clinics(member), practice.all_clinics(member), member, clinic_id))


@router.post("/clinics", response={201: ClinicShape}, auth=any_token)
def post_clinic(request: KeyRequest, body: Body[ClinicSent]) -> ClinicShape:
    """Add a clinic."""
    member, at = request.member, clock.now()
    given = body.model_dump(exclude={"hours", "zone"})
    with called(zone_name="zone"):
        clinic = clinics.add_clinic(**given, zone_name=body.zone, by=member, at=at)
    if body.hours:
        clinics.set_hours(clinic, week_of(body.hours), by=member, at=at)
    return ClinicShape.of(Clinic.objects.get(pk=clinic.pk))


@router.patch("/clinics/{clinic_id}", response=ClinicShape, auth=any_token)
def patch_clinic(request: KeyRequest, clinic_id: str, body: Body[ClinicChanged]) -> ClinicShape:
    """Change what is sent, and nothing else. Its zone and currency stay while appointments are booked ahead there."""
    member, at = request.member, clock.now()
    clinic = find.one(practice.all_clinics(member), clinic_id)
    kept = {name: getattr(clinic, name) for name in ("name", "zone_name", "currency", "address", "phone", "online", "active")}
    given = body.model_dump(exclude_unset=True, exclude={"hours"})
    if "zone" in given:
        given["zone_name"] = given.pop("zone")
    with called(zone_name="zone"):
        change_clinic(clinic, **(kept | given), by=member, at=at)
    if "hours" in body.model_fields_set:
        clinics.set_hours(clinic, week_of(body.hours), by=member, at=at)
    return ClinicShape.of(Clinic.objects.get(pk=clinic.pk))


@router.get("/providers/{provider_id}", response=ProviderShape, auth=any_token)
def get_provider(request: KeyRequest, provider_id: str) -> ProviderShape:
    """One provider, with her weeks; to a provider herself alone."""
    member = request.member
    return ProviderShape.of(_one(practice.providers(member), practice.all_providers(member), member, provider_id))


@router.post("/providers", response={201: ProviderShape}, auth=any_token)
def post_provider(request: KeyRequest, body: Body[ProviderSent]) -> ProviderShape:
    """Add a provider."""
    member, at = request.member, clock.now()
    places = find.several(practice.clinics(member), body.clinics)
    provider = providers.add_provider(name=body.name, title=body.title, clinics=places, by=member, at=at)
    _schedule(provider, body.schedules, member, at)
    return ProviderShape.of(Provider.objects.get(pk=provider.pk))


@router.patch("/providers/{provider_id}", response=ProviderShape, auth=any_token)
def patch_provider(request: KeyRequest, provider_id: str, body: Body[ProviderChanged]) -> ProviderShape:
    """Change what is sent, and nothing else. Clinics that the token may not see stay hers."""
    member, at = request.member, clock.now()
    provider = find.one(practice.all_providers(member), provider_id)
    mine = practice.all_clinics(member)
    places = list(provider.clinics.all())
    if "clinics" in body.model_fields_set:
        places = [*find.several(mine, body.clinics), *provider.clinics.exclude(pk__in=mine)]
    kept: dict[str, Any] = {"name": provider.name, "title": provider.title, "active": provider.active}
    given = body.model_dump(exclude_unset=True, include=set(kept))
    providers.change_provider(provider, **(kept | given), clinics=places, by=member, at=at)
    _schedule(provider, body.schedules, member, at)
    return ProviderShape.of(Provider.objects.get(pk=provider.pk))


def _schedule(provider: Provider, schedules: Sequence[Place], member: Member, at: datetime) -> None:
    """Her weeks at the clinics that are named. Raises Http404 for one where she does not work."""
    for clinic_id in dict.fromkeys(each.clinic for each in schedules):
        clinic = find.one(practice.all_clinics(member).filter(places__provider=provider), clinic_id)
        with called(**{f"day_{weekday}": "schedules" for weekday in range(7)}):
            providers.set_schedule(provider, clinic, week_of([each for each in schedules if each.clinic == clinic_id]), by=member, at=at)


@router.get("/services/{service_id}", response=ServiceShape, auth=any_token)
def get_service(request: KeyRequest, service_id: str) -> ServiceShape:
    """One service, with who performs it and what it takes."""
    member = request.member
    return ServiceShape.of(_one(practice.services(member), practice.all_services(member), member, service_id))


@router.post("/services", response={201: ServiceShape}, auth=any_token)
def post_service(request: KeyRequest, body: Body[ServiceSent]) -> ServiceShape:
    """Add a service."""
    member = request.member
    given = body.model_dump(exclude={"price", "performers", "resources"})
    who = find.several(practice.all_providers(member), body.performers)
    where = find.several(practice.all_rooms(member), body.resources)
    service = offer.save_service(None, **given, price=body.price.money, performers=who, resources=where, by=member, at=clock.now())
    return ServiceShape.of(service)


@router.patch("/services/{service_id}", response=ServiceShape, auth=any_token)
def patch_service(request: KeyRequest, service_id: str, body: Body[ServiceChanged]) -> ServiceShape:
    """Change what is sent, and nothing else. Performers and rooms that the token may not see stay."""
    member = request.member
    service = find.one(practice.all_services(member), service_id)
    kept: dict[str, Any] = {name: getattr(service, name) for name in ServiceChanged.model_fields if name not in ("performers", "resources")}
    given = body.model_dump(exclude_unset=True, exclude={"price", "performers", "resources"})
    if body.price:
        given["price"] = body.price.money
    people, rooms = practice.all_providers(member), practice.all_rooms(member)
    performers = list(Provider.objects.filter(performs__service=service))
    resources = list(Resource.objects.filter(services__service=service))
    if "performers" in body.model_fields_set:
        hidden = Provider.objects.filter(performs__service=service).exclude(pk__in=people)
        performers = [*find.several(people, body.performers), *hidden]
    if "resources" in body.model_fields_set:
        resources = [*find.several(rooms, body.resources), *Resource.objects.filter(services__service=service).exclude(pk__in=rooms)]
    changed: Service = offer.save_service(service, **(kept | given), performers=performers, resources=resources, by=member, at=clock.now())
    return ServiceShape.of(changed)


@router.get("/online-booking", response=OnlineShape, auth=any_token)
def get_online_booking(request: KeyRequest) -> OnlineShape:
    """What patients are offered online. Whether a clinic is booked online, it says itself: `online`."""
    request.member.must(Right.SEE_SETTINGS)
    return OnlineShape.of(request.member.practice.settings)


@router.patch("/online-booking", response=OnlineShape, auth=any_token)
def patch_online_booking(request: KeyRequest, body: Body[OnlineChanged]) -> OnlineShape:
    """Change what is sent, and nothing else."""
    member = request.member
    kept = OnlineShape.of(member.practice.settings).model_dump()
    return OnlineShape.of(set_online(**(kept | body.model_dump(exclude_unset=True)), by=member, at=clock.now()))
