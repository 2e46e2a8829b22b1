"""A week of one provider: a column for each day, beside it her numbers."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from kept.desk.calendar.grid_page import GridPage
from kept.desk.calendar.hours import DAY
from kept.practice.models import Provider
from kept.scheduling.entries import Entry, in_span
from kept.scheduling.openings import openings

WEEKEND = (5, 6)
OFFERED = 4


def _span(first: date, last: date, month: str) -> str:
    """October 12 – 17, or September 28 – October 3."""
    return f"{date_format(first, f'{month} j')} – {date_format(last, 'j' if first.month == last.month else f'{month} j')}"


def week_of(on: date) -> tuple[date, date]:
    """Monday to Sunday."""
    monday = on - timedelta(days=on.weekday())
    return monday, monday + timedelta(days=6)


class WeekPage(GridPage):
    view = "week"
    template = "desk/calendar/week.html"
    step = timedelta(days=7)
    days = 7

    @property
    def first(self) -> date:
        return week_of(self.on)[0]

    def also(self) -> Iterable[UUID]:
        return []

    @cached_property
    def chosen(self) -> Sequence[UUID]:
        """The first that is asked for, else herself, else the first of all."""
        here = [each.pk for each in self.providers]
        wanted = [*self.asked, self.member.provider_id, *here]
        return [each for each in wanted if each in here][:1]

    def beside(self) -> Sequence[UUID] | None:
        return []

    @cached_property
    def everything(self) -> list[Entry]:
        return self.read(in_span(self.member, [self.clinic], self.first, self.last, self.chosen)) if self.chosen else []

    @property
    def provider(self) -> Provider | None:
        return self.shown[0] if self.providers else None

    def hidden(self) -> Sequence[int]:
        """Saturday and Sunday, when nobody works and nothing is booked; Sunday is 0."""
        busy = {self.clinic.local_date(each.start) for each in self.seen} | {self.today}
        works = {start // DAY for spans in self.hours.values() for start, _end in spans}
        return [(number + 1) % 7 for number in WEEKEND if number not in works and self.first + timedelta(days=number) not in busy]

    def context(self) -> dict[str, Any]:
        hidden = self.hidden()
        shown = [on for number in range(self.days) if (on := self.first + timedelta(days=number)).isoweekday() % 7 not in hidden]
        first, last = shown[0], shown[-1]
        return super().context() | {
            "title": _span(first, last, "F"),
            "short_title": _span(first, last, "M"),
            "provider": self.provider,
            "providers": [self.choice(each, self.url(providers=[each.pk])) for each in self.providers],
            "facts": self._facts(),
            "next_free": self._next_free(),
            "groups": self._days_of(shown),
        }

    def _next_free(self) -> list[dict[str, Any]]:
        """The first of her open times that are left in the week."""
        found = openings(self.clinic, self.shown, self.working, at=self.now) if self.last >= self.today else []
        return [self.open_time(each) for each in found[:OFFERED]]

    def _facts(self) -> list[tuple[str, str]]:
        shown = [each.display(self.now) for each in self.booked]
        hours = f"{sum(each.minutes for each in self.booked) / 60:.3g}"
        all_hours = f"{self.open_minutes(self.provider) / 60:.3g}" if self.provider else "0"
        return [
            (_("Booked"), _("%(hours)s h of %(all)s h") % {"hours": hours, "all": all_hours}),
            (_("Appointments"), str(len(self.booked))),
            (_("Awaiting card"), str(shown.count("awaiting_card"))),
            (_("Needs an outcome"), str(sum(each.needs_outcome(self.now) for each in self.booked))),
        ]

    def _days_of(self, shown: Sequence[date]) -> list[dict[str, Any]]:
        """The week on a phone: day by day."""
        by_day: dict[date, list[Entry]] = {on: [] for on in shown}
        for each in self.booked:
            by_day.setdefault(self.clinic.local_date(each.start), []).append(each)
        return [{"title": date_format(on, "l, F j"), "items": [self.item(each) for each in found]} for on, found in by_day.items() if found]
