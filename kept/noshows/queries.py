"""Reading no-shows: the list, its totals, an appointment's fee, a patient's attendance."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum

from kept.billing.models import Charge, Kind, State
from kept.events.models import Event
from kept.foundation.money import Money
from kept.noshows.models import Answer, Fee, FeeQuerySet
from kept.noshows.offers import kind_of
from kept.patients.models import Patient
from kept.patients.queries import patients
from kept.practice import queries as practice
from kept.practice.models import Member, Resource
from kept.scheduling.models import LONGEST, Appointment, Claim, Status
from kept.scheduling.queries import in_days
from kept.scheduling.transitions import promising

DEFAULT_DAYS = 30
CALLS = ("due", "waiting")
YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list is asked for: local dates of the start, inclusive, in each clinic's own zone; several clinics, providers, and states
    of fees (of the missed), who asked for it (of the cancelled), or whether it is `due` or has time (of those awaiting a card)."""

    first: date
    last: date
    clinics: Sequence[Any] = ()
    providers: Sequence[Any] = ()
    fees: Sequence[str] = ()
    asked: Sequence[str] = ()
    calls: Sequence[str] = ()
    search: str = ""


@dataclass(slots=True)
class Totals:
    """Of a filter: how many were missed, of how many concluded, and the money per currency in minor units."""

    count: int = 0
    concluded: int = 0
    invoiced: dict[str, int] = field(default_factory=dict)
    collected: dict[str, int] = field(default_factory=dict)
    refunded: dict[str, int] = field(default_factory=dict)
    fees: int = 0
    paid: int = 0
    refunds: int = 0

    @property
    def rate(self) -> float:
        """Missed of concluded, 0 to 1."""
        return self.count / self.concluded if self.concluded else 0.0

    @property
    def collected_share(self) -> float:
        """Fees paid of fees charged, 0 to 1."""
        return self.paid / self.fees if self.fees else 0.0

    def money(self, amounts: dict[str, int]) -> list[Money]:
        return [Money(minor, currency) for currency, minor in sorted(amounts.items())]


def _filtered(member: Member, wanted: Filter) -> QuerySet[Appointment]:
    clinics = [clinic for clinic in member.given_clinics if not wanted.clinics or clinic.pk in wanted.clinics]
    found = Appointment.objects.filter(practice.own(member), in_days(wanted.first, wanted.last, clinics))
    if wanted.providers:
        found = found.filter(provider__in=wanted.providers)
    if wanted.search.strip():
        found = found.filter(patient__in=patients(member, wanted.search).order_by().values("pk"))
    return found


def to_call(member: Member, wanted: Filter, *, at: datetime) -> QuerySet[Appointment]:
    """The call list: still to come, their card asked for and not given. By start; those whose time for it is over, unless `calls` asks
    for those that have time, too or alone."""
    found = _filtered(member, wanted).filter(pk__in=promising.awaited().values("pk"), starts_at__gt=at)
    late = promising.overdue(member.practice.settings, at=at)
    if set(wanted.calls) < set(CALLS):
        found = found.exclude(late) if list(wanted.calls) == ["waiting"] else found.filter(late)
    return found.select_related("patient", "provider", "clinic").prefetch_related("lines").order_by("starts_at", "id")


def calls_due(member: Member, *, at: datetime) -> int:
    """How many patients there are to call about a card."""
    found = promising.awaited().filter(practice.own(member), starts_at__gt=at)
    return found.filter(promising.overdue(member.practice.settings, at=at)).count()


def last_calls(appointments: Iterable[Appointment]) -> dict[UUID, Event]:
    """Of each, the last call about its card."""
    found = Event.objects.filter(subject_id__in=[each.pk for each in appointments], kind="card.called")
    return {event.subject_id: event for event in found.order_by("at", "id")}


def no_shows(member: Member, wanted: Filter, *, at: datetime) -> QuerySet[Appointment]:
    """The No Shows list (R8), newest first, each with its patient, provider, clinic, lines and `standing_fees`."""
    return with_fees(_newest_first(_missed(_filtered(member, wanted), wanted, at)), at=at)


def _missed(found: QuerySet[Appointment], wanted: Filter, at: datetime) -> QuerySet[Appointment]:
    """Of those the no-shows, and of these those whose fee is in one of the states asked for."""
    missed = found.filter(status=Status.NOSHOW)
    if not wanted.fees:
        return missed
    of_the_booked_time = Q(appointment=OuterRef("pk"), booking_no=OuterRef("booking_no"))
    state = Fee.objects.standing().with_state(at).filter(of_the_booked_time).values("state")[:1]  # type: ignore[misc]
    asked = Q(fee_state__in=wanted.fees) | (Q(fee_state=None) if "not_offered" in wanted.fees else Q(pk__in=[]))
    return missed.annotate(fee_state=Subquery(state)).filter(asked)


