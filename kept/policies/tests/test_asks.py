"""What booking asks of whom (R18): each row that fits counts, and of two deposits the higher."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from kept.foundation.money import Money
from kept.policies.asks import Asked, asked
from kept.policies.case import Case, Facts, Item
from kept.policies.document import Ask, AskConditions, Document, Share, Sum, flat

AT = datetime(2026, 10, 14, 19, 30, tzinfo=UTC)
FILLER, CONSULTATION = UUID(int=1), UUID(int=2)


def case(*, minor: int = 65_000, services: tuple[UUID, ...] = (FILLER,), **facts: object) -> Case:
    items = tuple(Item(service=service, category="Injectables", minutes=60, minor=minor) for service in services)
    told = Facts(**{"clinic": UUID(int=9), "currency": "USD", "items": items} | facts)
    return Case(told, AT + timedelta(days=7), ZoneInfo("America/New_York"), AT)


def asks(*rows: Ask) -> Document:
    return Document(rows=flat(7_500).rows, asks=rows)


def missed(times: int) -> tuple[datetime, ...]:
    return tuple(AT - timedelta(days=30 * (each + 1)) for each in range(times))


CARD, NOTHING = Asked(True, Money(0, "USD"), False, False), Asked(False, Money(0, "USD"), False, False)


def deposit(minor: int) -> Asked:
    return Asked(True, Money(minor, "USD"), False, False)


AS_PICTURED = asks(
    Ask(conditions=AskConditions(unpaid_fee=True), pay_first=True),
    Ask(conditions=AskConditions(missed_from=3), approval=True, prepay=True),
    Ask(conditions=AskConditions(missed_from=1, missed_to=2), deposit=Share(percent=25, at_most=10_000)),
    Ask(conditions=AskConditions(patients="new"), card=True),
    Ask(conditions=AskConditions(price_from=30_000), deposit=Sum(minor=5_000)),
)


@pytest.mark.parametrize(
    ("document", "of", "unpaid", "expected"),
    [
        pytest.param(asks(Ask(card=True)), case(), False, CARD, id="a card of everyone"),
        pytest.param(asks(), case(), False, NOTHING, id="nothing of anyone"),
        pytest.param(AS_PICTURED, case(minor=10_000, new=True), False, CARD, id="a card of new patients"),
        pytest.param(AS_PICTURED, case(minor=10_000), False, NOTHING, id="and of nobody else"),
        pytest.param(AS_PICTURED, case(), False, deposit(5_000), id="a deposit for services from an amount on"),
        pytest.param(AS_PICTURED, case(missed_at=missed(1)), False, deposit(10_000), id="of two deposits the higher"),
        pytest.param(
            AS_PICTURED, case(missed_at=missed(3)), False, Asked(True, Money(65_000, "USD"), True, False), id="approval and prepayment"
        ),
        pytest.param(AS_PICTURED, case(minor=10_000), True, Asked(False, Money(0, "USD"), False, True), id="an unpaid fee first"),
        pytest.param(asks(Ask(card=True, deposit=Sum(minor=9_000))), case(minor=8_000), False, deposit(8_000), id="never above the price"),
        pytest.param(asks(Ask(deposit=Sum(minor=40))), case(), False, NOTHING, id="nor less than a card can be charged"),
        pytest.param(
            asks(Ask(card=True), Ask(conditions=AskConditions(services=(CONSULTATION,)), never_card=True)),
            case(services=(FILLER, CONSULTATION)),
            False,
            NOTHING,
            id="never a card where the law forbids it, whatever else fits",
        ),
    ],
)  # fmt: skip
def test_r18_booking_asks(document: Document, of: Case, unpaid: bool, expected: Asked) -> None:
    assert asked(document, of, unpaid_fee=unpaid) == expected
