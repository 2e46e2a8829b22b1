"""How often a stranger may book, or guess at a link: counted over the hour, for all web processes at once."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from kept.foundation import clock
from kept.foundation.addresses import neighbourhood
from kept.foundation.refusals import Refusal
from kept.foundation.scope import scope
from kept.practice.models import Practice
from kept.practice.tries import forgiven, tried

T = TypeVar("T")
MOST = {"address": 10, "email": 5, "phone": 5, "practice": 300}
MOST_GUESSES = 30


def check(request: HttpRequest, *, practice_id: str, email: str, phone: str) -> None:
    """Count this try. Raises Refusal `too_many` when there were too many in this hour."""
    whose = {"address": address_of(request), "email": email.lower(), "phone": phone, "practice": practice_id}
    with scope(practice_id, actor="patient:online", source="limits"):
        counts = {what: tried(practice_id, f"online {what}", who, at=clock.now()) for what, who in sorted(whose.items()) if who}
    if any(count > MOST[what] for what, count in counts.items()):
        raise Refusal("too_many", _("That were too many bookings in an hour. Please call the clinic, or try again later."))


def address_of(request: HttpRequest) -> str:
    """By what one stranger is told from others."""
    return neighbourhood(str(request.META.get("REMOTE_ADDR", "")))


def guessing(request: HttpRequest, practice_id: str, look_up: Callable[[], T], *, at: datetime) -> T:
    """What the look-up of a token finds. From an address that was wrong too often in this hour none is looked up, right or wrong, so that
    guessing on is of no use; other addresses, and browsers that came in before, are not concerned. Counted before it is looked up, so that
    guesses which come at once are not looked up together.

    Raises Http404 where nothing is found, Refusal `too_many`.
    """
    who = address_of(request)
    with scope(practice_id, actor="patient:link", source="limits"):
        if not Practice.objects.filter(pk=practice_id).exists():
            raise Http404
        count = tried(practice_id, "link", who, at=at)
    if count > MOST_GUESSES:
        raise Refusal(
            "too_many", _("From here too many links were opened that do not work. Please try again in an hour, or call the clinic.")
        )
    found = look_up()
    with scope(practice_id, actor="patient:link", source="limits"):
        forgiven("link", who, at=at)
    return found
