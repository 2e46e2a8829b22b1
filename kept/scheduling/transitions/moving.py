"""Moving a visit: to another time, provider or room. A restore to another time is the same move."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _

from kept.foundation.refusals import Refusal
from kept.practice.models import Member, Provider, Resource
from kept.practice.rules import Right
from kept.scheduling import claims
from kept.scheduling.fitting import Need, Visit, check_provider, check_rooms, needs, rooms_of
from kept.scheduling.models import Appointment
from kept.scheduling.rules import check_reschedulable, check_start, check_version
from kept.scheduling.transitions.booking import Place
from kept.scheduling.transitions.writing import write


def reschedule(
    appointment: Appointment,
    *,
    starts_at: datetime,
    provider: Provider | None = None,
    resources: Sequence[Resource] | None = None,
    asked: Appointment.Asked = Appointment.Asked.PATIENT,
    double_book: bool = False,
    by: Member | None,
    at: datetime,
    version: int | None = None,
) -> Appointment:
    """It has another time, or another provider or room at its own: the new time is claimed and the old one free in one transaction.

    `booking_no` grows, a confirmation counts no more, what was accepted stays. `resources` None keeps its rooms and devices where they are
    free, else takes others that fit. `by` None: the patient, by her link. A past start is recorded afterwards: on the clinic's today or
    the visit's own day.

    Raises Refusal `wrong_status`, `stale_version`, `invalid`, `slot_taken` (at field `start` or `resources`), `not_permitted`.
    """
    if by:
        by.must(Right.BOOK, appointment)
    appointment = Appointment.objects.locked(appointment)
    check_reschedulable(appointment)
    check_version(appointment, version)
    to = provider or appointment.provider
    if by:
        by.must(Right.BOOK, Place(appointment.clinic_id, to.id))
        if double_book:
            by.must(Right.DOUBLE_BOOK, appointment)
    placed = place(appointment, starts_at=starts_at, provider=to, resources=resources, double_book=double_book, by=by, at=at)
    if not placed.fields:
        raise Refusal("invalid", _("It is there already. Choose another time, provider or room."), field="start")
    particulars = {"asked": asked, "double_booked": double_book} | placed.particulars
    return write(appointment, "appointment.moved", by=by, at=at, particulars=particulars, **placed.fields)


class Placed(NamedTuple):
    """What a move changes of an appointment, and what its event says. Both are empty where it stays at its own place."""

    fields: dict[str, Any]
    particulars: dict[str, Any]


def place(
    appointment: Appointment,
    *,
    starts_at: datetime,
    provider: Provider,
    resources: Sequence[Resource] | None,
    double_book: bool,
    by: Member | None,
    at: datetime,
) -> Placed:
    """The locked appointment's claims now hold that time, at which buffers are as long as they were; its old ones are gone.

    The caller writes the fields. Raises Refusal `invalid`, `slot_taken`.
    """
    held = [claim.resource_id for claim in appointment.claims.all()]
    rooms = rooms_of(appointment)
    same_rooms = resources is None or set(resources) == set(rooms)
    stays = (starts_at, provider.pk) == (appointment.starts_at, appointment.provider_id) and same_rooms
    if stays and not held:
        return Placed({}, {})  # imported: it held none at its own time
    visit = Visit.booked(appointment)
    times = visit.at(starts_at)
    wanted, named = ([], rooms) if stays else _asked(appointment, visit, starts_at, provider, rooms, resources, at)
    lanes = claims.reserve(provider, wanted, named, times, double_book=double_book, by=by, but=appointment, also_lock=held)
    appointment.claims.all().delete()
    claims.write(appointment, lanes, times.busy)
    return Placed({}, {}) if stays else _changes(appointment, starts_at, provider, held, lanes, at)


def _asked(
    appointment: Appointment,
    visit: Visit,
    starts_at: datetime,
    provider: Provider,
    rooms: Sequence[Resource],
    resources: Sequence[Resource] | None,
    at: datetime,
) -> tuple[list[Need], Sequence[Resource]]:
    """What the new place needs, its own rooms and devices first, and which of them are named. Raises Refusal `invalid`."""
    check_start(appointment, starts_at, at=at)
    if provider.pk != appointment.provider_id:
        check_provider(provider, appointment.clinic, visit.service_ids)
    wanted = [need.preferring(rooms) for need in needs(appointment.clinic, visit.service_ids)]
    check_rooms(wanted, resources or ())
    return wanted, resources or ()


def _changes(
    appointment: Appointment, starts_at: datetime, provider: Provider, held: Sequence[UUID], lanes: claims.Lanes, at: datetime
) -> Placed:
    """Another start is another booked time, for which nothing was confirmed."""
    fields: dict[str, Any] = {"provider": provider}
    if starts_at != appointment.starts_at:
        fields |= {
            "starts_at": starts_at,
            "ends_at": starts_at + (appointment.ends_at - appointment.starts_at),
            "booking_no": appointment.booking_no + 1,
            "confirmed_at": None,
            "recorded_afterwards": starts_at < at,
        }
    before = _said(appointment.starts_at, appointment.provider, held)
    return Placed(fields, {"before": before, "after": _said(starts_at, provider, lanes)})


def _said(starts_at: datetime, provider: Provider, resource_ids: Iterable[UUID]) -> dict[str, Any]:
    rooms = sorted(str(id_) for id_ in resource_ids if id_ != provider.resource_id)
    return {"start": starts_at.isoformat(), "provider": str(provider.pk), "resources": rooms}
