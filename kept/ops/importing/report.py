"""What an import says when it is done, and the file of rejected rows."""

import csv
import io
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from kept.foundation.csvs import safe
from kept.ops.importing.rejections import Reason, Rejection
from kept.ops.importing.standing import Work
from kept.scheduling.models import Status

MOST_SHOWN = 20
LEAST_OF_A_REASON = 3
COLUMNS = ["File", "Line", "Reason", "Found", "Row"]
OUTCOMES = {Status.FULFILLED: "completed", Status.NOSHOW: "missed", Status.CANCELLED: "cancelled", Status.BOOKED: "without an outcome"}


def summary(work: Work, *, applied: bool) -> Iterator[str]:
    """In lines: what was read, what was or would be made, and what was rejected."""
    yield "Imported." if applied else "A dry run: nothing was written. With --apply it is."
    yield f"Read      {_of(work.plan.rows, 'row')} of {_of(work.plan.files, 'file')}"
    yield f"Visits    {len(work.visits):,} new" + "".join(_outcomes(work))
    yield f"          {work.already:,} already there"
    made = {"patient": work.new_patients, "provider": work.new_providers, "service": work.new_services}
    yield "New       " + ", ".join(_of(len(new), what) for what, new in made.items())
    yield f"Rejected  {_of(len(work.rejected), 'row')}"
    yield from _rejected(work.rejected)


def write_rejects(path: Path, rejected: Iterable[Rejection]) -> None:
    """All rejected rows, with their cells as they stood, in a file that nobody else can read."""
    with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for each in _in_order(rejected):
            cells = (each.row.file, str(each.row.line), each.reason, each.detail, _as_csv(each.row.raw))
            writer.writerow(safe(cell) for cell in cells)


def _outcomes(work: Work) -> Iterator[str]:
    counts = {outcome: sum(visit.outcome == outcome for visit in work.visits) for outcome in OUTCOMES}
    said = [f"{count:,} {OUTCOMES[outcome]}" for outcome, count in counts.items() if count]
    yield ": " + ", ".join(said) if said else ""


def _rejected(rejected: list[Rejection]) -> Iterator[str]:
    """The count of each reason, rarest first, with its first rows: about twenty over all reasons."""
    reasons: dict[Reason, list[Rejection]] = defaultdict(list)
    for each in _in_order(rejected):
        reasons[each.reason].append(each)
    shown = max(LEAST_OF_A_REASON, MOST_SHOWN // max(1, len(reasons)))
    for reason, found in sorted(reasons.items(), key=lambda item: len(item[1])):
        yield f"{len(found):>8,}  {reason}"
        yield from (f"            {each}" for each in found[:shown])
        if len(found) > shown:
            yield f"            and {len(found) - shown:,} more"


def _in_order(rejected: Iterable[Rejection]) -> list[Rejection]:
    return sorted(rejected, key=lambda each: (each.row.file, each.row.line))


def _as_csv(raw: tuple[str, ...]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(raw)
    return text.getvalue().rstrip("\r\n")


def _of(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
