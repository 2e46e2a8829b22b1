"""Who and what a visit can have: the providers who perform its services, the rooms and devices in which they can be done."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _

from kept.foundation.refusals import Refusal
from kept.practice.models import Clinic, Provider, ProviderClinic, Resource, ServiceProvider, ServiceResource


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
    performers: dict[str, set[UUID]] = {}
    for service, performer in ServiceProvider.objects.filter(service__in=service_ids).values_list("service__name", "provider_id"):
        performers.setdefault(service, set()).add(performer)
    for service, able in performers.items():
        if provider.pk not in able:
            raise Refusal("invalid", _("%(who)s does not perform %(what)s.") % {"who": provider, "what": service}, field="provider")


def needs(clinic: Clinic, service_ids: Collection[UUID]) -> list[Need]:
    """What these services take of the clinic's rooms and devices: of each kind that a service lists there, one.

    Raises Refusal `invalid` where all that would do are out of use.
    """
    listed: dict[tuple[UUID, str], list[Resource]] = {}
    rows = ServiceResource.objects.filter(service__in=service_ids, resource__clinic=clinic).select_related("resource")
    for row in rows.order_by("service", "resource__name", "resource"):
        listed.setdefault((row.service_id, row.resource.kind), []).append(row.resource)
    for candidates in listed.values():
        if not any(resource.active for resource in candidates):
            raise Refusal("invalid", _("%s is out of use.") % candidates[0], field="resources")
    return [Need(kind, tuple(each for each in candidates if each.active)) for (_service, kind), candidates in listed.items()]


def check_named(named: Iterable[Resource], wanted: Sequence[Need]) -> None:
    """Raises Refusal `invalid` for a room or device in which none of the services can be done."""
    for resource in named:
        if not any(resource in need.fitting for need in wanted):
            raise Refusal("invalid", _("These services can’t be done in %s.") % resource, field="resources")


def pick(wanted: Sequence[Need], named: Sequence[Resource], busy: Collection[UUID]) -> list[Resource]:
    """The named ones, and for each need that these leave open the first that is free; the first of all where none is.

    One room that does for several services is taken before several.
    """
    found = list(named)
    for need in wanted:
        if any(resource in need.fitting for resource in found):
            continue
        free = [resource for resource in need.fitting if resource.pk not in busy]
        alike = [other.fitting for other in wanted if other.kind == need.kind]
        for_all = [resource for resource in free if all(resource in fitting for fitting in alike)]
        found.append((for_all or free or need.fitting)[0])
    return found
