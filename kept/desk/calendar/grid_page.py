"""A page with the calendar on it: the hours it shows, its columns, and the month beside it."""

import calendar as months
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar
from uuid import UUID

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.http import urlencode

from kept.desk.calendar import grid
from kept.desk.calendar.book_page import BookPage
from kept.desk.calendar.hours import Span, closed, minutes, wall
from kept.foundation.status_looks import for_script
from kept.foundation.templatetags.kept import icons_url
from kept.practice.models import Provider
from kept.scheduling.availability import working_hours
from kept.scheduling.entries import Blocked, Entry, blocked


class GridPage(BookPage):
    days: ClassVar[int] = 1

    @property
    def last(self) -> date:
        return self.first + timedelta(days=self.days - 1)

    @cached_property
    def working(self) -> dict[UUID, list[tuple[datetime, datetime]]]:
        """When each of the shown works."""
        return working_hours(self.clinic, self.shown, self.first, self.last)

    @cached_property
    def hours(self) -> dict[UUID, list[Span]]:
        """The same by wall minutes from the first midnight."""
        zone, first = self.clinic.zone, self.first
        return {
            pk: [(wall(start.timestamp(), zone, first), wall(end.timestamp(), zone, first)) for start, end in spans]
            for pk, spans in self.working.items()
        }

    @cached_property
    def seen(self) -> list[Entry]:
        """What the grid draws: the book, and behind it, if the practice wishes, what was missed and cancelled."""
        return self.entries if self.settings.calendar_ghosts else self.booked

    @cached_property
    def blocked(self) -> list[Blocked]:
        """Of the providers shown."""
        shown = {each.pk for each in self.shown}
        return [each for each in blocked(self.member, self.clinic, self.first, self.last) if each.provider_id in shown]

    def context(self) -> dict[str, Any]:
        return super().context() | {"month": self._month(), "calendar": self.calendar()}

    def calendar(self) -> dict[str, Any]:
        """What calendar.js takes, beside what its feed answers."""
        lowest, highest = self._axis()
        return {
            "view": self.view,
            "date": self.first.isoformat(),
            "hidden": self.hidden(),
            "min": f"{lowest // 60:02d}:00",
            "max": f"{highest // 60:02d}:00",
            "step": self.settings.calendar_step_minutes,
            "now": int(self.now.timestamp()),
            "columns": [self._column(each) for each in self.shown],
            "closed": list(self._closed((lowest, highest))),
            "looks": for_script(),
            "icons_url": icons_url(),
            "base_url": reverse("desk:day"),
            "new_url": self.new_url(),
            "feed": self.feed(),
        }

    def choice(self, provider: Provider, url: str) -> dict[str, Any]:
        """A provider of the filter; `url` is the address with that choice."""
        return {
            "value": str(provider.pk),
            "label": provider.name,
            "short": provider.name.rsplit(" ", 1)[0].split(" ")[-1],
            "initials": provider.initials,
            "selected": provider.pk in self.chosen,
            "url": url,
        }

    def hidden(self) -> Sequence[int]:
        """Days of the week that are not drawn; Sunday is 0."""
        return []

    def open_minutes(self, provider: Provider) -> int:
        return sum(end - start for start, end in self.hours[provider.pk])

    def _column(self, provider: Provider) -> dict[str, Any]:
        return {
            "id": str(provider.pk),
            "name": provider.name,
            "initials": provider.initials,
            "title": provider.title,
            "open": self.open_minutes(provider),
        }

    def _closed(self, axis: Span) -> Iterator[tuple[int, int, int, int]]:
        """Column, start, minutes, and whether it is a break: where it is not open."""
        for column, provider in enumerate(self.shown):
            for start, length, kind in closed(self.hours[provider.pk], axis, self.days):
                yield column, start, length, kind

    def _axis(self) -> Span:
        """The hours that the practice wishes, else the clinic's; and as far as the visits reach."""
        first, last = self.settings.calendar_from or self.clinic.opens_at, self.settings.calendar_to or self.clinic.closes_at
        return grid.axis((minutes(first), minutes(last)), self.seen, self.clinic.zone, self.first)

    def feed_url(self) -> str:
        ghosts = [("ghosts", "1")] if self.settings.calendar_ghosts else []
        return f"{reverse('desk:feed')}?{urlencode([*self.query(), *ghosts])}"

    def _month(self) -> dict[str, Any]:
        first = self.on.replace(day=1)
        weeks = months.Calendar(firstweekday=6).monthdatescalendar(first.year, first.month)
        return {
            "title": date_format(first, "F Y"),
            "prev_url": self.url((first - timedelta(days=1)).replace(day=1)),
            "next_url": self.url((first + timedelta(days=32)).replace(day=1)),
            "weekdays": "SMTWTFS",
            "weeks": [
                [
                    {
                        "number": each.day,
                        "label": date_format(each, "l, F j"),
                        "url": self.url(each),
                        "selected": each == self.on,
                        "today": each == self.today,
                        "outside": each.month != first.month,
                    }
                    for each in week
                ]
                for week in weeks
            ],
        }
