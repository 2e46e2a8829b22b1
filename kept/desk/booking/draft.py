"""An appointment being booked at the desk: what is chosen so far, and what follows from it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import accumulate
from typing import Any, NamedTuple
from uuid import UUID

from django.http import QueryDict
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from kept.billing.gateways import accounts
from kept.desk.booking.forms import BookingForm, NewPatientForm, called
from kept.desk.known import Known, known
from kept.foundation.dates import clock_span
from kept.foundation.money import Money
from kept.messaging.models import Letter
from kept.messaging.queries import told_by_itself
from kept.messaging.reach import addresses, ways
from kept.patients import privacy
from kept.patients import queries as patients
from kept.policies import queries as policies
from kept.policies.asks import asked
from kept.policies.document import Kind
from kept.policies.fees import quote
from kept.practice import queries as practice
from kept.practice.models import Clinic, Member, Provider, Resource, Service
from kept.scheduling import fitting
from kept.scheduling.cases import case_for
from kept.scheduling.fitting import Need

MOST_FOUND = 8


class Promise(NamedTuple):
    """What missing the visit costs, by which row of the policy."""

    fee: Money
    number: int
    row: str


def as_pressed(sent: QueryDict) -> QueryDict:
    """The fields as they were sent, changed by the button that was pressed: its value says what they become, as an address would."""
    fields = sent.copy()
    for key, values in QueryDict(fields.pop("change", [""])[-1]).lists():
        fields.setlist(key, values)
    return fields


def becomes(**fields: Any) -> str:
    """The value of a button that changes those fields."""
    return urlencode(fields, doseq=True)


@dataclass(frozen=True, slots=True)
class Line:
    """A service of the row: when it is its turn, and what the buttons beside it make of the row."""

    service: Service
    span: str
    earlier: str
    later: str
    without: str


@dataclass(frozen=True, slots=True)
class Offered:
    service: Service
    added: str


@dataclass
class Draft:
    """`fields` as an address or a form has them. What names nothing that this member may book is left out."""

    member: Member
    clinic: Clinic
    fields: QueryDict
    now: datetime

    @cached_property
    def form(self) -> BookingForm:
        form = BookingForm(self.fields, clinic=self.clinic)
        form.is_valid()
        return form

    def changed(self, **fields: Any) -> "Draft":
        """The same with those fields changed, as by a button."""
        sent = self.fields.copy()
        sent["change"] = becomes(**fields)
        return Draft(self.member, self.clinic, as_pressed(sent), self.now)

    def _ids(self, name: str) -> list[UUID]:
        found: list[UUID] = self.form.cleaned_data[name]
        return found

    def _text(self, name: str) -> str:
        return self.fields.get(name, "").replace("\0", "")[:80].strip()

    # Who comes

    @cached_property
    def patient(self) -> Known | None:
        return next(iter(known(patients.patients(self.member).filter(pk__in=self._ids("patient")[:1]))), None)

    @cached_property
    def search(self) -> str:
        return self._text("q")

    @cached_property
    def found(self) -> list[Known]:
        return known(patients.patients(self.member, self.search)[:MOST_FOUND]) if self.search else []

    @property
    def named(self) -> str:
        """The new patient that a search offers."""
        return " ".join(called(self.search).values()).strip()

    @cached_property
    def newcomer(self) -> NewPatientForm | None:
        """The questions about somebody new, once they are asked. Until then what was searched for is her name, number or address."""
        if not self.fields.get("new"):
            return None
        if "first_name" not in self.fields:
            return NewPatientForm(initial=called(self.search))
        form = NewPatientForm(self.fields)
        form.is_valid()
        return form

    @cached_property
    def look_alikes(self) -> list[patients.LookAlike]:
        if self.newcomer is None:
            return []
        given = self.newcomer.cleaned_data if self.newcomer.is_bound else self.newcomer.initial
        said = {name: given.get(name, "") for name in ("first_name", "last_name", "phone", "email")}
        return patients.look_alikes(self.member, **said)

    # What is done

    @cached_property
    def _services(self) -> dict[UUID, Service]:
        return {each.pk: each for each in practice.services(self.member).filter(currency=self.clinic.currency)}

    @cached_property
    def services(self) -> list[Service]:
        return [self._services[each] for each in self._ids("services") if each in self._services]

    @property
    def offer(self) -> str:
        return self._text("offer")

    @property
    def offered(self) -> list[Offered]:
        """The services of which each word asked for begins one of the words."""
        asked = self.offer.casefold().split()
        row = [each.pk for each in self.services]
        return [
            Offered(each, becomes(services=[*row, each.pk], offer=""))
            for each in self._services.values()
            if all(any(word.startswith(part) for word in f"{each.name} {each.category}".casefold().split()) for part in asked)
        ]

    @cached_property
    def lines(self) -> list[Line]:
        row = [each.pk for each in self.services]
        ends = list(accumulate((each.minutes for each in self.services), initial=0))
        return [
            Line(
                service,
                self._span(ends[place], ends[place + 1]),
                earlier=becomes(services=[*row[: max(place - 1, 0)], row[place], *row[max(place - 1, 0) : place], *row[place + 1 :]]),
                later=becomes(services=[*row[:place], *row[place + 1 : place + 2], row[place], *row[place + 2 :]]),
                without=becomes(services=row[:place] + row[place + 1 :] or ""),
            )
            for place, service in enumerate(self.services)
        ]

    def _span(self, start: int, end: int) -> str:
        """By the clock, or in minutes while the start is open."""
        if self.starts_at is None:
            return _("%d min") % (end - start)
        return clock_span(self.starts_at + timedelta(minutes=start), self.starts_at + timedelta(minutes=end), self.clinic.zone)

    @property
    def minutes(self) -> int:
        return sum(each.minutes for each in self.services)

    @property
    def total(self) -> Money:
        return sum((each.price for each in self.services), start=Money(0, self.clinic.currency))

    # With whom, when and where

    @cached_property
    def provider(self) -> Provider | None:
        return next((each for each in self._here if each.pk in self._ids("provider")[:1]), None)

    @cached_property
    def providers(self) -> list[Provider]:
        """Those who perform the services, and the one who is chosen."""
        able = fitting.performers(self._here, [each.pk for each in self.services])
        return [each for each in self._here if each in able or each == self.provider]

    @cached_property
    def _here(self) -> list[Provider]:
        return list(practice.providers(self.member, self.clinic))

    @property
    def starts_at(self) -> datetime | None:
        found: datetime | None = self.form.cleaned_data["starts_at"]
        return found

    @property
    def ends_at(self) -> datetime | None:
        return self.starts_at + timedelta(minutes=self.minutes) if self.starts_at else None

    @property
    def wall(self) -> str:
        """Its start by the clinic's clocks, as the calendar takes it; empty while it is open."""
        return f"{self.starts_at.astimezone(self.clinic.zone):%Y-%m-%dT%H:%M}" if self.starts_at else ""

    @property
    def afterwards(self) -> bool:
        """Whether it is recorded afterwards (R16)."""
        return self.starts_at is not None and self.starts_at < self.now

    @cached_property
    def needs(self) -> list[Need]:
        """Of which rooms and devices one each is taken."""
        return list(dict.fromkeys(fitting.needs(self.clinic, [each.pk for each in self.services])))

    @cached_property
    def resources(self) -> list[Resource]:
        return [room for need in self.needs for room in need.fitting if room.pk in self._ids("resources")]

    # What it costs

    @property
    def price(self) -> str:
        """As the field shows it: typed, or the sum of the services."""
        if self.form.errors.get("price") or self.form.cleaned_data.get("price"):
            return self.fields.get("price", "")
        return str(self.total.decimal) if self.services else ""

    @cached_property
    def promise(self) -> Promise | None:
        """What the patient will be asked to accept with a card; none where no card is asked for, or while nothing is chosen yet."""
        version = None if self.afterwards or not self.services or not accounts.payments_on() else policies.version_in_use()
        if version is None:
            return None
        patient, price = self.patient.patient if self.patient else None, self.form.cleaned_data.get("price")
        case = case_for(self.clinic, self.services, patient, starts_at=self.starts_at or self.now, at=self.now, price=price)
        missed = quote(version.terms, case, Kind.NO_SHOW, at=case.starts_at)
        if not asked(version.terms, case, unpaid_fee=False).card or missed.number is None:
            return None
        row = version.terms.rows[missed.number - 1]
        return Promise(missed.fee, missed.number, policies.words(version).title(row.conditions))

    @property
    def symbol(self) -> str:
        return self.total.symbol

    @property
    def address(self) -> str:
        """Where a card link can be sent."""
        return self._goes_to(Letter.CARD_LINK) if self.promise else ""

    @property
    def sends(self) -> bool:
        """Whether the card link is sent: as ticked, and before it is asked as the practice has decided about letters."""
        if "send" in self.fields.getlist("asked"):
            return bool(self.address) and "send" in self.fields
        return bool(self.address) and self.member.practice.settings.tell_patients

    @property
    def confirmed_to(self) -> str:
        """Where the confirmation can go: with the booking where no card is asked for, else it follows the card."""
        if not self.patient or not self.services or self.promise or self.afterwards:
            return ""
        return self._goes_to(Letter.BOOKED)

    def _goes_to(self, letter: Letter) -> str:
        return addresses(ways(letter, self.patient.patient, self.member.practice)) if self.patient else ""

    @property
    def tells(self) -> bool:
        """Whether the confirmation goes: as ticked, and before it is asked as the practice has decided about it."""
        if "tell" in self.fields.getlist("asked"):
            return bool(self.confirmed_to) and "tell" in self.fields
        return bool(self.confirmed_to) and told_by_itself(self.member.practice, Letter.BOOKED)

    # Booking it

    @property
    def day(self) -> date:
        """The day of the book under the drawer."""
        return self.form.cleaned_data.get("date") or self.clinic.local_date(self.now)

    @property
    def called(self) -> str:
        return privacy.called(self.patient.patient) if self.patient else _("The patient")

    def is_whole(self) -> bool:
        """Whether all that Book needs is there and understood; what is not is said at its field."""
        asked = {
            "patient": (self.patient, _("Choose who comes.")),
            "services": (self.services, _("Choose at least one service.")),
            "provider": (self.provider, _("Choose a provider.")),
            "start": (self.starts_at, _("Choose a day and a time.")),
        }
        for field, (given, sentence) in asked.items():
            if not given and field not in self.form.errors:
                self.form.add_error(field, sentence)
        return not self.form.errors

    def wish(self) -> dict[str, Any]:
        """What `book` is asked for."""
        said = self.form.cleaned_data
        assert self.patient
        return {
            "clinic": self.clinic,
            "provider": self.provider,
            "patient": self.patient.patient,
            "services": self.services,
            "starts_at": self.starts_at,
            "resources": self.resources,
            "price": said["price"],
            "note": said["note"],
            "notify": self.tells,
        }

    @property
    def focus(self) -> str:
        """The field to go on with."""
        if self.form.errors:
            return next(iter(self.form.errors))
        if not self.patient:
            return "patient"
        return "services" if not self.services or "offer" in self.fields.get("change", "") else ""
