"""What bodies and queries are made of: text, days, instants, money, references."""

import re
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal, TypeVar

from django.db.models import Model
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictInt,
    ValidationInfo,
    model_validator,
)
from pydantic_core import PydanticCustomError

from kept.foundation.money import Money

NO_NUL = r"^[^\x00]*$"
YEARS = range(1970, 2200)
MOST_OFFSET = timedelta(hours=14)

D = TypeVar("D", bound=date)

Code = Annotated[str, Field(max_length=40, pattern=NO_NUL)]
Name = Annotated[str, Field(max_length=80, pattern=NO_NUL)]
Reason = Annotated[str, Field(max_length=200, pattern=NO_NUL)]
Note = Annotated[str, Field(max_length=500, pattern=NO_NUL)]

Display = Literal[
    "noshow",
    "late_cancel",
    "cancelled",
    "completed",
    "in_treatment",
    "arrived",
    "needs_outcome",
    "awaiting_card",
    "confirmed",
    "booked",
]
FeeState = Literal[
    "not_offered",
    "undecided",
    "waiting",
    "charging",
    "checking",
    "paid",
    "declined",
    "needs_patient",
    "failed",
    "spared",
    "part_refunded",
    "refunded",
    "disputed",
]
NoFeeReason = Literal[
    "no_card", "no_consent", "card_gone", "exempt", "forgiven", "already_charged", "too_late", "policy_off", "payments_off", "imported"
]


def _written_day(value: Any) -> Any:
    """A day as text, not seconds since 1970."""
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
        raise PydanticCustomError("day", "Write a day as 2026-10-14.")
    return value


def _written_instant(value: Any) -> Any:
    """An instant as text, not seconds since 1970."""
    if not isinstance(value, str) or "T" not in value.upper():
        raise PydanticCustomError("instant", "Write an instant with its offset, as 2026-10-14T15:30:00-04:00.")
    return value


def _in_our_time(value: D) -> D:
    """Calendars have an end, and a day later than that has no instant."""
    if value.year not in YEARS:
        raise PydanticCustomError("year", "Choose a year from 1970 to 2199.")
    return value


def _of_a_zone(value: datetime) -> datetime:
    """An offset that a zone can have; the database takes no others."""
    offset = value.utcoffset()
    if offset is None or abs(offset) > MOST_OFFSET:
        raise PydanticCustomError("offset", "Choose an offset from -14:00 to +14:00.")
    return value


Day = Annotated[date, BeforeValidator(_written_day), AfterValidator(_in_our_time)]
BirthDate = Annotated[date, BeforeValidator(_written_day)]
Instant = Annotated[AwareDatetime, BeforeValidator(_written_instant), AfterValidator(_in_our_time), AfterValidator(_of_a_zone)]


class Sent(BaseModel):
    """A body. What it does not know it refuses."""

    model_config = ConfigDict(extra="forbid")


class Versioned(Sent):
    """`version`, where it is sent, is compared with that of what is changed: another one is refused as `stale_version`."""

    version: StrictInt | None = None


class Asked(BaseModel):
    """A query. What it does not know it refuses, too."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _all_of_it(cls, data: Any, info: ValidationInfo) -> Any:
        """Ninja hands over the parameters it knows; the others are put back, to be refused by name."""
        request = (info.context or {}).get("request")
        known = {field.alias or name for name, field in cls.model_fields.items()}
        return data | {name: request.GET[name] for name in request.GET if name not in known} if request else data


class Amount(BaseModel):
    """Money in minor units: `{"minor": 7500, "currency": "USD"}` is 75 dollars."""

    minor: int
    currency: str

    @classmethod
    def of(cls, money: Money) -> "Amount":
        return cls(minor=money.minor, currency=money.currency)


class AmountSent(Sent):
    """Money in minor units, above zero."""

    minor: StrictInt = Field(ge=1, le=2**31 - 1)
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]

    @property
    def money(self) -> Money:
        return Money(self.minor, self.currency)


class PriceSent(AmountSent):
    """Money in minor units, zero included."""

    minor: StrictInt = Field(ge=0, le=2**31 - 1)


class Named(BaseModel):
    """Something, and what people call it."""

    id: str
    name: str

    @classmethod
    def of(cls, thing: Model) -> "Named":
        return cls(id=str(thing.pk), name=str(thing))


class CardShape(BaseModel):
    """What may be shown of a card on file."""

    brand: str
    last4: str
    exp_month: int
    exp_year: int
