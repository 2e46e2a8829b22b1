"""What a visit that did not go as booked costs: one decision for each kind of fee, appointment and booked time. And what its patient says
to that."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Case, CharField, F, Q, Value, When
from django.utils.translation import gettext_lazy as _

from kept.billing.models import Charge, Kind, State
from kept.foundation.history import remembered
from kept.foundation.models import OfPractice, code, within
from kept.foundation.money import Money
from kept.foundation.walls import walls

MOVING = ("charging", "checking")
GOES_ON = (Kind.LATE_RESCHEDULE, Kind.LATE_ARRIVAL)  # after what these cost, the patient still comes


class Decision(models.TextChoices):
    NOT_OFFERED = "not_offered"
    UNDECIDED = "undecided"
    CHARGE = "charge"
    SPARED = "spared"


class FeeQuerySet(models.QuerySet["Fee"]):
    def with_state(self, at: datetime) -> "FeeQuerySet":
        """`state` as the API, filters and chips name it: the one place that makes it (product words: `fee.state`). Money that moved,
        or may be moving, counts before any decision."""
        return self.annotate(  # type: ignore[no-redef]
            state=Case(
                When(charge__dispute__in=Charge.TAKEN_BACK, then=Value("disputed")),
                When(charge__captured_minor__gt=0, charge__refunded_minor__gte=F("charge__captured_minor"), then=Value("refunded")),
                When(charge__refunded_minor__gt=0, then=Value("part_refunded")),
                When(charge__captured_minor__gt=0, then=Value("paid")),
                When(charge__state=State.UNKNOWN, then=Value("checking")),
                When(charge__state=State.SENDING, then=Value("charging")),
                When(~Q(decision=Decision.CHARGE), then=F("decision")),
                When(charge__state=State.DUE, charge__due_at__gt=at, then=Value("waiting")),
                When(charge__state=State.DUE, then=Value("charging")),
                When(charge__state=State.CANCELED, then=Value("spared")),
                default=F("charge__state"),
                output_field=CharField(),
            )
        )

    def standing(self) -> "FeeQuerySet":
        """Fees that an appointment shows: those not closed by a restore, and of the closed ones those whose charge is still being
        followed to its end (R12) or took money (R10)."""
        in_flight = Q(charge__state__in=[State.SENDING, State.UNKNOWN])
        return self.filter(Q(open=True) | in_flight | Q(charge__captured_minor__gt=0))


@remembered("Fee")
class Fee(OfPractice):
    """Whether what happened to an appointment is charged: the decision, its amount, by whom and why. Undoing what happened closes all but
    a paid one. `booking_no` is of the time that was missed, or left by a cancellation or a move."""

    state: str  # annotated by FeeQuerySet.with_state

    appointment = within("scheduling.Appointment", related_name="fees")
    kind = code(choices=Kind.choices)
    booking_no = models.PositiveIntegerField()
    decision = code(choices=Decision.choices)
    amount_minor = models.PositiveIntegerField(default=0)
    full_minor = models.PositiveIntegerField(default=0)  # before anybody lowered it
    currency = code(max_length=3, blank=True)
    why_not = code(blank=True)
    fee_reason = models.CharField(max_length=200, blank=True)
    by = within("practice.Member", null=True, blank=True)
    at = models.DateTimeField()
    charge = within("billing.Charge", null=True, blank=True, related_name="fees")
    open = models.BooleanField(default=True)
    kept_on_purpose = models.BooleanField(default=False)  # although its time was booked again (R7c), or a new one taken

    objects: ClassVar[models.Manager["Fee"]] = FeeQuerySet.as_manager()

    class Meta:
        constraints = [
            *walls("noshows_fee", appointment="scheduling_appointment", by="practice_member", charge="billing_charge"),
            models.UniqueConstraint(fields=["practice", "appointment", "kind", "booking_no"], name="fee_once"),
        ]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def full(self) -> Money:
        """What was offered when it was decided first: the most that it can be."""
        return Money(self.full_minor, self.currency)

    @property
    def of_a_visit_that_goes_on(self) -> bool:
        return self.kind in GOES_ON

    @property
    def is_moving(self) -> bool:
        """The answer is on its way: the page asks again in a second."""
        return self.state in MOVING or self.charge is not None and self.charge.ending


class Answer(OfPractice):
    """What a patient says to a no-show on her own page. It changes nothing by itself: staff settle it, once. `note` is what she reads
    where the no-show stays."""

    class Kind(models.TextChoices):
        HERE = "here", _("I was there")
        EMERGENCY = "emergency", _("It was an emergency")

    class Outcome(models.TextChoices):
        OPEN = "open", _("To be settled")
        RESTORED = "restored", _("Restored")
        SPARED = "spared", _("Fee spared")
        STAYS = "stays", _("Stays as it is")

    appointment = within("scheduling.Appointment", related_name="answers")
    kind = code(choices=Kind.choices)
    text = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()
    outcome = code(choices=Outcome.choices, default=Outcome.OPEN)
    note = models.CharField(max_length=500, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = within("practice.Member", null=True, blank=True)

    class Meta:
        constraints = [
            *walls("noshows_answer", appointment="scheduling_appointment", settled_by="practice_member"),
            models.UniqueConstraint(fields=["practice", "appointment", "kind"], name="answer_open_once", condition=Q(outcome="open")),
            models.CheckConstraint(
                name="answer_settled",
                condition=Q(outcome="open", settled_at=None, settled_by=None) | (~Q(outcome="open") & Q(settled_at__isnull=False)),
            ),
        ]
        indexes = [models.Index(fields=["practice", "at"], name="answer_to_settle", condition=Q(outcome="open"))]
