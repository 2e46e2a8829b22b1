"""Giving up, or keeping, the fee of a visit that was missed, or cancelled late, when its time was booked again (R7c), or its patient took
a new one."""

from datetime import datetime
from typing import NamedTuple

from django.db.models import Q
from django.utils.translation import gettext as _

from kept.events import journal
from kept.foundation.refusals import Refusal
from kept.noshows import refilling
from kept.noshows.chances import taken_anew
from kept.noshows.models import Decision, Fee
from kept.noshows.offers import costs
from kept.noshows.queries import open_fee
from kept.noshows.transitions import fees
from kept.patients.models import Patient
from kept.practice.models import Member, Provider, Settings
from kept.practice.rules import Right
from kept.scheduling.models import Appointment, Status
from kept.scheduling.rules import wrong_status

NOTHING = Q(pk__in=[])


class AtStake(NamedTuple):
    """Visits missed, or cancelled late, whose fee a booking may spare by itself: it takes their time, or it is their patient's next."""

    freed: list[Appointment]
    hers: list[Appointment]


def at_stake(provider: Provider, starts_at: datetime, ends_at: datetime, *, patient: Patient | None = None, by: Member | None) -> AtStake:
    """What taking that time, by `patient` where it is a new visit, may spare by itself: as the practice has set it for a time that is
    filled, and as the accepted version says of a new time. Locked: before the resources, as the order of locks has it."""
    practice = (by or provider).practice
    freed = Q(provider=provider, starts_at__lt=ends_at, ends_at__gt=starts_at)
    if practice.settings.when_filled != Settings.WhenFilled.SPARE:
        freed = NOTHING
    hers = Q(patient=patient, acceptance__version__document__new_time__mode="by_itself") if patient else NOTHING
    if NOTHING == freed == hers:
        return AtStake([], [])
    missed = Appointment.objects.filter(
        Q(status=Status.NOSHOW) | Q(status=Status.CANCELLED, late_cancel=True),
        freed | hers,
        fees__open=True,
        fees__decision__in=[Decision.UNDECIDED, Decision.CHARGE],
    )
    found = [Appointment.objects.locked(each) for each in missed.order_by("id").distinct()]
    over = [each for each in found if freed != NOTHING and _over(each, provider, starts_at, ends_at)]
    return AtStake(over, [each for each in found if patient and each.patient_id == patient.pk])


def _over(visit: Appointment, provider: Provider, starts_at: datetime, ends_at: datetime) -> bool:
    return visit.provider_id == provider.pk and visit.starts_at < ends_at and visit.ends_at > starts_at


def spare_by_itself(stake: AtStake, *, at: datetime) -> None:
    """Of those the fees whose time is booked again by now, or whose patient has a new time in time, are spared, in the transaction that
    booked it. What was sent or paid stays, and so does what was kept on purpose."""
    filled = refilling.filled_by(stake.freed)
    for each in stake.freed:
        if each.pk in filled:
            fees.spare_by_itself(each, fee_reason=_("The time was booked again"), at=at)
    anew = taken_anew(stake.hers)
    for each in stake.hers:
        if each.pk in anew and anew[each.pk].chance.mode == "by_itself":
            fees.spare_by_itself(each, fee_reason=_("The patient took a new time"), at=at)


def keep(appointment: Appointment, *, by: Member, at: datetime) -> Fee:
    """The fee stands although its time was booked again, or a new one taken; it is not proposed to spare it any more.

    Raises Refusal `wrong_status`, `fee_not_available`, `not_permitted`.
    """
    by.must(Right.CHARGE, appointment)
    appointment = Appointment.objects.locked(appointment)
    fee = open_fee(appointment).first()
    if not costs(appointment):
        raise wrong_status(appointment, _("It is %s, so there is no fee to decide.") % appointment.get_status_display())
    if fee is None:
        raise Refusal("fee_not_available", _("There is no fee to keep."))
    fee.kept_on_purpose = True
    fee.save(update_fields=["kept_on_purpose"])
    journal.record("fee.kept", appointment, by=by, at=at)
    return fee
