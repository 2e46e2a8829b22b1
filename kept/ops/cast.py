"""The people of demo and tests: two practices, made once and alike, so that the clinic you click through is the clinic you test."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.hashers import make_password

import kept.patients.transitions as patients
import kept.policies.transitions as policies
from kept.foundation import vault
from kept.foundation.scope import scope
from kept.ops.opening import open_practice
from kept.ops.people import PLANS
from kept.ops.plans import Person, PracticePlan, ProviderPlan, ServicePlan, email_of
from kept.patients.models import Patient
from kept.policies.document import flat
from kept.practice.models import (
    Clinic,
    GatewayAccount,
    Member,
    MemberClinic,
    Practice,
    Provider,
    ProviderClinic,
    Resource,
    Schedule,
    Service,
    ServiceProvider,
    ServiceResource,
    Settings,
    User,
)
from kept.practice.rules import Role

PASSWORD = "kept-every-appointment"


@dataclass(frozen=True, slots=True)
class House:
    """One practice of the cast, read inside its scope: people and things by name, patients in the order in which they were added."""

    plan: PracticePlan
    practice: Practice
    clinics: dict[str, Clinic]
    providers: dict[str, Provider]
    services: dict[str, Service]
    members: dict[Role, Member]
    limited: Member | None
    patients: list[Patient]


def open_all(*, at: datetime) -> None:
    """Both practices, opened at that instant; the last version of Juniper's policy comes 60 days later. Opens its own scopes."""
    encoded = make_password(PASSWORD)  # slow on purpose, so once for all
    for plan in PLANS:
        _open(plan, encoded, at=at)


def house(plan: PracticePlan, *, size: int | None = None) -> House:
    """A practice of the cast as it is now, with so many of its patients: the named ones alone unless it is said. Call it inside the
    practice's scope."""
    seats = list(Member.objects.select_related("practice", "provider", "user").order_by("id"))
    return House(
        plan=plan,
        practice=Practice.objects.get(slug=plan.slug),
        clinics={clinic.name: clinic for clinic in Clinic.objects.order_by("id")},
        providers={provider.name: provider for provider in Provider.objects.order_by("id")},
        services={service.name: service for service in Service.objects.order_by("id")},
        members={Role(seat.role): seat for seat in seats if seat.name == plan.members[Role(seat.role)]},
        limited=next((seat for seat in seats if plan.limited and seat.name == plan.limited.name), None),
        patients=list(Patient.objects.order_by("created_at", "id")[: size or len(plan.patients)]),
    )


def _open(plan: PracticePlan, encoded: str, *, at: datetime) -> None:
    first = plan.clinics[0]
    practice_id = open_practice(
        slug=plan.slug,
        name=plan.name,
        currency=plan.currency,
        clinic=first.name,
        zone=first.zone,
        owner_name=plan.members[Role.OWNER],
        owner_email=plan.email(Role.OWNER),
        at=at,
    )
    with scope(practice_id, actor="command:seed", source="command"):
        Settings.objects.update(breathing_space_minutes=plan.breathing_minutes)
        _furnish(practice_id, plan)
        _seat(practice_id, plan, encoded)
        owner = Member.objects.select_related("practice").get(role=Role.OWNER)
        _publish(plan, by=owner, at=at)
        add_patients(plan.named, by=owner, opened_at=at)


def _furnish(practice_id: UUID, plan: PracticePlan) -> None:
    """Clinics with rooms and devices, providers with their weeks, services, and the account at the gateway."""
    for place in plan.clinics:
        Clinic.objects.update_or_create(
            practice_id=practice_id,
            name=place.name,
            defaults={
                "zone_name": place.zone,
                "currency": plan.currency,
                "address": place.address,
                "phone": place.phone,
                "opens_at": plan.opens_at,
                "closes_at": plan.closes_at,
            },
        )
    clinics = {clinic.name: clinic for clinic in Clinic.objects.all()}
    for place in plan.clinics:
        kinds = [*((name, Resource.Kind.ROOM) for name in place.rooms), *((name, Resource.Kind.DEVICE) for name in place.devices)]
        for name, kind in kinds:
            Resource.objects.create(practice_id=practice_id, kind=kind, name=name, clinic=clinics[place.name])
    for person in plan.providers:
        _employ(practice_id, plan, person, clinics)
    for offer in plan.services:
        _offer(practice_id, plan, offer)
    GatewayAccount.objects.create(
        practice_id=practice_id, secret_key_box=vault.seal(plan.gateway_key), webhook_secret_box=vault.seal(plan.webhook_secret)
    )


