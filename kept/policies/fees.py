"""What a policy takes for a visit: the row that counts, the step of it, and the money. Pure: values in, values out (R14, R14a).

The first row that fits counts, service by service; services that fall to the same row are taken together, and of several rows the one
with the highest fee counts, never the sum. At the exact boundary the patient gets the benefit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kept.foundation.clock import reached
from kept.foundation.money import Money
from kept.policies.case import Case, Item
from kept.policies.document import (
    BEFORE_THE_START,
    ByPrice,
    Conditions,
    Deposit,
    Document,
    ForEach,
    Kind,
    Nothing,
    Notice,
    Pays,
    Row,
    Share,
    Step,
    Sum,
    WorkingDaysBefore,
)
from kept.policies.minimum import least

QUARTER = 15
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NEXT = timedelta.resolution
FARTHEST = 400  # days back that working days are looked for: a clinic that is closed for a year has none


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A row above the one that counts: its number, and the condition that does not fit; none where it does not name what happened."""

    number: int
    unfit: str


@dataclass(frozen=True, slots=True)
class Quote:
    """What it costs, zero where it is free, by which row and step, and why not by the rows above. `number` counts rows from 1.

    `just_booked`: cancelling or moving is free only because it was booked so shortly before (R14).
    """

    kind: Kind
    fee: Money
    number: int | None = None
    step: Step | None = None
    just_booked: bool = False
    passed_over: tuple[PassedOver, ...] = ()


def quote(document: Document, case: Case, kind: Kind, *, at: datetime) -> Quote:
    """What it costs when that happens at that instant."""
    quotes = [_of_row(document, case, kind, share, at) for share in _shares(document, case, kind)]
    return max(quotes, key=lambda each: each.fee.minor)


def tiers(document: Document, case: Case, kind: Kind) -> list[tuple[datetime, Money]]:
    """What cancelling, or moving, costs later than each of those instants, in order; before the first it is free. Empty: free to the
    start."""
    limits = {limit_of(step.notice, case) or case.accepted_at for row in document.rows for step in row.naming(kind)}
    found: list[tuple[datetime, Money]] = []
    for limit in sorted(limits | {grace_ends(document, case)}):
        fee = quote(document, case, kind, at=limit + NEXT).fee
        if limit < case.starts_at and fee != (found[-1][1] if found else Money(0, fee.currency)):
            found.append((limit, fee))
    return found


def free_until(document: Document, case: Case, kind: Kind = Kind.LATE_CANCEL) -> datetime:
    """To when cancelling, or moving, is free, that instant included (R14). Never after the start."""
    return next((limit for limit, _fee in tiers(document, case, kind)), case.starts_at)


def missed_from(document: Document, case: Case) -> datetime:
    """When a patient counts as missed (R7d)."""
    return case.starts_at + document.late_minutes * MINUTE


def grace_ends(document: Document, case: Case) -> datetime:
    """To when it is free because it was booked so shortly before (R14)."""
    return min(case.accepted_at + document.free_hours * HOUR, case.starts_at)


def most(document: Document, case: Case, kind: Kind) -> Money:
    """The highest fee of that kind that the visit can come to, however late: what the patient accepts, and more is never charged (I9)."""
    late = document.late_minutes if kind == Kind.LATE_ARRIVAL else None
    found = [
        _amount(step.pays, share.items, case, late)
        for share in _shares(document, case, kind)
        if share.row
        for step in share.row.naming(kind)
    ]
    return max(found, key=lambda each: each.minor, default=Money(0, case.facts.currency))


def limit_of(notice: Notice | None, case: Case) -> datetime | None:
    """The last instant that is still in time; None where no notice is early enough."""
    if notice is None:
        return None
    if not isinstance(notice, WorkingDaysBefore):
        return case.starts_at - notice.hours * HOUR
    on, left = case.on, notice.days
    for _day in range(FARTHEST):
        on -= DAY
        left -= case.open_on(on)
        if not left:
            break
    return reached(datetime.combine(on, notice.wall), case.zone)


