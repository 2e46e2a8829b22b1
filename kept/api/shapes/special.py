"""Special dates: a clinic's, on which it is open otherwise or not at all, and a provider's, on which she works otherwise or not."""

from collections.abc import Sequence
from datetime import date, time
from typing import Annotated, Literal

from pydantic import BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from kept.api.shapes.fields import NO_NUL, Asked, Day, Named, Sent
from kept.api.shapes.invoices import AppointmentRef
from kept.api.shapes.setup import Wall
from kept.practice.models import OpeningHours, ScheduleException
from kept.practice.week import Hours
from kept.scheduling.models import Appointment

Why = Annotated[str, Field(max_length=120, pattern=NO_NUL)]


class DatesAsked(Asked):
    """From which day on."""

    first: Day | None = Field(None, alias="from", description="Local date at the clinic. Default: today.")


class Times(Sent):
    """Hours in the clinic's wall time: both, or neither."""

    opens: Wall | None = None
    closes: Wall | None = None

    @model_validator(mode="after")
    def _both_or_neither(self) -> "Times":
        if (self.opens is None) != (self.closes is None) or (self.opens and self.closes and self.opens >= self.closes):
            raise PydanticCustomError("hours", "Send both hours, the first before the second, or neither.")
        return self

    @property
    def hours(self) -> Hours | None:
        return (self.opens, self.closes) if self.opens and self.closes else None


class SpecialDaySent(Times):
    """A date, and its hours instead of its weekday's; without them the clinic is closed then. A second time replaces the first."""

    date: Day
    why: Why = ""


class SpecialDay(BaseModel):
    """A date on which the clinic is open at these hours instead of its weekday's; closed where they are null."""

    id: str
    date: date
    opens: str | None
    closes: str | None
    why: str

    @classmethod
    def of(cls, day: OpeningHours) -> "SpecialDay":
        return cls.model_validate({"id": str(day.pk), "date": day.on, **_hours(day.opens_at, day.closes_at), "why": day.why})


class SpecialDayMade(SpecialDay):
    """With the appointments that now lie outside of hours then. They stay until somebody moves them."""

    conflicts: list[AppointmentRef]


class ExceptionSent(Times):
    """`off`: she does not work, all day without hours, at all her clinics without `clinic`; `extra`: these hours beside those of her week;
    `other`: instead of them. Without `last` it is one day."""

    kind: Literal["off", "extra", "other"]
    clinic: str | None = None
    first: Day
    last: Day | None = None
    why: Why = ""


class ExceptionShape(BaseModel):
    """Days, first and last included, that differ from a provider's week, in the wall time of the clinic, or of each of hers."""

    id: str
    kind: Literal["off", "extra", "other"]
    clinic: Named | None
    first: date
    last: date
    opens: str | None
    closes: str | None
    why: str

    @classmethod
    def of(cls, found: ScheduleException) -> "ExceptionShape":
        return cls.model_validate(
            {
                "id": str(found.pk),
                "kind": found.kind,
                "clinic": Named.of(found.clinic) if found.clinic else None,
                "first": found.first_on,
                "last": found.last_on,
                **_hours(found.opens_at, found.closes_at),
                "why": found.why,
            }
        )


class ExceptionMade(ExceptionShape):
    """With her appointments that now lie outside of her hours then. They stay until somebody moves them."""

    conflicts: list[AppointmentRef]


def refs(appointments: Sequence[Appointment], first: date, last: date) -> list[AppointmentRef]:
    """Those that begin on these local days, first and last included, earliest first."""
    found = [each for each in appointments if first <= each.local_date <= last]
    return [AppointmentRef.of(each) for each in sorted(found, key=lambda each: each.starts_at)]


def _hours(opens_at: time | None, closes_at: time | None) -> dict[str, str | None]:
    return {"opens": f"{opens_at:%H:%M}" if opens_at else None, "closes": f"{closes_at:%H:%M}" if closes_at else None}