def cancelled(member: Member, wanted: Filter, *, at: datetime) -> QuerySet[Appointment]:
    """The Cancelled list (R13), newest first, each with its patient, provider, clinic, lines and `standing_fees`."""
    found = _filtered(member, wanted).filter(status=Status.CANCELLED)
    if wanted.asked:
        found = found.filter(cancelled_for__in=wanted.asked)
    return with_fees(_newest_first(found), at=at)


def _newest_first(found: QuerySet[Appointment]) -> QuerySet[Appointment]:
    return found.select_related("patient", "provider", "clinic", "status_by", "acceptance__card").order_by("-starts_at", "-id")


def with_fees(appointments: QuerySet[Appointment], *, at: datetime) -> QuerySet[Appointment]:
    """With their lines and the fee of their booked time (`fee_of`)."""
    fees = Fee.objects.standing().with_state(at).select_related("charge__invoice", "charge__card", "by")
    return appointments.prefetch_related("lines", Prefetch("fees", fees, to_attr="standing_fees"))


def fee_of(appointment: Appointment, *, at: datetime) -> Fee | None:
    """The appointment's last fee that stands, with `state`: of its booked time, or one paid before it was moved. None while there is
    none."""
    return next(iter(fees_of(appointment, at=at)), None)


def fees_of(appointment: Appointment, *, at: datetime) -> list[Fee]:
    """All that stand, with `state`, the last first: late moves and an arrival may have cost their own before it."""
    fees = getattr(appointment, "standing_fees", None)
    if fees is None:
        fees = Fee.objects.standing().with_state(at).select_related("charge__invoice", "charge__card", "by").filter(appointment=appointment)
    return sorted(fees, key=lambda fee: (fee.booking_no, fee.at), reverse=True)


def open_fee(appointment: Appointment) -> FeeQuerySet:
    """Of what the appointment is now, missed or cancelled, and of its booked time: one row at most."""
    return Fee.objects.filter(appointment=appointment, kind=kind_of(appointment), booking_no=appointment.booking_no, open=True)


def fee_meant(appointment: Appointment, fee_id: UUID | None = None) -> FeeQuerySet:
    """The open fee that somebody decides about: that one, or else the last, as `fee_of` has it. One row at most."""
    found = Fee.objects.filter(appointment=appointment, open=True)
    if fee_id:
        return found.filter(pk=fee_id)
    return found.filter(pk__in=found.order_by("-booking_no", "-at").values("pk")[:1])


def answers_of(appointment: Appointment) -> list[Answer]:
    """What its patient said to the no-show that it is now, the first answer first."""
    found = Answer.objects.filter(appointment=appointment, at__gte=appointment.status_at or appointment.starts_at)
    return list(found.order_by("at", "id")) if appointment.status == Status.NOSHOW else []


def open_answers(member: Member, *, at: datetime, clinics: Sequence[Any] = ()) -> QuerySet[Answer]:
    """What patients say to no-shows and nobody has settled, at her clinics; to a provider of hers. The oldest first, each with what a
    line of it shows."""
    visits = Appointment.objects.filter(practice.own(member))
    if clinics:
        visits = visits.filter(clinic__in=clinics)
    fees = Fee.objects.standing().with_state(at).select_related("charge__invoice", "charge__card", "by")
    found = Answer.objects.filter(appointment__in=visits, outcome=Answer.Outcome.OPEN)
    shown = found.select_related("appointment__practice", "appointment__patient", "appointment__provider", "appointment__clinic")
    return shown.prefetch_related(Prefetch("appointment__fees", fees, to_attr="standing_fees")).order_by("at", "id")


def totals(member: Member, wanted: Filter, *, at: datetime) -> Totals:
    """Above the list (R8), of the same filter. Concluded: completed and missed visits, whatever became of a fee."""
    found = _filtered(member, wanted)
    counts = found.aggregate(
        missed=Count("pk", filter=Q(status=Status.NOSHOW)),
        concluded=Count("pk", filter=Q(status__in=[Status.NOSHOW, Status.FULFILLED])),
    )
    missed = _missed(found, wanted, at)
    result = Totals(count=missed.count() if wanted.fees else counts["missed"], concluded=counts["concluded"])
    charges = (
        Charge.objects.filter(appointment__in=missed.values("pk"), kind=Kind.NO_SHOW, fees__open=True)
        .exclude(invoice=None)
        .exclude(state=State.CANCELED, captured_minor=0)
        .values("currency")
        .annotate(
            invoiced=Sum("amount_minor"),
            collected=Sum("captured_minor"),
            back=Sum("refunded_minor"),
            fees_count=Count("pk"),
            paid=Count("pk", filter=Q(captured_minor__gt=0)),
            refund_count=Count("pk", filter=Q(refunded_minor__gt=0)),
        )
    )
    for row in charges:
        result.invoiced[row["currency"]] = row["invoiced"]
        result.collected[row["currency"]] = row["collected"]
        result.refunded[row["currency"]] = row["back"]
        result.fees += row["fees_count"]
        result.paid += row["paid"]
        result.refunds += row["refund_count"]
    return result


