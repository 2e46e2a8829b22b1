"""Claims on time: written under the lock of their resources, which keeps them from deadlocking (D2)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _
from psycopg.types.range import Range

from kept.foundation.refusals import Refusal, refusing
from kept.practice.models import Member, Resource, Service
from kept.practice.rules import works_at
from kept.scheduling.models import Appointment, Claim


def busy_span(services: list[Service], starts_at: datetime) -> tuple[datetime, datetime, datetime, datetime]:
    """Of services in a row from an instant: busy from, starts, ends, busy to. Buffers of the first and last count as busy (R16)."""
    ends_at = starts_at + timedelta(minutes=sum(service.minutes for service in services))
    before, after = timedelta(minutes=services[0].buffer_before), timedelta(minutes=services[-1].buffer_after)
    return starts_at - before, starts_at, ends_at, ends_at + after


def holders(resource_ids: Iterable[UUID], during: Range[datetime], *, but: Appointment | None = None) -> list[Appointment]:
    """Whose live claims lie over that time, earliest first."""
    found = Claim.objects.filter(resource__in=list(resource_ids), live=True, during__overlap=during)
    if but:
        found = found.exclude(appointment=but)
    claims = found.select_related("appointment__patient", "appointment__provider", "appointment__clinic")
    return sorted({claim.appointment for claim in claims}, key=lambda holder: (holder.starts_at, holder.id))


def lock(resource_ids: Iterable[UUID]) -> None:
    """Lock resource rows, in the order of their ids, in a statement of their own and before any claim is written."""
    list(Resource.objects.filter(id__in=set(resource_ids)).order_by("id").select_for_update(no_key=True).values_list("id"))


def take(appointment: Appointment, resource_ids: Iterable[UUID], during: Range[datetime], *, double_book: bool, by: Member) -> None:
    """Write the appointment's claims. Raises Refusal `slot_taken`, naming who has the time. With `double_book` takes the next lane."""
    ids = sorted(set(resource_ids))
    lock(ids)
    taken = holders(ids, during, but=appointment)
    if taken and not double_book:
        raise slot_taken(taken, by)
    claims = [
        Claim(
            practice_id=appointment.practice_id,
            appointment=appointment,
            resource_id=resource_id,
            lane=_next_lane(resource_id, during) if taken else 0,
            during=during,
        )
        for resource_id in ids
    ]
    with refusing(claim_once=slot_taken(taken, by)):
        Claim.objects.bulk_create(claims)


def step_aside(claim: Claim) -> None:
    """Put a claim into the next free lane beside what was booked over it: a deliberate double booking. The resource is locked."""
    claim.lane = _next_lane(claim.resource_id, claim.during)
    claim.save(update_fields=["lane"])


def _next_lane(resource_id: UUID, during: Range[datetime]) -> int:
    lanes = Claim.objects.filter(resource=resource_id, live=True, during__overlap=during).values_list("lane", flat=True)
    return max(lanes, default=-1) + 1


def slot_taken(taken: list[Appointment], by: Member) -> Refusal:
    """The refusal that names who has the time, where that is known and at a clinic the member was given (R24)."""
    taken = [holder for holder in taken if works_at(by, holder.clinic_id)]
    if not taken:
        return Refusal("slot_taken", _("That time was just taken. Choose another."))
    first = taken[0]
    return Refusal(
        "slot_taken",
        _("%(who)s has that time with %(provider)s. Choose another.") % {"who": first.patient.name, "provider": first.provider.name},
        taken_by=str(first.id),
    )
