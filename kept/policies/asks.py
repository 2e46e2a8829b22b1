"""What booking asks of a patient: a card, a deposit, the whole price, approval, an unpaid fee first (R18). Pure."""

from dataclasses import dataclass, replace

from kept.foundation.money import Money
from kept.policies.case import Case
from kept.policies.document import Ask, Document, Share
from kept.policies.fees import unfit
from kept.policies.minimum import least


@dataclass(frozen=True, slots=True)
class Asked:
    """All that booking asks for. A deposit is more than zero where one is taken, and needs a card."""

    card: bool
    deposit: Money
    approval: bool
    pay_first: bool


def asked(document: Document, case: Case, *, unpaid_fee: bool) -> Asked:
    """Every row that fits counts, and of several deposits the highest; a row that forbids cards wins over all that ask for one."""
    rows = [ask for ask in document.asks if _fits(ask, case, unpaid_fee)]
    deposit = max((_deposit(ask, case) for ask in rows), default=0)
    forbidden = any(ask.never_card for ask in rows)
    return Asked(
        card=not forbidden and (deposit > 0 or any(ask.card for ask in rows)),
        deposit=Money(0 if forbidden else deposit, case.facts.currency),
        approval=any(ask.approval for ask in rows),
        pay_first=any(ask.pay_first for ask in rows),
    )


def with_deposit(case: Case, deposit: Money) -> Case:
    """The visit with that paid at booking."""
    return replace(case, facts=case.facts.model_copy(update={"deposit": deposit.minor}))


def _fits(ask: Ask, case: Case, unpaid_fee: bool) -> bool:
    """Of several services it is enough that one fits."""
    if ask.conditions.unpaid_fee and not unpaid_fee:
        return False
    return any(not unfit(ask.conditions, case, item) for item in case.facts.items)


def _deposit(ask: Ask, case: Case) -> int:
    """Never more than the price; nothing where it is less than a card can be charged."""
    price = case.facts.price
    if ask.prepay:
        minor = price.minor
    elif isinstance(ask.deposit, Share):
        minor = max(price.percent(ask.deposit.percent).minor, ask.deposit.at_least or 0)
        minor = min(minor, ask.deposit.at_most or minor, price.minor)
    else:
        minor = min(ask.deposit.minor, price.minor) if ask.deposit else 0
    return minor if minor >= least(case.facts.currency) else 0