@dataclass(frozen=True, slots=True)
class Cancellations:
    """Of a filter: how many were cancelled of how many booked, who asked, and how many of them are still to come."""

    booked: int
    cancelled: int
    by_patient: int
    by_clinic: int
    to_come: int

    @property
    def rate(self) -> float:
        """Cancelled of booked, 0 to 1."""
        return self.cancelled / self.booked if self.booked else 0.0


def cancellations(member: Member, wanted: Filter, *, at: datetime) -> Cancellations:
    """Above the list of the same filter, who asked aside."""
    gone, asked = Q(status=Status.CANCELLED), Appointment.Asked
    found = _filtered(member, wanted).exclude(status=Status.ENTERED_IN_ERROR)
    counts = found.aggregate(
        booked=Count("pk"),
        cancelled=Count("pk", filter=gone),
        by_patient=Count("pk", filter=gone & Q(cancelled_for=asked.PATIENT)),
        by_clinic=Count("pk", filter=gone & Q(cancelled_for=asked.CLINIC)),
        to_come=Count("pk", filter=gone & Q(starts_at__gt=at)),
    )
    return Cancellations(**counts)


def taken_by(appointments: Sequence[Appointment]) -> dict[Any, Claim]:
    """Of missed appointments whose time, or room, is held by somebody or something else meanwhile (R11): the first such claim, by the
    missed one's id."""
    held = Claim.objects.filter(appointment__in=[appointment.pk for appointment in appointments], live=False)
    rivals = Claim.objects.filter(
        practice=OuterRef("practice"),
        resource=OuterRef("resource"),
        live=True,
        starts_at__lt=OuterRef("ends_at"),
        ends_at__gt=OuterRef("starts_at"),
        ends_at__lt=OuterRef("ends_at") + LONGEST,
    ).order_by("starts_at", "id")
    clashes = held.annotate(rival=Subquery(rivals.values("pk")[:1])).exclude(rival=None).values_list("appointment", "rival")
    by_id = Claim.objects.with_holders().in_bulk({rival for _missed, rival in clashes})
    found: dict[Any, Claim] = {}
    for missed, rival in clashes:
        if missed not in found or by_id[rival].resource.kind == Resource.Kind.PROVIDER:
            found[missed] = by_id[rival]
    return found


@dataclass(frozen=True, slots=True)
class Attendance:
    """A patient's concluded visits: how many, how many missed, and when last."""

    visits: int
    missed: int
    last_missed: datetime | None

    def __str__(self) -> str:
        if not self.visits:
            return "First visit"
        return f"Missed {self.missed} of {self.visits}" if self.missed else f"Kept all {self.visits}"


def attendance(patient_ids: Iterable[Any]) -> dict[Any, Attendance]:
    """Facts on attendance by patient: completed and missed visits; cancelled and restored ones do not count."""
    missed = Q(status=Status.NOSHOW)
    rows = (
        Appointment.objects.filter(patient__in=list(patient_ids), status__in=[Status.FULFILLED, Status.NOSHOW])
        .values_list("patient")
        .annotate(Count("pk"), missed=Count("pk", filter=missed), last_missed=Max("starts_at", filter=missed))
    )
    return {patient: Attendance(*facts) for patient, *facts in rows}


@dataclass(frozen=True, slots=True)
class Lately:
    """A patient's last twelve months: concluded visits, those missed, and what was cancelled late."""

    visits: int
    missed: int
    cancelled_late: int


def lately(patient: Patient, *, at: datetime) -> Lately:
    """Facts on her last twelve months, wherever she was seen."""
    found = Appointment.objects.filter(patient=patient, starts_at__gte=at - YEAR, starts_at__lte=at)
    missed, late = Q(status=Status.NOSHOW), Q(status=Status.CANCELLED, late_cancel=True)
    counts = {"visits": Q(status=Status.FULFILLED) | missed, "missed": missed, "cancelled_late": late}
    return Lately(**found.aggregate(**{name: Count("pk", filter=which) for name, which in counts.items()}))


def who_missed(practice_id: UUID, times: int) -> QuerySet[Any]:
    """Ids of the patients who missed as often, or more often."""
    found = Appointment.objects.filter(practice=practice_id, status=Status.NOSHOW).values("patient")
    return found.annotate(times=Count("pk")).filter(times__gte=times).values("patient")


def last_days(today: date) -> tuple[date, date]:
    """The default range: the last 30 days, today included."""
    return today - timedelta(days=DEFAULT_DAYS - 1), today
