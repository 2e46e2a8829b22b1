"""Pages as a person without script meets them: the words, and what its forms would send."""

import re
from html.parser import HTMLParser

from django.http import HttpResponse

UNSEEN = {"script", "style", "svg", "template", "head"}
APART = {"a", "button", "dd", "div", "dt", "h1", "h2", "h3", "h4", "label", "legend", "li", "option", "p", "section", "td", "th", "tr"}


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.fields: dict[str, str] = {}
        self.offered: dict[str, list[str]] = {}
        self.links: dict[str, str] = {}
        self._unseen = 0
        self._select = self._textarea = self._link = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        self._unseen += tag in UNSEEN
        self.words.append(" " if tag in APART or {"block", "chip"} & set(said.get("class", "").split()) else "")
        name = said.get("name", "")
        if tag == "input" and name:
            self._input(name, said)
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            if "selected" in said or self._select not in self.fields:
                self.fields[self._select] = said.get("value", "")
        elif tag == "textarea":
            self._textarea, self.fields[name] = name, ""
        elif tag == "a":
            self._link = said.get("href", "")

    def _input(self, name: str, said: dict[str, str]) -> None:
        if said.get("type") not in ("radio", "checkbox"):
            self.fields[name] = said.get("value", "")
            return
        if "disabled" not in said:
            self.offered.setdefault(name, []).append(said.get("value", "on"))
        if "checked" in said and "disabled" not in said:
            self.fields[name] = said.get("value", "on")

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in UNSEEN
        self.words.append(" " if tag in APART else "")
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._textarea = ""
        elif tag == "a":
            self._link = ""

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.fields[self._textarea] += data.lstrip("\n")
        elif not self._unseen:
            self.words.append(data)
            text = " ".join(data.split())
            if self._link and text:
                self.links.setdefault(text, self._link)


def _read(answer: HttpResponse) -> _Page:
    page = _Page()
    page.feed(answer.content.decode())
    return page


def words(answer: HttpResponse) -> str:
    """All that can be read, in order, with single spaces."""
    return re.sub(r"\s+", " ", "".join(_read(answer).words)).strip()


def fields(answer: HttpResponse) -> dict[str, str]:
    """What the page's forms would send as they stand, the proof against other sites left out."""
    return {name: value for name, value in _read(answer).fields.items() if name != "csrfmiddlewaretoken"}


def offered(answer: HttpResponse, name: str) -> list[str]:
    """The choices of that name that can be taken."""
    return _read(answer).offered.get(name, [])


def links(answer: HttpResponse) -> dict[str, str]:
    """Where links lead, by their words; of the same words the first."""
    return _read(answer).links
