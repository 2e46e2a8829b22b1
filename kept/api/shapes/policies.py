"""Policies and what they come to, as the API says it."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from kept.api.shapes.fields import Amount, Instant, Named
from kept.policies.document import Document, Kind
from kept.policies.models import Draft


class PolicySent(BaseModel):
    """The next version. `terms` are its rows, amounts in minor units of the practice's currency; `based_on` is the number of the version
    that the writer saw."""

    model_config = ConfigDict(extra="forbid")

    description: str = Field(max_length=4000)
    authorization_text: str = Field(max_length=4000)
    terms: Document
    what_changed: str = Field("", max_length=200)
    based_on: int | None = Field(None, ge=0)


class Switched(BaseModel):
    """Whether fees may be charged and bookings ask for a card."""

    model_config = ConfigDict(extra="forbid")

    fees_on: bool


class DraftSent(BaseModel):
    """What is to change in the draft; what is not sent stays."""

    model_config = ConfigDict(extra="forbid")

    description: str | None = Field(None, max_length=4000)
    authorization_text: str | None = Field(None, max_length=4000)
    terms: Document | None = None


class DraftPublished(BaseModel):
    """What changed, for the record; `based_on` is the number of the version in use that the writer saw."""

    model_config = ConfigDict(extra="forbid")

    what_changed: str = Field(min_length=1, max_length=200)
    based_on: int = Field(ge=0)


class DraftShape(BaseModel):
    """The next version while it is written. Without a draft: what one would start from, saved by nobody."""

    based_on: int
    description: str
    authorization_text: str
    currency: str
    terms: Document
    saved_at: datetime | None
    saved_by: Named | None

    @classmethod
    def of(cls, draft: Draft) -> "DraftShape":
        return cls(
            based_on=draft.based_on,
            description=draft.description,
            authorization_text=draft.authorization_text,
            currency=draft.currency,
            terms=draft.terms,
            saved_at=draft.saved_at,
            saved_by=Named.of(draft.saved_by) if draft.saved_by_id else None,
        )


class QuoteAsked(BaseModel):
    """A visit, and what happens to it when. Without `patient` it is a new one's; without `accepted_at` it was accepted a month before."""

    model_config = ConfigDict(extra="forbid")

    clinic: str
    services: list[str] = Field(min_length=1, max_length=20)
    start: Instant
    kind: Kind
    at: Instant
    patient: str | None = None
    accepted_at: Instant | None = None


class Tier(BaseModel):
    """Later than `after` it costs `fee`."""

    after: datetime
    fee: Amount


class PassedOver(BaseModel):
    """A row above the one that counts, and why it does not."""

    row: int
    why: str


class QuoteShape(BaseModel):
    """What it costs, zero where it is free; by which row, counted from 1, or null where none names it; and why."""

    fee: Amount
    row: int | None
    because: str
    statement: str = Field(description="All that it can cost, as the patient reads and accepts it.")
    free_until: datetime | None = Field(description="Of a cancellation or a move: free up to and including this instant.")
    tiers: list[Tier]
    passed_over: list[PassedOver]
