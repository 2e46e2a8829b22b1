"""Rows understood: texts into dates, times, money and outcomes; or the reason why one can't be."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from kept.foundation.money import Money
from kept.ops.importing.mapping import Mapping, Source
from kept.ops.importing.rejections import Reason, Rejection, Row, Unfit
from kept.practice.models import Clinic
from kept.scheduling.models import Status

T = TypeVar("T")
Person = dict[str, str]  # first_name, last_name, email, phone
LONGEST = {"patient": 80, "staff": 120, "service": 120, "name": 80, "first_name": 80, "last_name": 80, "phone": 30, "email": 254}
AROUND_AN_AMOUNT = re.compile(r"^[^\d.,-]+|[^\d.,]+$")  # a currency's sign or code
YEARS = range(1900, 3000)
MOST_MINOR = 10**9  # an amount above is a slip
MISSING = {"patient": Reason.NO_PATIENT, "staff": Reason.NO_STAFF, "service": Reason.NO_SERVICE, "id": Reason.NO_ID}


@dataclass(frozen=True, slots=True)
class Line:
    """A row of bookings. `facts` are what it is found by, as plain text; `outcome` None: it states none."""

    row: Row
    facts: dict[str, str]
    on: date
    wall: time | None
    minutes: int | None
    price: Money | None
    booked_at: datetime | None
    outcome: Status | None
    person: Person = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReportLine:
    """A row of a report: the facts that it gives, and the outcome of the visits that have them."""

    row: Row
    facts: dict[str, str]
    outcome: Status


@dataclass(frozen=True, slots=True)
class Offer:
    """A service as the price list has it."""

    name: str
    minutes: int
    price: Money
    category: str = ""


@dataclass(frozen=True, slots=True)
class Reader:
    """Understands the rows of one clinic, and keeps those that it must reject."""

    mapping: Mapping
    clinic: Clinic
    rejected: list[Rejection] = field(default_factory=list)

    def lines(self, rows: Iterable[Row], source: Source) -> list[Line]:
        """Rows of bookings."""
        return self._each(rows, lambda row: self._line(row, source))

    def report_lines(self, rows: Iterable[Row], source: Source) -> list[ReportLine]:
        """Rows of a report, which has an outcome of its own."""
        outcome = source.outcome or self.mapping.defaults.outcome
        return self._each(rows, lambda row: ReportLine(row, self._facts(row, source.columns), outcome))

    def offers(self, rows: Iterable[Row]) -> dict[str, Offer]:
        """The price list, by the codes that bookings use."""
        return dict(self._each(rows, self._offer))

    def unlisted(self, code: str) -> Offer:
        """A service that no price list names: the mapping's defaults under its own code."""
        return Offer(code, self.mapping.defaults.minutes, self._default_price())

    def _each(self, rows: Iterable[Row], understand: Callable[[Row], T]) -> list[T]:
        found = []
        for row in rows:
            try:
                found.append(understand(row))
            except Unfit as unfit:
                self.rejected.append(Rejection(row, unfit.reason, unfit.detail))
        return found

    def _line(self, row: Row, source: Source) -> Line:
        facts = self._facts(row, (*source.columns, *self.mapping.visit, "service"))
        on = date.fromisoformat(facts["date"])
        return Line(
            row=row,
            facts=facts,
            on=on,
            wall=time.fromisoformat(facts["time"]) if "time" in facts else None,
            minutes=_minutes(row.cells.get("minutes", "")),
            price=self._money(text) if (text := row.cells.get("price", "")) else None,
            booked_at=self._booked_at(row.cells.get("booked", "")),
            outcome=_outcome(row, source),
            person=_person(row),
        )

    def _facts(self, row: Row, wanted: Iterable[str]) -> dict[str, str]:
        """What a row is found by, each in one spelling."""
        if not row.cells:
            raise Unfit(Reason.MISPLACED)
        defaults = {"staff": self.mapping.defaults.staff, "service": self.mapping.defaults.service}
        facts = {}
        for name in dict.fromkeys(wanted):
            text = row.cells.get(name, "") or defaults.get(name, "")
            if name == "date":
                facts[name] = _read(text, self.mapping.date_format, Reason.BAD_DATE).date().isoformat()
            elif name == "time":
                facts[name] = _read(text, self.mapping.time_format, Reason.BAD_TIME).time().isoformat()
            elif name in MISSING:
                if not text:
                    raise Unfit(MISSING[name])
                facts[name] = _short(name, text)
        return facts

    def _offer(self, row: Row) -> tuple[str, Offer]:
        code = row.cells.get("code", "")
        if not code:
            raise Unfit(Reason.NO_SERVICE if row.cells else Reason.MISPLACED)
        price = row.cells.get("price", "")
        return code, Offer(
            name=_short("service", row.cells.get("name", "") or code),
            minutes=_minutes(row.cells.get("minutes", "")) or self.mapping.defaults.minutes,
            price=self._money(price) if price else self._default_price(),
            category=row.cells.get("category", "")[:60],
        )

    def _money(self, text: str) -> Money:
        try:
            money = Money.parse(AROUND_AN_AMOUNT.sub("", text), self.clinic.currency)
        except ValueError as wrong:
            raise Unfit(Reason.BAD_PRICE, f"“{text}”") from wrong
        if money.minor > MOST_MINOR:
            raise Unfit(Reason.BAD_PRICE, f"“{text}”")
        return money

    def _default_price(self) -> Money:
        price = self.mapping.defaults.price
        try:
            return self._money(price)
        except Unfit as wrong:
            table = self.mapping.table.table("defaults")
            raise table.wrong(f"“{price}” is no amount of {self.clinic.currency}.", "price") from wrong

    def _booked_at(self, text: str) -> datetime | None:
        """In the clinic's zone, unless it names its own."""
        if not text:
            return None
        booked = _read(text, self.mapping.booked_format, Reason.BAD_DATE)
        return (booked if booked.tzinfo else booked.replace(tzinfo=self.clinic.zone)).astimezone(UTC)