def unfit(conditions: Conditions, case: Case, item: Item) -> str:
    """The first condition that does not fit that service of the visit; empty where all fit."""
    facts = case.facts
    missed = case.missed(conditions.missed_months)
    fits = {
        "services": not conditions.services or item.service in conditions.services,
        "categories": not conditions.categories or item.category in conditions.categories,
        "clinics": not conditions.clinics or facts.clinic in conditions.clinics,
        "season": conditions.season is None or conditions.season.holds(case.on),
        "minutes": _between(conditions.minutes_from, case.minutes, conditions.minutes_below),
        "price": _between(conditions.price_from, facts.price.minor, conditions.price_below),
        "patients": conditions.patients is None or facts.new == (conditions.patients == "new"),
        "missed": (conditions.missed_from or 0) <= missed and (conditions.missed_to is None or missed <= conditions.missed_to),
    }
    return next((name for name, fit in fits.items() if not fit), "")


def _between(low: int | None, value: int, high: int | None) -> bool:
    return (low is None or low <= value) and (high is None or value < high)


@dataclass(slots=True)
class _Share:
    """The services of a visit that fall to one row, or to none."""

    number: int | None
    row: Row | None
    passed_over: tuple[PassedOver, ...]
    items: list[Item]


def _shares(document: Document, case: Case, kind: Kind) -> list[_Share]:
    """Never empty: a visit has a service."""
    shares: dict[int | None, _Share] = {}
    for item in case.facts.items:
        passed: list[PassedOver] = []
        found: tuple[int | None, Row | None] = (None, None)
        for number, row in enumerate(document.rows, 1):
            why_not = unfit(row.conditions, case, item)
            if not why_not and row.naming(kind):
                found = (number, row)
                break
            passed.append(PassedOver(number, why_not))
        share = shares.setdefault(found[0], _Share(*found, tuple(passed), []))
        share.items.append(item)
    return sorted(shares.values(), key=lambda share: share.number or len(document.rows) + 1)


def _of_row(document: Document, case: Case, kind: Kind, share: _Share, at: datetime) -> Quote:
    step = _step(share.row, kind, case, at) if share.row else None
    late = -((case.starts_at - at) // MINUTE) if kind == Kind.LATE_ARRIVAL else None  # a begun minute counts
    fee = _amount(step.pays, share.items, case, late) if step else Money(0, case.facts.currency)
    just_booked = bool(fee) and kind in BEFORE_THE_START and at <= grace_ends(document, case)
    return Quote(kind, Money(0, fee.currency) if just_booked else fee, share.number, step, just_booked, share.passed_over)


def _step(row: Row, kind: Kind, case: Case, at: datetime) -> Step | None:
    """Of the steps that it is too late for, the one nearest to the visit."""
    if kind in BEFORE_THE_START:
        passed = [(limit_of(step.notice, case), step) for step in row.naming(kind)]
        late = [(limit, step) for limit, step in passed if limit is None or limit < at]
        return max(late, key=lambda each: each[0] or case.accepted_at - DAY * FARTHEST, default=(None, None))[1]
    if kind == Kind.LATE_ARRIVAL:
        late_by = [step for step in row.naming(kind) if case.starts_at + (step.from_minutes or 0) * MINUTE < at]
        return max(late_by, key=lambda step: step.from_minutes or 0, default=None)
    return next(iter(row.naming(kind)), None)


def _amount(pays: Pays, items: Sequence[Item], case: Case, late: int | None) -> Money:
    """The money of a step for those services; `late` are the minutes of a late arrival. What no card can be charged is nothing."""
    currency = case.facts.currency
    price = Money(sum(item.minor for item in items), currency)
    match pays:
        case Sum():
            minor = pays.minor
        case Share():
            minor = max(price.percent(pays.percent).minor, pays.at_least or 0)
            minor = min(minor, pays.at_most or minor)
        case ByPrice():
            percent = next(band.percent for band in pays.bands if band.up_to is None or price.minor <= band.up_to)
            minor = price.percent(percent).minor
        case ForEach():
            minor = pays.minor * _count(pays, items, late)
            minor = min(minor, pays.at_most or minor)
        case Deposit():
            minor = case.facts.deposit
        case Nothing():
            minor = 0
    return Money(minor if minor >= least(currency) else 0, currency)


def _count(pays: ForEach, items: Sequence[Item], late: int | None) -> int:
    if pays.unit == "zone":
        return sum(item.zones for item in items)
    if pays.unit == "session":
        return len(items)
    minutes = sum(item.minutes for item in items) if late is None else late
    return -(-minutes // QUARTER)
