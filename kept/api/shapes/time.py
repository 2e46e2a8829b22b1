"""Free and blocked time as the API says it, and what its calls take."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from kept.api.pages import Paged
from kept.api.shapes.fields import NO_NUL, Asked, Day, Instant, Named, Sent
from kept.practice.models import Clinic
from kept.scheduling.availability import Slot
from kept.scheduling.fitting import Visit
from kept.scheduling.models import Block

Why = Annotated[str, Field(max_length=120, pattern=NO_NUL)]


class AvailabilityAsked(Asked):
    """A clinic, and services in a row: `service` may be repeated, the order counts. A month of days at most."""

    clinic: str
    service: list[str] = Field(min_length=1, max_length=20)
    provider: str | None = Field(None, description="One provider; else anyone who performs the services.")
    first: Day | None = Field(None, alias="from", description="Local date at the clinic. Default: today.")
    last: Day | None = Field(None, alias="to", description="Local date at the clinic, included. Default: six days after the first.")


class FreeStart(BaseModel):
    """A start at which the visit can be booked, and the providers who are free then, by name."""

    start: datetime
    end: datetime
    providers: list[Named]

    @classmethod
    def of(cls, slot: Slot, visit: Visit, clinic: Clinic) -> "FreeStart":
        start, end = slot.starts_at, slot.starts_at + visit.lasts
        who = [Named.of(provider) for provider in slot.providers]
        return cls(start=start.astimezone(clinic.zone), end=end.astimezone(clinic.zone), providers=who)


class BlocksAsked(Paged):
    """Which blocked time. `clinic` may be repeated."""

    first: Day | None = Field(None, alias="from", description="Local date at each clinic. Default: today.")
    last: Day | None = Field(None, alias="to", description="Local date at each clinic, included. Default: six days after the first.")
    clinic: list[str] = []


class BlockSent(Sent):
    """Time to keep free of appointments: of a `provider`, or of a room or device (`resource`). A month at most."""

    clinic: str
    provider: str | None = None
    resource: str | None = None
    start: Instant
    end: Instant
    why: Why = ""


class BlockShape(BaseModel):
    """Blocked time of a provider, or of a room or device. Instants carry the clinic's offset."""

    id: str
    clinic: Named
    provider: Named | None
    resource: Named | None
    start: datetime
    end: datetime
    why: str
    blocked_by: Named | None

    @classmethod
    def of(cls, block: Block) -> "BlockShape":
        zone = block.clinic.zone
        provider = next(iter(block.resource.providers.all()), None)
        return cls(
            id=str(block.pk),
            clinic=Named.of(block.clinic),
            provider=Named.of(provider) if provider else None,
            resource=None if provider else Named.of(block.resource),
            start=block.starts_at.astimezone(zone),
            end=block.ends_at.astimezone(zone),
            why=block.why,
            blocked_by=Named.of(block.by) if block.by else None,
        )
