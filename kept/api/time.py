"""Time: when a visit can be booked, and what is blocked."""

from datetime import date, timedelta

from django.utils.translation import gettext as _
from ninja import Body, Query, Router, Status

from kept.api import find
from kept.api.appointments import shown
from kept.api.door import KeyRequest, also_websites
from kept.api.pages import Page
from kept.api.shapes.time import AvailabilityAsked, BlocksAsked, BlockSent, BlockShape, FreeStart
from kept.foundation import clock
from kept.foundation.paging import page
from kept.foundation.refusals import Refusal
from kept.practice import queries as practice
from kept.practice.models import Member, Resource
from kept.practice.rules import Right, Role
from kept.scheduling.availability import free_starts
from kept.scheduling.fitting import Visit
from kept.scheduling.queries import blocks, blocks_over
from kept.scheduling.transitions.blocking import block_time, lift_block

MOST_DAYS = 31
DEFAULT_SPAN = timedelta(days=6)

router = Router(tags=["Time"])


@router.get("/availability", response=Page[FreeStart], auth=also_websites)
def list_free_starts(request: KeyRequest, asked: Query[AvailabilityAsked]) -> Page[FreeStart]:
    """When the services can be booked in a row, every quarter of an hour, earliest first, all on one page: weekly hours less what is taken,
    buffers, rooms and devices included. Never a start that is past. To a provider, her own.
    """
    at, member = clock.now(), request.member
    member.must(Right.SEE_BOOK)
    clinic = find.one(practice.clinics(member), asked.clinic)
    visit = Visit.of(find.several(practice.services(member), asked.service))
    people = practice.providers(member, clinic)
    provider = find.one(people, asked.provider) if asked.provider else people.first() if member.role == Role.PROVIDER else None
    first, last = _days(asked, clinic.local_date(at))
    if (last - first).days >= MOST_DAYS:
        raise Refusal("invalid", _("Ask for %d days at most.") % MOST_DAYS, field="to")
    slots = free_starts(clinic, visit, first=first, last=last, at=at, provider=provider)
    return Page[FreeStart](items=[FreeStart.of(slot, visit, clinic) for slot in slots], next=None)


def _days(asked: AvailabilityAsked | BlocksAsked, today: date) -> tuple[date, date]:
    """The days asked for: from today, for a week, unless they are named."""
    first = asked.first or min(today, asked.last or today)
    last = asked.last or first + DEFAULT_SPAN
    if first > last:
        raise Refusal("invalid", _("The last day is before the first."), field="to")
    return first, last


@router.get("/blocks", response=Page[BlockShape])
def list_blocks(request: KeyRequest, asked: Query[BlocksAsked]) -> Page[BlockShape]:
    """What is blocked in some part of those days, by start; to a provider her own."""
    at, member = clock.now(), request.member
    member.must(Right.SEE_BOOK)
    wanted = find.ids(asked.clinic)
    clinics = [clinic for clinic in member.given_clinics if not wanted or clinic.pk in wanted]
    first, last = _days(asked, min((clinic.local_date(at) for clinic in clinics), default=at.date()))
    found = page(blocks_over(member, first, last, clinics), by="starts_at", cursor=asked.cursor, limit=asked.limit, newest_first=False)
    return Page[BlockShape](items=[BlockShape.of(block) for block in found.rows], next=found.next)


@router.post("/blocks", response={201: BlockShape})
def post_block(request: KeyRequest, body: Body[BlockSent]) -> BlockShape:
    """Keep time free of appointments. Over an appointment it is refused with `slot_taken`."""
    at, member = clock.now(), request.member
    clinic = find.one(practice.clinics(member), body.clinic)
    block = block_time(
        _resource(member, body),
        clinic,
        starts_at=shown(body.start, clinic),
        ends_at=shown(body.end, clinic, field="end"),
        why=body.why,
        by=member,
        at=at,
    )
    return BlockShape.of(block)


def _resource(member: Member, body: BlockSent) -> Resource:
    """The one that is named, a provider's or a room's."""
    if bool(body.provider) == bool(body.resource):
        raise Refusal("invalid", _("Name either a provider or a room or device."), field="resource")
    if body.provider:
        return find.one(practice.providers(member), body.provider).resource
    return find.one(practice.rooms(member), body.resource or "")


@router.delete("/blocks/{block_id}", response={204: None})
def delete_block(request: KeyRequest, block_id: str) -> Status[None]:
    """Lift it: the time can be booked again. That it was blocked stays on record."""
    member = request.member
    lift_block(find.one(blocks(member), block_id), by=member, at=clock.now())
    return Status(204, None)
