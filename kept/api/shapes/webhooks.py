"""Webhooks as the API says them: endpoints, their messages, and each try."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StrictBool

from kept.api.shapes.fields import Sent
from kept.webhooks.addresses import LONGEST
from kept.webhooks.models import Attempt, Delivery, Endpoint

Url = Annotated[str, Field(max_length=LONGEST, pattern=r"^[!-~]*$")]
Events = Annotated[list[Annotated[str, Field(max_length=60)]], Field(max_length=100)]


class EndpointSent(Sent):
    """An address of a program, and the events it is told of, as docs/webhooks.md names them."""

    url: Url
    events: Events


class EndpointChanged(Sent):
    """What changes. `active: true` puts one that was turned off to use again."""

    url: Url = ""
    events: Events = []
    active: StrictBool = True


class EndpointShape(BaseModel):
    """An endpoint. `failing_since`: nothing has arrived from then on; `turned_off`: why Kept turned it off by itself."""

    id: str
    url: str
    events: list[str]
    active: bool
    failing_since: datetime | None
    turned_off: str | None
    created_at: datetime

    @classmethod
    def of(cls, endpoint: Endpoint) -> "EndpointShape":
        return cls(
            id=str(endpoint.pk),
            url=endpoint.url,
            events=endpoint.kinds,
            active=endpoint.active,
            failing_since=endpoint.failing_since,
            turned_off=endpoint.off_why or None,
            created_at=endpoint.created_at,
        )


class EndpointMade(EndpointShape):
    """A new endpoint, or one with a new secret: said this once."""

    secret: str


class WebhookMessage(BaseModel):
    """A message: its id as the header says it, the event, and what became of it."""

    id: str
    message_id: str
    event: str
    state: Literal["queued", "sending", "delivered", "failed"]
    tries: int
    created_at: datetime
    next_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def of(cls, delivery: Delivery) -> "WebhookMessage":
        return cls.model_validate(
            {
                "id": str(delivery.pk),
                "message_id": delivery.message_id,
                "event": delivery.kind,
                "state": delivery.state,
                "tries": delivery.tries,
                "created_at": delivery.created_at,
                "next_at": delivery.next_at if delivery.state == Delivery.State.QUEUED else None,
                "ended_at": delivery.ended_at,
            }
        )


class Try(BaseModel):
    """One try: the answer's status and the beginning of its text, or what stood in the way."""

    at: datetime
    status: int | None
    text: str
    trouble: str
    took_ms: int

    @classmethod
    def of(cls, attempt: Attempt) -> "Try":
        return cls(at=attempt.at, status=attempt.status, text=attempt.text, trouble=attempt.trouble, took_ms=attempt.took_ms)


class WebhookMessageWhole(WebhookMessage):
    """With what it says, and each try, newest first."""

    body: str
    attempts: list[Try]

    @classmethod
    def whole(cls, delivery: Delivery) -> "WebhookMessageWhole":
        tried = [Try.of(each) for each in delivery.attempts.order_by("-at", "-id")]
        return cls(**dict(WebhookMessage.of(delivery)), body=delivery.body, attempts=tried)
