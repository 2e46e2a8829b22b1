"""Open time: what of the hours of providers nobody has claimed. For eyes that look for a gap; whether a visit fits into it, `availability`
says."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from kept.practice.models import Clinic, Provider
from kept.scheduling.availability import STEP, Span
from kept.scheduling.models import Claim

STEP_TIME = timedelta(minutes=STEP)


class Opening(NamedTuple):
    """Of one provider at one clinic. Aware."""

    starts_at: datetime
    ends_at: datetime
    provider: Provider
    clinic: Clinic


def openings(clinic: Clinic, providers: Sequence[Provider], hours: Mapping[UUID, Sequence[Span]], *, at: datetime) -> list[Opening]:
    """Of those `working_hours`, from `at` on, by start; each begins on the step at which visits are offered, and lasts one at least.
    One query."""
    spans = [span for each in hours.values() for span in each]
    if not spans:
        return []
    busy: dict[UUID, list[Span]] = {}
    claims = Claim.objects.over([each.resource_id for each in providers], min(spans)[0], max(end for _start, end in spans))
    for resource_id, start, end in claims.order_by("starts_at").values_list("resource_id", "starts_at", "ends_at"):
        busy.setdefault(resource_id, []).append((start, end))
    found = [
        Opening(start, end, each, clinic)
        for each in providers
        for span in hours[each.pk]
        for start, end in free_of(span, busy.get(each.resource_id, ()), at)
    ]
    return sorted(found, key=lambda each: (each.starts_at, each.provider.name, each.provider.pk))


def free_of(span: Span, busy: Iterable[Span], at: datetime) -> list[Span]:
    """What is left of the span after `at`, `busy` by start."""
    found, (start, closes) = [], span
    for begins, ends in [*busy, (closes, closes)]:
        start = _on_step(max(start, at))
        if start + STEP_TIME <= min(begins, closes):
            found.append((start, min(begins, closes)))
        start = max(start, ends)
    return found


def _on_step(at: datetime) -> datetime:
    """That instant, or the next at which every zone's clocks show a multiple of the step."""
    over = timedelta(seconds=at.timestamp() % STEP_TIME.total_seconds())
    return at + STEP_TIME - over if over else at
