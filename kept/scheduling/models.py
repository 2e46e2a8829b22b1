"""The book: appointments, their services, and the claims on time that no two may hold at once."""

import secrets
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import IntegrityError, models, transaction
from django.db.models import Q

from kept.foundation.history import remembered
from kept.foundation.models import OfPractice, code, within
from kept.foundation.money import Money
from kept.foundation.refusals import broken
from kept.foundation.walls import PlainSql, walls
from kept.practice.models import Clinic
from kept.scheduling.guards import appointment_claims, appointment_guard, claim_guard


class Status(models.TextChoices):
    """FHIR R4's codes of an appointment."""

    BOOKED = "booked", "Booked"
    ARRIVED = "arrived", "Arrived"
    FULFILLED = "fulfilled", "Completed"
    NOSHOW = "noshow", "No-show"
    CANCELLED = "cancelled", "Cancelled"
    ENTERED_IN_ERROR = "entered-in-error", "Entered in error"


MOVES: dict[str, set[str]] = {
    Status.BOOKED: {Status.ARRIVED, Status.FULFILLED, Status.NOSHOW, Status.CANCELLED, Status.ENTERED_IN_ERROR},
    Status.ARRIVED: {Status.BOOKED, Status.FULFILLED},
    Status.FULFILLED: {Status.ARRIVED, Status.BOOKED},  # reopened
    Status.NOSHOW: {Status.BOOKED},  # restored: the patient came after all
    Status.CANCELLED: {Status.BOOKED},
}
ON_THE_BOOK = [Status.BOOKED, Status.ARRIVED, Status.FULFILLED]
CHOSEN_BY = ["clinic", "provider"]  # so that a list of some of them is read from its index alone
NUMBERS = range(1_000_000, 10_000_000)
LONGEST = timedelta(days=31)  # of a claim on time: what starts earlier than that before an instant is over by then


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    def create_numbered(self, **fields: Any) -> "Appointment":
        """Create it with a number that no other of its practice has. Drawn, not counted, so that no booking waits for another's."""
        while True:
            try:
                with transaction.atomic():
                    return self.create(number=secrets.choice(NUMBERS), **fields)
            except IntegrityError as error:
                if broken(error) != "appointment_number_once":
                    raise

    def locked(self, appointment: "Appointment") -> "Appointment":
        """The appointment as it is now, locked until the scope ends. Read after the lock: who waited joins what is there then."""
        self.select_for_update(no_key=True).only("pk").get(pk=appointment.pk)
        return self.select_related("practice", "clinic", "patient", "provider", "acceptance__card").get(pk=appointment.pk)


