"""Lines become visits: which belong together, when the visit starts, and its one outcome."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from kept.foundation import clock
from kept.ops.importing.lines import Line, ReportLine
from kept.ops.importing.mapping import Mapping
from kept.ops.importing.rejections import Reason, Rejection, Unfit
from kept.practice.models import Clinic
from kept.scheduling.models import Status

Key = tuple[str, ...]
LONGEST_ID = 200
# Where lines of one visit differ: a patient who came for one service has come.
STRONGEST_FIRST = [Status.FULFILLED, Status.NOSHOW, Status.BOOKED, Status.CANCELLED]


@dataclass(frozen=True, slots=True)
class Visit:
    """One patient's lines of one day with one staff member, by time."""

    external_id: str
    lines: list[Line]
    starts_at: datetime
    outcome: Status

    @property
    def patient(self) -> str:
        """The patient's code."""
        return self.lines[0].facts["patient"]

    @property
    def staff(self) -> str:
        return self.lines[0].facts["staff"]


def make_visits(
    booked: list[Line], reported: list[ReportLine], mapping: Mapping, clinic: Clinic, *, at: datetime
) -> tuple[list[Visit], list[Rejection]]:
    """The visits by start, and the lines that are in none.

    A line's outcome is what it states; else what a report says of its visit; else, until the mapping's `ends`, the default.
    """
    rejected: list[Rejection] = []
    groups: dict[Key, list[Line]] = defaultdict(list)
    for line in _once(booked, rejected):
        groups[tuple(line.facts[fact] for fact in mapping.visit)].append(line)
    said = _said(groups, reported)
    visits = {}
    for key, lines in groups.items():
        kept, outcome = _agreed(lines, said[key][0].outcome if key in said else None, mapping, rejected)
        if not kept:
            continue
        try:
            visits[key] = _visit(key, kept, outcome, clinic, at)
        except Unfit as unfit:
            rejected += [Rejection(line.row, unfit.reason, unfit.detail) for line in kept]
    rejected += _unheard(reported, said, visits)
    return sorted(visits.values(), key=lambda visit: (visit.starts_at, visit.external_id)), rejected


def _once(booked: Iterable[Line], rejected: list[Rejection]) -> list[Line]:
    """Each line once; the repeated ones are rejected."""
    seen: dict[object, Line] = {}
    for line in booked:
        same = (tuple(sorted(line.facts.items())), line.outcome)
        if same in seen:
            first = seen[same].row
            rejected.append(Rejection(line.row, Reason.REPEATED, f"{first.file}, line {first.line}"))
        else:
            seen[same] = line
    return list(seen.values())


def _said(groups: dict[Key, list[Line]], reported: list[ReportLine]) -> dict[Key, list[ReportLine]]:
    """The report lines about each visit, in the mapping's order. A report is about a visit when one of its lines has all its facts."""
    found: dict[Key, list[ReportLine]] = defaultdict(list)
    indexes: dict[Key, dict[Key, list[Key]]] = {}
    for report in reported:
        names = tuple(report.facts)
        if names not in indexes:
            indexes[names] = _index(groups, names)
        for key in indexes[names].get(tuple(report.facts.values()), []):
            found[key].append(report)
    return found


def _index(groups: dict[Key, list[Line]], names: Key) -> dict[Key, list[Key]]:
    """Visits by the facts of those names that their lines have."""
    found: dict[Key, list[Key]] = defaultdict(list)
    for key, lines in groups.items():
        for facts in {tuple(line.facts.get(name, "") for name in names) for line in lines}:
            found[facts].append(key)
    return found


def _agreed(lines: list[Line], said: Status | None, mapping: Mapping, rejected: list[Rejection]) -> tuple[list[Line], Status]:
    """The lines that share the visit's outcome, and that outcome; the others are rejected."""
    known: list[tuple[Line, Status]] = []
    for line in lines:
        covered = mapping.ends is None or line.on <= mapping.ends
        if outcome := line.outcome or said or (mapping.defaults.outcome if covered else None):
            known.append((line, outcome))
        else:
            rejected.append(Rejection(line.row, Reason.AFTER_THE_END))
    strongest = min((outcome for _line, outcome in known), key=STRONGEST_FIRST.index, default=Status.BOOKED)
    rejected += [
        Rejection(line.row, Reason.OTHER_OUTCOME, f"{outcome.label}, not {strongest.label}")
        for line, outcome in known
        if outcome != strongest
    ]
    return [line for line, outcome in known if outcome == strongest], strongest


def _visit(key: Key, lines: list[Line], outcome: Status, clinic: Clinic, at: datetime) -> Visit:
    """Raises Unfit for a visit that is not past, at a time that the clinic's clocks skipped, or of too long codes."""
    lines = sorted(lines, key=lambda line: (line.wall or clinic.opens_at, line.row.line))
    wall = datetime.combine(lines[0].on, lines[0].wall or clinic.opens_at)
    try:
        starts_at = clock.instant(wall, clinic.zone)
    except ValueError as skipped:
        raise Unfit(Reason.BAD_TIME, f"{wall:%H:%M} on {wall:%Y-%m-%d}") from skipped
    if starts_at >= at:
        raise Unfit(Reason.FUTURE)
    external_id = "import:" + "/".join(quote(part, safe=" *+:@") for part in key)
    if len(external_id) > LONGEST_ID:
        raise Unfit(Reason.TOO_LONG, f"together the visit’s codes have {len(external_id)} letters, {LONGEST_ID} at most")
    return Visit(external_id, lines, starts_at, outcome)


def _unheard(reported: list[ReportLine], said: dict[Key, list[ReportLine]], visits: dict[Key, Visit]) -> list[Rejection]:
    """Report lines that no visit follows."""
    about: dict[int, list[Visit]] = defaultdict(list)
    for key, reports in said.items():
        for report in reports:
            if key in visits:
                about[id(report)].append(visits[key])
    rejected = []
    for report in reported:
        found = about[id(report)]
        if not found:
            rejected.append(Rejection(report.row, Reason.NO_BOOKING))
        elif all(visit.outcome != report.outcome for visit in found):
            rejected.append(Rejection(report.row, Reason.OTHER_OUTCOME, f"{report.outcome.label}, not {found[0].outcome.label}"))
    return rejected
