"""What day, week and list have in common: where, when and whom an address asks for, and what stands above them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import chain
from operator import itemgetter
from typing import Any, ClassVar
from uuid import UUID

import orjson
from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from kept.desk.calendar import grid
from kept.desk.calendar.tools import tools
from kept.foundation.dates import clock_span, clock_time, elapsed
from kept.foundation.lists import Option, left_out
from kept.foundation.status_looks import STATUS_LOOKS
from kept.practice import queries as practice
from kept.practice.models import Clinic, Member, Provider, Settings
from kept.practice.rules import Right
from kept.scheduling.entries import Blocked, Entry, entries, in_span
from kept.scheduling.models import Appointment, Status
from kept.scheduling.openings import Opening
from kept.scheduling.transitions.booking import Place

VIEWS = [
    {"name": "day", "label": gettext_lazy("Day"), "keys": "d", "icon": "calendar-days"},
    {"name": "week", "label": gettext_lazy("Week"), "keys": "w", "icon": "calendar-range"},
    {"name": "list", "label": gettext_lazy("List"), "keys": "l", "icon": "list"},
]


@dataclass
class BookPage:
    """`asked`: ids of the providers to show, of those who work there; none of them: all. `fields`: what else the address says.
    `private`: patients look on."""

    member: Member
    clinic: Clinic
    on: date
    asked: Sequence[UUID]
    now: datetime
    private: bool = False
    fields: QueryDict = field(default_factory=QueryDict)

    view: ClassVar[str]
    template: ClassVar[str]
    step: ClassVar[timedelta] = timedelta(days=1)

    # Who and what stands on it

    @cached_property
    def providers(self) -> list[Provider]:
        return list(practice.providers(self.member, self.clinic, also=self.also()))

    def also(self) -> Iterable[UUID]:
        """Providers who have something here, though they may work here no more."""
        return {each.provider_id for each in self.everything}

    @cached_property
    def chosen(self) -> Sequence[UUID]:
        """An address that comes along from another clinic may name nobody here."""
        return [each.pk for each in self.providers if each.pk in self.asked]

    @cached_property
    def shown(self) -> list[Provider]:
        return [each for each in self.providers if not self.chosen or each.pk in self.chosen]

    @property
    def first(self) -> date:
        return self.on

    @property
    def last(self) -> date:
        return self.first

    @cached_property
    def everything(self) -> list[Entry]:
        """All visits of those days at the clinic, what was missed and cancelled too."""
        return self.read(in_span(self.member, [self.clinic], self.first, self.last))

    def read(self, found: QuerySet[Appointment]) -> list[Entry]:
        """The one place where names come in, or initials in their stead."""
        return [each.by_initials() for each in entries(found)] if self.private else entries(found)

    @cached_property
    def entries(self) -> list[Entry]:
        """Of the providers shown."""
        return [each for each in self.everything if each.provider_id in self.chosen] if self.chosen else self.everything

    @cached_property
    def booked(self) -> list[Entry]:
        return [each for each in self.entries if each.on_the_book]

    @property
    def settings(self) -> Settings:
        return self.member.practice.settings

    @property
    def today(self) -> date:
        return self.clinic.local_date(self.now)

    # Its address, and those it leads to

    def query(self, on: date | None = None, providers: Sequence[UUID] | None = None, view: str = "") -> list[tuple[str, str]]:
        """What an address names: the view, the day, the clinic where she has several, the choice of providers."""
        view, chosen = view or self.view, self.chosen if providers is None else providers
        return [
            *([("view", view)] if view != "day" else []),
            ("date", (on or self.on).isoformat()),
            *([("clinic", str(self.clinic.pk))] if len(self.member.given_clinics) > 1 else []),
            *(("provider", str(each)) for each in chosen),
        ]

    def url(self, on: date | None = None, providers: Sequence[UUID] | None = None, view: str = "") -> str:
        return f"{reverse('desk:day')}?{urlencode(self.query(on, providers, view))}"

    def feed_url(self) -> str:
        """Where it is asked every few seconds whether anything has changed."""
        return f"{reverse('desk:feed')}?{urlencode(self.query())}"

    def feed(self) -> dict[str, Any]:
        return grid.feed(self.seen, self.blocked, self.first, self.clinic.zone, self.member, self.now)

    @cached_property
    def blocked(self) -> list[Blocked]:
        return []

    @property
    def seen(self) -> list[Entry]:
        """What is drawn of the entries."""
        return self.entries

    def sheet_url(self) -> str:
        query = [(key, value) for key, value in self.query() if key != "view"]
        return f"{reverse('desk:day-sheet')}?{urlencode(query)}"

    def new_url(self) -> str:
        """Where a visit of that day is booked; empty for those who may not."""
        return self._on_that_day("desk:new") if self.member.may(Right.BOOK) else ""

    def block_url(self) -> str:
        """Where time of that day is blocked."""
        return self._on_that_day("desk:block")

    def _on_that_day(self, name: str) -> str:
        return f"{reverse(name)}?{urlencode({'clinic': str(self.clinic.pk), 'date': self.on.isoformat()})}"

    def open_time(self, each: Opening) -> dict[str, Any]:
        """Time that nobody has claimed, and where it is booked; empty for those who may not book it."""
        zone, there = each.clinic.zone, each.starts_at.astimezone(each.clinic.zone)
        asks = {
            "clinic": str(each.clinic.pk),
            "date": there.date().isoformat(),
            "start": f"{there:%H:%M}",
            "provider": str(each.provider.pk),
        }
        return {
            "starts_at": int(each.starts_at.timestamp()),
            "day": _("Today") if there.date() == self.today else date_format(there, "D"),
            "time": clock_time(each.starts_at, zone),
            "span": clock_span(each.starts_at, each.ends_at, zone),
            "lasts": elapsed(each.starts_at, each.ends_at),
            "provider": each.provider.name,
            "initials": each.provider.initials,
            "clinic": each.clinic.name,
            "book_url": f"{reverse('desk:new')}?{urlencode(asks)}"
            if self.member.may(Right.BOOK, Place(each.clinic.pk, each.provider.pk))
            else "",
        }

    def beside(self) -> Sequence[UUID] | None:
        """The providers that another view of this day begins with."""
        return None

    def context(self) -> dict[str, Any]:
        return {
            "tab": "appointments",
            "view": self.view,
            "day": self.on,
            "title": date_format(self.on, "l, F j"),
            "short_title": date_format(self.on, "D, M j"),
            "is_today": self.first <= self.today <= self.last,
            "page_url": self.url(),
            "feed_url": self.feed_url(),
            "feed_tag": grid.tag(orjson.dumps(self.feed())),
            "prev_url": self.url(self.on - self.step),
            "next_url": self.url(self.on + self.step),
            "today_url": self.url(self.today),
            "views": [
                each | {"url": self.url(view=str(each["name"]), providers=self.beside()), "current": each["name"] == self.view}
                for each in VIEWS
            ],
            "left_out": left_out(self.fields, days=["date"], ids=["clinic", "provider"], view=[str(each["name"]) for each in VIEWS]),
            "private": self.private,
            "new_url": self.new_url(),
            "tools": tools(self),
            "clinic_choices": self.clinic_choices(),
        }

    # The group Filter

    def clinic_choices(self) -> list[dict[str, Any]]:
        """The clinics one of which is shown; none where she has but one."""
        clinics = self.member.given_clinics
        if len(clinics) < 2:
            return []
        query = [(key, value) for key, value in self.query(providers=[]) if key != "clinic"]
        return [
            {
                "label": each.name,
                "url": f"{reverse('desk:day')}?{urlencode([*query, ('clinic', str(each.pk))])}",
                "selected": each.pk == self.clinic.pk,
            }
            for each in clinics
        ]

    def provider_options(self) -> list[Option]:
        return [Option(str(each.pk), each.name, each.pk in self.chosen) for each in self.providers]

    def provider_label(self) -> str:
        if not self.chosen:
            return _("All providers")
        return self.shown[0].name if len(self.shown) == 1 else ngettext("%d provider", "%d providers", len(self.shown)) % len(self.shown)

    # A visit in a line

    @cached_property
    def _people(self) -> dict[UUID, Provider]:
        return {each.pk: each for each in self.providers}

    @cached_property
    def _places(self) -> dict[UUID, Clinic]:
        return {each.pk: each for each in self.member.given_clinics}

    def local_date(self, entry: Entry) -> date:
        return self._places[entry.clinic_id].local_date(entry.start)

    def count_today(self, status: Status) -> int:
        """How many visits of today have that status, where the page knows."""
        return 0

    def item(self, entry: Entry) -> dict[str, Any]:
        """A visit as agenda, side panel and list show it."""
        shown, provider = entry.display(self.now), self._people[entry.provider_id]
        clinic = self._places[entry.clinic_id]
        return {
            "id": entry.id,
            "starts_at": entry.starts_at,
            "name": entry.name,
            "service": entry.services,
            "time": clock_time(entry.start, clinic.zone),
            "span": clock_span(entry.start, entry.end, clinic.zone),
            "clinic": clinic.name,
            "provider": provider.name,
            "initials": provider.initials,
            "display": shown,
            "look": STATUS_LOOKS[shown],
            "card": entry.acceptance_id is not None,
            "url": reverse("desk:panel", args=[entry.id]),
            **self._asking(entry),
        }

    def _asking(self, entry: Entry) -> dict[str, Any]:
        """The two answers to "Arrived?", for those who may give them. After the end, Yes completes."""
        if not grid.asks(entry, self.now) or not self.member.may(Right.MARK, entry):
            return {}
        over = entry.ends_at <= self.now.timestamp()
        return {
            "checkin_url": reverse("desk:act", args=[entry.id, "complete" if over else "check-in"]),
            "noshow_url": reverse("noshows:mark", args=[entry.id]),
        }

    def items(self, entries: Iterable[Entry]) -> list[dict[str, Any]]:
        return [self.item(each) for each in entries]

    def unsettled(self, entries: Iterable[Entry]) -> list[dict[str, Any]]:
        """Who needs an outcome, of those."""
        return self.items(each for each in entries if each.needs_outcome(self.now))

    def groups(self, entries: Sequence[Entry], open_times: Iterable[dict[str, Any]] = ()) -> list[dict[str, Any]]:
        """Who is late, who is here, who comes next with the open times between, who was here. Who needs an outcome stands before them."""
        settled = [each for each in entries if not each.needs_outcome(self.now)]
        late = [each for each in settled if grid.asks(each, self.now)]
        here = [each for each in settled if each.status == Status.ARRIVED]
        ahead = [each for each in settled if each.status == Status.BOOKED and each not in late]
        past = [each for each in settled if each.status == Status.FULFILLED]
        named = [
            (_("Late"), self.items(late)),
            (_("Here now"), self.items(here)),
            (_("Up next") if self.first == self.today else _("Booked"), by_clock(self.items(ahead), open_times)),
            (_("Completed"), self.items(past)),
        ]
        return [{"title": title, "items": items} for title, items in named if items]


def by_clock(*items: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(chain(*items), key=itemgetter("starts_at"))
