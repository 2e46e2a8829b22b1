"""A deposit and what becomes of the visit: it pays the fee first, or goes back to the card."""

from datetime import datetime

from django.utils.translation import gettext as _

import kept.billing.transitions.charging as charging
import kept.billing.transitions.refunding as refunding
from kept.billing.models import DEPOSIT, Charge, Kind, Refund
from kept.events import journal
from kept.foundation.money import Money
from kept.noshows.deposits import held, left_of, rest_to_refund, split_of
from kept.noshows.models import Fee
from kept.policies.deposits import goes_back
from kept.practice.models import Member
from kept.practice.rules import Right
from kept.scheduling.models import Appointment
from kept.scheduling.rules import check_version


def open_charge(
    appointment: Appointment, kind: Kind, amount: Money, *, booking_no: int, due_at: datetime, by: Member | None, at: datetime
) -> Charge:
    """The fee is charged: to the card what the deposit does not pay of it. Where that pays all of it, it is the deposit that is returned,
    and nothing is charged. Raises Refusal `already_charged`."""
    deposit = held(appointment)
    if deposit:
        charging.locked(deposit.pk)  # no refund of it comes between
    parts = split_of(appointment, kind, amount, at=at)
    if deposit and parts and parts.applied:
        journal.record("deposit.applied", deposit, by=by, at=at, minor=parts.applied.minor)
    if deposit and parts and not parts.charged:
        return deposit
    rest, applied = (parts.charged, parts.applied.minor) if parts else (amount, 0)
    return charging.open_charge(appointment, kind, rest, applied_minor=applied, booking_no=booking_no, due_at=due_at, by=by, at=at)


def called_off(appointment: Appointment, *, by_clinic: bool, at: datetime) -> None:
    """Cancelled in time, or by the clinic itself: what is left of the deposit goes back to the card, unless the policy that was accepted
    keeps it from a patient who cancels."""
    deposit, accepted = held(appointment), appointment.acceptance
    if deposit is None or accepted is None or not (by_clinic or goes_back(accepted.version.terms)):
        return
    left = left_of(deposit)
    if left.minor > 0:
        refunding.give_back(deposit, at_most=left, why=_("Cancelled by the clinic") if by_clinic else _("Cancelled in time"), at=at)


def stands_again(fee: Fee) -> None:
    """A restored visit has its deposit as before: a fee that was paid by that alone is closed."""
    if fee.charge and fee.charge.kind == DEPOSIT:
        fee.charge, fee.open = None, False
        fee.save(update_fields=["charge", "open"])


def refund_rest(appointment: Appointment, *, reason: str, note: str = "", by: Member, at: datetime, version: int | None = None) -> Refund:
    """What of the deposit stays with the clinic, put to no fee, goes back to the card (R21). Raises Refusal `wrong_status`,
    `charge_in_flight`, `reason_required`, `stale_version`, `not_permitted`."""
    by.must(Right.REFUND, appointment)
    appointment = Appointment.objects.locked(appointment)
    if deposit := held(appointment):
        charging.locked(deposit.pk)  # no fee is put to it in between
    deposit, left = rest_to_refund(appointment, by)
    check_version(appointment, version)
    return refunding.refund(deposit, left, reason=reason, note=note, by=by, at=at)
