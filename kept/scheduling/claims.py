"""Claims on time: found, and written under the lock of their resources, which keeps them from deadlocking (D2)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _
from psycopg.types.range import Range

from kept.foundation.dates import clock_time, moment
from kept.foundation.refusals import Refusal, refusing
from kept.patients import privacy
from kept.practice.models import Member, Provider, Resource
from kept.practice.rules import Role, works_at
from kept.scheduling.fitting import Need, Times, left_open, pick
from kept.scheduling.models import Appointment, Block, Claim, ClaimQuerySet

Span = tuple[datetime, datetime]
Lanes = dict[UUID, int]


def holders(resource_ids: Iterable[UUID], during: Span, *, but: Appointment | None = None) -> list[Claim]:
    """The live claims over that time, earliest first, with whose or what's they are."""
    return list(_over(resource_ids, during, but).with_holders().order_by("starts_at", "id"))


def _over(resource_ids: Iterable[UUID], during: Span, but: Appointment | None) -> ClaimQuerySet:
    found = Claim.objects.over(resource_ids, *during)
    return found.exclude(appointment=but) if but else found


def lock(resource_ids: Iterable[UUID]) -> None:
    """Lock resource rows, in the order of their ids, in a statement of their own and before any claim is written."""
    list(Resource.objects.filter(id__in=set(resource_ids)).order_by("id").select_for_update(no_key=True).values_list("id"))


def reserve(
    provider: Provider,
    wanted: Sequence[Need],
    named: Sequence[Resource],
    times: Times,
    *,
    double_book: bool,
    by: Member | None,
    but: Appointment | None = None,
    also_lock: Iterable[UUID] = (),
) -> Lanes:
    """The lanes to claim of the provider, of the named rooms and devices, and of one for each need they leave open, all locked from
    here on.

    Raises Refusal `slot_taken`, naming who has the time; with `double_book` the next lane is taken instead.
    """
    asked = candidates(provider, wanted, named)
    lock(asked | set(also_lock))
    lanes: dict[UUID, int] = {}  # the first that is free above those taken
    for resource_id, lane in _over(asked, times.busy, but).values_list("resource_id", "lane"):
        lanes[resource_id] = max(lane + 1, lanes.get(resource_id, 0))
    ids = {provider.resource_id} | {room.pk for room in pick(wanted, named, lanes)}
    if double_book:
        return {id_: lanes.get(id_, 0) for id_ in sorted(ids)}
    # freeing a time locks no resource: whoever had it may be gone by the second look
    if ids & lanes.keys() and (rivals := holders(ids, times.busy, but=but)):
        raise slot_taken(rivals, times, provider, by)
    return dict.fromkeys(sorted(ids), 0)


def candidates(provider: Provider, wanted: Sequence[Need], named: Sequence[Resource]) -> set[UUID]:
    """The resources of which a visit takes some: the provider, the named ones, and what would do for the needs they leave open."""
    rooms = {*named, *(room for need in left_open(wanted, named) for room in need.fitting)}
    return {provider.resource_id} | {room.pk for room in rooms}


def write(holder: Appointment | Block, lanes: Lanes, during: Span) -> None:
    """Claims of those resources, which are locked. Raises Refusal `slot_taken` should the database know better."""
    whose = {"block": holder} if isinstance(holder, Block) else {"appointment": holder}
    with refusing(claim_once=Refusal("slot_taken", _("That time was just taken. Choose another."), field="start")):
        Claim.objects.bulk_create(
            Claim(practice_id=holder.practice_id, resource_id=resource_id, lane=lane, during=Range(*during), **whose)
            for resource_id, lane in lanes.items()
        )


def slot_taken(taken: Sequence[Claim], times: Times, provider: Provider | None, by: Member | None) -> Refusal:
    """The refusal that names who or what has the time, the provider's before a room's, as far as the member may know (R24)."""
    hers = [claim for claim in taken if provider and claim.resource_id == provider.resource_id]
    seen = [claim for claim in hers or taken if may_know(claim, by)]
    first = next(iter(seen or hers or taken))
    facts = {"until": first.ends_at.astimezone(first.clinic.zone).isoformat()}
    if seen:
        facts |= {"blocked_by": str(first.block_id)} if first.block else {"taken_by": str(first.appointment_id)}
    return Refusal(
        "slot_taken", in_the_way(first, times, known=bool(seen)), field="start" if hers or not provider else "resources", **facts
    )


