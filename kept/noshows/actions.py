"""What a member may do with an appointment now, and why not: asked without changing anything, by panel and API alike."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.utils.translation import gettext as _

from kept.billing.gateways import accounts
from kept.billing.transitions.cards import check_again
from kept.foundation.refusals import Refusal
from kept.noshows.deposits import rest_to_refund
from kept.noshows.models import Fee
from kept.noshows.offers import fee_offer, offer_refusal
from kept.noshows.rules import Check, check_charge, check_charge_now, check_decidable, check_spare, check_unspare
from kept.policies import queries as policies
from kept.practice.models import Member
from kept.practice.rules import Right, refusal_of
from kept.scheduling.models import Appointment, Status
from kept.scheduling.rules import check_cancellable, check_move, check_reschedulable, check_restorable, day_of_refusal
from kept.scheduling.transitions.managing import check_link

FEE_CHECKS: Mapping[str, Check] = {
    "charge": check_charge,
    "charge_now": check_charge_now,
    "spare": check_spare,
    "unspare": check_unspare,
}


@dataclass(frozen=True, slots=True)
class Action:
    """`reason` is the sentence of the refusal; empty when allowed. `code` is its code."""

    allowed: bool
    reason: str = ""
    code: str = ""


def check_opening(appointment: Appointment, by: Member) -> None:
    """Who sees the book opens any visit on it; who settles fees, those on their lists: missed, cancelled, or invoiced. Raises Refusal
    `not_permitted`."""
    if by.may(Right.SEE_BOOK, appointment):
        return
    settled = appointment.status in (Status.NOSHOW, Status.CANCELLED) or appointment.invoices.exists()
    by.must(Right.LIST_NO_SHOWS if settled else Right.SEE_BOOK, appointment)


def actions(appointment: Appointment, member: Member, fee: Fee | None, *, at: datetime) -> Mapping[str, Action]:
    """By the names of the API's calls; `fee` is the appointment's (`fee_of`). A call may still be refused: time and other people
    move on."""
    day = partial(_on_its_day, appointment, at)
    decide = partial(_decide_fee, appointment, fee, at)
    return {
        name: _asked(member, right, appointment, *checks)
        for name, right, checks in (
            ("check-in", Right.BOOK, [partial(_from, appointment, Status.BOOKED, to=Status.ARRIVED), day]),
            ("undo-check-in", Right.BOOK, [partial(_from, appointment, Status.ARRIVED)]),
            ("start-treatment", Right.BOOK, [partial(_from, appointment, Status.ARRIVED), partial(_treatment, appointment, begun=False)]),
            (
                "undo-start-treatment",
                Right.BOOK,
                [partial(_from, appointment, Status.ARRIVED), partial(_treatment, appointment, begun=True)],
            ),
            ("complete", Right.BOOK, [partial(check_move, appointment, Status.FULFILLED), day]),
            ("reopen", Right.BOOK, [partial(_from, appointment, Status.FULFILLED)]),
            ("confirm", Right.BOOK, [partial(_from, appointment, Status.BOOKED)]),
            ("reschedule", Right.BOOK, [partial(check_reschedulable, appointment)]),
            ("cancel", Right.BOOK, [partial(check_cancellable, appointment, at=at)]),
            ("no-show", Right.MARK, [partial(check_move, appointment, Status.NOSHOW), day]),
            ("restore", Right.MARK, [partial(check_restorable, appointment, at=at)]),
            ("card-link", Right.BOOK, [partial(_card_can_be_given, appointment, at)]),
            ("accept-again", Right.BOOK, [partial(check_again, appointment, at=at)]),
            ("manage-link", Right.BOOK, [partial(check_link, appointment)]),
            *((f"fee.{act}", Right.CHARGE, [partial(decide, check)]) for act, check in FEE_CHECKS.items() if act != "charge"),
            ("fee.charge", Right.CHARGE, [partial(decide, check_charge), partial(_fee_is_offered, appointment, fee, at)]),
            ("refund-deposit", Right.REFUND, [partial(_rest_of_deposit, appointment, member)]),
            ("entered-in-error", Right.BOOK, [partial(check_move, appointment, Status.ENTERED_IN_ERROR)]),
        )
    }


def fee_acts(appointment: Appointment, member: Member, fee: Fee | None, *, at: datetime) -> list[str]:
    """What she may do about the fee, for a row of a list: whether the card can still be charged is asked when she does."""
    decide = partial(_decide_fee, appointment, fee, at)
    return [act for act, check in FEE_CHECKS.items() if _asked(member, Right.CHARGE, appointment, partial(decide, check)).allowed]


def _asked(member: Member, right: Right, appointment: Appointment, *checks: Callable[[], None]) -> Action:
    try:
        if not member.may(right, appointment):
            raise refusal_of(member, right)
        for check in checks:
            check()
    except Refusal as refusal:
        return Action(False, refusal.sentence, refusal.code)
    return Action(True)


def _from(appointment: Appointment, status: Status, to: Status | None = None) -> None:
    if appointment.status != status:
        if to:
            check_move(appointment, to)
        raise Refusal("wrong_status", _("It is %s.") % appointment.get_status_display())


def _on_its_day(appointment: Appointment, at: datetime) -> None:
    if refusal := day_of_refusal(appointment, at=at):
        raise refusal


def _decide_fee(appointment: Appointment, fee: Fee | None, at: datetime, check: Check) -> None:
    check(appointment, check_decidable(appointment, fee), at=at)


def _fee_is_offered(appointment: Appointment, fee: Fee | None, at: datetime) -> None:
    if refusal := offer_refusal(fee_offer(appointment, at=at, fee=fee)):
        raise refusal


def _rest_of_deposit(appointment: Appointment, member: Member) -> None:
    rest_to_refund(appointment, member)


def _treatment(appointment: Appointment, *, begun: bool) -> None:
    if (appointment.treatment_at is not None) != begun:
        raise Refusal("wrong_status", _("The treatment has begun.") if not begun else _("The treatment has not begun."))


def _card_can_be_given(appointment: Appointment, at: datetime) -> None:
    _from(appointment, Status.BOOKED)
    if appointment.acceptance_id:
        raise Refusal("wrong_status", _("The policy is accepted already, with a card."))
    if at >= appointment.starts_at:
        raise Refusal("wrong_status", _("It has started; a card could be given until then."))
    if policies.version_in_use() is None or not accounts.payments_on():
        raise Refusal("fee_not_available", _("No cancellation policy is in use."))
