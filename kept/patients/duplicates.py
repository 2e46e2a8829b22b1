"""Records that may be of one person, found by what they have in common, and told apart."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kept.events import journal
from kept.foundation.refusals import Refusal
from kept.patients.models import Distinction, Patient
from kept.patients.transitions import check_there
from kept.practice.models import Member
from kept.practice.rules import Right

MOST_SHOWN = 50
MOST_ALIKE = 6  # what more records have in common says nothing: a hotel's number, the clinic's own address
WHYS: dict[str, Promise] = {
    "person": gettext_lazy("same name and birth date"),
    "email": gettext_lazy("same email"),
    "phone": gettext_lazy("same phone"),
}
PAIRS = """
    with alike as (
      select kind, array_agg(patient_id order by patient_id) as who from patients_trait where practice_id = %(practice)s
      group by kind, value having count(*) between 2 and %(most_alike)s
    ), pairs as (
      select a.id as one, b.id as other, array_agg(distinct kind) as kinds from alike
      cross join unnest(who) with ordinality a (id, place) cross join unnest(who) with ordinality b (id, place)
      where a.place < b.place group by 1, 2
    )
    select one, other, kinds, count(*) over () from pairs
    where not exists (select from patients_distinction d where d.practice_id = %(practice)s and d.one_id = one and d.other_id = other)
    order by cardinality(kinds) desc, one, other limit %(most)s
"""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records, the older first, and what they have in common."""

    one: Patient
    other: Patient
    whys: list[str]

    @property
    def why(self) -> str:
        return ", ".join(self.whys)


@dataclass(frozen=True, slots=True)
class Duplicates:
    """The pairs that have most in common, fifty at most, and how many there are."""

    pairs: list[Pair]
    count: int


def duplicates(member: Member) -> Duplicates:
    """Records of the practice that may be of one person, but those that somebody has told apart. One walk over one index, however many
    patients there are."""
    asked: dict[str, Any] = {"practice": member.practice_id, "most_alike": MOST_ALIKE, "most": MOST_SHOWN}
    with connection.cursor() as cursor:
        cursor.execute(PAIRS, asked)
        rows: list[tuple[UUID, UUID, list[str], int]] = cursor.fetchall()
    people = Patient.objects.in_bulk({id_ for one, other, _kinds, _count in rows for id_ in (one, other)})
    pairs = []
    for one, other, kinds, _count in rows:
        older, newer = sorted((people[one], people[other]), key=lambda each: (each.created_at, each.pk))
        pairs.append(Pair(older, newer, _said(kinds)))
    return Duplicates(pairs, rows[0][3] if rows else 0)


def told_apart(patient: Patient) -> set[UUID]:
    """The records that are not hers, as somebody has said."""
    found = Distinction.objects.filter(Q(one=patient) | Q(other=patient)).values_list("one", "other")
    return {each for pair in found for each in pair} - {patient.pk}


def _said(kinds: list[str]) -> list[str]:
    return [str(words) for kind, words in WHYS.items() if kind in kinds]


def tell_apart(one: Patient, other: Patient, *, by: Member, at: datetime) -> None:
    """They are not the same person: said once, they are proposed no more. A second time changes nothing.

    Raises Refusal `not_permitted`, `invalid` for one and the same, `wrong_status` when one was erased."""
    by.must(Right.ERASE_PATIENTS)
    if one.pk == other.pk:
        raise Refusal("invalid", _("Choose another record than this one."), field="other")
    for each in (one, other):
        check_there(each)
    first, second = sorted((one, other), key=lambda each: each.pk)
    _apart, new = Distinction.objects.get_or_create(practice_id=one.practice_id, one=first, other=second, defaults={"by": by, "at": at})
    if new:
        for each, than in ((one, other), (other, one)):
            journal.record("patient.told_apart", each, by=by, at=at, other=str(than.pk))
