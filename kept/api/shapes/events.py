"""The journal, as the API says it."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from kept.api.pages import Paged
from kept.api.shapes.fields import NO_NUL, Instant, Named
from kept.events.models import Event
from kept.practice.models import Member

Kind = Annotated[str, Field(max_length=60, pattern=NO_NUL)]


class EventsAsked(Paged):
    """Which events. `kind`, `subject_kind`, `subject`, `patient` and `by` may be repeated."""

    kind: list[Kind] = Field([], max_length=50, description="For example `appointment.noshow`.")
    subject_kind: list[Kind] = Field([], max_length=20, description="For example `appointment`.")
    subject: list[str] = Field([], max_length=50, description="The id of what it happened to.")
    patient: list[str] = Field([], max_length=50, description="What happened to her, and to what is hers.")
    by: list[str] = Field([], max_length=50, description="The id of the member who did it, herself or by a token.")
    since: Instant | None = Field(None, description="From this instant on.")
    before: Instant | None = Field(None, description="Before this instant.")
    order: Literal["newest", "oldest"] = "newest"


class EventShape(BaseModel):
    """One thing that happened to one subject. `by`: the member, null where it was the patient, the gateway or Kept by itself, which `actor`
    says; `source` is from where. `particulars` hold ids, codes and amounts; which, depends on the kind. Never changed once it is there."""

    id: str
    kind: str
    subject_kind: str
    subject: str
    at: datetime
    by: Named | None
    actor: str
    source: str
    particulars: dict[str, Any]

    @classmethod
    def of(cls, event: Event, members: dict[Any, Member]) -> "EventShape":
        who = members.get(event.by_id)
        return cls(
            id=str(event.pk),
            kind=event.kind,
            subject_kind=event.subject_kind,
            subject=str(event.subject_id),
            at=event.at,
            by=Named.of(who) if who else None,
            actor=event.actor,
            source=event.source,
            particulars=event.particulars,
        )
