"""Patients as the desk knows them when it books: attendance and card on file."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Prefetch, prefetch_related_objects
from django.utils.translation import gettext as _

from kept.noshows.queries import Attendance, attendance
from kept.patients.models import Card, Patient


@dataclass(frozen=True, slots=True)
class Known:
    """`attendance` None: no visit is concluded yet. `card`: the one last given and still usable."""

    patient: Patient
    attendance: Attendance | None
    card: Card | None

    @property
    def visits(self) -> str:
        return str(self.attendance or _("First visit")).lower()


def known(found: Iterable[Patient]) -> list[Known]:
    """Those patients, in their order."""
    people = list(found)
    cards = Card.objects.filter(state=Card.State.ACTIVE).order_by("-given_at", "-id")
    prefetch_related_objects(people, Prefetch("cards", cards, to_attr="usable_cards"))
    facts = attendance([each.pk for each in people])
    return [Known(each, facts.get(each.pk), next(iter(each.usable_cards), None)) for each in people]  # type: ignore[attr-defined]
