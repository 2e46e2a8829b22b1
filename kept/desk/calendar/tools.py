"""The wrench menu: an entry appears when it works, to those who may open it. A new one is a line of `tools`."""

from typing import TYPE_CHECKING, NamedTuple

from django.urls import reverse
from django.utils.translation import gettext as _

from kept.noshows.queries import calls_due
from kept.practice.rules import Right
from kept.scheduling.models import Status

if TYPE_CHECKING:
    from kept.desk.calendar.book_page import BookPage


class Tool(NamedTuple):
    """`note` is said beside the label, as in "1 today", and by its `note_id` brought up to date; `keys` open it, as in "g n"; `dialog`:
    over the page, not in its place."""

    label: str
    url: str
    icon: str
    note: str = ""
    keys: str = ""
    dialog: bool = False
    note_id: str = ""


def tools(page: "BookPage") -> list[list[Tool]]:
    """In groups, with a line between them."""
    may = page.member.may
    lists = (
        [
            Tool(_("No Shows"), reverse("noshows:list"), "user-x", _today(page, Status.NOSHOW), "g n", note_id="no-shows"),
            Tool(_("Cancelled"), reverse("noshows:cancelled"), "calendar-x", _today(page, Status.CANCELLED), "g c", note_id="cancelled"),
        ]
        if may(Right.LIST_NO_SHOWS)
        else []
    )
    due = calls_due(page.member, at=page.now) if may(Right.SEE_BOOK) else 0
    note = _("%d to call") % due if due else ""
    lists += [Tool(_("Call list"), reverse("desk:call-list"), "phone", note, "g l")] if may(Right.SEE_BOOK) else []
    block = [Tool(_("Block time"), page.block_url(), "ban", keys="b", dialog=True)] if may(Right.BOOK) else []
    day = [*block, Tool(_("Print day sheet"), page.sheet_url(), "printer")]
    settings = (
        [
            Tool(_("Calendar settings"), reverse("desk:calendar-settings"), "settings"),
            Tool(_("Cancellation policy"), reverse("desk:policy"), "shield-check"),
        ]
        if may(Right.SEE_SETTINGS)
        else []
    )
    return [group for group in (lists, day, settings) if group]


def _today(page: "BookPage", status: Status) -> str:
    """How many of today, where the page shows today."""
    count = page.count_today(status)
    return _("%d today") % count if count else ""
