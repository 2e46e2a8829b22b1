"""The second chance of who takes a new time soon after what was missed, or cancelled late, as the version accepted for that has it."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from kept.noshows.offers import costs
from kept.policies.document import Chance
from kept.policies.models import Acceptance
from kept.scheduling.models import ON_THE_BOOK, Appointment, Status
from kept.scheduling.transitions.holding import holds


class Taken(NamedTuple):
    """The new time, and the chance that it gives."""

    visit: Appointment
    chance: Chance


def since(appointment: Appointment) -> datetime:
    """From when on a new time counts: its missed start, or when it was said before that she would not come; of a late cancellation, when
    it was cancelled."""
    said_at = appointment.status_at or appointment.starts_at
    return min(appointment.starts_at, said_at) if appointment.status == Status.NOSHOW else said_at


def until(appointment: Appointment, chance: Chance) -> datetime:
    """Up to when it counts, that instant too."""
    start = appointment.starts_at if appointment.status == Status.NOSHOW else since(appointment)
    return start + timedelta(hours=chance.within)


def taken_anew(appointments: Sequence[Appointment]) -> dict[UUID, Taken]:
    """Of visits missed, or cancelled late, whose accepted version gives that chance, and whose patient booked another in time: the first
    of these that is on the book, by the missed one's id. What was recorded afterwards, or is only held for a card, is none. Two queries,
    one where no version gives it."""
    missed = [each for each in appointments if costs(each) and each.acceptance_id]
    chances = _chances({each.acceptance_id for each in missed if each.acceptance_id})
    missed = [each for each in missed if each.acceptance_id in chances]
    if not missed:
        return {}
    booked = Appointment.objects.filter(
        patient__in={each.patient_id for each in missed},
        status__in=ON_THE_BOOK,
        recorded_afterwards=False,
        booked_at__gte=min(since(each) for each in missed),
    ).exclude(pk__in=holds().values("pk"))
    taken: dict[UUID, list[Appointment]] = defaultdict(list)
    for visit in booked.select_related("clinic").order_by("booked_at", "id"):
        taken[visit.patient_id].append(visit)
    found = {}
    for each in missed:
        chance = chances[each.acceptance_id]
        in_time = (
            visit for visit in taken[each.patient_id] if since(each) <= visit.booked_at <= until(each, chance) and visit.pk != each.pk
        )
        if first := next(in_time, None):
            found[each.pk] = Taken(first, chance)
    return found


def _chances(acceptances: set[UUID]) -> dict[UUID | None, Chance]:
    """Of those whose version gives it, by acceptance."""
    if not acceptances:
        return {}
    gives = Acceptance.objects.filter(pk__in=acceptances, version__document__new_time__mode__in=["propose", "by_itself"])
    return {pk: Chance.model_validate(said) for pk, said in gives.values_list("pk", "version__document__new_time")}