@remembered("Appointment")
class Appointment(OfPractice):
    """One patient, one provider, one clinic, one or more services, one span of time.

    `booking_no` grows when it is moved; `version` with every change. `card_due_at`: by when the card is promised that the desk asked for;
    none where nobody did. `acceptance` came with a card, and fees rest on it; `agreement` is what was accepted where no card was asked
    for. An imported visit holds no claim on time.
    """

    class Channel(models.TextChoices):
        DESK = "desk", "at the desk"
        ONLINE = "online", "online"
        API = "api", "over the API"
        IMPORT = "import", "imported"

    class Asked(models.TextChoices):
        """Who asked for a cancellation or a move: the clinic's own is free (R14)."""

        PATIENT = "patient", "the patient"
        CLINIC = "clinic", "the clinic"

    number = models.PositiveBigIntegerField()
    patient = within("patients.Patient", related_name="appointments")
    provider = within("practice.Provider")
    clinic = within("practice.Clinic")
    status = code(choices=Status.choices, default=Status.BOOKED)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    booked_at = models.DateTimeField()
    channel = code(choices=Channel.choices, default=Channel.DESK)
    booking_no = models.PositiveIntegerField(default=1)
    version = models.PositiveIntegerField(default=1)
    acceptance = within("policies.Acceptance", null=True, blank=True, related_name="appointments")
    agreement = within("policies.Acceptance", null=True, blank=True)
    card_wanted = models.BooleanField(default=False)
    card_due_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=500, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    arrived_at = models.DateTimeField(null=True, blank=True)
    treatment_at = models.DateTimeField(null=True, blank=True)
    status_at = models.DateTimeField(null=True, blank=True)
    status_by = within("practice.Member", null=True, blank=True)
    outcome_reason = models.CharField(max_length=200, blank=True)
    outcome_note = models.CharField(max_length=500, blank=True)
    cancelled_for = code(choices=Asked.choices, blank=True)
    late_cancel = models.BooleanField(default=False)
    recorded_afterwards = models.BooleanField(default=False)
    external_id = code(max_length=200, null=True, blank=True)

    objects: ClassVar[models.Manager["Appointment"]] = AppointmentQuerySet.as_manager()

    class Meta:
        constraints = [
            *walls(
                "scheduling_appointment",
                patient="patients_patient",
                provider="practice_provider",
                clinic="practice_clinic",
                acceptance="policies_acceptance",
                agreement="policies_acceptance",
                status_by="practice_member",
            ),
            models.UniqueConstraint(fields=["practice", "number"], name="appointment_number_once"),
            models.UniqueConstraint(fields=["practice", "external_id"], name="appointment_external_once"),
            models.CheckConstraint(name="appointment_takes_time", condition=Q(starts_at__lt=models.F("ends_at"))),
            models.CheckConstraint(name="appointment_status_known", condition=Q(status__in=Status.values)),
            PlainSql(name="appointment_guard", **appointment_guard(MOVES)),
            PlainSql(name="appointment_claims", **appointment_claims(ON_THE_BOOK)),
        ]
        indexes = [
            models.Index(fields=["practice", "clinic", "starts_at", "id"], name="appointment_of_clinic"),
            models.Index(fields=["practice", "provider", "starts_at", "id"], name="appointment_of_provider"),
            models.Index(fields=["practice", "patient", "starts_at"], name="appointment_of_patient"),
            models.Index(fields=["practice", "-starts_at", "-id"], include=CHOSEN_BY, name="noshow_newest", condition=Q(status="noshow")),
            models.Index(fields=["practice", "clinic", "-starts_at", "-id"], name="noshow_of_clinic", condition=Q(status="noshow")),
            models.Index(fields=["practice", "provider", "-starts_at", "-id"], name="noshow_of_provider", condition=Q(status="noshow")),
            models.Index(
                fields=["practice", "-starts_at", "-id"], include=CHOSEN_BY, name="cancelled_newest", condition=Q(status="cancelled")
            ),
            models.Index(fields=["practice", "ends_at"], name="outcome_missing", condition=Q(status="booked")),
            models.Index(
                fields=["practice", "starts_at"], name="card_awaited", condition=Q(status="booked", card_wanted=True, acceptance=None)
            ),
            models.Index(
                fields=["practice", "booked_at"],
                name="hold_by_expiry",
                condition=Q(status="booked", card_wanted=True, acceptance=None, channel="online", booking_no=1),
            ),
        ]

    def __str__(self) -> str:
        return f"A-{self.number}"

    @property
    def local_date(self) -> date:
        """The day it starts, by the clinic's calendar."""
        return self.clinic.local_date(self.starts_at)

    @property
    def imported(self) -> bool:
        return self.channel == self.Channel.IMPORT

    @property
    def minutes(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds()) // 60

    @property
    def price(self) -> Money:
        """Of all its services, as booked. Asks the database for the lines unless they were fetched with it."""
        lines = list(self.lines.all())
        return sum((line.price for line in lines[1:]), lines[0].price)

    @property
    def services(self) -> str:
        return ", ".join(line.name for line in self.lines.all())


