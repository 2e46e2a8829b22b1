"""What a version of the policy says, as typed values: who and what, how late, how much. Amounts are minor units of its currency.

A row is conditions, which must all fit, and steps. Rows stand in the order in which they count: those that name services or categories,
then clinics, then all visits; the last one fits everyone. Each part says what is wrong with it in words for its writer.
"""

from datetime import date, time
from typing import Annotated, Literal, Self
from uuid import UUID

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


class Kind(TextChoices):
    """What a fee is for."""

    NO_SHOW = "no_show", "No-show fee"
    LATE_CANCEL = "late_cancel", "Late cancellation fee"
    LATE_RESCHEDULE = "late_reschedule", "Late reschedule fee"
    LATE_ARRIVAL = "late_arrival", "Late arrival fee"


BEFORE_THE_START = (Kind.LATE_CANCEL, Kind.LATE_RESCHEDULE)
LARGEST_MINOR = 99_999_999

Minor = Annotated[int, Field(gt=0, le=LARGEST_MINOR)]
Percent = Annotated[int, Field(gt=0, le=100)]


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


# How much


class Sum(Part):
    """A flat fee."""

    form: Literal["sum"] = "sum"
    minor: Minor


class Share(Part):
    """A percentage of the price at booking, with a floor and a cap. The lesser of 50 % and $300 is 50 %, at most $300."""

    form: Literal["share"] = "share"
    percent: Percent
    at_least: Minor | None = None
    at_most: Minor | None = None

    @model_validator(mode="after")
    def _floor_below_cap(self) -> Self:
        if self.at_least and self.at_most and self.at_least > self.at_most:
            raise ValueError(_("‘At least’ is more than ‘at most’."))
        return self


class Band(Part):
    """A percentage of prices up to a limit, itself included; without one, of all that are higher."""

    up_to: Minor | None = None
    percent: Percent


