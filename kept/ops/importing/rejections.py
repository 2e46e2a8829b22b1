"""Rows that are not imported, each with its file, line and reason."""

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why, as a clinic understands it."""

    MISPLACED = "more cells than headings: a comma too many?"
    NO_PATIENT = "no patient code: nobody knows whose visit it was"
    NO_STAFF = "no staff member"
    NO_SERVICE = "no service"
    NO_ID = "no id"
    BAD_DATE = "the date can’t be read"
    BAD_TIME = "the time can’t be read, or no clock showed it that day"
    BAD_MINUTES = "the duration is no whole number of minutes"
    BAD_PRICE = "the price can’t be read"
    BAD_EMAIL = "the e-mail address is not valid"
    TOO_LONG = "a code or name is too long"
    UNKNOWN_OUTCOME = "the mapping does not say what this outcome means"
    REPEATED = "the same line stands before"
    OTHER_OUTCOME = "another line gives the same visit another outcome"
    NO_BOOKING = "no importable booking has the same patient, day and staff member"
    AFTER_THE_END = "after the last day that the files cover: what became of it is not known"
    FUTURE = "not past yet: book it in Kept, so that its time is held"
    OTHER_CURRENCY = "the service has its price in another currency"
    ALREADY_OTHERWISE = "already there with another outcome: if the file is right, change it in Kept"


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a file: its number, its cells under our names for them, and as they stand."""

    file: str
    line: int
    cells: dict[str, str]
    raw: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rejection:
    """`detail` names what was found, where that helps."""

    row: Row
    reason: Reason
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.row.file}, line {self.row.line}" + (f": {self.detail}" if self.detail else "")


class Unfit(Exception):
    """A row can't be read."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail
