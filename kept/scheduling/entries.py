"""The book as rows: what a day or a week shows of each visit and of blocked time, read without models, since it is asked for every few
seconds."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BigIntegerField, Func, OuterRef, QuerySet

from kept.foundation import clock
from kept.patients.rules import initials
from kept.practice import queries as practice
from kept.practice.models import Clinic, Member
from kept.scheduling.models import LONGEST, Appointment, Line, Status
from kept.scheduling.queries import blocks, in_days
from kept.scheduling.rules import display, needs_outcome


class Entry(NamedTuple):
    """A visit as it stands in the book. Its instants are epoch seconds: making datetimes of them costs more than asking for them."""

    id: UUID
    clinic_id: UUID
    provider_id: UUID
    patient_id: UUID
    starts_at: int
    ends_at: int
    status: str
    late_cancel: bool
    card_wanted: bool
    acceptance_id: UUID | None
    confirmed_at: int | None
    treatment_at: int | None
    first_name: str
    last_name: str
    lines: list[str]

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    def by_initials(self) -> "Entry":
        """The same for eyes that shall not read names: "Renata Solbrook" is "R. S."."""
        first, last = initials(self.first_name, self.last_name)
        return self._replace(first_name=first, last_name=last)

    def display(self, at: datetime) -> str:
        return display(self, at=int(at.timestamp()))

    def needs_outcome(self, at: datetime) -> bool:
        return needs_outcome(self, at=int(at.timestamp()))

    @property
    def start(self) -> datetime:
        return datetime.fromtimestamp(self.starts_at, UTC)

    @property
    def end(self) -> datetime:
        return datetime.fromtimestamp(self.ends_at, UTC)

    @property
    def minutes(self) -> int:
        return (self.ends_at - self.starts_at) // 60

    @property
    def services(self) -> str:
        return ", ".join(self.lines)

    @property
    def on_the_book(self) -> bool:
        """Not missed and not cancelled: it has its time."""
        return self.status in (Status.BOOKED, Status.ARRIVED, Status.FULFILLED)


class Blocked(NamedTuple):
    """Time of a provider that is kept free of visits."""

    id: UUID
    provider_id: UUID
    starts_at: int
    ends_at: int
    why: str


def in_span(
    member: Member, clinics: Sequence[Clinic], first: date, last: date | None, providers: Iterable[UUID] = ()
) -> QuerySet[Appointment]:
    """Visits that start on those local days, `last` None: from the first on; of those providers or of all. What was entered in error
    is left out."""
    found = Appointment.objects.filter(practice.own(member), in_days(first, last, clinics)).exclude(status=Status.ENTERED_IN_ERROR)
    chosen = list(providers)
    return found.filter(provider__in=chosen) if chosen else found


def entries(found: QuerySet[Appointment]) -> list[Entry]:
    """By start; one query, however many they are."""
    lines = ArraySubquery(Line.objects.filter(appointment=OuterRef("pk")).order_by("position").values("name"))
    rows = found.order_by("starts_at", "id").values_list(
        "id",
        "clinic_id",
        "provider_id",
        "patient_id",
        _epoch("starts_at"),
        _epoch("ends_at"),
        "status",
        "late_cancel",
        "card_wanted",
        "acceptance_id",
        _epoch("confirmed_at"),
        _epoch("treatment_at"),
        "patient__first_name",
        "patient__last_name",
        lines,
    )
    return [Entry(*row) for row in rows]


def blocked(member: Member, clinic: Clinic, first: date, last: date) -> list[Blocked]:
    """Blocked time of the clinic's providers in some part of those local days, by start; to a provider her own."""
    start, end = clock.day(first, clinic.zone)[0], clock.day(last, clinic.zone)[1]
    over = blocks(member).filter(clinic=clinic, lifted_at=None, starts_at__lt=end, starts_at__gt=start - LONGEST, ends_at__gt=start)
    rows = over.filter(resource__providers__isnull=False).order_by("starts_at", "id")
    return [Blocked(*row) for row in rows.values_list("id", "resource__providers", _epoch("starts_at"), _epoch("ends_at"), "why")]


def _epoch(field: str) -> Func:
    return Func(field, template="extract(epoch from %(expressions)s)::bigint", output_field=BigIntegerField())
