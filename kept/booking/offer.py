"""What a clinic offers online, as far as a patient has chosen: services, provider, day, time. Read from an address, so that back,
refresh and a bookmark show the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.http import Http404, QueryDict
from django.urls import reverse
from django.utils.http import urlencode

from kept.foundation.clock import local_date
from kept.foundation.ids import as_id
from kept.foundation.money import Money
from kept.policies import queries as policies
from kept.policies.asks import Asked, asked, with_deposit
from kept.policies.models import PolicyVersion
from kept.policies.rules import Terms, terms
from kept.practice.models import Clinic, Provider, Service
from kept.scheduling.availability import Slot, online_starts
from kept.scheduling.cases import case_for
from kept.scheduling.fitting import Visit, performers
from kept.scheduling.models import Appointment

MOST_SERVICES = 6
DAYS_SHOWN = 6
NEAREST = 4


def clinic_or_404(place: str) -> Clinic:
    """The clinic of the scope's practice, booked online or not. Raises Http404."""
    for clinic in Clinic.objects.filter(active=True).select_related("practice").order_by("name", "id"):
        if place in (clinic.place, str(clinic.pk)):
            return clinic
    raise Http404


def booked_online() -> QuerySet[Clinic]:
    """The practice's clinics that are, by name."""
    return Clinic.objects.filter(active=True, online=True).select_related("practice").order_by("name", "id")


