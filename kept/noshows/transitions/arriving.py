"""The patient comes, or had not come after all: the book, and the fee where she is late."""

from datetime import datetime

from django.utils.translation import gettext as _

import kept.scheduling.transitions.attendance as scheduling
from kept.billing.models import Kind
from kept.foundation.money import Money
from kept.foundation.refusals import Refusal
from kept.noshows.offers import late_fee
from kept.noshows.transitions import fees
from kept.practice.models import Member
from kept.scheduling.models import Appointment


def check_in(
    appointment: Appointment,
    *,
    charge_fee: bool | None = None,
    amount: Money | None = None,
    fee_reason: str = "",
    by: Member,
    at: datetime,
    version: int | None = None,
) -> Appointment:
    """The patient is here. Where what she accepted has a fee for coming so late, it is charged, spared with a reason, or with `charge_fee`
    None left to be decided: she does not wait at the desk for that.

    Raises Refusal `wrong_status`, `too_early`, `fee_not_available`, `already_charged`, `charge_in_flight`, `fee_exceeds_policy`,
    `wrong_currency`, `reason_required`, `stale_version`, `not_permitted`.
    """
    arrived = scheduling.check_in(appointment, by=by, at=at, version=version)
    late = arrival_costs(arrived, at=at)
    if charge_fee and not late:
        raise Refusal("fee_not_available", _("No fee can be charged: coming now is free."), reason="exempt")
    if late:
        fees.decide_late(arrived, Kind.LATE_ARRIVAL, charge_fee=charge_fee, amount=amount, fee_reason=fee_reason, by=by, at=at, later=True)
    return arrived


def arrival_costs(appointment: Appointment, *, at: datetime) -> bool:
    """Whether coming at that instant has a fee; after the visit's end a check-in says nothing of when the patient came."""
    return at < appointment.ends_at and late_fee(appointment, at=at, kind=Kind.LATE_ARRIVAL) is not None


def undo_check_in(appointment: Appointment, *, by: Member, at: datetime, version: int | None = None) -> Appointment:
    """The patient was not here after all: an unpaid fee for coming late ends, a paid one stays paid. Raises Refusal `wrong_status`,
    `stale_version`, `not_permitted`."""
    undone = scheduling.undo_check_in(appointment, by=by, at=at, version=version)
    fees.take_back(undone, Kind.LATE_ARRIVAL, undone.booking_no, why=_("Check-in undone"), by=by, at=at)
    return undone
