"""The mapping file: which column of a clinic's CSV says what. docs/importing.md explains it, example.toml shows it."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from kept.ops.importing.table import Table, load
from kept.scheduling.models import Status
from kept.scheduling.transitions.importing import IMPORTABLE

PERSON = ("name", "first_name", "last_name", "phone", "email")
FACTS = ("patient", "date", "staff", "service", "time", "id")
BOOKING_FIELDS = (*FACTS, *PERSON, "minutes", "price", "booked", "outcome")
SERVICE_FIELDS = ("code", "name", "minutes", "price", "category")
VISIT = ("patient", "date", "staff")
SETTINGS = ("clinic", "encoding", "delimiter", "date_format", "time_format", "booked_format", "ends", "visit")
SECTIONS = ("defaults", "bookings", "reports", "services", "staff")


@dataclass(frozen=True, slots=True)
class Source:
    """Files of one kind: the names they may have, the heading over each field, and the outcome that they state, if any."""

    file: str
    columns: dict[str, str]
    table: Table = field(repr=False)
    outcome: Status | None = None
    outcomes: dict[str, Status] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds where a row says nothing."""

    outcome: Status
    minutes: int
    price: str
    staff: str
    service: str


@dataclass(frozen=True, slots=True)
class Mapping:
    """All of it, checked. `ends` is the last local day whose outcomes are known; `visit` names what rows of one visit have in common."""

    table: Table = field(repr=False)
    clinic: str
    encoding: str
    delimiter: str
    date_format: str
    time_format: str
    booked_format: str
    ends: date | None
    visit: tuple[str, ...]
    defaults: Defaults
    bookings: list[Source]
    reports: list[Source]
    services: Source | None
    staff_names: dict[str, str]
    inactive_staff: tuple[str, ...]


def read_mapping(path: Path) -> Mapping:
    """The mapping in that file. Raises WrongUse, naming the line, where something is missing, unknown or of the wrong kind."""
    table = load(path)
    table.only(*SETTINGS, *SECTIONS)
    staff = table.table("staff")
    staff.only("names", "inactive")
    defaults = _defaults(table.table("defaults"))
    visit = _visit(table)
    bookings = [_bookings(each, visit, defaults) for each in table.tables("bookings")]
    if not bookings:
        raise table.wrong("No [[bookings]]: say which file has the visits.")
    return Mapping(
        table=table,
        clinic=table.text("clinic"),
        encoding=_encoding(table),
        delimiter=_delimiter(table),
        date_format=table.text("date_format", "%Y-%m-%d"),
        time_format=table.text("time_format", "%H:%M"),
        booked_format=table.text("booked_format", "%Y-%m-%dT%H:%M:%S%z"),
        ends=table.day("ends"),
        visit=visit,
        defaults=defaults,
        bookings=bookings,
        reports=[_report(each) for each in table.tables("reports")],
        services=_services(table.table("services")) if "services" in table else None,
        staff_names=staff.texts("names"),
        inactive_staff=staff.names("inactive"),
    )


def _encoding(table: Table) -> str:
    encoding = table.text("encoding", "utf-8-sig")
    try:
        "".encode(encoding)
    except LookupError as unknown:
        raise table.wrong(f"“{encoding}” is no encoding. Two are utf-8 and cp1252.", "encoding") from unknown
    return encoding


def _delimiter(table: Table) -> str:
    delimiter = table.text("delimiter", ",")
    if len(delimiter) != 1:
        raise table.wrong("“delimiter” is one character.", "delimiter")
    return delimiter


def _visit(table: Table) -> tuple[str, ...]:
    visit = table.names("visit", VISIT)
    if not set(VISIT) <= set(visit) <= set(FACTS):
        raise table.wrong(f"“visit” names patient, date and staff, and may add {', '.join(FACTS[len(VISIT) :])}.", "visit")
    return tuple(fact for fact in FACTS if fact in visit)


def _defaults(table: Table) -> Defaults:
    table.only("outcome", "minutes", "price", "staff", "service")
    return Defaults(
        outcome=_status(table, "outcome", table.text("outcome", Status.FULFILLED.value)),
        minutes=table.number("minutes", 30),
        price=table.text("price", "0"),
        staff=table.text("staff", ""),
        service=table.text("service", ""),
    )


def _bookings(table: Table, visit: tuple[str, ...], defaults: Defaults) -> Source:
    table.only("file", "outcome", "columns", "outcomes")
    columns = _columns(table, BOOKING_FIELDS)
    given = {"staff": bool(defaults.staff), "service": bool(defaults.service)}
    for needed in dict.fromkeys((*visit, "service")):
        if needed not in columns and not given.get(needed):
            raise table.wrong(f"The column of “{needed}” is missing.", "columns")
    outcomes = table.table("outcomes")
    if ("outcome" in columns) != bool(outcomes.values):
        raise table.wrong(
            "A column of outcomes and [bookings.outcomes], which says what its values mean, go together.", "columns", "outcome"
        )
    return Source(
        file=table.text("file"),
        columns=columns,
        table=table,
        outcome=_status(table, "outcome", table.text("outcome")) if "outcome" in table else None,
        outcomes={value: _status(outcomes, value, meant) for value, meant in table.texts("outcomes").items()},
    )


def _report(table: Table) -> Source:
    table.only("file", "outcome", "columns")
    columns = _columns(table, FACTS)
    if "id" not in columns and not {"patient", "date"} <= set(columns):
        raise table.wrong("A report has columns of patient and date, or of id, by which its lines are found.", "columns")
    return Source(table.text("file"), columns, table, outcome=_status(table, "outcome", table.text("outcome")))


def _services(table: Table) -> Source:
    table.only("file", "columns")
    columns = _columns(table, SERVICE_FIELDS)
    if "code" not in columns:
        raise table.wrong("The column of “code”, by which bookings name a service, is missing.", "columns")
    return Source(table.text("file"), columns, table)


def _columns(table: Table, known: tuple[str, ...]) -> dict[str, str]:
    table.table("columns").only(*known)
    return table.texts("columns")


def _status(table: Table, key: str, text: str) -> Status:
    if text not in IMPORTABLE:
        raise table.wrong(f"“{text}” is no outcome. Outcomes are fulfilled, noshow, cancelled, and booked for none.", key)
    return Status(text)