def _read(text: str, form: str, reason: Reason) -> datetime:
    unlike = Unfit(reason, f"“{text}” is not like {form}")
    try:
        read = datetime.strptime(text, form)  # noqa: DTZ007  wall time; the clinic's zone is put to it later
    except ValueError as wrong:
        raise unlike from wrong
    if read.year not in YEARS:
        raise unlike
    return read


def _minutes(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or not 0 < int(text) <= 24 * 60:
        raise Unfit(Reason.BAD_MINUTES, f"“{text}”")
    return int(text)


def _outcome(row: Row, source: Source) -> Status | None:
    """What the row states, or its file for all its rows. An empty cell states nothing, unless the mapping says what it means."""
    if "outcome" not in source.columns:
        return source.outcome
    value = row.cells["outcome"]
    if value in source.outcomes:
        return source.outcomes[value]
    if value:
        raise Unfit(Reason.UNKNOWN_OUTCOME, f"“{value}”")
    return source.outcome


def _person(row: Row) -> Person:
    """A name in one cell is parted at its first space; without any, the code is the name."""
    first, _, last = row.cells.get("name", "").partition(" ")
    person = {
        "first_name": row.cells.get("first_name", "") or first or ("" if row.cells.get("last_name") else row.cells["patient"]),
        "last_name": row.cells.get("last_name", "") or last.strip(),
        "email": row.cells.get("email", ""),
        "phone": row.cells.get("phone", ""),
    }
    if person["email"]:
        try:
            validate_email(person["email"])
        except ValidationError as wrong:
            raise Unfit(Reason.BAD_EMAIL) from wrong
    return {name: _short(name, text) for name, text in person.items()}


def _short(name: str, text: str) -> str:
    if len(text) > LONGEST.get(name, 80):
        raise Unfit(Reason.TOO_LONG, f"{name} has {len(text)} letters, {LONGEST.get(name, 80)} at most")
    return text
