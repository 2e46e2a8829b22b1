"""Setting up what is offered: services, and the rooms and devices they take."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from kept.events import journal
from kept.foundation.money import Money
from kept.foundation.refusals import Refusal, refusing
from kept.practice.models import Clinic, Member, Provider, Resource, Service, ServiceProvider, ServiceResource
from kept.practice.rules import Right
from kept.practice.setting_up.clinics import must_set_up
from kept.practice.setting_up.words import named, taken

MOST_MINUTES, MOST_BUFFER, MOST_PRICE = 12 * 60, 4 * 60, 99_999_999
STARTING_SET = [  # of an aesthetic clinic: name, category, minutes, buffer before and after
    ("Consultation", "Visits", 30, 0, 0),
    ("Two-week check", "Visits", 15, 0, 0),
    ("Wrinkle relaxer", "Injectables", 45, 0, 0),
    ("Lip filler", "Injectables", 60, 0, 5),
    ("Signature facial", "Skin", 60, 0, 10),
    ("Chemical peel", "Skin", 45, 0, 10),
    ("Microneedling", "Skin", 60, 10, 15),
    ("Laser hair removal", "Laser", 45, 5, 5),
]


def save_service(
    service: Service | None,
    *,
    name: str,
    category: str = "",
    minutes: int,
    zones: int = 1,
    buffer_before: int = 0,
    buffer_after: int = 0,
    price: Money,
    online: bool = True,
    active: bool = True,
    performers: Sequence[Provider] = (),
    resources: Sequence[Resource] = (),
    by: Member,
    at: datetime,
) -> Service:
    """A new service, or that one changed; what is booked keeps its duration and price. Without performers everybody performs it.

    Raises Refusal `invalid`, `wrong_currency`, `not_permitted`."""
    by.must(Right.SET_UP)
    for value, least, most, field in (
        (minutes, 1, MOST_MINUTES, "minutes"),
        (zones, 1, 99, "zones"),
        (buffer_before, 0, MOST_BUFFER, "buffer_before"),
        (buffer_after, 0, MOST_BUFFER, "buffer_after"),
        (price.minor, 0, MOST_PRICE, "price"),
    ):
        if not least <= value <= most:
            raise Refusal("invalid", _("Choose from %(least)d to %(most)d.") % {"least": least, "most": most}, field=field)
    currency = service.currency if service else by.practice.settings.currency
    if price.currency != currency:
        raise Refusal("wrong_currency", _("Enter the price in %s.") % currency, field="price")
    found = service and Service.objects.select_for_update(no_key=True).get(pk=service.pk)
    found = found or Service(practice_id=by.practice_id)
    found.name, found.category, found.minutes, found.zones = named(name), category.strip()[:60], minutes, zones
    found.buffer_before, found.buffer_after = buffer_before, buffer_after
    found.price_minor, found.currency, found.online, found.active = price.minor, price.currency, online, active
    with refusing(service_name_once=taken(_("Another service has that name; it may be out of use."))):
        found.save()
    ServiceProvider.objects.filter(service=found).exclude(provider__in=performers).delete()
    ServiceResource.objects.filter(service=found).exclude(resource__in=resources).delete()
    able = set(ServiceProvider.objects.filter(service=found).values_list("provider_id", flat=True))
    fits = set(ServiceResource.objects.filter(service=found).values_list("resource_id", flat=True))
    home = {"practice_id": by.practice_id, "service": found}
    ServiceProvider.objects.bulk_create(ServiceProvider(**home, provider=each) for each in performers if each.pk not in able)
    ServiceResource.objects.bulk_create(ServiceResource(**home, resource=each) for each in resources if each.pk not in fits)
    journal.record(
        "service.changed" if service else "service.added", found, by=by, at=at,
        minutes=minutes, minor=price.minor, currency=price.currency, active=active, online=online,
        performers=[str(each.pk) for each in performers], resources=[str(each.pk) for each in resources],
    )  # fmt: skip
    return found


def add_starting_set(*, by: Member, at: datetime) -> list[Service]:
    """The services most aesthetic clinics have, without a price, for those the practice does not have by that name."""
    by.must(Right.SET_UP)
    known = set(Service.objects.values_list("name", flat=True))
    nothing = Money(0, by.practice.settings.currency)
    return [
        save_service(
            None, name=name, category=category, minutes=minutes, buffer_before=before, buffer_after=after, price=nothing,
            online=False, by=by, at=at,
        )
        for name, category, minutes, before, after in STARTING_SET
        if name not in known
    ]  # fmt: skip


def save_room(
    resource: Resource | None, *, name: str, kind: str, clinic: Clinic, active: bool = True, by: Member, at: datetime
) -> Resource:
    """A room or device of that clinic; one that is there keeps its kind and clinic. Raises Refusal `invalid`, `not_permitted`."""
    must_set_up(by, resource.clinic if resource else clinic)
    if kind not in (Resource.Kind.ROOM, Resource.Kind.DEVICE):
        raise Refusal("invalid", _("Choose one of these."), field="kind")
    found = resource or Resource(practice_id=by.practice_id, kind=kind, clinic=clinic)
    found.name, found.active = named(name), active
    with refusing(resource_name_once=taken(_("The clinic has a room or device of that name."))):
        found.save()
    journal.record("resource.changed" if resource else "resource.added", found, by=by, at=at, active=active)
    return found
