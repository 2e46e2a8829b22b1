"""The book as a list, the equal of the calendar for whoever reads rather than looks: from a day on, page by page over the days."""

from collections.abc import Sequence
from datetime import date
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kept.desk.calendar.book_page import BookPage, by_clock
from kept.foundation.lists import Option, chosen_ids, chosen_label, with_query
from kept.foundation.paging import Page, page_of_keys
from kept.practice import queries as practice
from kept.practice.models import Clinic, Provider
from kept.scheduling.availability import working_hours
from kept.scheduling.entries import Entry, in_span
from kept.scheduling.models import ON_THE_BOOK, Appointment, Status
from kept.scheduling.openings import openings
from kept.scheduling.queries import rooms_held

ROWS = 50
OUTCOME, AHEAD = "needs_outcome", "booked"
STATUSES = [
    (OUTCOME, gettext_lazy("Needs an outcome")),
    (AHEAD, gettext_lazy("Booked")),
    (Status.ARRIVED, gettext_lazy("Arrived")),
    (Status.FULFILLED, gettext_lazy("Completed")),
    (Status.NOSHOW, gettext_lazy("No-show")),
    (Status.CANCELLED, gettext_lazy("Cancelled")),
]
CARDS = [("yes", gettext_lazy("Card on file")), ("no", gettext_lazy("No card"))]


class ListPage(BookPage):
    view = "list"
    template = "desk/calendar/list.html"

    @cached_property
    def clinics(self) -> list[Clinic]:
        """Those that are asked for, else the one she works at."""
        asked = chosen_ids(self.fields, "clinic")
        return [each for each in self.member.given_clinics if each.pk in asked] or [self.clinic]

    @cached_property
    def providers(self) -> list[Provider]:
        return list(practice.providers(self.member, also=self.asked))

    @cached_property
    def statuses(self) -> list[str]:
        return [name for name, _label in STATUSES if name in self.fields.getlist("status")]

    @cached_property
    def cards(self) -> list[str]:
        return [name for name, _label in CARDS if name in self.fields.getlist("card")]

    @property
    def free(self) -> bool:
        """Whether open times stand among the visits."""
        return "free" in self.fields

    @property
    def filtered(self) -> bool:
        return bool(self.chosen or self.statuses or self.cards)

    def query(self, on: date | None = None, providers: Sequence[UUID] | None = None, view: str = "") -> list[tuple[str, str]]:
        found = super().query(on, providers, view)
        if view in ("day", "week"):
            return found
        here = [(key, value) for key, value in found if key != "clinic"]
        more = [("clinic", str(each.pk)) for each in self.clinics] if len(self.member.given_clinics) > 1 else []
        chosen = [*(("status", each) for each in self.statuses), *(("card", each) for each in self.cards)]
        return [*here, *more, *chosen, *([("free", "1")] if self.free else [])]

    @cached_property
    def page(self) -> Page[UUID]:
        found = in_span(self.member, self.clinics, self.on, None, self.chosen).filter(self._wanted()).order_by("starts_at", "id")
        return page_of_keys(found, by="starts_at", cursor=self.fields.get("after"), limit=ROWS, newest_first=False)

    def _wanted(self) -> Q:
        status = Q(status__in=ON_THE_BOOK) if not self.statuses else Q(pk__in=[])
        for each in self.statuses:
            status |= {
                OUTCOME: Q(status__in=[Status.BOOKED, Status.ARRIVED], ends_at__lte=self.now),
                AHEAD: Q(status=Status.BOOKED, ends_at__gt=self.now),
            }.get(each, Q(status=each))
        return status & Q(acceptance__isnull=self.cards == ["no"]) if len(self.cards) == 1 else status

    @cached_property
    def everything(self) -> list[Entry]:
        return self.read(Appointment.objects.filter(pk__in=self.page.rows))

    def context(self) -> dict[str, Any]:
        statuses = [Option(name, str(label), name in self.statuses) for name, label in STATUSES]
        cards = [Option(name, str(label), name in self.cards) for name, label in CARDS]
        clinics = [Option(str(each.pk), each.name, each in self.clinics) for each in self.member.given_clinics]
        after = self.fields.get("after")
        return super().context() | {
            "clinics": clinics,
            "clinics_label": chosen_label(clinics, _("All clinics"), _("clinics")),
            "several": len(self.clinics) > 1,
            "provider_options": self.provider_options(),
            "provider_label": self.provider_label(),
            "statuses": statuses,
            "status_label": chosen_label(statuses, _("Any status"), _("statuses")),
            "cards": cards,
            "card_label": chosen_label(cards, _("Any card"), _("choices")),
            "free": self.free,
            "filtered": self.filtered,
            "clear_url": f"{reverse('desk:day')}?{urlencode(super().query(providers=[]))}",
            "days": self._days(),
            "first_page_url": with_query(self.fields, after=None) if after else "",
            "next_page_url": with_query(self.fields, after=self.page.next) if self.page.next else "",
        }

    def _days(self) -> list[dict[str, Any]]:
        """Today in the order of work, other days by the clock."""
        by_day: dict[date, list[Entry]] = {}
        for each in self.everything:
            by_day.setdefault(self.local_date(each), []).append(each)
        open_times = self._open_times() if self.free else {}
        return [
            {"title": date_format(on, "l, F j"), "groups": self._groups(on, by_day.get(on, []), open_times.get(on, []))}
            for on in sorted(by_day.keys() | open_times.keys())
        ]

    def _open_times(self) -> dict[date, list[dict[str, Any]]]:
        """Of the days on this page, by day; where a day goes on over the page, from its first visit on or up to its last."""
        shown = self.everything
        days = [self.on, *(self.local_date(each) for each in shown)]
        since = shown[0].start if self.fields.get("after") and shown else self.now
        until = shown[-1].start if self.page.next else None
        by_day: dict[date, list[dict[str, Any]]] = {}
        for clinic in self.clinics:
            people = [each for each in practice.providers(self.member, clinic) if not self.chosen or each.pk in self.chosen]
            hours = working_hours(clinic, people, min(days), max(days))
            for each in openings(clinic, people, hours, at=max(since, self.now)):
                if until is None or each.starts_at < until:
                    by_day.setdefault(clinic.local_date(each.starts_at), []).append(self.open_time(each))
        return by_day

    def _groups(self, on: date, found: list[Entry], open_times: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if on != self.today:
            return [{"title": "", "items": by_clock(self.items(found), open_times)}]
        needs = self.unsettled(found)
        gone = self.items(each for each in found if not each.on_the_book)
        groups = [
            {"title": _("Needs an outcome"), "items": needs},
            *self.groups(found, open_times),
            {"title": _("Not coming"), "items": gone},
        ]
        return [group for group in groups if group["items"]]

    @cached_property
    def _rooms(self) -> dict[UUID, list[str]]:
        return rooms_held([each.id for each in self.everything])

    def item(self, entry: Entry) -> dict[str, Any]:
        return super().item(entry) | {"rooms": ", ".join(self._rooms.get(entry.id, []))}
