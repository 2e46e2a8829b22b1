"""The deposit of a visit: what is left of it, and how it pays a fee first."""

from datetime import datetime

from django.db.models import F, Q, Sum
from django.utils.translation import gettext as _

from kept.billing.models import DEPOSIT, Charge, Kind, State
from kept.billing.rules import check_refund, check_returnable
from kept.foundation.money import Money
from kept.foundation.refusals import Refusal
from kept.noshows.models import Decision, Fee
from kept.policies import fees
from kept.policies.deposits import Split, split
from kept.practice.models import Member
from kept.scheduling.cases import case_of
from kept.scheduling.models import Appointment, Status

TAKES_PLACE = (Status.BOOKED, Status.ARRIVED, Status.FULFILLED)  # it is credited at the till
PAID_BY_IT = (Kind.NO_SHOW, Kind.LATE_CANCEL)  # a visit that takes place has it credited instead


def held(appointment: Appointment) -> Charge | None:
    """The deposit that was paid for the visit; of what went back it knows."""
    if not (appointment.acceptance and appointment.acceptance.facts and appointment.acceptance.facts.get("deposit")):
        return None
    return Charge.objects.filter(appointment=appointment, kind=DEPOSIT, live=True).select_related("invoice", "card").first()


def left_of(deposit: Charge) -> Money:
    """What neither went back, or is on its way, nor is put to a fee."""
    if deposit.dispute in Charge.TAKEN_BACK:
        return deposit.nothing
    given_up = Q(state__in=[State.CANCELED, State.FAILED]) | Q(captured_minor__gt=0, refunded_minor__gte=F("captured_minor"))
    partly = Charge.objects.filter(appointment=deposit.appointment_id, applied_minor__gt=0, cancel_requested=False).exclude(given_up)
    wholly = Fee.objects.filter(charge=deposit, open=True, decision=Decision.CHARGE)
    used = (partly.aggregate(sum=Sum("applied_minor"))["sum"] or 0) + (wholly.aggregate(sum=Sum("amount_minor"))["sum"] or 0)
    return Money(max(deposit.refundable.minor - used, 0), deposit.currency)


def rest_to_refund(appointment: Appointment, member: Member) -> tuple[Charge, Money]:
    """The deposit of a visit that does not take place, and what of it stays with the clinic, put to no fee, for whoever may give it back.
    Raises Refusal `wrong_status` where there is none, or its fee is still to be decided; `charge_in_flight`, `not_permitted`."""
    deposit = None if appointment.status in TAKES_PLACE else held(appointment)
    if deposit is None or not (left := left_of(deposit)):
        raise Refusal("wrong_status", _("No deposit stays with the clinic."))
    if Fee.objects.filter(appointment=appointment, open=True, decision=Decision.UNDECIDED).exists():
        raise Refusal("wrong_status", _("Decide about the fee first: the deposit may pay it."))
    check_returnable(deposit)
    check_refund(member, left, appointment)
    return deposit, left


def split_of(appointment: Appointment, kind: str, fee: Money, *, at: datetime) -> Split | None:
    """How a fee of that kind is paid by what was accepted: from the deposit first, or beside it. None where it has no part in it."""
    accepted = appointment.acceptance
    deposit = held(appointment) if kind in PAID_BY_IT else None
    if accepted is None or deposit is None:
        return None
    when = appointment.status_at if appointment.status == Status.CANCELLED else None
    quote = fees.quote(accepted.version.terms, case_of(appointment, at=at), Kind(kind), at=when or at)
    return split(accepted.version.terms, quote, fee, left_of(deposit))


def says(deposit: Charge, appointment: Appointment) -> str:
    """What becomes of it, as the panel says it."""
    if deposit.dispute in Charge.TAKEN_BACK:
        return _("Taken back by the patient’s bank.")
    if not deposit.refundable:
        return _("Refunded.") if deposit.refunded == deposit.captured else _("Going back to %s.") % deposit.card
    left, parts = left_of(deposit), []
    if back := deposit.captured - deposit.refundable:
        parts.append(_("%s refunded.") % back)
    if applied := deposit.refundable - left:
        parts.append(_("%s put to the fee.") % applied)
    if not left:
        return " ".join(parts)
    if appointment.status == Status.FULFILLED:
        parts.append(_("%s credited at the till.") % left)
    elif appointment.status in (Status.BOOKED, Status.ARRIVED):
        parts.append(_("%s to be credited at the till.") % left)
    else:
        parts.append(_("%s stays with the clinic unless you refund it.") % left)
    return " ".join(parts)
