"""Settings > Services, and Settings > Rooms and devices."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kept.desk.setup.forms import RoomForm, ServiceForm
from kept.desk.setup.shared import Crumb, Line, enter, form_page, list_page, row_or_404, saved, searched, sent
from kept.foundation import clock
from kept.practice import queries as practice
from kept.practice.doors import MemberRequest, member_required
from kept.practice.models import Member, Resource, Service
from kept.practice.setting_up import offer
from kept.scheduling.models import Appointment, Claim, Status

NEW_SERVICE = {"minutes": 30, "zones": 1, "buffer_before": 0, "buffer_after": 0, "online": True}
OF_SERVICE = ["name", "category", "minutes", "zones", "buffer_before", "buffer_after", "online", "active"]


@member_required
def services(request: MemberRequest) -> HttpResponse:
    enter(request)
    typed, found = searched(request, practice.all_services(request.member), "name", "category")
    lines = [
        Line(reverse("desk:service", args=[each.pk]), each.name, f"{each.category or '–'} · {each.minutes} min · {each.price}", each.active)
        for each in found
    ]
    return list_page(
        request, title=_("Services"), typed=typed, lines=lines, new="desk:service-new", add=_("Add a service"),
        empty=_("A service is what patients book: how long it takes and what it costs."), starting_set=not typed and not found,
    )  # fmt: skip


@require_POST
@member_required
def starting_set(request: MemberRequest) -> HttpResponse:
    """The services most aesthetic clinics have, to be priced."""
    enter(request)
    offer.add_starting_set(by=request.member, at=clock.now())
    return redirect("desk:services")


def _service_form(request: MemberRequest, member: Member, found: Service | None) -> ServiceForm:
    initial: dict[str, object] = dict(NEW_SERVICE)
    if found:
        initial = {name: getattr(found, name) for name in OF_SERVICE}
        initial |= {
            "price": found.price.decimal,
            "performers": list(found.performers.values_list("provider_id", flat=True)),
            "resources": list(found.resources.values_list("resource_id", flat=True)),
        }
    currency = found.currency if found else member.practice.settings.currency
    return ServiceForm(
        sent(request), initial=initial, currency=currency, providers=practice.all_providers(member), resources=practice.all_rooms(member)
    )


@member_required
def service(request: MemberRequest, service_id: UUID | None = None) -> HttpResponse:
    """A service, or a new one."""
    enter(request)
    member, now = request.member, clock.now()
    found = row_or_404(practice.all_services(member), service_id) if service_id else None
    form = _service_form(request, member, found)
    if not found:
        del form.fields["active"]
    done = saved(
        request, form, lambda: offer.save_service(found, **_given(form, member, found), by=member, at=now), reverse("desk:services")
    )
    ahead = Appointment.objects.filter(lines__service=found, status=Status.BOOKED, ends_at__gt=now).distinct().count() if found else 0
    crumbs = [Crumb(_("Services"), reverse("desk:services"))]
    return done or form_page(
        request, form, title=found.name if found else _("New service"), crumbs=crumbs, ahead=ahead, currency=form.currency,
        hint=_("Without performers everybody performs it; of each kind of room or device chosen, one is taken with a visit."),
    )  # fmt: skip


def _given(form: ServiceForm, member: Member, found: Service | None) -> dict[str, Any]:
    """What was chosen, and what she does not see stays."""
    given = form.cleaned_data
    if not found or not member.clinic_limits:
        return given
    people = [each.provider for each in found.performers.exclude(provider__in=practice.all_providers(member)).select_related("provider")]
    rooms = [each.resource for each in found.resources.exclude(resource__in=practice.all_rooms(member)).select_related("resource")]
    return given | {"performers": [*given["performers"], *people], "resources": [*given["resources"], *rooms]}


@member_required
def rooms(request: MemberRequest) -> HttpResponse:
    enter(request)
    typed, found = searched(request, practice.all_rooms(request.member), "name", "clinic__name")
    lines = [
        Line(reverse("desk:room", args=[each.pk]), each.name, f"{_kind(each)} · {each.clinic}", each.active, note="") for each in found
    ]
    return list_page(
        request, title=_("Rooms and devices"), typed=typed, lines=lines, new="desk:room-new", add=_("Add a room or device"),
        empty=_("A service may take a room or a device, so that two visits never meet in it. You can book without any."),
    )  # fmt: skip


def _kind(resource: Resource) -> str:
    return _("Room") if resource.kind == Resource.Kind.ROOM else _("Device")


@member_required
def room(request: MemberRequest, resource_id: UUID | None = None) -> HttpResponse:
    """A room or device, or a new one."""
    enter(request)
    member, now = request.member, clock.now()
    found = row_or_404(practice.all_rooms(member), resource_id) if resource_id else None
    initial = {"name": found.name, "active": found.active} if found else {"clinic": next(iter(member.given_clinics), None)}
    form = RoomForm(sent(request), initial=initial, clinics=practice.clinics(member), known=found is not None)
    if not found:
        del form.fields["active"]
    fixed = {"kind": found.kind, "clinic": found.clinic} if found else {}
    done = saved(request, form, lambda: offer.save_room(found, **(fixed | form.cleaned_data), by=member, at=now), reverse("desk:rooms"))
    claims = Claim.objects.filter(resource=found, appointment__status=Status.BOOKED, ends_at__gt=now) if found else Claim.objects.none()
    crumbs = [Crumb(_("Rooms and devices"), reverse("desk:rooms"))]
    hint = f"{_kind(found)} · {found.clinic}" if found else ""
    return done or form_page(
        request, form, title=found.name if found else _("New room or device"), crumbs=crumbs, ahead=claims.count(), hint=hint
    )
