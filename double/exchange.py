"""What goes over the wire: one request, one answer, or a connection that is cut."""

import json
from dataclasses import dataclass, field, replace
from typing import Any


class Cut(Exception):
    """The connection closes and the caller never reads an answer."""


@dataclass(frozen=True)
class Request:
    """What was asked. The names of `headers` are lower case."""

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass(frozen=True)
class Answer:
    """What is sent back. `kept`: a repeat under the same idempotency key reads it again."""

    status: int
    body: str
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    kept: bool = False

    def with_headers(self, **headers: str) -> "Answer":
        """The same answer with more headers; `Request_Id` is sent as `Request-Id`."""
        return replace(self, headers=self.headers | {name.replace("_", "-"): value for name, value in headers.items()})


def in_json(status: int, body: Any, *, kept: bool = False) -> Answer:
    """An answer that a program reads."""
    return Answer(status, json.dumps(body, indent=2), kept=kept)


def redirect(address: str) -> Answer:
    """The browser goes on to `address` with a GET."""
    return Answer(303, "", "text/plain; charset=utf-8", {"Location": address})
