"""A practice's own words around what a letter has to say: names in braces, each replaced by its value, and nothing else."""

import re
from collections.abc import Mapping, Set
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kept.foundation.refusals import Refusal

VARIABLES = {
    "what": gettext_lazy("What the letter has to say"),
    "title": gettext_lazy("The subject Kept would write"),
    "first_name": gettext_lazy("The patient’s first name"),
    "when": gettext_lazy("Day and time of the appointment"),
    "practice": gettext_lazy("The practice’s name"),
    "clinic": gettext_lazy("The clinic’s name"),
    "phone": gettext_lazy("The clinic’s telephone"),
    "address": gettext_lazy("The clinic’s address"),
}
IN_TITLE = {"title", "first_name", "when", "practice", "clinic"}
IN_SHORT = VARIABLES.keys() - {"title", "address"}
TITLE = "{title}"
SHORT_TEXT = "{practice}: {what}"
TEXT = """Hello {first_name},

{what}

Questions? Call us: {phone}.

{practice}, {clinic}
{address}
"""
BRACES = re.compile(r"\{([a-z_]+)\}")


def fill(words: str, values: Mapping[str, Any]) -> str:
    """Each name replaced by its value, once: a value is never read as words. A line all of whose names are empty is left out."""
    lines = []
    for line in words.splitlines():
        names = BRACES.findall(line)
        if not names or any(str(values[name]) for name in names):
            lines.append(BRACES.sub(lambda found: str(values[found[1]]), line))
    return "\n".join(lines)


def check(title: str, text: str, *, services: list[str]) -> None:
    """Raises Refusal `invalid` at `title` or `text` for a name that is none, for a text without what the letter has to say, and where
    a treatment is named (R7f)."""
    _check("title", title, IN_TITLE, services)
    _check("text", text, VARIABLES.keys() - {"title"}, services)
    _says(text, "text")


def check_short(short: str, *, services: list[str]) -> None:
    """The same at `short`, of a text message."""
    _check("short", short, IN_SHORT, services)
    _says(short, "short")


def _check(field: str, words: str, allowed: Set[str], services: list[str]) -> None:
    unknown = [name for name in BRACES.findall(words) if name not in allowed]
    if unknown:
        raise Refusal("invalid", _("{%s} can’t stand here. Choose one of those listed.") % unknown[0], field=field)
    if set("{}") & set(BRACES.sub("", words)):
        raise Refusal("invalid", _("Braces stand around a name of those listed, as in {first_name}."), field=field)
    named = next((name for name in services if re.search(rf"\b{re.escape(name)}\b", words, re.IGNORECASE)), "")
    if named:
        raise Refusal("invalid", _("Letters say “appointment”, never the treatment: leave out “%s”.") % named, field=field)


def _says(words: str, field: str) -> None:
    if words.count("{what}") != 1:
        raise Refusal("invalid", _("Keep {what} once: it is what the letter has to say, its amounts and its link."), field=field)
