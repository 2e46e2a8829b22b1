"""What a page hands to the calendar, read as calendar-data.js reads it; and the weekly hours it is drawn with."""

import json
from base64 import urlsafe_b64decode
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.http import HttpResponse

from kept.foundation.status_looks import STATUS_LOOKS
from kept.practice.models import Clinic, Provider, Schedule

FLAGS = {1: "card", 2: "ask", 4: "over", 8: "moves"}


class Visit(NamedTuple):
    """A card of the calendar. Times are the clinic's wall times."""

    id: UUID
    provider: str
    start: str
    end: str
    display: str
    flags: set[str]
    service: str
    name: str


def calendar(answer: HttpResponse) -> dict[str, Any]:
    """What the page hands over."""
    text = answer.content.decode().partition('id="calendar-data" type="application/json">')[2]
    found: dict[str, Any] = json.loads(text.partition("</script>")[0])
    return found


def visits(answer: HttpResponse) -> list[Visit]:
    """The cards of a page, in its order."""
    found = calendar(answer)
    return read(found["feed"], date.fromisoformat(found["date"]))


def read(feed: dict[str, Any], first: date) -> list[Visit]:
    displays = list(STATUS_LOOKS)
    midnight = datetime.combine(first, datetime.min.time())

    def wall(minutes: int) -> str:
        return (midnight + timedelta(minutes=minutes)).isoformat(timespec="minutes")

    return [
        Visit(
            id=UUID(bytes=urlsafe_b64decode(letters + "==")),
            provider=feed["providers"][provider],
            start=wall(start),
            end=wall(start + minutes),
            display=displays[display],
            flags={name for bit, name in FLAGS.items() if flags & bit},
            service=feed["services"][service],
            name=name,
        )
        for letters, provider, start, minutes, display, flags, service, name in feed["visits"]
    ]


def works(provider: Provider, clinic: Clinic, hours: dict[int, tuple[time, time]]) -> None:
    """She works there on those days of the week, 0 is Monday, and on no other."""
    Schedule.objects.filter(provider=provider).delete()
    for weekday, (opens_at, closes_at) in hours.items():
        Schedule.objects.create(
            practice_id=provider.practice_id, provider=provider, clinic=clinic, weekday=weekday, opens_at=opens_at, closes_at=closes_at
        )