def may_know(claim: Claim, by: Member | None) -> bool:
    """Whether she may be told whose time it is: of clinics she was given; a provider of her own patients (R24); a patient never."""
    if by is None:
        return False
    visit = claim.appointment
    own = by.role != Role.PROVIDER or visit is None or visit.provider_id == by.provider_id
    return own and works_at(by, claim.clinic.pk)


def in_the_way(claim: Claim, times: Times, *, known: bool = True) -> str:
    """Who or what has the time of a provider, room or device, in a sentence or two; and where only buffers meet, that."""
    words = {"what": claim.resource.name, "until": _until(claim)}
    if claim.block:
        blocked = _("%(what)s is blocked until %(until)s") % words
        return f"{blocked}: {claim.block.why}" if known and claim.block.why else f"{blocked}."
    taken = _("%(what)s is taken until %(until)s.") % words
    if not known or claim.appointment is None:
        return taken
    if only_buffers(claim, times):
        return _kept_free(claim, claim.appointment, times)
    who = {"who": privacy.named(claim.appointment.patient), "with": claim.appointment.provider.name}
    if claim.resource.kind == Resource.Kind.PROVIDER:
        return _("%(who)s has that time with %(with)s. Choose another.") % who
    inside = _("%(who)s is in it with %(with)s.") if claim.resource.kind == Resource.Kind.ROOM else _("%(who)s has it with %(with)s.")
    return f"{taken} {inside % who}"


def only_buffers(claim: Claim, times: Times) -> bool:
    """Whether the visits themselves would not meet, but for what is kept free around one of them or both."""
    visit, (start, end) = claim.appointment, times.visit
    return visit is not None and (visit.ends_at <= start or end <= visit.starts_at)


def _kept_free(claim: Claim, visit: Appointment, times: Times) -> str:
    """Which time is kept free, and around whose visit."""
    after = visit.ends_at <= times.visit[0]
    free = (visit.ends_at, claim.ends_at) if after else (claim.starts_at, visit.starts_at)
    own = times.visit[0] - times.busy[0] if after else times.busy[1] - times.visit[1]
    words = {
        "what": claim.resource.name,
        "from": clock_time(free[0], visit.clinic.zone),
        "to": clock_time(free[1], visit.clinic.zone),
        "who": privacy.named(visit.patient),
        "with": visit.provider.name,
        "minutes": own.seconds // 60,
    }
    of_provider = claim.resource.kind == Resource.Kind.PROVIDER
    needs = _("This one needs %(minutes)d min before it.") if after else _("This one needs %(minutes)d min after it.")
    if free[0] == free[1]:
        ends = _("%(who)s’s visit with %(with)s ends at %(from)s.") if after else _("%(who)s’s visit with %(with)s starts at %(to)s.")
        return (ends if of_provider else f"%(what)s: {ends}") % words + " " + needs % words
    if of_provider:
        kept = (
            _("The time from %(from)s to %(to)s is kept free after %(who)s’s visit with %(with)s.")
            if after
            else _("The time from %(from)s to %(to)s is kept free before %(who)s’s visit with %(with)s.")
        )
    else:
        kept = (
            _("%(what)s is kept free from %(from)s to %(to)s, after %(who)s’s visit with %(with)s.")
            if after
            else _("%(what)s is kept free from %(from)s to %(to)s, before %(who)s’s visit with %(with)s.")
        )
    reaches = times.visit[0] < free[1] if after else free[0] < times.visit[1]
    return kept % words if reaches else f"{kept % words} {needs % words}"


def _until(claim: Claim) -> str:
    """The clock, and the day too where the time ends on a later one than it starts."""
    zone = claim.clinic.zone
    same_day = claim.clinic.local_date(claim.starts_at) == claim.clinic.local_date(claim.ends_at)
    return clock_time(claim.ends_at, zone) if same_day else moment(claim.ends_at, zone)
