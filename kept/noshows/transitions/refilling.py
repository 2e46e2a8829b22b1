"""Giving up, or keeping, the fee of a visit that was missed, or cancelled late, and whose time was booked again (R7c)."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from kept.events import journal
from kept.foundation.refusals import Refusal
from kept.noshows import refilling
from kept.noshows.models import Decision, Fee
from kept.noshows.offers import costs
from kept.noshows.queries import open_fee
from kept.noshows.transitions import fees
from kept.practice.models import Member, Provider, Settings
from kept.practice.rules import Right
from kept.scheduling.models import Appointment, Status
from kept.scheduling.rules import wrong_status


def freed(provider: Provider, starts_at: datetime, ends_at: datetime, *, by: Member | None) -> list[Appointment]:
    """Visits missed, or cancelled late, of that provider and time whose fee the practice spares by itself, locked: before the resources,
    as the order of locks has it."""
    if (by or provider).practice.settings.when_filled != Settings.WhenFilled.SPARE:
        return []
    missed = Appointment.objects.filter(
        Q(status=Status.NOSHOW) | Q(status=Status.CANCELLED, late_cancel=True),
        provider=provider,
        starts_at__lt=ends_at,
        ends_at__gt=starts_at,
        fees__open=True,
        fees__decision__in=[Decision.UNDECIDED, Decision.CHARGE],
    )
    return [Appointment.objects.locked(each) for each in missed.order_by("id").distinct()]


def spare_filled(missed: Iterable[Appointment], *, at: datetime) -> None:
    """Of those the fees whose time is booked again by now are spared, in the transaction that booked it. What was sent or paid stays."""
    found = list(missed)
    filled = refilling.filled_by(found)
    for each in found:
        if each.pk in filled:
            fees.spare_by_itself(each, fee_reason=_("The time was booked again"), at=at)


def keep(appointment: Appointment, *, by: Member, at: datetime) -> Fee:
    """The fee stands although its time was booked again; it is not proposed to spare it any more.

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
