"""The least that a card can be charged, in minor units: the payment provider's own limits."""

# https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts
LEAST = {
    "AED": 200, "AUD": 50, "BRL": 50, "CAD": 50, "CHF": 50, "CZK": 1500, "DKK": 250, "EUR": 50, "GBP": 30, "HKD": 400, "HUF": 17500,
    "INR": 50, "JPY": 50, "MXN": 1000, "MYR": 200, "NOK": 300, "NZD": 50, "PLN": 200, "RON": 200, "SEK": 300, "SGD": 50, "THB": 1000,
    "USD": 50,
}  # fmt: skip
ELSEWHERE = 50


def least(currency: str) -> int:
    """The least charge in that currency; where the provider names none, 50 minor units as of most."""
    return LEAST.get(currency, ELSEWHERE)
