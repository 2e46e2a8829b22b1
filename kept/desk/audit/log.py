"""The audit log's two lists, who looked and what was changed: what the address asks for, and the rows in words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, UUIDField, Value
from django.db.models.functions import Coalesce, Concat, Trim
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kept.billing.models import Charge, Invoice, Refund
from kept.desk.audit import words
from kept.events.models import Access
from kept.foundation import clock
from kept.foundation.lists import Option, chosen_ids, chosen_label, day_of
from kept.noshows.listing import BACK, FilterButton
from kept.patients.models import Patient
from kept.patients.queries import find
from kept.practice.models import ApiKey, Member
from kept.practice.queries import all_members
from kept.rights.journal import events
from kept.scheduling.models import Appointment

MOST_MEANT = 200  # patients that a name may mean


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list shows: local days, first and last included; whose acts, a member's with those of her tokens; which patients."""

    first: date
    last: date
    who: list[UUID] = field(default_factory=list)
    what: list[str] = field(default_factory=list)
    patients: list[UUID] = field(default_factory=list)
    search: str = ""

    def during(self, zone: ZoneInfo) -> Q:
        return Q(at__gte=clock.day(self.first, zone)[0], at__lt=clock.day(self.last, zone)[1])


def wanted(asked: QueryDict, kind: "Kind", today: date) -> Filter:
    """The filter of an address. What it does not understand it leaves out: a kept link never breaks."""
    first, last = BACK.default(today)
    first, last = day_of(asked, "from") or first, day_of(asked, "to") or last
    return Filter(
        first=min(first, last),
        last=max(first, last),
        who=chosen_ids(asked, "who"),
        what=[each for each in asked.getlist("what") if each in kind.choices],
        patients=chosen_ids(asked, "patient"),
        search=asked.get("q", "").replace("\0", "").strip()[:80],
    )


@dataclass(frozen=True, slots=True)
class Line:
    """A row in words. `patient_id`: whom it is about, where it is about one."""

    at: datetime
    who: str
    what: str
    about: str
    patient_id: UUID | None
    place: str


@dataclass(frozen=True)
class Kind:
    """What tells one list from the other."""

    name: str
    label: Promise
    choices: Mapping[str, Promise]
    anything: Promise
    rows: Callable[[Member, Filter, ZoneInfo], "QuerySet[Any]"]
    what: Callable[[Any], str]

    def lines(self, rows: Sequence[Any]) -> list[Line]:
        names = words.names({row.actor for row in rows})
        return [self.line(row, names) for row in rows]

    def line(self, row: Any, names: dict[str, str]) -> Line:
        who, seat = names.get(row.actor, row.actor), getattr(row, "seat", None)
        what = f"{self.what(row)}, {seat}" if seat and seat != who else self.what(row)
        return Line(row.at, who, what, row.about or "", row.about_id, words.place(row.source))


def _of_these(found: "QuerySet[Any]", member: Member, asked: Filter) -> "QuerySet[Any]":
    """Those of the chosen people and patients. Needs `about_id`."""
    if asked.who:
        seats = all_members(member).filter(pk__in=asked.who)
        keys = ApiKey.objects.filter(practice=member.practice_id, member__in=seats).values_list("pk", flat=True)
        users = seats.values_list("user_id", flat=True)
        found = found.filter(actor__in=[*(f"user:{user}" for user in users), *(f"key:{key}" for key in keys)])
    if asked.patients:
        found = found.filter(about_id__in=asked.patients)
    if asked.search:
        meant = list(find(member, asked.search).patients.values_list("pk", flat=True)[:MOST_MEANT])
        found = found.filter(about_id__in=meant)
    return found.annotate(about=_name("about_id")).order_by("-at", "-id")


def _name(key: str) -> Subquery:
    name = Trim(Concat("first_name", Value(" "), "last_name"))
    return Subquery(Patient.objects.filter(pk=OuterRef(key)).annotate(whole=name).values("whole"))


def _looks(member: Member, asked: Filter, zone: ZoneInfo) -> "QuerySet[Any]":
    found = Access.objects.filter(asked.during(zone), practice=member.practice_id).annotate(about_id=F("patient_id"))
    if asked.what:
        found = found.filter(what__in=[what for what, (_label, act) in words.LOOKS.items() if act in asked.what])
    return _of_these(found, member, asked)


def _changes(member: Member, asked: Filter, zone: ZoneInfo) -> "QuerySet[Any]":
    found = events(member).filter(asked.during(zone))
    if asked.what:
        found = found.filter(subject_kind__in=asked.what)
    subject = OuterRef("subject_id")
    patients = [
        Patient.objects.filter(pk=subject).values("pk"),
        *(model.objects.filter(pk=subject).values("patient") for model in (Appointment, Charge, Invoice)),
        Refund.objects.filter(pk=subject).values("invoice__patient"),
    ]
    about = Coalesce(*(Subquery(each) for each in patients), output_field=UUIDField())
    seat = Subquery(Member.objects.filter(pk=subject).values("name"))
    return _of_these(found.annotate(about_id=about, seat=seat), member, asked)


LOOKS = Kind(
    "looks",
    gettext_lazy("Who looked"),
    words.ACTS,
    gettext_lazy("Any look"),
    _looks,
    lambda row: f"{words.act(row.what)}: {words.look(row.what)}",
)
CHANGES = Kind("changes", gettext_lazy("What was done"), words.SUBJECTS, gettext_lazy("Anything"), _changes, words.happened)


def filters(kind: Kind, chosen: Filter, member: Member) -> list[FilterButton]:
    """The group *Filter*: who, and what; several of each."""
    people = [Option(str(each.pk), each.name, each.pk in chosen.who) for each in all_members(member).order_by("name", "id")]
    what = [Option(value, str(label), value in chosen.what) for value, label in kind.choices.items()]
    return [
        FilterButton("who", _("Who"), chosen_label(people, _("Everybody"), _("people")), people),
        FilterButton("what", _("What"), chosen_label(what, str(kind.anything), _("chosen")), what),
    ]
