"""Money: an integer of minor units and its ISO 4217 currency. Never a float."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import total_ordering
from itertools import accumulate, pairwise

from babel.numbers import format_currency, get_currency_precision, get_currency_symbol

LOCALE = "en_US"
PLAIN_AMOUNT = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?|\d+(\.\d+)?|\.\d+")


@total_ordering
@dataclass(frozen=True, slots=True)
class Money:
    """`Money(4550, "EUR")` is 45.50 euros; `Money(500, "JPY")` is 500 yen. Two currencies never add or compare."""

    minor: int
    currency: str

    @classmethod
    def parse(cls, text: str, currency: str) -> "Money":
        """What a person typed, "1,250.5", "75" or "$75", as money. Raises ValueError for anything else: another currency's sign, too many
        decimals."""
        typed = text.strip().removeprefix(get_currency_symbol(currency, locale=LOCALE)).lstrip()
        if not PLAIN_AMOUNT.fullmatch(typed):
            raise ValueError(f"{text!r} is not an amount")
        minor = Decimal(typed.replace(",", "")).scaleb(get_currency_precision(currency))
        if minor != minor.to_integral_value():
            raise ValueError(f"{currency} has no amount as small as {text!r}")
        return cls(int(minor), currency)

    def percent(self, percentage: Decimal | int) -> "Money":
        """That share of it, half a minor unit rounded up."""
        return Money(int((Decimal(self.minor) * percentage / 100).quantize(Decimal(1), ROUND_HALF_UP)), self.currency)

    def split(self, parts: int) -> list["Money"]:
        """Equal parts that add up to the whole; the first carries the remainder."""
        share, rest = divmod(self.minor, parts)
        return [Money(share + (rest if first else 0), self.currency) for first in [True] + [False] * (parts - 1)]

    def spread(self, weights: Sequence[int]) -> list["Money"]:
        """Parts in proportion to the weights, which add up to the whole; equal ones where all weigh nothing."""
        if not any(weights):
            return self.split(len(weights))
        ends = [self.minor * up_to // sum(weights) for up_to in accumulate(weights)]
        return [Money(end - start, self.currency) for start, end in pairwise([0, *ends])]

    @property
    def decimal(self) -> Decimal:
        """In whole units, as a form shows it: 45.50."""
        return Decimal(self.minor).scaleb(-get_currency_precision(self.currency))

    @property
    def symbol(self) -> str:
        """The sign of its currency: $"""
        return get_currency_symbol(self.currency, locale=LOCALE)

    def _same(self, other: "Money") -> int:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not mix")
        return other.minor

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __str__(self) -> str:
        return format_currency(self.decimal, self.currency, locale=LOCALE)
