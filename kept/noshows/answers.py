"""What patients say to no-shows, and what a member may do about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kept.billing.models import Invoice
from kept.foundation.dates import elapsed
from kept.noshows import queries
from kept.noshows.actions import fee_acts
from kept.noshows.models import Answer, Fee
from kept.practice.models import Member
from kept.practice.rules import Right
from kept.scheduling.models import Appointment

MOST = 100


@dataclass(frozen=True, slots=True)
class Said:
    """One answer, with what may be done about it. `refund`: the invoice of a fee that is paid, where she may give it back."""

    answer: Answer
    age: str
    restore: bool = False
    spare: bool = False
    refund: Invoice | None = None

    @property
    def open(self) -> bool:
        return self.answer.outcome == Answer.Outcome.OPEN

    @property
    def outcomes(self) -> list[str]:
        """By the names of the API."""
        may = {Answer.Outcome.RESTORED: self.restore, Answer.Outcome.SPARED: self.spare, Answer.Outcome.STAYS: self.restore}
        return [str(outcome) for outcome, allowed in may.items() if allowed]


def to_settle(member: Member, *, at: datetime, clinics: Sequence[Any] = ()) -> list[Said]:
    """All that nobody has settled, the oldest first, at most a hundred."""
    found = queries.open_answers(member, at=at, clinics=clinics)[:MOST]
    return [said(each, member, queries.fee_of(each.appointment, at=at), at=at) for each in found]


def of_appointment(appointment: Appointment, member: Member, fee: Fee | None, *, at: datetime) -> list[Said]:
    """What its patient said to the no-show that it is, settled or not."""
    return [said(each, member, fee, at=at) for each in queries.answers_of(appointment)]


def said(answer: Answer, member: Member, fee: Fee | None, *, at: datetime) -> Said:
    visit, age = answer.appointment, elapsed(answer.at, at)
    if answer.outcome != Answer.Outcome.OPEN:
        return Said(answer, age)
    paid = fee.charge if fee and fee.charge and fee.charge.refundable.minor > 0 else None
    return Said(
        answer,
        age,
        restore=member.may(Right.MARK, visit),
        spare="spare" in fee_acts(visit, member, fee, at=at),
        refund=paid.invoice if paid and member.may(Right.REFUND, visit) else None,
    )
