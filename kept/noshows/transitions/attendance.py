"""Marking a no-show and taking it back: the book, the fee and its charge in one transaction."""

from datetime import datetime

from django.utils.translation import gettext as _

import kept.billing.transitions.refunding as refunding
import kept.messaging.transitions as messaging
import kept.scheduling.transitions.attendance as scheduling
from kept.events import journal
from kept.foundation.money import Money
from kept.messaging.models import Letter
from kept.noshows.letters import letter_waits
from kept.noshows.models import Answer
from kept.noshows.offers import fee_offer
from kept.noshows.queries import open_fee
from kept.noshows.transitions import closing, fees
from kept.practice.models import Member, Provider
from kept.practice.rules import Right
from kept.scheduling.models import Appointment


def mark(
    appointment: Appointment,
    *,
    charge_fee: bool | None,
    by: Member,
    at: datetime,
    amount: Money | None = None,
    fee_reason: str = "",
    reason: str = "",
    note: str = "",
    notify: bool | None = None,
    version: int | None = None,
) -> Appointment:
    """The patient did not come (R1-R5). With `charge_fee`, the fee of the accepted policy is due at the offer's `chargeable_from` (R7d).

    `at` is aware UTC; `amount` lowers the fee; `charge_fee` None leaves it undecided for a member who may not charge; `notify` None
    follows the practice's setting. The letter waits, and is looked at again before it goes (R7f).
    Raises Refusal `wrong_status`, `too_early`, `choice_required`, `fee_not_available`, `already_charged`, `charge_in_flight`,
    `fee_exceeds_policy`, `wrong_currency`, `reason_required`, `stale_version`, `not_permitted`.
    """
    by.must(Right.MARK, appointment)
    appointment = scheduling.mark_noshow(appointment, reason=reason, note=note, by=by, at=at, version=version)
    offer = fee_offer(appointment, at=at)
    fee = fees.decide(appointment, offer, charge_fee=charge_fee, amount=amount, fee_reason=fee_reason, by=by, at=at)
    journal.record("fee.decided", appointment, by=by, at=at, decision=fee.decision, minor=fee.amount_minor, currency=fee.currency)
    messaging.queue(Letter.NO_SHOW, appointment, wanted=notify, after=letter_waits(appointment, at=at), by=by, at=at)
    return appointment


def restore(
    appointment: Appointment,
    *,
    by: Member,
    at: datetime,
    refund: bool = False,
    check_in: bool = False,
    double_book: bool = False,
    starts_at: datetime | None = None,
    provider: Provider | None = None,
    version: int | None = None,
) -> Appointment:
    """The patient came after all (R9): back on the book. Refunds nothing by itself; with `refund`, the whole rest goes back (R10).

    An unpaid fee ends with it; a charge in flight is followed to its end and put before staff (R12); a paid one stays paid. A letter
    that has not gone does not go (R7f), and what the patient said to the no-show is settled with it.
    Raises Refusal `wrong_status`, `slot_taken`, `refund_exceeds_captured`, `stale_version`, `not_permitted`.
    """
    by.must(Right.MARK, appointment)
    if refund:
        by.must(Right.REFUND, appointment)
    appointment = Appointment.objects.locked(appointment)
    fee = open_fee(appointment).select_related("charge").first()  # before the restore: of what it is until then
    appointment = scheduling.restore(
        appointment, starts_at=starts_at, provider=provider, double_book=double_book, by=by, at=at, version=version
    )
    charge = fees.end(fee, why="Appointment restored", by=by, at=at) if fee else None
    if refund and charge and charge.captured_minor:
        refunding.refund(charge, None, reason="Appointment restored", by=by, at=at)
    closing.settle_all(appointment, Answer.Outcome.RESTORED, by=by, at=at)
    messaging.withdraw_unsent(appointment, Letter.NO_SHOW, Letter.CANCELLED, why=_("Restored."), by=by, at=at)
    if check_in:
        appointment = scheduling.check_in(appointment, by=by, at=at)
    return appointment