class Line(OfPractice):
    """A service of an appointment, with the name, minutes and price it had when booked. `own_price`: agreed for this visit alone."""

    appointment = within("scheduling.Appointment", related_name="lines")
    service = within("practice.Service")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=120)
    minutes = models.PositiveIntegerField()
    price_minor = models.PositiveIntegerField()
    currency = code(max_length=3)
    zones = models.PositiveSmallIntegerField(default=1)
    own_price = models.BooleanField(default=False)

    class Meta:
        ordering = ["position"]
        constraints = [
            *walls("scheduling_line", appointment="scheduling_appointment", service="practice_service"),
            models.UniqueConstraint(fields=["practice", "appointment", "position"], name="line_position_once"),
        ]

    @property
    def price(self) -> Money:
        return Money(self.price_minor, self.currency)


@remembered("Block")
class Block(OfPractice):
    """Time of a provider, room or device that is kept free of appointments. Lifted, it stays on record and holds nothing."""

    resource = within("practice.Resource")
    clinic = within("practice.Clinic")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    why = models.CharField(max_length=120, blank=True)
    by = within("practice.Member", null=True, blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            *walls("scheduling_block", resource="practice_resource", clinic="practice_clinic", by="practice_member"),
            models.CheckConstraint(name="block_takes_time", condition=Q(starts_at__lt=models.F("ends_at"))),
        ]
        indexes = [models.Index(fields=["practice", "clinic", "starts_at"], name="block_of_clinic")]


class ClaimQuerySet(models.QuerySet["Claim"]):
    def over(self, resource_ids: Iterable[UUID], start: datetime, end: datetime) -> "ClaimQuerySet":
        """Live claims of these resources that lie over that time. By bounds, since row-level security keeps `&&` from its index."""
        live = self.filter(resource__in=list(resource_ids), live=True)
        return live.filter(starts_at__lt=end, ends_at__gt=start, ends_at__lt=end + LONGEST)

    def with_holders(self) -> "ClaimQuerySet":
        """Each with its resource, and with whose or what's it is."""
        visits = ("appointment__patient", "appointment__provider", "appointment__clinic")
        return self.select_related("resource", "block__clinic", *visits)


def _bound(which: str) -> models.GeneratedField:
    """The lower or upper bound of `during`, kept by the database."""
    bound = models.Func(models.F("during"), function=which, output_field=models.DateTimeField())
    return models.GeneratedField(expression=bound, output_field=models.DateTimeField(), db_persist=True)


class Claim(OfPractice):
    """Time taken of a provider, room or device, by an appointment with its buffers or by a block. No two live claims of one lane
    overlap (I1).

    Everybody takes lane 0; a deliberate double booking takes the next. An appointment's `live` follows its status by trigger.
    """

    resource = within("practice.Resource", db_index=False)
    appointment = within("scheduling.Appointment", null=True, blank=True, related_name="claims")
    block = within("scheduling.Block", null=True, blank=True, related_name="claims")
    lane = models.PositiveSmallIntegerField(default=0)
    during: Any = DateTimeRangeField()
    starts_at = _bound("lower")
    ends_at = _bound("upper")
    live = models.BooleanField(default=True)

    objects: ClassVar[ClaimQuerySet] = ClaimQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            *walls("scheduling_claim", resource="practice_resource", appointment="scheduling_appointment", block="scheduling_block"),
            models.CheckConstraint(
                name="claim_is_of_one_thing",
                condition=Q(appointment__isnull=False, block=None) | Q(appointment=None, block__isnull=False),
            ),
            models.CheckConstraint(
                name="claim_bounded",
                condition=Q(during__isempty=False, during__lower_inf=False, during__upper_inf=False),
            ),
            models.CheckConstraint(name="claim_not_endless", condition=Q(ends_at__lte=models.F("starts_at") + LONGEST)),
            ExclusionConstraint(
                name="claim_once",
                expressions=[
                    ("resource", RangeOperators.EQUAL),
                    ("lane", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
                condition=Q(live=True),
            ),
            PlainSql(name="claim_guard", **claim_guard()),
        ]
        indexes = [
            models.Index(
                fields=["practice", "resource", "ends_at"], include=["starts_at"], name="claim_of_resource", condition=Q(live=True)
            )
        ]

    @property
    def clinic(self) -> Clinic:
        """Where it is held."""
        clinic: Clinic = (self.appointment or self.block).clinic  # type: ignore[union-attr]
        return clinic
