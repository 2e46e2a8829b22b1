"""What may be done about a charge, by where it stands. Pure: each raises the Refusal of an act."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from kept.billing.models import Charge, State
from kept.foundation.money import Money
from kept.foundation.refusals import Refusal
from kept.practice.models import Member
from kept.practice.rules import Right, refund_limit, within_limit
from kept.scheduling.models import Appointment

MOST_TRIES, TRIES_WITHIN = 4, timedelta(days=30)


def under_way() -> Refusal:
    return Refusal("charge_in_flight", _("A charge is under way. Wait for its result; it appears by itself."))


def check_returnable(charge: Charge) -> None:
    """Refusal `charge_in_flight` while it is not known what was taken, `wrong_status` while the patient's bank decides about it."""
    if charge.in_flight:
        raise Refusal("charge_in_flight", _("The charge is still under way. Refund it once it is known to be paid."))
    if charge.dispute == Charge.Disputed.OPEN:
        raise Refusal("wrong_status", _("The patient’s bank disputes this payment. It can’t be refunded until that is decided."))


def check_unpaid(charge: Charge) -> None:
    """Refusal `wrong_status` where there is nothing to pay any more."""
    if charge.captured_minor:
        raise Refusal("wrong_status", _("It is paid already."))
    if charge.recording:
        raise Refusal("wrong_status", _("A payment for it is being recorded. It appears by itself."))
    if charge.cancel_requested or charge.state == State.CANCELED:
        raise Refusal("wrong_status", _("The fee was ended; there is nothing to pay."))


def check_retry(charge: Charge, *, at: datetime) -> None:
    """Declined, and the card may be tried again: at most 4 times in 30 days, the first included (R6). Refusal `charge_in_flight`,
    `wrong_status`, `card_required`."""
    if charge.in_flight or charge.state == State.DUE:
        raise under_way()
    check_unpaid(charge)
    if charge.state != State.DECLINED:
        raise Refusal("wrong_status", _("There is nothing to retry: no card was declined."))
    if charge.attempt >= MOST_TRIES:
        raise Refusal("wrong_status", _("All 4 tries in 30 days are used. Ask for another way to pay."))
    if at - charge.created_at > TRIES_WITHIN:
        raise Refusal("wrong_status", _("A card is tried within 30 days. Ask for another way to pay."))
    if not charge.card.chargeable:
        raise Refusal("card_required", _("The bank will not take %s again. Ask for another card.") % charge.card)


def check_stopped(charge: Charge) -> None:
    """Unpaid, and nothing is on its way to a bank: it can wait for the patient, or be voided. Refusal `charge_in_flight`,
    `wrong_status`."""
    if charge.in_flight or charge.state == State.DUE:
        raise under_way()
    check_unpaid(charge)


def check_record(charge: Charge) -> None:
    """It is unpaid, and no card is being charged. Refusal `charge_in_flight`, `wrong_status`."""
    if charge.in_flight:
        raise under_way()
    check_unpaid(charge)


def check_refund(member: Member, amount: Money, visit: Appointment) -> None:
    """She may give back that much. Refusal `not_permitted`, naming who may."""
    member.must(Right.REFUND, visit)
    check_limit(member, amount, _("The front desk may refund up to %s. Ask a manager or billing."))


def check_limit(member: Member, amount: Money, sentence: str) -> None:
    """Refusal `not_permitted` with that sentence, the limit put in, where she may not give up so much."""
    if not within_limit(member, amount):
        raise Refusal("not_permitted", sentence % refund_limit(member))
