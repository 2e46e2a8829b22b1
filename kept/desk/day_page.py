"""A day of one clinic, as the page and the calendar's feed show it."""

import calendar as months
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from kept.foundation.dates import clock_time
from kept.foundation.status_looks import LEGEND, STATUS_LOOKS, for_script
from kept.foundation.templatetags.kept import icons_url
from kept.practice import queries as practice
from kept.practice.models import Clinic, Member, Provider
from kept.practice.rules import Right
from kept.scheduling.models import Appointment, Status
from kept.scheduling.queries import day_book, missed_and_cancelled
from kept.scheduling.rules import display

HERE = {"arrived", "in_treatment"}


@dataclass
class DayPage:
    """`asked`: ids of the providers to show, of those who work there; none of them: all."""

    member: Member
    clinic: Clinic
    on: date
    asked: Sequence[UUID]
    now: datetime

    @cached_property
    def providers(self) -> list[Provider]:
        return list(practice.providers(self.member, self.clinic))

    @cached_property
    def chosen(self) -> Sequence[UUID]:
        """An address that comes along from another clinic may name nobody here."""
        return [each.pk for each in self.providers if each.pk in self.asked]

    @cached_property
    def shown(self) -> list[Provider]:
        return [each for each in self.providers if not self.chosen or each.pk in self.chosen]

    @cached_property
    def appointments(self) -> list[Appointment]:
        ids = {each.pk for each in self.shown}
        return [each for each in day_book(self.member, self.clinic, self.on) if each.provider_id in ids]

    @property
    def today(self) -> date:
        return self.clinic.local_date(self.now)

    def url(self, on: date | None = None, providers: Sequence[UUID] | None = None) -> str:
        """The address of a day with that choice of providers."""
        chosen = self.chosen if providers is None else providers
        query = [("date", (on or self.on).isoformat()), *(("provider", str(each)) for each in chosen)]
        return f"{reverse('desk:day')}?{urlencode(query)}"

    def context(self) -> dict[str, Any]:
        needs = [self._item(each) for each in self.appointments if self._asks(each)]
        return {
            "tab": "appointments",
            "day": self.on,
            "is_today": self.on == self.today,
            "day_url": self.url(),
            "prev_url": self.url(self.on - timedelta(days=1)),
            "next_url": self.url(self.on + timedelta(days=1)),
            "today_url": self.url(self.today),
            "new_url": self._new_url(),
            "tools": self._tools(),
            "providers": [self._choice(each) for each in self.providers],
            "all_url": self.url(providers=[]),
            "everyone": not self.chosen,
            "provider_label": self.shown[0].name
            if len(self.shown) == 1
            else _("All providers")
            if not self.chosen
            else _("%d providers") % len(self.shown),
            "month": self._month(),
            "counts": self._counts(),
            "needs": needs,
            "legend": LEGEND,
            "groups": self._groups(),
            "now": clock_time(self.now, self.clinic.zone) if self.on == self.today else "",
            "calendar": self.calendar(),
        }

    def _asks(self, appointment: Appointment) -> bool:
        """Whether "Arrived?" is asked on its card: booked, and its start is past."""
        return appointment.status == Status.BOOKED and appointment.starts_at <= self.now

    def _new_url(self) -> str:
        """Where a visit of that day is booked; empty for those who may not."""
        if not self.member.may(Right.BOOK):
            return ""
        return f"{reverse('desk:new')}?{urlencode({'clinic': str(self.clinic.pk), 'date': self.on.isoformat()})}"

    def _tools(self) -> list[dict[str, Any]]:
        if not self.member.may(Right.LIST_NO_SHOWS):
            return []
        missed = self._gone["noshow"]
        count = _("%d today") % missed if missed and self.on == self.today else ""
        return [{"label": _("No Shows"), "url": reverse("noshows:list"), "icon": "user-x", "count": count, "keys": "g n"}]

    @cached_property
    def _gone(self) -> dict[str, int]:
        return missed_and_cancelled(self.member, self.clinic, self.on, [each.pk for each in self.shown])

    def _choice(self, provider: Provider) -> dict[str, Any]:
        selected = provider.pk in self.chosen
        others = [each for each in self.chosen if each != provider.pk]
        return {
            "value": str(provider.pk),
            "label": provider.name,
            "short": provider.name.rsplit(" ", 1)[0].split(" ")[-1],
            "initials": provider.initials,
            "selected": selected,
            "url": self.url(providers=others if selected else [*others, provider.pk]),
        }

    def _counts(self) -> list[tuple[int, str]]:
        kept = sum(each.status == Status.FULFILLED for each in self.appointments)
        missed, cancelled = self._gone["noshow"], self._gone["cancelled"]
        return [
            (len(self.appointments), _("booked")),
            (kept, _("kept")),
            (missed, _("no-show") if missed == 1 else _("no-shows")),
            (cancelled, _("cancelled")),
        ]

    def _groups(self) -> list[dict[str, Any]]:
        """The agenda of a phone: who is here, who comes next, who was here."""
        here = [each for each in self.appointments if display(each, at=self.now) in HERE]
        ahead = [each for each in self.appointments if each.status == Status.BOOKED and each.starts_at > self.now]
        past = [each for each in self.appointments if each.status == Status.FULFILLED]
        named = [(_("Here now"), here), (_("Up next") if self.on == self.today else _("Booked"), ahead), (_("Completed"), past)]
        return [{"title": title, "items": [self._item(each) for each in found]} for title, found in named if found]

    def _item(self, appointment: Appointment) -> dict[str, Any]:
        shown = display(appointment, at=self.now)
        return {
            "name": appointment.patient.name,
            "service": appointment.services,
            "time": clock_time(appointment.starts_at, self.clinic.zone),
            "provider": appointment.provider.name,
            "initials": appointment.provider.initials,
            "display": shown,
            "look": STATUS_LOOKS[shown],
            "card": appointment.acceptance_id is not None,
            "url": reverse("desk:panel", args=[appointment.pk]),
            **self._asking(appointment),
        }

    def _asking(self, appointment: Appointment) -> dict[str, Any]:
        """The two answers to "Arrived?", for those who may give them. After the end, Yes completes."""
        if not self._asks(appointment) or not self.member.may(Right.MARK, appointment):
            return {}
        over = appointment.ends_at <= self.now
        return {
            "ask": True,
            "checkin_url": reverse("desk:act", args=[appointment.pk, "complete" if over else "check-in"]),
            "noshow_url": reverse("noshows:mark", args=[appointment.pk]),
        }

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

    def calendar(self) -> dict[str, Any]:
        """What calendar.js takes. Times are the clinic's wall times, without offset."""
        busy = {each.pk: sum(visit.minutes for visit in self.appointments if visit.provider_id == each.pk) for each in self.shown}
        opens, closes = self._span()
        return {
            "date": self.on.isoformat(),
            "now": self._wall(self.now),
            "min": opens,
            "max": closes,
            "resources": [
                {
                    "id": str(each.pk),
                    "title": each.name,
                    "initials": each.initials,
                    "sub": " · ".join(filter(None, [each.title, _("%s h booked") % f"{busy[each.pk] / 60:g}"])),
                }
                for each in self.shown
            ],
            "events": [self._event(each) for each in self.appointments],
            "statuses": for_script(),
            "icons_url": icons_url(),
            "feed_url": f"{reverse('desk:feed')}?{self.url().partition('?')[2]}&clinic={self.clinic.pk}",
        }

    def _span(self) -> tuple[str, str]:
        """The hours shown: the clinic's, and further where a visit lies outside of them."""
        local = [(each.starts_at.astimezone(self.clinic.zone), each.ends_at.astimezone(self.clinic.zone)) for each in self.appointments]
        first = min([self.clinic.opens_at.hour, *(start.hour for start, _end in local)])
        ends = [end.hour + (end.minute > 0) if end.date() == self.on else 24 for _start, end in local]
        last = max([self.clinic.closes_at.hour + (self.clinic.closes_at.minute > 0), *ends])
        return f"{first:02d}:00", f"{last:02d}:00"

    def _event(self, appointment: Appointment) -> dict[str, Any]:
        return {
            "id": str(appointment.pk),
            "resource": str(appointment.provider_id),
            "start": self._wall(appointment.starts_at),
            "end": self._wall(appointment.ends_at),
            "title": appointment.patient.name,
            "service": appointment.services,
            "display": display(appointment, at=self.now),
            "card": appointment.acceptance_id is not None,
            "url": reverse("desk:panel", args=[appointment.pk]),
            **self._asking(appointment),
        }

    def _wall(self, at: datetime) -> str:
        return at.astimezone(self.clinic.zone).replace(tzinfo=None, microsecond=0).isoformat()
