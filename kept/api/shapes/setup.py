"""What the calls of setting up take: clinics, providers and services. In a change, what is left out stays as it is."""

from collections.abc import Sequence
from datetime import time
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, StrictBool, StrictInt, WithJsonSchema
from pydantic_core import PydanticCustomError

from kept.api.shapes.fields import NO_NUL, PriceSent, Sent
from kept.practice.models import OpeningHours, Schedule, Settings
from kept.practice.week import Hours, Week

Title = Annotated[str, Field(min_length=1, max_length=120, pattern=NO_NUL)]
Short = Annotated[str, Field(max_length=40, pattern=NO_NUL)]
Category = Annotated[str, Field(max_length=60, pattern=NO_NUL)]
Address = Annotated[str, Field(max_length=200, pattern=NO_NUL)]
Phone = Annotated[str, Field(max_length=30, pattern=NO_NUL)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Ids = Annotated[list[str], Field(max_length=200)]


def _wall(value: Any) -> time:
    """A wall time as text, to the minute."""
    try:
        if isinstance(value, str) and len(value) == 5 and value.isascii():
            return time.fromisoformat(value)
    except ValueError:
        pass
    raise PydanticCustomError("wall_time", "Write a time as 09:30.")


Wall = Annotated[time, BeforeValidator(_wall), WithJsonSchema({"type": "string", "pattern": r"^([01][0-9]|2[0-3]):[0-5][0-9]$"})]


class Span(Sent):
    """Hours of a weekday, in the clinic's wall time; Monday is 0. The gap between two is a break."""

    weekday: StrictInt = Field(ge=0, le=6)
    opens: Wall
    closes: Wall


def _apart(spans: "list[Any]") -> "list[Any]":
    """None ends before it begins, and no two of a day overlap."""
    places = {getattr(span, "clinic", "") for span in spans}
    for place in places:
        mine = sorted((span.weekday, span.opens, span.closes) for span in spans if getattr(span, "clinic", "") == place)
        if any(opens >= closes for _day, opens, closes in mine):
            raise PydanticCustomError("hours", "Hours end after they begin.")
        if any(a[0] == b[0] and b[1] < a[2] for a, b in zip(mine, mine[1:], strict=False)):
            raise PydanticCustomError("hours", "Hours of a day do not overlap.")
    return spans


class Place(Span):
    """The same for a provider, at one of her clinics."""

    clinic: str


Spans = Annotated[list[Span], Field(max_length=70), AfterValidator(_apart)]
Places = Annotated[list[Place], Field(max_length=700), AfterValidator(_apart)]


def week_of(spans: Sequence[Span]) -> Week:
    """By weekday; a day that is not named is a day off."""
    week: Week = {weekday: [] for weekday in range(7)}
    for span in sorted(spans, key=lambda span: (span.weekday, span.opens)):
        week[span.weekday].append((span.opens, span.closes))
    return week


class HoursShape(BaseModel):
    """Hours of a weekday, in the clinic's wall time; Monday is 0."""

    weekday: int
    opens: str
    closes: str

    @classmethod
    def week(cls, rows: "Sequence[OpeningHours | Schedule]", whole_day: Hours | None = None) -> "list[HoursShape]":
        """Of the rows that are a week's; without any, those hours on every day."""
        found = sorted(
            (row.weekday, row.opens_at, row.closes_at) for row in rows if row.weekday is not None and row.opens_at and row.closes_at
        )
        if not found and whole_day:
            found = [(weekday, *whole_day) for weekday in range(7)]
        return [cls(weekday=weekday, opens=f"{opens:%H:%M}", closes=f"{closes:%H:%M}") for weekday, opens, closes in found]


class ClinicSent(Sent):
    """A new clinic. `zone` is an IANA time zone. Without `hours` it is open every day from 09:00 to 18:00."""

    name: Title
    zone: Short
    currency: Currency
    address: Address = ""
    phone: Phone = ""
    online: StrictBool = True
    hours: Spans = []


class ClinicChanged(Sent):
    """What changes. `active: false` takes it out of use. `hours` are the whole new week."""

    name: Title = ""
    zone: Short = ""
    currency: Currency = ""
    address: Address = ""
    phone: Phone = ""
    online: StrictBool = True
    active: StrictBool = True
    hours: Spans = []


class ProviderSent(Sent):
    """A new provider. At a clinic without `schedules` she works all of its hours."""

    name: Title
    title: Short = ""
    clinics: Annotated[list[str], Field(min_length=1, max_length=200)]
    schedules: Places = []


class ProviderChanged(Sent):
    """What changes. `active: false` takes her out of use; what is booked stays. `schedules` are her whole new weeks at the clinics they
    name."""

    name: Title = ""
    title: Short = ""
    clinics: Ids = []
    active: StrictBool = True
    schedules: Places = []


class ServiceSent(Sent):
    """A new service. Without `performers` everybody performs it; of each kind of room or device in `resources`, one is taken."""

    name: Title
    category: Category = ""
    minutes: StrictInt = Field(ge=1, le=720)
    zones: StrictInt = Field(1, ge=1, le=99)
    buffer_before: StrictInt = Field(0, ge=0, le=240)
    buffer_after: StrictInt = Field(0, ge=0, le=240)
    price: PriceSent
    online: StrictBool = True
    performers: Ids = []
    resources: Ids = []


class ServiceChanged(Sent):
    """What changes; what is booked keeps its duration and price. `active: false` takes it out of use."""

    name: Title = ""
    category: Category = ""
    minutes: StrictInt = Field(1, ge=1, le=720)
    zones: StrictInt = Field(1, ge=1, le=99)
    buffer_before: StrictInt = Field(0, ge=0, le=240)
    buffer_after: StrictInt = Field(0, ge=0, le=240)
    price: PriceSent | None = None
    online: StrictBool = True
    active: StrictBool = True
    performers: Ids = []
    resources: Ids = []


class OnlineChanged(Sent):
    """What changes of what patients are offered online. `sites` are all the origins whose pages may show the booking page; `closed` is what
    the page says of a clinic that is not booked online."""

    lead_minutes: StrictInt = 0
    horizon_days: StrictInt = 1
    step_minutes: StrictInt = 15
    sites: list[Annotated[str, Field(max_length=200, pattern=NO_NUL)]] = Field([], max_length=100)
    closed: Annotated[str, Field(max_length=300, pattern=NO_NUL)] = ""


class OnlineShape(BaseModel):
    """What patients are offered online: no time sooner than `lead_minutes` from now, none after `horizon_days`, one every `step_minutes`;
    on which `sites` the booking page may be shown; and what it says where a clinic is `closed` to it."""

    lead_minutes: int
    horizon_days: int
    step_minutes: int
    sites: list[str]
    closed: str

    @classmethod
    def of(cls, settings: Settings) -> "OnlineShape":
        return cls(**{name: getattr(settings, f"online_{name}") for name in cls.model_fields})
