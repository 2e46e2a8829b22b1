"""A day of one clinic: a column for each provider, beside it the day's numbers and what needs an outcome; on a phone its agenda."""

from typing import Any

from django.utils.translation import gettext as _

from kept.desk.calendar.grid_page import GridPage
from kept.foundation.dates import clock_time
from kept.foundation.status_looks import LEGEND
from kept.practice.models import Provider
from kept.scheduling.models import Status


class DayPage(GridPage):
    view = "day"
    template = "desk/calendar/day.html"

    def context(self) -> dict[str, Any]:
        return super().context() | {
            "providers": [self.choice(each, self._toggled(each)) for each in self.providers],
            "provider_label": self.provider_label(),
            "all_url": self.url(providers=[]),
            "everyone": not self.chosen,
            "counts": self._counts(),
            "needs": self.unsettled(self.booked),
            "groups": self.groups(self.booked),
            "legend": LEGEND,
            "clock": clock_time(self.now, self.clinic.zone) if self.on == self.today else "",
        }

    def _toggled(self, provider: Provider) -> str:
        """The same with that provider shown or not."""
        others = [each for each in self.chosen if each != provider.pk]
        return self.url(providers=others if provider.pk in self.chosen else [*others, provider.pk])

    def _counts(self) -> list[tuple[int, str]]:
        return [
            (len(self.booked), _("booked")),
            (self._count(Status.FULFILLED), _("kept")),
            (self._count(Status.NOSHOW), _("no-show")),
            (self._count(Status.CANCELLED), _("cancel")),
        ]

    def _count(self, status: Status) -> int:
        return sum(each.status == status for each in self.entries)

    def count_today(self, status: Status) -> int:
        return self._count(status) if self.on == self.today else 0
