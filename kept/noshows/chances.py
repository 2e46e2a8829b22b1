"""The second chance of who takes a new time soon after what was missed, or cancelled late, as the version accepted for that has it."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q

from kept.noshows.offers import costs
from kept.patients.models import Distinction, Trait
from kept.policies.document import Chance
from kept.policies.models import Acceptance
from kept.scheduling.models import ON_THE_BOOK, Appointment, Status
from kept.scheduling.transitions.holding import holds


class Taken(NamedTuple):
    """The new time, and the chance that it gives. `sure`: it stands on the very patient's record; else somebody booked it online by her
    name and e-mail address, and it is never more than proposed."""

    visit: Appointment
    chance: Chance
    sure: bool


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
    of these that is on the book, by the missed one's id. What was recorded afterwards, or is only held for a card, is none. Four queries
    at most, one where no version gives it."""
    missed = [each for each in appointments if costs(each) and each.acceptance_id]
    chances = _chances({each.acceptance_id for each in missed if each.acceptance_id})
    missed = [each for each in missed if each.acceptance_id in chances]
    if not missed:
        return {}
    online = _online({each.patient_id for each in missed})
    booked = Appointment.objects.filter(
        Q(patient__in={each.patient_id for each in missed}) | Q(patient__in=online, channel=Appointment.Channel.ONLINE),
        status__in=ON_THE_BOOK,
        recorded_afterwards=False,
        booked_at__gte=min(since(each) for each in missed),
    ).exclude(pk__in=holds().values("pk"))
    taken: dict[UUID, list[Appointment]] = defaultdict(list)
    for visit in booked.select_related("clinic").order_by("booked_at", "id"):
        taken[visit.patient_id].append(visit)
        for patient in online.get(visit.patient_id, ()):
            taken[patient].append(visit)
    found = {}
    for each in missed:
        chance = chances[each.acceptance_id]
        first, last = since(each), until(each, chance)
        in_time = [visit for visit in taken[each.patient_id] if first <= visit.booked_at <= last and visit.pk != each.pk]
        for visit in sorted(in_time, key=lambda visit: visit.patient_id != each.patient_id)[:1]:
            found[each.pk] = Taken(visit, chance, sure=visit.patient_id == each.patient_id)
    return found


def _online(patients: set[UUID]) -> dict[UUID, list[UUID]]:
    """The records under which these patients may have booked online, where everybody is written down anew: of the same name and e-mail
    address, and never told apart. By the record, whose they may be."""
    addresses = Trait.objects.filter(patient__in=patients, kind="email").values("value")
    same: dict[tuple[str, str], list[UUID]] = defaultdict(list)
    for pk, value, name in Trait.objects.filter(kind="email", value__in=addresses).values_list("patient", "value", "patient__sort_name"):
        same[value, name].append(pk)
    pairs = {(pk, other) for alike in same.values() for pk in alike for other in alike if pk in patients and other != pk}
    if not pairs:
        return {}
    people = {pk for pair in pairs for pk in pair}
    apart = set(Distinction.objects.filter(one__in=people, other__in=people).values_list("one", "other"))
    found: dict[UUID, list[UUID]] = defaultdict(list)
    for pk, other in sorted(pairs):
        if not {(pk, other), (other, pk)} & apart:
            found[other].append(pk)
    return found


def _chances(acceptances: set[UUID]) -> dict[UUID | None, Chance]:
    """Of those whose version gives it, by acceptance."""
    if not acceptances:
        return {}
    gives = Acceptance.objects.filter(pk__in=acceptances, version__document__new_time__mode__in=["propose", "by_itself"])
    return {pk: Chance.model_validate(said) for pk, said in gives.values_list("pk", "version__document__new_time")}