class ByPrice(Part):
    """Another percentage for each band of prices: 100 % up to $100, else 50 %."""

    form: Literal["by_price"] = "by_price"
    bands: tuple[Band, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _rising_and_complete(self) -> Self:
        limits = [band.up_to for band in self.bands]
        rising = [limit for limit in limits[:-1] if limit is not None]
        if limits[-1] is not None or len(rising) != len(limits) - 1 or rising != sorted(set(rising)):
            raise ValueError(_("Each band goes up to a higher price than the one above it, and the last one to any."))
        return self


class ForEach(Part):
    """A sum for each zone, session or begun quarter of an hour: booked, or of a late arrival late."""

    form: Literal["for_each"] = "for_each"
    unit: Literal["zone", "session", "quarter_hour"]
    minor: Minor
    at_most: Minor | None = None


class Deposit(Part):
    """What was paid at booking is kept."""

    form: Literal["deposit"] = "deposit"


class Nothing(Part):
    """Free, and said so."""

    form: Literal["nothing"] = "nothing"


Pays = Annotated[Sum | Share | ByPrice | ForEach | Deposit | Nothing, Field(discriminator="form")]


# How late


class HoursBefore(Part):
    """Less than that many elapsed hours before the start."""

    unit: Literal["hours"] = "hours"
    hours: Annotated[int, Field(ge=0, le=24 * 60)]


class WorkingDaysBefore(Part):
    """After that wall time of the clinic, that many of its open days before the visit's day. Closed days do not count."""

    unit: Literal["working_days"] = "working_days"
    days: Annotated[int, Field(ge=1, le=30)]
    wall: time

    @field_validator("wall")
    @classmethod
    def _whole_minutes(cls, wall: time) -> time:
        if wall.tzinfo or wall.second or wall.microsecond:
            raise ValueError(_("Enter a time as the clinic’s clocks show it, for example 15:00."))
        return wall


Notice = Annotated[HoursBefore | WorkingDaysBefore, Field(discriminator="unit")]


class Step(Part):
    """What happens, how late, and what it costs. A cancellation or move without notice costs it however early."""

    kinds: tuple[Kind, ...] = Field(min_length=1)
    notice: Notice | None = None
    from_minutes: Annotated[int, Field(ge=0, le=240)] | None = None
    pays: Pays

    @model_validator(mode="after")
    def _fits_what_happens(self) -> Self:
        if len(set(self.kinds)) < len(self.kinds) or len(self.kinds) > 1 and not set(self.kinds) <= set(BEFORE_THE_START):
            raise ValueError(_("Only cancelling and moving can share a step."))
        if self.notice and self.kinds[0] not in BEFORE_THE_START:
            raise ValueError(_("Only cancelling and moving have a notice."))
        if (self.from_minutes is None) == (self.kinds[0] == Kind.LATE_ARRIVAL):
            raise ValueError(_("Say from how many minutes on coming late costs a fee."))
        return self


# Who and what


class Season(Part):
    """From one day to another of each year, both included; over New Year where the first is later. As MM-DD."""

    first: str
    last: str

    @field_validator("first", "last")
    @classmethod
    def _a_day(cls, text: str) -> str:
        try:
            return date.fromisoformat(f"2028-{text}").strftime("%m-%d")  # a leap year has every day
        except ValueError:
            raise ValueError(_("Enter a day of the year, for example 12-15.")) from None

    def holds(self, on: date) -> bool:
        day = on.strftime("%m-%d")
        return self.first <= day <= self.last if self.first <= self.last else day >= self.first or day <= self.last


class Conditions(Part):
    """Who and what a row is for. All that are named must fit; of several services, categories or clinics, any.

    `missed_from` and `missed_to` count earlier no-shows in the `missed_months` before the booking.
    """

    services: tuple[UUID, ...] = ()
    categories: tuple[str, ...] = ()
    clinics: tuple[UUID, ...] = ()
    minutes_from: Annotated[int, Field(gt=0, le=1440)] | None = None
    minutes_below: Annotated[int, Field(gt=0, le=1440)] | None = None
    price_from: Minor | None = None
    price_below: Minor | None = None
    patients: Literal["new", "established"] | None = None
    missed_from: Annotated[int, Field(ge=1, le=99)] | None = None
    missed_to: Annotated[int, Field(ge=0, le=99)] | None = None
    missed_months: Annotated[int, Field(ge=1, le=120)] = 12
    season: Season | None = None

    @model_validator(mode="after")
    def _can_fit(self) -> Self:
        spans = [(self.minutes_from, self.minutes_below), (self.price_from, self.price_below)]
        if any(low is not None and high is not None and low >= high for low, high in spans):
            raise ValueError(_("Nothing is both at least that much and less than that."))
        if self.missed_from is not None and self.missed_to is not None and self.missed_from > self.missed_to:
            raise ValueError(_("Nobody has missed at least that many and at most that many."))
        return self

    @property
    def none(self) -> bool:
        """It is for everyone."""
        return self == Conditions(missed_months=self.missed_months)

    @property
    def scope(self) -> int:
        """How near it is to a visit: 0 services and categories, 1 clinics, 2 all visits."""
        return 0 if self.services or self.categories else 1 if self.clinics else 2


class Row(Part):
    """A line of the fees. A kind that it does not name falls to the next row that fits."""

    conditions: Conditions = Conditions()
    steps: tuple[Step, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _each_limit_once(self) -> Self:
        limits = [(kind, step.notice, step.from_minutes) for step in self.steps for kind in step.kinds]
        if len(set(limits)) < len(limits):
            raise ValueError(_("Two steps say what the same thing costs, equally late. Keep one of them."))
        return self

    def naming(self, kind: Kind) -> list[Step]:
        return [step for step in self.steps if kind in step.kinds]


class AskConditions(Conditions):
    """Who and what booking asks something of; also a patient with an unpaid fee."""

    unpaid_fee: bool = False

    @property
    def none(self) -> bool:
        return not self.unpaid_fee and self == AskConditions(missed_months=self.missed_months)


class Ask(Part):
    """What booking asks of whom it fits: each row that fits counts, and of two deposits the higher.

    `never_card` is where the law forbids to ask for one; it wins over every other row. `prepay` is a deposit of the whole price.
    """

    conditions: AskConditions = AskConditions()
    card: bool = False
    never_card: bool = False
    deposit: Annotated[Sum | Share, Field(discriminator="form")] | None = None
    prepay: bool = False
    approval: bool = False
    pay_first: bool = False

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        money = self.deposit is not None or self.prepay
        if not (self.card or self.never_card or money or self.approval or self.pay_first):
            raise ValueError(_("Say what booking asks for."))
        if self.never_card and (self.card or money):
            raise ValueError(_("Without a card there is no deposit either."))
        return self


class Chance(Part):
    """A second chance: off, proposed to the desk, or given by itself. It only ever spares."""

    mode: Literal["off", "propose", "by_itself"] = "off"
    within: Annotated[int, Field(ge=1, le=120)]


class Deposits(Part):
    """What becomes of a deposit."""

    cancelled_in_time: Literal["returned", "kept"] = "returned"
    late_or_missed: Literal["applied", "kept"] = "applied"


class Document(Part):
    """A whole policy. `free_hours` after acceptance cancelling is free; `late_minutes` after the start a patient counts as missed.

    `first_time` forgives the first no-show in that many months; `new_time` a fee whose patient takes a new time within that many hours.
    """

    rows: tuple[Row, ...] = Field(min_length=1)
    asks: tuple[Ask, ...] = (Ask(card=True),)
    deposits: Deposits = Deposits()
    first_time: Chance = Chance(within=12)
    new_time: Chance = Chance(within=48)
    free_hours: Annotated[int, Field(ge=0, le=24 * 14)] = 24
    late_minutes: Annotated[int, Field(ge=0, le=240)] = 15

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.rows[-1].conditions.none or any(row.conditions.none for row in self.rows[:-1]):
            raise ValueError(_("The last row, and no other, is for everyone else."))
        scopes = [row.conditions.scope for row in self.rows]
        if scopes != sorted(scopes):
            raise ValueError(_("Rows for services and categories come first, then those for clinics, then those for all visits."))
        late = [step.from_minutes for row in self.rows for step in row.steps if step.from_minutes is not None]
        if any(minutes >= self.late_minutes for minutes in late):
            raise ValueError(_("%d minutes late a patient counts as missed: a late arrival costs a fee before that.") % self.late_minutes)
        return self


def flat(minor: int, *, window_hours: int = 24, late_minutes: int = 15, free_hours: int = 24) -> Document:
    """The simplest policy: one fee for everyone who misses a visit, or cancels or moves it later than that."""
    fee = Sum(minor=minor)
    late = Step(kinds=BEFORE_THE_START, notice=HoursBefore(hours=window_hours), pays=fee)
    missed = Step(kinds=(Kind.NO_SHOW,), pays=fee)
    return Document(rows=(Row(steps=(late, missed)),), late_minutes=late_minutes, free_hours=free_hours)