@dataclass
class Choice:
    """Of a patient, so far. What an address says that is not offered is left out. `own`: the hold that she
    gives up by choosing another time, so it is not in her way."""

    clinic: Clinic
    asked: QueryDict
    at: datetime
    own: Appointment | None = None

    @property
    def zone(self) -> ZoneInfo:
        return self.clinic.zone

    @property
    def embedded(self) -> bool:
        """Shown on the clinic's own site, until the details."""
        return bool(self.asked.get("embed"))

    @cached_property
    def offered(self) -> list[Service]:
        here = Q(performers=None) | Q(performers__provider__active=True, performers__provider__places__clinic=self.clinic)
        found = Service.objects.filter(here, online=True, active=True, currency=self.clinic.currency)
        return list(found.distinct().order_by("category", "name", "id"))

    @cached_property
    def services(self) -> list[Service]:
        by_id = {each.pk: each for each in self.offered}
        wanted = dict.fromkeys(as_id(text) for text in self.asked.getlist("services"))
        return [by_id[each] for each in wanted if each in by_id][:MOST_SERVICES]

    @cached_property
    def providers(self) -> list[Provider]:
        """Who performs them here."""
        here = Provider.objects.filter(active=True, places__clinic=self.clinic).order_by("name", "id")
        return performers(here, [each.pk for each in self.services])

    @cached_property
    def provider(self) -> Provider | None:
        """None: anyone."""
        wanted = as_id(self.asked.get("provider", ""))
        return next((each for each in self.providers if each.pk == wanted), None)

    @property
    def visit(self) -> Visit:
        return Visit.of(self.services)

    @cached_property
    def slots(self) -> list[Slot]:
        """All free starts to the practice's horizon."""
        if not self.services:
            return []
        today = self.clinic.local_date(self.at)
        last = today + timedelta(days=self.clinic.practice.settings.online_horizon_days)
        return online_starts(self.clinic, self.visit, first=today, last=last, at=self.at, provider=self.provider, but=self.own)

    @cached_property
    def by_day(self) -> dict[date, list[Slot]]:
        found: dict[date, list[Slot]] = {}
        for slot in self.slots:
            found.setdefault(local_date(slot.starts_at, self.zone), []).append(slot)
        return found

    @cached_property
    def day(self) -> date | None:
        """The one asked for, or the next on which something is free."""
        days = sorted(self.by_day)
        try:
            wanted = date.fromisoformat(self.asked.get("day", ""))
        except ValueError:
            wanted = date.min
        return next((each for each in days if each >= wanted), days[-1] if days else None)

    @cached_property
    def _page(self) -> tuple[int, list[date]]:
        """The days on which something is free, and from which of them on they are shown."""
        days = sorted(self.by_day)
        return (days.index(self.day) // DAYS_SHOWN * DAYS_SHOWN if self.day else 0), days

    @property
    def shown_days(self) -> list[tuple[date, int, str]]:
        """A day, how much is free on it, and its address."""
        first, days = self._page
        return [(day, len(self.by_day[day]), self.to(day=day)) for day in days[first : first + DAYS_SHOWN]]

    @property
    def earlier(self) -> str:
        first, days = self._page
        return self.to(day=days[first - DAYS_SHOWN]) if first else ""

    @property
    def later(self) -> str:
        first, days = self._page
        return self.to(day=days[first + DAYS_SHOWN]) if first + DAYS_SHOWN < len(days) else ""

    @property
    def times(self) -> list[tuple[Slot, str]]:
        """Those of the day, each with its address."""
        return [(slot, self.to(start=slot.starts_at.isoformat())) for slot in self.by_day.get(self.day or date.min, [])]

    @property
    def anyone(self) -> str:
        return self.to(provider="")

    @property
    def with_whom(self) -> list[tuple[Provider, str]]:
        return [(each, self.to(provider=each.pk)) for each in self.providers]

    @cached_property
    def start(self) -> datetime | None:
        """The time asked for, free or not."""
        try:
            at = datetime.fromisoformat(self.asked.get("start", ""))
        except ValueError:
            return None
        return at if at.tzinfo and self.at < at < self.at + timedelta(days=800) else None

    @property
    def slot(self) -> Slot | None:
        """That time, if it is free."""
        return next((each for each in self.slots if each.starts_at == self.start), None)

    @property
    def nearest(self) -> list[Slot]:
        """The free times nearest to the one asked for, earliest first."""
        start = self.start or self.at
        return sorted(sorted(self.slots, key=lambda slot: abs(slot.starts_at - start))[:NEAREST], key=lambda slot: slot.starts_at)

    @property
    def minutes(self) -> int:
        return sum(each.minutes for each in self.services)

    @property
    def price(self) -> Money:
        return sum((each.price for each in self.services[1:]), self.services[0].price)

    def to(self, **changes: Any) -> str:
        """The query of an address with these changed."""
        said: dict[str, Any] = {"services": [str(each.pk) for each in self.services]}
        said |= {"provider": str(self.provider.pk)} if self.provider else {}
        said |= {"embed": "1"} if self.embedded else {}
        said |= changes
        return "?" + urlencode({key: value for key, value in said.items() if value}, doseq=True)


@dataclass(frozen=True, slots=True)
class Promise:
    """What the policy asks of a new patient for that choice. `version` None: no policy is in use."""

    version: PolicyVersion | None
    asks: Asked | None
    terms: Terms | None

    @property
    def card(self) -> bool:
        return self.asks is not None and self.asks.card

    @property
    def by_phone(self) -> bool:
        """It asks for what can't be given here: the clinic's approval."""
        return self.asks is not None and self.asks.approval


def promise(clinic: Clinic, services: Sequence[Service], starts_at: datetime, *, at: datetime) -> Promise:
    version = policies.version_in_use()
    if version is None:
        return Promise(None, None, None)
    case = case_for(clinic, services, None, starts_at=starts_at, at=at)
    asks = asked(version.terms, case, unpaid_fee=False)
    case = with_deposit(case, asks.deposit)
    return Promise(version, asks, terms(version, case, practice=clinic.practice.name, card=asks.card))


def same_again(appointment: Appointment, *, at: datetime) -> str:
    """The address where she books the same with the same provider, as far as the clinic offers it online; empty where it does not."""
    clinic = appointment.clinic
    if not (clinic.online and clinic.active):
        return ""
    wanted = QueryDict(mutable=True)
    wanted.setlist("services", [str(line.service_id) for line in appointment.lines.all()])
    wanted["provider"] = str(appointment.provider_id)
    choice = Choice(clinic, wanted, at)
    return reverse("booking:online", args=[clinic.practice.slug, clinic.place]) + (choice.to() if choice.services else "")
