"""Clinics, providers, services and policies as the API says them."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from kept.api.pages import Paged
from kept.api.shapes.fields import Amount, Named
from kept.api.shapes.setup import HoursShape
from kept.policies.document import Document
from kept.policies.models import PolicyVersion
from kept.practice.models import Clinic, Provider, Resource, Service


class Offered(Paged):
    """A page of what is in use; of what is not, with `active=false`."""

    active: bool = True


class ClinicShape(BaseModel):
    """A location. Its IANA zone says what day it is; `opens` and `closes` are the bounds of its week, in wall time there. `online`:
    patients may book here by themselves."""

    id: str
    name: str
    zone: str
    currency: str
    address: str
    phone: str
    opens: str
    closes: str
    hours: list[HoursShape]
    online: bool
    active: bool

    @classmethod
    def of(cls, clinic: Clinic) -> "ClinicShape":
        return cls(
            id=str(clinic.pk),
            name=clinic.name,
            zone=clinic.zone_name,
            currency=clinic.currency,
            address=clinic.address,
            phone=clinic.phone,
            opens=f"{clinic.opens_at:%H:%M}",
            closes=f"{clinic.closes_at:%H:%M}",
            hours=HoursShape.week(list(clinic.opening_hours.all()), (clinic.opens_at, clinic.closes_at)),
            online=clinic.online,
            active=clinic.active,
        )


class ScheduleShape(HoursShape):
    """Her hours on a weekday at one of her clinics."""

    clinic: str


class ProviderShape(BaseModel):
    """A bookable person, the ids of the clinics she works at, and her weeks there; without one she works all of the clinic's hours."""

    id: str
    name: str
    title: str
    clinics: list[str]
    schedules: list[ScheduleShape]
    active: bool

    @classmethod
    def of(cls, provider: Provider) -> "ProviderShape":
        clinics = sorted(str(place.clinic_id) for place in provider.places.all())
        rows = list(provider.schedules.all())
        return cls(
            id=str(provider.pk),
            name=provider.name,
            title=provider.title,
            clinics=clinics,
            schedules=[
                ScheduleShape(clinic=clinic, **dict(hours))
                for clinic in clinics
                for hours in HoursShape.week([row for row in rows if str(row.clinic_id) == clinic])
            ],
            active=provider.active,
        )


class ServiceShape(BaseModel):
    """What is booked. Duration and buffers in minutes; a buffer is busy time without the patient. `performers` are ids of providers, none
    where everybody performs it; `resources` of rooms and devices; `online`: patients may book it by themselves."""

    id: str
    name: str
    category: str
    minutes: int
    buffer_before: int
    buffer_after: int
    price: Amount
    zones: int
    performers: list[str]
    resources: list[str]
    online: bool
    active: bool

    @classmethod
    def of(cls, service: Service) -> "ServiceShape":
        return cls(
            id=str(service.pk),
            name=service.name,
            category=service.category,
            minutes=service.minutes,
            buffer_before=service.buffer_before,
            buffer_after=service.buffer_after,
            price=Amount.of(service.price),
            zones=service.zones,
            performers=sorted(str(each.provider_id) for each in service.performers.all()),
            resources=sorted(str(each.resource_id) for each in service.resources.all()),
            online=service.online,
            active=service.active,
        )


class ResourceShape(BaseModel):
    """A room or device, and the ids of the services that take it, or another of its kind that they name."""

    id: str
    name: str
    kind: Literal["room", "device"]
    clinic: Named
    services: list[str]

    @classmethod
    def of(cls, resource: Resource) -> "ResourceShape":
        return cls.model_validate(
            {
                "id": str(resource.pk),
                "name": resource.name,
                "kind": resource.kind,
                "clinic": Named.of(resource.clinic),
                "services": sorted(str(listed.service_id) for listed in resource.services.all()),
            }
        )


class PolicyVersionShape(BaseModel):
    """A published version, which never changes: its texts, and as `terms` its rows, amounts in minor units of `currency`. Cancelling is
    free for `free_hours` after it was accepted; `late_minutes` after the start a patient counts as missed."""

    id: str
    number: int
    description: str
    authorization_text: str
    currency: str
    terms: Document
    published_at: datetime
    published_by: Named
    what_changed: str

    @classmethod
    def of(cls, version: PolicyVersion) -> "PolicyVersionShape":
        return cls(
            id=str(version.pk),
            number=version.number,
            description=version.description,
            authorization_text=version.authorization_text,
            currency=version.currency,
            terms=version.terms,
            published_at=version.published_at,
            published_by=Named.of(version.published_by),
            what_changed=version.what_changed,
        )


class PolicyShape(BaseModel):
    """The cancellation policy: whether fees are on, the version in use for new bookings, and all that were published, newest first."""

    fees_on: bool
    current: PolicyVersionShape | None
    versions: list[PolicyVersionShape]
