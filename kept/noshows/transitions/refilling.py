"""Giving up, or keeping, the fee of a visit that was missed, or cancelled or moved late, when its time was booked again (R7c), or
its patient took a new one."""

from collections import defaultdict
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import F, Q
from django.utils.translation import gettext as _

from kept.billing.models import Kind
from kept.events import journal
from kept.foundation.refusals import Refusal
from kept.noshows import refilling
from kept.noshows.chances import taken_anew
from kept.noshows.models import Decision, Fee
from kept.noshows.offers import costs
from kept.noshows.queries import fee_meant
from kept.noshows.transitions import fees
from kept.patients.models import Patient
from kept.practice.models import Member, Provider, Settings
from kept.practice.rules import Right
from kept.scheduling.models import Appointment, Status
from kept.scheduling.rules import wrong_status

NOTHING = Q(pk__in=[])


class AtStake(NamedTuple):
    """Locked visits whose fee a booking may spare by itself: missed or cancelled late, it takes their time or is their patient's next;
    or moved late, by their fees, it takes the time that they left."""

    freed: list[Appointment]
    hers: list[Appointment]
    left: list[tuple[Appointment, Fee]]


def at_stake(provider: Provider, starts_at: datetime, ends_at: datetime, *, patient: Patient | None = None, by: Member | None) -> AtStake:
    """What taking that time, by `patient` where it is a new visit, may spare by itself: as the practice has set it for a time that is
    filled, and as the accepted version says of a new time. Locked: before the resources, as the order of locks has it."""
    practice = (by or provider).practice
    freed = Q(provider=provider, starts_at__lt=ends_at, ends_at__gt=starts_at)
    if practice.settings.when_filled != Settings.WhenFilled.SPARE:
        freed = NOTHING
    hers = Q(patient=patient, acceptance__version__document__new_time__mode="by_itself") if patient else NOTHING
    if NOTHING == freed == hers:
        return AtStake([], [], [])
    left = _left(provider, starts_at, ends_at) if freed != NOTHING else {}
    missed = Appointment.objects.filter(
        Q(status=Status.NOSHOW) | Q(status=Status.CANCELLED, late_cancel=True),
        freed | hers,
        fees__open=True,
        fees__decision__in=[Decision.UNDECIDED, Decision.CHARGE],
    )
    ids = {*missed.values_list("pk", flat=True), *left}
    found = [Appointment.objects.locked(each) for each in Appointment.objects.filter(pk__in=ids).order_by("id")]
    over = [each for each in found if freed != NOTHING and _over(each, provider, starts_at, ends_at)]
    moved = [(each, fee) for each in found for fee in left.get(each.pk, [])]
    return AtStake(over, [each for each in found if patient and each.patient_id == patient.pk], moved)


def _over(visit: Appointment, provider: Provider, starts_at: datetime, ends_at: datetime) -> bool:
    return visit.provider_id == provider.pk and visit.starts_at < ends_at and visit.ends_at > starts_at


def _left(provider: Provider, starts_at: datetime, ends_at: datetime) -> dict[UUID, list[Fee]]:
    """Unpaid fees of late moves away from that time, by the visit that was moved."""
    fees_of_moves = Fee.objects.filter(
        kind=Kind.LATE_RESCHEDULE,
        open=True,
        decision__in=[Decision.UNDECIDED, Decision.CHARGE],
        appointment__history__booking_no=F("booking_no"),
        appointment__history__provider=provider,
        appointment__history__starts_at__lt=ends_at,
        appointment__history__ends_at__gt=starts_at,
    ).exclude(charge__captured_minor__gt=0)
    found: dict[UUID, list[Fee]] = defaultdict(list)
    for fee in fees_of_moves.order_by("id").distinct():
        found[fee.appointment_id].append(fee)
    return found


def spare_by_itself(stake: AtStake, *, at: datetime) -> None:
    """Of those the fees whose time is booked again by now, or whose patient has a new time in time, are spared, in the transaction that
    booked it. What was sent or paid stays, and so does what was kept on purpose."""
    filled = refilling.filled_by(stake.freed)
    for each in stake.freed:
        if each.pk in filled:
            fees.spare_by_itself(each, fee_reason=_("The time was booked again"), at=at)
    for moved, fee in stake.left:
        if refilling.left_filled(moved, fee):
            fees.spare_by_itself(moved, fee_id=fee.pk, fee_reason=_("The time was booked again"), at=at)
    anew = taken_anew(stake.hers)
    for each in stake.hers:
        found = anew.get(each.pk)
        if found and found.sure and found.chance.mode == "by_itself":
            fees.spare_by_itself(each, fee_reason=_("The patient took a new time"), at=at)


def for_good(appointment: Appointment, *, at: datetime) -> None:
    """The card that it was held for is there: what its booking spares by itself is spared now. A second run changes nothing."""
    stake = at_stake(appointment.provider, appointment.starts_at, appointment.ends_at, patient=appointment.patient, by=None)
    spare_by_itself(stake, at=at)


def keep(appointment: Appointment, *, by: Member, at: datetime) -> Fee:
    """The fee stands although its time was booked again, or a new one taken; it is not proposed to spare it any more.

    Raises Refusal `wrong_status`, `fee_not_available`, `not_permitted`.
    """
    by.must(Right.CHARGE, appointment)
    appointment = Appointment.objects.locked(appointment)
    fee = fee_meant(appointment).first()
    if not costs(appointment) and not (fee and fee.of_a_visit_that_goes_on):
        raise wrong_status(appointment, _("It is %s, so there is no fee to decide.") % appointment.get_status_display())
    if fee is None:
        raise Refusal("fee_not_available", _("There is no fee to keep."))
    fee.kept_on_purpose = True
    fee.save(update_fields=["kept_on_purpose"])
    journal.record("fee.kept", appointment, by=by, at=at)
    return fee
