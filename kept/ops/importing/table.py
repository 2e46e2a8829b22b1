"""A table of a TOML file that knows its lines, so that what is wrong in it is said with the place."""

import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

HEADER = re.compile(r"\s*(\[{1,2})\s*([\w.-]+)\s*\]")
KEY = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([\w-]+))\s*=""")
LONGEST = 120
Place = tuple[str, ...]


class WrongUse(Exception):
    """The files, the mapping or the command line do not fit; the text says where and what to do."""


class Table:
    """Each question about a key checks what stands there. Raises WrongUse with the file and the line."""

    def __init__(self, file: str, values: dict[str, Any], lines: dict[Place, int], place: Place = ()) -> None:
        self.file, self.values, self.lines, self.place = file, values, lines, place

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def wrong(self, what: str, *keys: str) -> WrongUse:
        """What to raise about a key, or about the table itself."""
        place = (*self.place, *keys)
        while place and place not in self.lines:
            place = place[:-1]
        return WrongUse(f"{self.file}, line {self.lines.get(place, 1)}: {what}")

    def only(self, *known: str) -> None:
        """No other keys stand here: a misspelt one would go unnoticed."""
        for key in self.values:
            if key not in known:
                raise self.wrong(f"“{key}” is not known here. Known: {', '.join(known)}.", key)

    def text(self, key: str, default: str | None = None) -> str:
        value = self.values.get(key, default)
        if value is None:
            raise self.wrong(f"“{key}” is missing.")
        if not isinstance(value, str):
            raise self.wrong(f"“{key}” is a text in quotes.", key)
        if len(value) > LONGEST:
            raise self.wrong(f"“{key}” has more than {LONGEST} letters.", key)
        return value

    def number(self, key: str, default: int) -> int:
        value = self.values.get(key, default)
        if type(value) is not int or value <= 0:
            raise self.wrong(f"“{key}” is a whole number above 0.", key)
        return value

    def day(self, key: str) -> date | None:
        """A date, with or without quotes; None where none is given."""
        value = self.values.get(key)
        try:
            return value if value is None or type(value) is date else date.fromisoformat(value)
        except (TypeError, ValueError) as wrong:
            raise self.wrong(f"“{key}” is a date like 2025-06-30.", key) from wrong

    def names(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        value = self.values.get(key, list(default))
        if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
            raise self.wrong(f"“{key}” is a list of texts.", key)
        return tuple(value)

    def texts(self, key: str) -> dict[str, str]:
        """A table of texts alone."""
        table = self.table(key)
        return {name: table.text(name) for name in table.values}

    def table(self, key: str) -> "Table":
        """The table under that key; an empty one where there is none."""
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            raise self.wrong(f"“{key}” is a table: [{key}].", key)
        return Table(self.file, value, self.lines, (*self.place, key))

    def tables(self, key: str) -> list["Table"]:
        """The tables headed [[key]], in their order."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise self.wrong(f"“{key}” is headed with two brackets: [[{key}]].", key)
        return [Table(self.file, each, self.lines, (*self.place, key, str(number))) for number, each in enumerate(value)]


def load(path: Path) -> Table:
    """A TOML file. Raises WrongUse when it can't be read."""
    try:
        text = path.read_text("utf-8-sig")
        return Table(path.name, tomllib.loads(text), _lines(text))
    except OSError as missing:
        raise WrongUse(f"{path} can’t be read: {missing.strerror}.") from missing
    except UnicodeDecodeError as wrong:
        raise WrongUse(f"{path.name} is not UTF-8. Save it as UTF-8.") from wrong
    except tomllib.TOMLDecodeError as wrong:
        raise WrongUse(f"{path.name} is no TOML: {wrong}.") from wrong


def _lines(text: str) -> dict[Place, int]:
    """The line of each header and key. What stands inside braces is found by the key before them."""
    found: dict[Place, int] = {}
    counts: dict[Place, int] = {}
    place: Place = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := HEADER.match(line):
            place = ()
            *outer, last = header[2].split(".")
            for name in outer:
                place = _newest((*place, name), counts)
            place = (*place, last)
            if header[1] == "[[":
                counts[place] = counts.get(place, 0) + 1
                place = _newest(place, counts)
            found[place] = number
        elif key := KEY.match(line):
            found.setdefault((*place, next(name for name in key.groups() if name is not None)), number)
    return found


def _newest(place: Place, counts: dict[Place, int]) -> Place:
    """Of tables headed alike, the last one so far: what follows belongs to it."""
    return (*place, str(counts[place] - 1)) if place in counts else place