def _employ(practice_id: UUID, plan: PracticePlan, person: ProviderPlan, clinics: dict[str, Clinic]) -> None:
    resource = Resource.objects.create(practice_id=practice_id, kind=Resource.Kind.PROVIDER, name=person.name)
    provider = Provider.objects.create(practice_id=practice_id, name=person.name, title=person.title, resource=resource)
    ProviderClinic.objects.bulk_create(
        ProviderClinic(practice_id=practice_id, provider=provider, clinic=clinics[name]) for name in person.clinics
    )
    Schedule.objects.bulk_create(
        Schedule(
            practice_id=practice_id,
            provider=provider,
            clinic=clinics[place],
            weekday=weekday,
            opens_at=opens_at,
            closes_at=closes_at,
        )
        for weekday in range(7)
        if (place := person.clinic_on(weekday))
        for opens_at, closes_at in plan.spans(person)
    )


def _offer(practice_id: UUID, plan: PracticePlan, offer: ServicePlan) -> None:
    """A service, with the providers who perform it and the rooms and devices in which it can be done."""
    service = Service.objects.create(
        practice_id=practice_id,
        name=offer.name,
        category=offer.category,
        minutes=offer.minutes,
        buffer_before=offer.before,
        buffer_after=offer.after,
        price_minor=offer.price,
        currency=plan.currency,
    )
    performers = Provider.objects.filter(name__in=[person.name for person in plan.providers if person.does(offer)])
    ServiceProvider.objects.bulk_create(
        ServiceProvider(practice_id=practice_id, service=service, provider=provider) for provider in performers
    )
    ServiceResource.objects.bulk_create(
        ServiceResource(practice_id=practice_id, service=service, resource=resource)
        for resource in Resource.objects.filter(name__in=offer.takes)
    )


def _seat(practice_id: UUID, plan: PracticePlan, encoded: str) -> None:
    """A member for each role, and the one who is limited to a clinic; all with the sample's password."""
    User.objects.filter(email=plan.email(Role.OWNER)).update(password=encoded)
    for role, name in plan.members.items():
        if role != Role.OWNER:
            provider = Provider.objects.get(name=name) if role == Role.PROVIDER else None
            _member(practice_id, name, role, encoded, provider)
    if limited := plan.limited:
        member = _member(practice_id, limited.name, limited.role, encoded)
        MemberClinic.objects.create(practice_id=practice_id, member=member, clinic=Clinic.objects.get(name=limited.clinic))


def _member(practice_id: UUID, name: str, role: Role, encoded: str, provider: Provider | None = None) -> Member:
    user = User.objects.create(email=email_of(name), password=encoded)
    return Member.objects.create(practice_id=practice_id, user=user, name=name, role=role, provider=provider)


def _publish(plan: PracticePlan, *, by: Member, at: datetime) -> None:
    """Every version on its day; fees are on from the first."""
    for version in plan.versions:
        policies.publish(
            description=plan.description,
            authorization_text=plan.authorization,
            terms=flat(version.fee),
            currency=plan.currency,
            what_changed=version.what_changed,
            by=by,
            at=at + timedelta(days=version.after_days),
        )
    policies.switch_fees(on=True, by=by, at=at)


def add_patients(persons: Iterable[Person], *, by: Member, opened_at: datetime) -> None:
    """Each as long after the opening as she was added. Call it inside the practice's scope."""
    for person in persons:
        patients.add_patient(
            first_name=person.first_name,
            last_name=person.last_name,
            email=person.email,
            phone=person.phone,
            birth_date=person.birth_date,
            alert=person.alert,
            by=by,
            at=opened_at + person.added_after,
        )
