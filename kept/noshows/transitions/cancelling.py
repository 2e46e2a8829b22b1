"""Calling a visit off: the book, the fee where it is late, and the letter that tells of it."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

import kept.messaging.transitions as messaging
import kept.scheduling.transitions.cancelling as scheduling
from kept.billing.models import Kind
from kept.foundation.money import Money
from kept.foundation.refusals import Refusal
from kept.messaging.models import Letter
from kept.noshows.offers import late_fee
from kept.noshows.transitions import depositing, fees
from kept.practice.models import Member
from kept.practice.rules import Right
from kept.scheduling.models import Appointment
from kept.scheduling.rules import check_cancellable

TWO_MINUTES = timedelta(minutes=2)  # in which a restore takes the letter back


def cancel(
    appointment: Appointment,
    *,
    asked: Appointment.Asked,
    charge_fee: bool | None = None,
    amount: Money | None = None,
    fee_reason: str = "",
    reason: str = "",
    note: str = "",
    notify: bool | None = None,
    by: Member | None,
    at: datetime,
    version: int | None = None,
) -> Appointment:
    """Its time is free, before its start, and the patient is told in two minutes. Asked for by the patient inside the window of what
    she accepted, it has its fee, charged or spared with a reason (R14); the clinic's own cancellation is free.

    `amount` lowers the fee; `charge_fee` None leaves it undecided for a member who may not charge; `notify` None follows the practice's
    setting. `by` None: the patient, by her link: the whole fee is charged where it can be.

    Raises Refusal `wrong_status`, `stale_version`, `choice_required`, `fee_not_available`, `charge_in_flight`,
    `already_charged`, `fee_exceeds_policy`, `wrong_currency`, `reason_required`, `not_permitted`.
    """
    if by:
        by.must(Right.BOOK, appointment)
    appointment = Appointment.objects.locked(appointment)
    check_cancellable(appointment, at=at)
    late = asked == Appointment.Asked.PATIENT and late_fee(appointment, at=at) is not None
    if charge_fee and not late:
        raise Refusal("fee_not_available", _("No fee can be charged: cancelling it is free."), reason="exempt")
    cancelled = scheduling.cancel(appointment, asked=asked, reason=reason, note=note, late=late, by=by, at=at, version=version)
    if late:
        fees.decide_late(cancelled, Kind.LATE_CANCEL, charge_fee=charge_fee, amount=amount, fee_reason=fee_reason, by=by, at=at)
    else:
        depositing.called_off(cancelled, by_clinic=asked == Appointment.Asked.CLINIC, at=at)
    messaging.queue(Letter.CANCELLED, cancelled, wanted=notify, after=TWO_MINUTES, by=by, at=at)
    return cancelled
