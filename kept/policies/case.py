"""One visit, as its fee is judged."""

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from kept.foundation.clock import local_date
from kept.foundation.money import Money
from kept.policies.document import Part


class Item(Part):
    """A service of the visit as booked: its price in minor units, its minutes, and how many zones it treats."""

    service: UUID
    category: str = ""
    minutes: int
    minor: int
    zones: int = 1


class Facts(Part):
    """What a policy asks of a visit and its patient beyond its time. Kept with an acceptance, so that the fee stays what was accepted.

    `missed_at` are the instants of the patient's earlier no-shows, `deposit` what was paid at booking, in minor units.
    """

    clinic: UUID
    currency: str
    items: tuple[Item, ...]
    new: bool = False
    missed_at: tuple[datetime, ...] = ()
    deposit: int = 0

    @property
    def price(self) -> Money:
        """Of all its services, at booking."""
        return Money(sum(item.minor for item in self.items), self.currency)


def every_day(_on: date) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Case:
    """A visit at a time. Instants are aware UTC; `open_on` says whether the clinic is open on a local day."""

    facts: Facts
    starts_at: datetime
    zone: ZoneInfo
    accepted_at: datetime
    open_on: Callable[[date], bool] = field(default=every_day)

    @property
    def on(self) -> date:
        """The visit's local day."""
        return local_date(self.starts_at, self.zone)

    @property
    def minutes(self) -> int:
        return sum(item.minutes for item in self.facts.items)

    def missed(self, months: int) -> int:
        """How many visits were missed in that many calendar months before the booking was accepted, that day included."""
        accepted_on = local_date(self.accepted_at, self.zone)
        since = months_before(accepted_on, months)
        return sum(since <= local_date(at, self.zone) <= accepted_on for at in self.facts.missed_at)


def months_before(on: date, months: int) -> date:
    """The same day of an earlier month, or that month's last."""
    year, month = divmod(on.year * 12 + on.month - 1 - months, 12)
    return date(year, month + 1, min(on.day, monthrange(year, month + 1)[1]))
