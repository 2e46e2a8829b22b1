"""What the files say, all together: visits, the price list, and the rows that can't be imported. Nothing here knows the database."""

from dataclasses import dataclass, field
from datetime import datetime

from kept.ops.importing.lines import Line, Offer, Person, Reader, ReportLine
from kept.ops.importing.mapping import Mapping
from kept.ops.importing.reading import Given, rows
from kept.ops.importing.rejections import Rejection
from kept.ops.importing.visits import Visit, make_visits
from kept.practice.models import Clinic


@dataclass(frozen=True, slots=True)
class Plan:
    """Visits by start; `offers` and `people` by the codes that their lines use; how many rows were read, of how many files."""

    rows: int
    files: int
    visits: list[Visit]
    offers: dict[str, Offer]
    people: dict[str, Person] = field(repr=False)
    rejected: list[Rejection] = field(repr=False)


def make_plan(given: Given, mapping: Mapping, clinic: Clinic, *, at: datetime) -> Plan:
    """Read the files and sort them into visits that are past at that instant. Raises WrongUse."""
    reader = Reader(mapping, clinic)
    booked: list[Line] = []
    reported: list[ReportLine] = []
    listed: dict[str, Offer] = {}
    count = 0
    for source, paths in given:
        found = list(rows(paths, source, mapping))
        count += len(found)
        if source in mapping.bookings:
            booked += reader.lines(found, source)
        elif source in mapping.reports:
            reported += reader.report_lines(found, source)
        else:
            listed = reader.offers(found)
    visits, rejected = make_visits(booked, reported, mapping, clinic, at=at)
    codes = {line.facts["service"] for visit in visits for line in visit.lines}
    return Plan(
        rows=count,
        files=sum(len(paths) for _source, paths in given),
        visits=visits,
        offers={code: listed.get(code) or reader.unlisted(code) for code in sorted(codes)},
        people=_people(visits),
        rejected=[*reader.rejected, *rejected],
    )


def _people(visits: list[Visit]) -> dict[str, Person]:
    """Patients by their codes, each as the first row has her that gives a name."""
    found: dict[str, Person] = {}
    for visit in visits:
        for line in visit.lines:
            if visit.patient not in found or found[visit.patient]["first_name"] == visit.patient:
                found[visit.patient] = line.person
    return found
