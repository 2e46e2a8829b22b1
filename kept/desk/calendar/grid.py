"""The book as the calendar takes it: tuples of numbers, small and quick, since every desk asks for them every few seconds.

A start is in minutes of the clinic's wall time, from the midnight on which the grid begins; frontend/src/calendar-data.js reads it."""

from base64 import urlsafe_b64encode
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response

from kept.desk.calendar.hours import DAY, Span, wall
from kept.foundation.status_looks import STATUS_LOOKS
from kept.practice.models import Member
from kept.practice.rules import Right
from kept.scheduling.entries import Blocked, Entry
from kept.scheduling.models import Status

CARD, ASK, OVER, MOVES = 1, 2, 4, 8  # what a card shows and offers
DISPLAYS = {name: number for number, name in enumerate(STATUS_LOOKS)}
SHORTEST = 5  # where clocks go back, an end may stand before its start


def asks(entry: Entry, now: datetime) -> bool:
    """Whether "Arrived?" is asked on its card: booked, and its start is past."""
    return entry.status == Status.BOOKED and entry.starts_at <= now.timestamp()


def feed(
    entries: Iterable[Entry], blocked: Iterable[Blocked], first: date, zone: ZoneInfo, member: Member, now: datetime
) -> dict[str, Any]:
    """What changes from one look to the next. Providers and services are named once, a visit by their places in the lists."""
    providers: dict[UUID, int] = {}
    services: dict[str, int] = {}
    visits = []
    for entry in entries:
        start, end = wall(entry.starts_at, zone, first), wall(entry.ends_at, zone, first)
        visits.append(
            (
                short(entry.id),
                providers.setdefault(entry.provider_id, len(providers)),
                start,
                max(end - start, SHORTEST),
                DISPLAYS[entry.display(now)],
                _flags(entry, member, now),
                services.setdefault(entry.services, len(services)),
                entry.name,
            )
        )
    blocks = []
    for block in blocked:
        start, end = wall(block.starts_at, zone, first), wall(block.ends_at, zone, first)
        blocks.append((short(block.id), providers.setdefault(block.provider_id, len(providers)), start, end - start, block.why))
    ahead = now.astimezone(zone).utcoffset()
    return {
        "ahead": int(ahead.total_seconds()) // 60 if ahead else 0,
        "providers": [str(each) for each in providers],
        "services": list(services),
        "visits": visits,
        "blocks": blocks,
    }


def _flags(entry: Entry, member: Member, now: datetime) -> int:
    flags = CARD if entry.acceptance_id else 0
    if entry.status != Status.BOOKED:
        return flags
    if asks(entry, now) and member.may(Right.MARK, entry):
        flags |= ASK | (OVER if entry.ends_at <= now.timestamp() else 0)
    return flags | (MOVES if member.may(Right.BOOK, entry) else 0)


def short(id_: UUID) -> str:
    """An id in 22 letters."""
    return urlsafe_b64encode(id_.bytes)[:22].decode()


def tag(body: bytes) -> str:
    """Says whether two answers are the same."""
    return f'"{urlsafe_b64encode(blake2b(body, digest_size=12).digest()).decode()}"'


def answer(request: HttpRequest, told: dict[str, Any]) -> HttpResponse:
    """As JSON; to a browser that has it already, 304. Kept by nobody but the page that asked."""
    body = orjson.dumps(told)
    response = HttpResponse(body, content_type="application/json", headers={"Cache-Control": "no-store", "ETag": tag(body)})
    return get_conditional_response(request, etag=response["ETag"], response=response) or response


def axis(shown: Span, entries: Sequence[Entry], zone: ZoneInfo, first: date) -> Span:
    """The hours shown, whole ones, and further where a visit lies outside of them; in minutes of a day."""
    lowest, highest = shown
    for entry in entries:
        start, end = wall(entry.starts_at, zone, first), wall(entry.ends_at, zone, first)
        lowest, highest = min(lowest, start % DAY), max(highest, DAY if end // DAY > start // DAY else end % DAY)
    return lowest // 60 * 60, -(-highest // 60) * 60
