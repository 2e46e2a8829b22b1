"""Patients, clinics, providers, services and policies as the API says them, and what their calls take."""

from datetime import datetime
from typing import Annotated, Literal

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

from kept.api.pages import Paged
from kept.api.shapes.appointments import AttendanceShape
from kept.api.shapes.fields import NO_NUL, Amount, CardShape, Name, Named, Sent
from kept.noshows.queries import Attendance
from kept.patients.models import Card, Patient
from kept.policies.models import PolicyVersion
from kept.practice.models import Clinic, Provider, Resource, Service


def _email(text: str) -> str:
    if text:
        try:
            validate_email(text)
        except ValidationError as wrong:
            raise PydanticCustomError("email", "Enter an e-mail address.") from wrong
    return text


class PatientsAsked(Paged):
    """Which patients."""

    q: Annotated[str, Field(max_length=100, pattern=NO_NUL)] = Field("", description="Words with which a name, e-mail or phone starts.")


class PatientSent(Sent):
    """A new patient. A first name is enough."""

    first_name: Name
    last_name: Name = ""
    email: Annotated[str, Field(max_length=254, pattern=NO_NUL), AfterValidator(_email)] = ""
    phone: Annotated[str, Field(max_length=30, pattern=NO_NUL)] = ""


class PatientLine(BaseModel):
    """A patient, and how to reach her."""

    id: str
    name: str
    first_name: str
    last_name: str
    email: str
    phone: str

    @classmethod
    def of(cls, patient: Patient) -> "PatientLine":
        return cls(
            id=str(patient.pk),
            name=patient.name,
            first_name=patient.first_name,
            last_name=patient.last_name,
            email=patient.email,
            phone=patient.phone,
        )


class PatientShape(PatientLine):
    """A patient, with facts on attendance."""

    attendance: AttendanceShape
    created_at: datetime

    @classmethod
    def whole(cls, patient: Patient, facts: Attendance | None) -> "PatientShape":
        return cls(**dict(PatientLine.of(patient)), attendance=AttendanceShape.of(facts), created_at=patient.created_at)


class CardOnFile(CardShape):
    """A card the patient gave. `blocked`: her bank will not take it again; `gone`: withdrawn at the gateway."""

    id: str
    state: str
    given_at: datetime

    @classmethod
    def of(cls, card: Card) -> "CardOnFile":
        return cls(
            id=str(card.pk),
            state=card.state,
            given_at=card.given_at,
            brand=card.brand,
            last4=card.last4,
            exp_month=card.exp_month,
            exp_year=card.exp_year,
        )


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
    """A published version, which never changes. Cancelling is free until `window_hours` before the start, and for `free_hours` after it
    was accepted; `late_minutes` after the start a patient counts as missed."""

    id: str
    number: int
    description: str
    authorization_text: str
    fee: Amount
    window_hours: int
    free_hours: int
    late_minutes: int
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
            fee=Amount.of(version.fee),
            window_hours=version.window_hours,
            free_hours=version.free_hours,
            late_minutes=version.late_minutes,
            published_at=version.published_at,
            published_by=Named.of(version.published_by),
            what_changed=version.what_changed,
        )


class PolicyShape(BaseModel):
    """The cancellation policy: whether fees are on, the version in use for new bookings, and all that were published, newest first."""

    fees_on: bool
    current: PolicyVersionShape | None
    versions: list[PolicyVersionShape]
