"""What a member may do about a fee's money now, asked without changing anything: by its invoice, the appointment's panel and the API."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from kept.billing.models import Charge
from kept.billing.rules import check_record, check_retry, check_returnable, check_stopped
from kept.foundation.refusals import refusal_by
from kept.practice.models import Member
from kept.practice.rules import Right, within_limit


@dataclass(frozen=True, slots=True)
class Acts:
    """`why_no_retry`: of a declined card that may not be tried again."""

    retry: bool = False
    link: bool = False
    record: bool = False
    void: bool = False
    refund: bool = False
    keep: bool = False
    receipt: bool = False
    why_no_retry: str = ""


def acts(charge: Charge | None, member: Member, *, at: datetime) -> Acts:
    """An act may still be refused: time and other people move on."""
    if charge is None:
        return Acts()
    collect, visit = member.may(Right.COLLECT, charge.appointment), charge.appointment
    again = refusal_by(partial(check_retry, charge, at=at))
    return Acts(
        retry=collect and again is None,
        link=collect and refusal_by(partial(check_stopped, charge)) is None,
        record=collect and charge.invoice_id is not None and refusal_by(partial(check_record, charge)) is None,
        void=member.may(Right.VOID, visit) and within_limit(member, charge.amount) and refusal_by(partial(check_stopped, charge)) is None,
        refund=bool(charge.refundable) and member.may(Right.REFUND, visit) and refusal_by(partial(check_returnable, charge)) is None,
        keep=collect and bool(charge.flag),
        receipt=collect and charge.captured_minor > 0,
        why_no_retry=again.sentence if again and collect and charge.state == "declined" and not charge.cancel_requested else "",
    )
