"""The test cards: the only cards the double takes, and what each of them does."""

import hashlib
from dataclasses import dataclass
from datetime import date

from double.objects import Object


@dataclass(frozen=True)
class Decline:
    """How the bank says no."""

    code: str
    decline_code: str
    advice_code: str | None
    message: str


@dataclass(frozen=True)
class Card:
    """One test card. `token` is the end of `pm_card_...` and `tok_...`."""

    number: str
    brand: str
    token: str
    does: str
    decline: Decline | None = None
    can_be_saved: bool = True
    asks_for_authentication: bool = False
    is_disputed: bool = False

    @property
    def fingerprint(self) -> str:
        """The same for the same number, and all that a payment method keeps of it beside the last four."""
        return hashlib.sha256(self.number.encode()).hexdigest()[:16]

    @property
    def shown(self) -> str:
        """The number in groups, as it is printed on a card."""
        groups = (4, 6, 5) if self.brand == "amex" else (4, 4, 4, 4)
        starts = [sum(groups[:place]) for place in range(len(groups))]
        return " ".join(self.number[start : start + size] for start, size in zip(starts, groups, strict=True))


@dataclass(frozen=True)
class Problem:
    """What is wrong with one field of a card: Stripe's code, and a sentence for the person who typed it."""

    code: str
    sentence: str


GENERIC = Decline("card_declined", "generic_decline", "try_again_later", "Your card was declined.")
NO_FUNDS = Decline("card_declined", "insufficient_funds", "try_again_later", "Your card has insufficient funds.")
EXPIRED = Decline("expired_card", "expired_card", "do_not_try_again", "Your card has expired.")
AUTHENTICATION = Decline(
    "authentication_required", "authentication_required", None, "Your card was declined. This transaction requires authentication."
)

CARDS = (
    Card("4242424242424242", "visa", "visa", "Pays."),
    Card("5555555555554444", "mastercard", "mastercard", "Pays."),
    Card("378282246310005", "amex", "amex", "Pays."),
    Card("4000000000000002", "visa", "chargeDeclined", "Is declined, on the card page already.", GENERIC, can_be_saved=False),
    Card("4000000000009995", "visa", "chargeDeclinedInsufficientFunds", "Can be saved, then lacks the money.", NO_FUNDS),
    Card("4000000000000069", "visa", "chargeDeclinedExpiredCard", "Can be saved, then is declined as expired.", EXPIRED),
    Card("4000000000000341", "visa", "chargeCustomerFail", "Can be saved, then is declined.", GENERIC),
    Card(
        "4000002500003155",
        "visa",
        "authenticationRequiredOnSetup",
        "The bank asks the patient at each payment.",
        asks_for_authentication=True,
    ),
    Card("4000000000000259", "visa", "createDispute", "Pays, and is disputed at once.", is_disputed=True),
    Card("4000002760003184", "visa", "authenticationRequired", "The bank asks the patient at each payment.", asks_for_authentication=True),
)
BY_NUMBER = {card.number: card for card in CARDS}
BY_TOKEN = {f"{prefix}_{card.token}": card for card in CARDS for prefix in ("pm_card", "tok")}
BY_FINGERPRINT = {card.fingerprint: card for card in CARDS}


def behind(method: Object) -> Card:
    """The test card that a payment method stands for."""
    return BY_FINGERPRINT[method["card"]["fingerprint"]]


def problems(number: str, month: int, year: int, cvc: str | None, *, today: date) -> dict[str, Problem]:
    """What is wrong, by field: `number`, `exp_month`, `exp_year`, `cvc`."""
    found: dict[str, Problem] = {}
    if not (number.isdecimal() and 12 <= len(number) <= 19 and has_check_digit(number)):
        found["number"] = Problem("incorrect_number", "This card number is not right. Please check it.")
    elif number not in BY_NUMBER:
        found["number"] = Problem("card_declined", "Only test cards are taken here. Use one from the list below.")
    if not 1 <= month <= 12:
        found["exp_month"] = Problem("invalid_expiry_month", "Type the expiry as MM/YY, for example 04/31.")
    elif (year, month) < (today.year, today.month):
        found["exp_year"] = Problem("invalid_expiry_year", "This card has expired. Please check the date.")
    elif year > today.year + 50:
        found["exp_year"] = Problem("invalid_expiry_year", "This date is too far away. Please check it.")
    digits = 4 if number.startswith(("34", "37")) else 3
    if cvc is not None and not (cvc.isdecimal() and len(cvc) == digits):
        found["cvc"] = Problem("invalid_cvc", f"The CVC of this card has {digits} digits.")
    return found


def has_check_digit(number: str) -> bool:
    """Whether the last digit is what Luhn's sum makes of the others."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(number))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
