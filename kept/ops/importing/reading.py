"""CSV files: which kind each is, and its rows with cells under our names."""

import csv
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import TextIO

from kept.ops.importing.mapping import Mapping, Source
from kept.ops.importing.rejections import Row
from kept.ops.importing.table import WrongUse

Given = list[tuple[Source, list[Path]]]


def sort_files(paths: Iterable[Path], mapping: Mapping) -> Given:
    """The files of each kind. Raises WrongUse for a file that the mapping does not know, and for a kind without any file."""
    sources = [*mapping.bookings, *mapping.reports, *([mapping.services] if mapping.services else [])]
    found: Given = [(source, []) for source in sources]
    for path in paths:
        fitting = next((files for source, files in found if fnmatch(path.name, source.file)), None)
        if fitting is None:
            raise WrongUse(f"{path.name} is none of the mapping’s files: {', '.join(source.file for source in sources)}.")
        fitting.append(path)
    for source, files in found:
        if not files:
            raise source.table.wrong(f"No file like {source.file} was given. Name it on the command line too.", "file")
    return found


def rows(paths: Iterable[Path], source: Source, mapping: Mapping) -> Iterator[Row]:
    """The rows of these files, empty ones left out. A row with more cells than headings has no cells of ours.

    Raises WrongUse for a file that can't be read or lacks a column of the mapping.
    """
    for path in paths:
        try:
            with path.open(encoding=mapping.encoding, newline="") as file:
                yield from _rows(path.name, file, source, mapping.delimiter)
        except OSError as missing:
            raise WrongUse(f"{path} can’t be read: {missing.strerror}.") from missing
        except UnicodeDecodeError as wrong:
            other = "utf-8" if mapping.encoding == "cp1252" else "cp1252"
            raise mapping.table.wrong(f"{path.name} is not {mapping.encoding}. Try encoding = “{other}”.", "encoding") from wrong
        except csv.Error as wrong:
            raise WrongUse(f"{path.name} is no CSV: {wrong}.") from wrong


def _rows(file: str, text: TextIO, source: Source, delimiter: str) -> Iterator[Row]:
    records = csv.reader(text, delimiter=delimiter)
    headings = [heading.strip() for heading in next(records, [])]
    places = {field: _place(file, headings, field, source) for field in source.columns}
    line = records.line_num + 1
    for record in records:
        raw = tuple(cell.replace("\0", "").strip() for cell in record)
        if any(raw):
            misplaced = any(raw[len(headings) :])
            cells = {} if misplaced else {field: raw[place] if place < len(raw) else "" for field, place in places.items()}
            yield Row(file, line, cells, raw)
        line = records.line_num + 1


def _place(file: str, headings: list[str], field: str, source: Source) -> int:
    heading = source.columns[field]
    if headings.count(heading) != 1:
        problem = "has no column" if heading not in headings else "has more than one column"
        raise source.table.wrong(f"{file} {problem} “{heading}”. It has: {', '.join(headings)}.", "columns", field)
    return headings.index(heading)
