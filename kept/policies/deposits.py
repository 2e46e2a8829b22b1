"""What becomes of a deposit, as the policy says: on the way to a fee, and when it is cancelled in time. Pure."""

from dataclasses import dataclass

from kept.foundation.money import Money
from kept.policies.document import Deposit, Document
from kept.policies.fees import Quote
from kept.policies.minimum import least


@dataclass(frozen=True, slots=True)
class Split:
    """A fee, paid in part by the deposit: `applied` of it, and `charged` to the card. `left` of the deposit is put to nothing."""

    applied: Money
    charged: Money
    left: Money


def split(document: Document, quote: Quote, fee: Money, deposit: Money) -> Split:
    """The deposit goes to the fee first and only the rest is charged, or it is kept beside the fee. A fee that is the deposit itself
    charges nothing further, and no card is charged with less than it can be."""
    is_it = quote.step is not None and isinstance(quote.step.pays, Deposit)
    counts = is_it or document.deposits.late_or_missed == "applied"
    applied = min(fee, deposit) if counts else Money(0, fee.currency)
    charged = Money(0, fee.currency) if is_it or (fee - applied).minor < least(fee.currency) else fee - applied
    return Split(applied, charged, deposit - applied)


def goes_back(document: Document) -> bool:
    """Whether it is returned when the patient cancels in time."""
    return document.deposits.cancelled_in_time == "returned"
