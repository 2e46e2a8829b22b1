"""Money: integers of minor units that never mix currencies and never lose one."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept.foundation.money import Money

AMOUNTS = st.integers(min_value=-10_000_000, max_value=10_000_000)
CURRENCIES = st.sampled_from(["USD", "EUR", "JPY", "KWD"])
MONEY = st.builds(Money, AMOUNTS, CURRENCIES)


@given(MONEY, st.integers(1, 60))
def test_parts_add_up_to_the_whole_and_differ_by_the_first_alone(whole: Money, parts: int) -> None:
    shares = whole.split(parts)

    assert len(shares) == parts
    assert sum((share.minor for share in shares), 0) == whole.minor
    assert len(set(shares[1:])) <= 1


@given(st.integers(0, 10_000_000), CURRENCIES)
def test_what_is_shown_in_a_form_is_read_back_alike(minor: int, currency: str) -> None:
    money = Money(minor, currency)

    assert Money.parse(str(money.decimal), currency) == money


@given(st.integers(0, 10_000_000), st.integers(0, 100))
def test_a_share_and_the_rest_miss_the_whole_by_one_at_most(minor: int, percentage: int) -> None:
    whole = Money(minor, "USD")

    both = whole.percent(percentage) + whole.percent(100 - percentage)
    assert abs(both.minor - minor) <= 1


@pytest.mark.parametrize(("minor", "percentage", "share"), [(7_500, 50, 3_750), (101, 50, 51), (1, 49, 0), (333, Decimal("33.3"), 111)])
def test_half_a_cent_is_rounded_up(minor: int, percentage: Decimal | int, share: int) -> None:
    assert Money(minor, "USD").percent(percentage) == Money(share, "USD")


@given(MONEY, MONEY)
def test_two_currencies_never_mix(one: Money, other: Money) -> None:
    if one.currency == other.currency:
        assert (one + other - other) == one
        return
    for mixed in (lambda: one + other, lambda: one - other, lambda: one < other):
        with pytest.raises(ValueError, match="do not mix"):
            mixed()


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("75", "USD", 7_500),
        ("$ 75", "USD", 7_500),
        (" 1,250.5 ", "USD", 125_050),
        (".5", "EUR", 50),
        ("500", "JPY", 500),
        ("1.234", "KWD", 1_234),
    ],
)
def test_it_reads_what_people_type(text: str, currency: str, minor: int) -> None:
    assert Money.parse(text, currency) == Money(minor, currency)


@pytest.mark.parametrize("text", ["", "free", "€75", "-5", "+5", "1,25", "1.234", "7 5", "1e3", "NaN", "٧٥x"])
def test_it_refuses_what_is_no_amount_of_dollars(text: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        Money.parse(text, "USD")


def test_yen_have_no_cents() -> None:
    with pytest.raises(ValueError, match="no amount as small"):
        Money.parse("5.5", "JPY")


def test_it_is_written_as_its_currency_is() -> None:
    assert [str(money) for money in (Money(7_500, "USD"), Money(4_550, "EUR"), Money(500, "JPY"))] == ["$75.00", "€45.50", "¥500"]
