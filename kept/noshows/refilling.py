"""Whether the time of a visit that was missed, or cancelled late, was booked again, and what Kept then proposes (R7c). It never charges."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from kept.foundation.dates import clock_span
from kept.noshows.models import Fee
from kept.noshows.offers import costs
from kept.noshows.rules import UNPAID
from kept.practice.models import Resource, Settings
from kept.scheduling.models import LONGEST, Appointment, Claim

PAID = ("paid", "part_refunded")


@dataclass(frozen=True, slots=True)
class Proposal:
    """Spare or lower the fee, or where it is paid refund it: another visit has the time."""

    rival: Appointment
    paid: bool
    text: str


def filled_by(appointments: Sequence[Appointment]) -> dict[UUID, Appointment]:
    """Of visits missed, or cancelled late, at least half of whose time with the provider other visits have taken since: the first of
    these, by the missed one's id. Whoever has lane 0 of a time that was freed took it afterwards: before, the exclusion constraint kept it.
    Two queries."""
    missed = {each.pk: each for each in appointments if costs(each)}
    held = Claim.objects.filter(appointment__in=missed, live=False, lane=0, resource__kind=Resource.Kind.PROVIDER)
    resources = dict(held.values_list("appointment", "resource"))
    if not resources:
        return {}
    first, last = min(each.starts_at for each in missed.values()), max(each.ends_at for each in missed.values())
    rivals = Claim.objects.filter(
        resource__in=set(resources.values()),
        appointment__isnull=False,
        live=True,
        lane=0,
        starts_at__lt=last,
        ends_at__gt=first,
        ends_at__lt=last + LONGEST,
    ).select_related("appointment__clinic")
    taken: dict[UUID, list[Appointment]] = defaultdict(list)
    for claim in rivals.order_by("starts_at", "id"):
        if claim.appointment:
            taken[claim.resource_id].append(claim.appointment)
    found = {}
    for pk, visit in missed.items():
        others = [rival for rival in taken.get(resources.get(pk, pk), []) if _shared(visit, rival) > timedelta(0)]
        if sum((_shared(visit, rival) for rival in others), timedelta(0)) * 2 >= visit.ends_at - visit.starts_at and others:
            found[pk] = others[0]
    return found


def _shared(visit: Appointment, rival: Appointment) -> timedelta:
    return min(visit.ends_at, rival.ends_at) - max(visit.starts_at, rival.starts_at)


def proposal(appointment: Appointment, fee: Fee | None, rival: Appointment | None) -> Proposal | None:
    """What is proposed about that fee, `fee` carrying its state; none where the practice wants no proposals, the fee was kept on purpose,
    or nothing is left to give up."""
    if rival is None or fee is None or fee.of_a_visit_that_goes_on or fee.kept_on_purpose or fee.state not in UNPAID + PAID:
        return None
    if appointment.practice.settings.when_filled == Settings.WhenFilled.NOTHING:
        return None
    span = clock_span(rival.starts_at, rival.ends_at, rival.clinic.zone)
    if fee.state in PAID:
        return Proposal(rival, True, _("Another visit has it, %s. The fee may be refunded on its invoice.") % span)
    return Proposal(rival, False, _("Another visit has it, %s. The fee may be spared, or lowered.") % span)


def proposal_for(appointment: Appointment, fee: Fee | None) -> Proposal | None:
    """The same for one appointment, its rival looked up."""
    if fee is None or not costs(appointment):
        return None
    return proposal(appointment, fee, filled_by([appointment]).get(appointment.pk))
