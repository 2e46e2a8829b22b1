"""Clinics, providers, services and policies as the API says them."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from kept.api.shapes.fields import Amount, Named
from kept.policies.document import Document
from kept.policies.models import PolicyVersion
from kept.practice.models import Clinic, Provider, Resource, Service


class ClinicShape(BaseModel):
    """A location. Its IANA zone says what day it is; `opens` and `closes` are wall times there."""

    id: str
    name: str
    zone: str
    currency: str
    address: str
    phone: str
    opens: str
    closes: str

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
        )


class ProviderShape(BaseModel):
    """A bookable person, and the ids of the clinics she works at."""

    id: str
    name: str
    title: str
    clinics: list[str]

    @classmethod
    def of(cls, provider: Provider) -> "ProviderShape":
        clinics = sorted(str(place.clinic_id) for place in provider.places.all())
        return cls(id=str(provider.pk), name=provider.name, title=provider.title, clinics=clinics)


class ServiceShape(BaseModel):
    """What is booked. Duration and buffers in minutes; a buffer is busy time without the patient."""

    id: str
    name: str
    category: str
    minutes: int
    buffer_before: int
    buffer_after: int
    price: Amount

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
