"""Who and what a visit can have: the providers who perform its services, the rooms and devices in which they can be done."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _

from kept.foundation.refusals import Refusal
from kept.practice.models import Clinic, Provider, ProviderClinic, Resource, Service, ServiceProvider, ServiceResource
from kept.scheduling.models import Appointment


class Times(NamedTuple):
    """When something is, or would be: a visit itself, and with its buffers around it. Of blocked time both are the same."""

    visit: tuple[datetime, datetime]
    busy: tuple[datetime, datetime]


class Visit(NamedTuple):
    """Services in a row: how long they last, and how long their providers and rooms are busy before and after. The buffers of the first
    and the last count (R16)."""

    service_ids: tuple[UUID, ...]
    before: timedelta
    lasts: timedelta
    after: timedelta

    @classmethod
    def of(cls, services: Sequence[Service]) -> "Visit":
        """Of one service at least, as they are offered."""
        return cls(
            tuple(service.pk for service in services),
            timedelta(minutes=services[0].buffer_before),
            timedelta(minutes=sum(service.minutes for service in services)),
            timedelta(minutes=services[-1].buffer_after),
        )

    @classmethod
    def booked(cls, appointment: Appointment) -> "Visit":
        """As it was booked, whatever its services take today."""
        start, end = appointment.starts_at, appointment.ends_at
        claim = appointment.claims.first()
        before, after = (start - claim.starts_at, claim.ends_at - end) if claim else (timedelta(0), timedelta(0))
        return cls(tuple(line.service_id for line in appointment.lines.all()), before, end - start, after)

    def busy(self, starts_at: datetime) -> tuple[datetime, datetime]:
        """The time to be claimed, buffers included."""
        return starts_at - self.before, starts_at + self.lasts + self.after

    def at(self, starts_at: datetime) -> Times:
        return Times((starts_at, starts_at + self.lasts), self.busy(starts_at))


class Need(NamedTuple):
    """One of these rooms or devices, by name: what one service asks of one kind."""

    kind: str
    fitting: tuple[Resource, ...]

    def preferring(self, own: Collection[Resource]) -> "Need":
        """The same, with those first."""
        return Need(self.kind, tuple(sorted(self.fitting, key=lambda resource: resource not in own)))


def check_provider(provider: Provider, clinic: Clinic, service_ids: Collection[UUID]) -> None:
    """Raises Refusal `invalid` unless she works at the clinic and performs each of the services."""
    if not provider.active or not ProviderClinic.objects.filter(provider=provider, clinic=clinic).exists():
        raise Refusal("invalid", _("%(who)s does not work at %(where)s.") % {"who": provider, "where": clinic}, field="provider")
    for service, able in _able(service_ids).items():
        if provider.pk not in able:
            raise Refusal("invalid", _("%(who)s does not perform %(what)s.") % {"who": provider, "what": service}, field="provider")


def performers(providers: Iterable[Provider], service_ids: Collection[UUID]) -> list[Provider]:
    """Those of them who perform each of the services."""
    able = _able(service_ids).values()
    return [provider for provider in providers if all(provider.pk in those for those in able)]


def _able(service_ids: Collection[UUID]) -> dict[str, set[UUID]]:
    """Who performs them, by the service's name; one that lists nobody is performed by everybody, and left out."""
    able: dict[str, set[UUID]] = {}
    for service, performer in ServiceProvider.objects.filter(service__in=service_ids).values_list("service__name", "provider_id"):
        able.setdefault(service, set()).add(performer)
    return able


def needs(clinic: Clinic, service_ids: Collection[UUID]) -> list[Need]:
    """What these services take of the clinic's rooms and devices: of each kind that a service lists there, one of those in use."""
    listed: dict[tuple[UUID, str], list[Resource]] = {}
    rows = ServiceResource.objects.filter(service__in=service_ids, resource__clinic=clinic).select_related("resource")
    for row in rows.order_by("service", "resource__name", "resource"):
        listed.setdefault((row.service_id, row.resource.kind), []).append(row.resource)
    return [Need(kind, tuple(each for each in candidates if each.active)) for (_service, kind), candidates in listed.items()]


def check_rooms(wanted: Sequence[Need], named: Iterable[Resource]) -> None:
    """Raises Refusal `invalid` for a room or device in which none of the services can be done, and where none that would do is in use."""
    for resource in named:
        if not any(resource in need.fitting for need in wanted):
            raise Refusal("invalid", _("These services can’t be done in %s.") % resource, field="resources")
    for need in wanted:
        if not need.fitting:
            words = _("room") if need.kind == Resource.Kind.ROOM else _("device")
            raise Refusal("invalid", _("No %s for these services is in use.") % words, field="resources")


def rooms_of(appointment: Appointment) -> list[Resource]:
    """The rooms and devices that it claims, or claimed while it stood on the book."""
    claims = appointment.claims.select_related("resource").order_by("resource__name", "resource")
    return [claim.resource for claim in claims if claim.resource.kind != Resource.Kind.PROVIDER]


def left_open(wanted: Sequence[Need], named: Sequence[Resource]) -> list[Need]:
    """The needs for which none of the named ones does."""
    return [need for need in wanted if not any(resource in need.fitting for resource in named)]


def pick(wanted: Sequence[Need], named: Sequence[Resource], busy: Collection[UUID]) -> list[Resource]:
    """The named ones, and for each need that these leave open the first that is free; the first of all where none is.

    One room that does for several services is taken before several.
    """
    found = list(named)
    while still_open := left_open(wanted, found):
        need = still_open[0]
        free = [resource for resource in need.fitting if resource.pk not in busy]
        alike = [other.fitting for other in still_open if other.kind == need.kind]
        for_all = [resource for resource in free if all(resource in fitting for fitting in alike)]
        found.append((for_all or free or need.fitting)[0])
    return found
