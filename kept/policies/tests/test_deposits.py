"""How a deposit pays a fee: nothing is lost or made, whatever the sums."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept.foundation.ids import new_id
from kept.foundation.money import Money
from kept.policies.case import Case, Facts, Item
from kept.policies.deposits import split
from kept.policies.document import Deposit, Deposits, Document, Kind, Row, Step, Sum
from kept.policies.fees import quote
from kept.policies.minimum import least

AT = datetime(2026, 10, 14, 19, 30, tzinfo=UTC)
sums = st.integers(min_value=50, max_value=200_000)


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def paid(pays: Sum | Deposit, fee: int, deposit: int, *, rule: str = "applied") -> tuple[Money, Money, Money]:
    """Of a missed visit: from the deposit, to the card, and what is left of the deposit."""
    rows = (Row(steps=(Step(kinds=(Kind.NO_SHOW,), pays=pays),)),)
    document = Document(rows=rows, deposits=Deposits.model_validate({"late_or_missed": rule}))
    items = (Item(service=new_id(), minutes=30, minor=fee),)
    case = Case(Facts(clinic=new_id(), currency="USD", items=items, deposit=deposit), AT, ZoneInfo("UTC"), AT)
    parts = split(document, quote(document, case, Kind.NO_SHOW, at=AT), usd(fee), usd(deposit))
    return parts.applied, parts.charged, parts.left


@given(fee=sums, deposit=sums)
def test_the_deposit_first_and_only_the_rest_to_the_card(fee: int, deposit: int) -> None:
    applied, charged, left = paid(Sum(minor=fee), fee, deposit)

    assert applied == min(usd(fee), usd(deposit))
    assert applied + left == usd(deposit)
    rest = usd(fee) - applied
    assert charged == (rest if rest.minor >= least("USD") else usd(0))


@given(fee=sums, deposit=sums)
def test_kept_beside_the_fee_it_pays_nothing_of_it(fee: int, deposit: int) -> None:
    assert paid(Sum(minor=fee), fee, deposit, rule="kept") == (usd(0), usd(fee), usd(deposit))


@pytest.mark.parametrize("rule", ["applied", "kept"])
@given(deposit=sums)
def test_a_fee_that_is_the_deposit_charges_nothing_further(rule: str, deposit: int) -> None:
    assert paid(Deposit(), deposit, deposit, rule=rule) == (usd(deposit), usd(0), usd(0))
