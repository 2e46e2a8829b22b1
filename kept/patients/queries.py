"""Reading patients."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Func, IntegerField, Q, QuerySet, Value
from django.db.models.functions import Left
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from kept.patients import rules
from kept.patients.models import Card, Link, Note, Patient, Word
from kept.practice.models import Member
from kept.practice.transitions import secret_hash

MOST_ALIKE = 5
FIRST_LETTER, LAST_LETTER = "a", "\U0010ffff"  # as bytes sort: digits come before the first


@dataclass(frozen=True, slots=True)
class Found:
    """Patients by name. `alike`: nothing matched as it was typed, so these are spelled nearly so."""

    patients: QuerySet[Patient]
    alike: bool = False


def patients(member: Member, search: str = "") -> QuerySet[Patient]:
    """The practice's patients by name; of a search, those whom it finds."""
    return find(member, search).patients


def find(member: Member, search: str) -> Found:
    """Each word asked for begins one of the patient's: of a name in any order, an e-mail address, a birth date, any piece of a phone
    number. Where nobody matches, the nearest spellings."""
    everybody = Patient.objects.filter(practice=member.practice_id, erased_at=None, merged_into=None).order_by("sort_name", "id")
    if not search.strip():
        return Found(everybody)
    asked = rules.asked_words(search)
    if not asked:
        return Found(everybody.none())
    found = everybody
    for readings in asked:
        found = found.filter(pk__in=_words(member).filter(_begins(readings)).values("patient"))
    if found.exists():
        return Found(found)
    for tolerance in (1, 2):
        if not any(rules.forgiven(readings[0], tolerance) for readings in asked):
            break
        found = everybody
        for readings in asked:
            found = found.filter(pk__in=_alike(member, readings, tolerance).values("patient"))
        if found.exists():
            return Found(found, alike=True)
    return Found(everybody.none())


def patient_or_404(member: Member, patient_id: UUID) -> Patient:
    """The one door to a patient: of her practice, erased or not; where she was merged, the record that has it all. Another's is
    simply not found (R24)."""
    found = get_object_or_404(Patient.objects.select_related("merged_into"), practice=member.practice_id, pk=patient_id)
    return patient_or_404(member, found.merged_into_id) if found.merged_into_id else found


def records(patient: Patient) -> list[UUID]:
    """The patient's own id, and those of the records that were merged into hers, and into those."""
    found = [patient.pk]
    while more := list(Patient.objects.filter(merged_into__in=found).exclude(pk__in=found).values_list("pk", flat=True)):
        found += more
    return found


def cards(patient: Patient) -> QuerySet[Card]:
    """On her profile, the newest first."""
    return patient.cards.exclude(state__in=[Card.State.OFF, Card.State.GONE]).order_by("-given_at", "-id")


def notes(patient: Patient) -> QuerySet[Note]:
    """The newest first, each with who wrote it."""
    return patient.notes.select_related("by").order_by("-at", "-id")


def _words(member: Member) -> QuerySet[Word]:
    return Word.objects.filter(practice=member.practice_id)


def _begins(readings: Iterable[str]) -> Q:
    found = Q(pk__in=[])
    for word in readings:
        found |= Q(word__gte=word, word__lt=word + LAST_LETTER)
    return found


def _alike(member: Member, readings: Sequence[str], tolerance: int) -> QuerySet[Word]:
    """The words that differ from what is asked in so many letters, or in one as far as it is typed. Digits are no matter of spelling."""
    asked = readings[0]
    letters = rules.forgiven(asked, tolerance)
    if not letters:
        return _words(member).filter(_begins(readings))
    apart, so_far = Levenshtein("word", Value(asked), Value(letters)), Levenshtein(Left("word", len(asked)), Value(asked), Value(1))
    found = (
        _words(member).filter(word__gte=FIRST_LETTER).annotate(apart=apart, so_far=so_far).filter(Q(apart__lte=letters) | Q(so_far__lte=1))
    )
    return found if len(asked) >= rules.LONG_WORD or letters == 1 else found.filter(_begins(asked[:1]))


class Levenshtein(Func):
    """How many letters differ; beyond the most that matters, some greater number."""

    function = "levenshtein_less_equal"
    output_field = IntegerField()


@dataclass(frozen=True, slots=True)
class LookAlike:
    """Somebody on the books who may be the new patient, and what they have in common."""

    patient: Patient
    why: str


def look_alikes(member: Member, *, first_name: str, last_name: str, phone: str, email: str) -> list[LookAlike]:
    """Who a new patient might be already: of the same number, the same address, or the same or nearly the same name."""
    tail, address = rules.digits(phone)[-rules.PHONE_TAIL :], rules.plain(email)
    name = rules.sort_name(first_name, last_name) if first_name and last_name else ""
    whys: dict[Patient, list[str]] = {}
    for each in _few(member, tail):
        if rules.digits(each.phone).endswith(tail):
            whys.setdefault(each, []).append(_("same phone"))
    for each in _few(member, address):
        if rules.plain(each.email) == address:
            whys.setdefault(each, []).append(_("same email"))
    for each in _few(member, name):
        whys.setdefault(each, []).append(_("same name") if each.sort_name == name else _("similar name"))
    return [LookAlike(patient, ", ".join(why)) for patient, why in whys.items()]


def _few(member: Member, search: str) -> list[Patient]:
    return list(patients(member, search)[:MOST_ALIKE]) if len(search) >= rules.SHORTEST_TAIL else []


def usable_card(patient: Patient) -> Card | None:
    """The card last given and still usable."""
    return patient.cards.filter(state=Card.State.ACTIVE).order_by("-given_at", "-id").first()


def link_by_secret(secret: str, *purposes: str) -> Link | None:
    """The link with that secret, for one of these purposes, inside the scope of the practice its token names."""
    return Link.objects.filter(token_hash=secret_hash(secret), purpose__in=purposes).select_related("patient").first()
