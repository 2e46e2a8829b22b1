"""How a practice words its letters, and which ways they go."""

from datetime import datetime

from kept.events import journal
from kept.messaging import wording
from kept.messaging.models import Letter, Wording
from kept.practice.models import Member, Service
from kept.practice.rules import Right


def checked(*, title: str, text: str, short: str, by: Member) -> tuple[str, str, str]:
    """Subject, text and the words of the text message as they are kept. Raises Refusal `invalid` at `title`, `text` or `short` where a
    letter can't go in these words."""
    services = list(Service.objects.filter(practice=by.practice_id).values_list("name", flat=True))
    wording.check(title, text, services=services)
    wording.check_short(short, services=services)
    return " ".join(title.split()), text.replace("\r\n", "\n").strip() + "\n", " ".join(short.split())


def word(
    letter: Letter,
    *,
    title: str,
    text: str,
    on: bool,
    short: str = wording.SHORT_TEXT,
    texts: str = Wording.Texts.INSTEAD,
    by: Member,
    at: datetime,
) -> Wording:
    """The letter goes in these words from now on, those that wait included; what Kept would write anyway is kept as Kept's own. `on`:
    whether it goes by itself; `texts`: whether as a text message, too, in the words of `short`. Raises Refusal `invalid` at the field,
    `not_permitted`."""
    by.must(Right.SET_UP)
    title, text, short = checked(title=title, text=text, short=short, by=by)
    fields = {
        "title": "" if title == wording.TITLE else title,
        "text": "" if text == wording.TEXT else text,
        "short": "" if short == wording.SHORT_TEXT else short,
        "texts": texts,
        "on": on,
    }
    kept, _new = Wording.objects.update_or_create(practice_id=by.practice_id, letter=letter, defaults=fields)
    journal.record("letter.worded", kept, by=by, at=at, letter=letter, on=on, texts=texts)
    return kept
