"""Hours of a day as people write them: "9:00 AM – 12:15 PM, 1:00 PM – 6:00 PM"."""

import re
from collections.abc import Iterable, Sequence
from datetime import time

from django.utils.formats import time_format

Hours = tuple[time, time]
Week = dict[int, list[Hours]]  # by weekday; Monday is 0

CLOCK = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?\s*([ap])?\.?(?:m\.?)?", re.IGNORECASE | re.ASCII)


def read_hours(text: str) -> list[Hours]:
    """The spans of a day, by start; none of an empty text. Raises ValueError for what is no time, ends before it begins or overlaps."""
    spans = sorted(_span(part) for part in re.split(r"[,;]", text) if part.strip())
    if any(start < end for (_start, end), (start, _end) in zip(spans, spans[1:], strict=False)):
        raise ValueError("two spans overlap")
    return spans


def write_hours(spans: Iterable[Hours]) -> str:
    return ", ".join(f"{time_format(start, 'g:i A')} – {time_format(end, 'g:i A')}" for start, end in spans)


def bounds(week: Week) -> Hours | None:
    """The earliest opening and the latest closing of the week."""
    spans: Sequence[Hours] = [span for hours in week.values() for span in hours]
    return (min(start for start, _end in spans), max(end for _start, end in spans)) if spans else None


def _span(text: str) -> Hours:
    ends = re.split(r"\s*(?:-|–|—|\bto\b)\s*", text.strip())
    if len(ends) != 2:
        raise ValueError(f"{text!r} is not from one time to another")
    start, end = _clock(ends[0]), _clock(ends[1])
    if start >= end:
        raise ValueError(f"{text!r} ends before it begins")
    return start, end


def _clock(text: str) -> time:
    found = CLOCK.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no time")
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            raise ValueError(f"{text!r} is no time")
        hour = hour % 12 + (12 if half == "p" else 0)
    return time(hour, minute)
