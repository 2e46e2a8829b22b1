"""A sign-in's life at the desk: it ends after its hours, locks when nobody touches it, and wants a second step of those who must have one.

Times are kept in the session as seconds since 1970, by the clock of the machine: a session is about the person before it, not about the
book. What a page asks for by itself (`X-Background`) is no touch (I19).
"""

import time
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from kept.practice.models import Member
from kept.practice.rules import HEADS

WRITTEN_EVERY = 60  # seconds; a touch within them is not written down
STEPS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


def begin(sender: Any, request: HttpRequest, **more: Any) -> None:
    """Somebody signed in: the hours count from now."""
    now = int(time.time())
    request.session.update({"since": now, "touched": now})


def is_over(request: HttpRequest) -> bool:
    """Its hours are over, whatever was done in them."""
    return time.time() - request.session.get("since", 0) > settings.SESSION_COOKIE_AGE


def is_locked(request: HttpRequest) -> bool:
    """Locked by hand, or untouched for the practice's minutes."""
    session = request.session
    return bool(session.get("locked")) or time.time() - session.get("touched", 0) > idle_minutes(request) * 60


def idle_minutes(request: HttpRequest) -> int:
    return int(request.session.get("house", {}).get("idle", settings.IDLE_MINUTES))


def name(request: HttpRequest) -> str:
    """Hers, as the practice calls her; empty before she came in."""
    return str(request.session.get("house", {}).get("name", ""))


def lock_words(request: HttpRequest) -> dict[str, Any]:
    """What accounts/_lock.html takes."""
    passkeys = Authenticator.objects.filter(user=request.user.pk, type=Authenticator.Type.WEBAUTHN)
    return {"minutes": idle_minutes(request), "name": name(request), "passkeys": passkeys.exists()}


def touch(request: HttpRequest) -> None:
    """She is there, unless it was the page itself that asked."""
    now = int(time.time())
    if not request.headers.get("X-Background") and now - request.session.get("touched", 0) > WRITTEN_EVERY:
        request.session["touched"] = now
        UserSession.objects.filter(session_key=request.session.session_key).update(last_seen_at=timezone.now())


def lock(request: HttpRequest) -> None:
    if not request.session.get("locked"):  # written once: a poll on its way must not lock again what was unlocked meanwhile
        request.session["locked"] = True


def unlock(request: HttpRequest) -> None:
    request.session.pop("locked", None)
    request.session.pop("wrong", None)
    request.session["touched"] = int(time.time())


def came_in(request: HttpRequest, member: Member) -> bool:
    """Whether this is the session's first look at the practice. From then on it remembers what the practice asks of its sessions; a change
    of that counts from the next sign-in."""
    if request.session.get("house", {}).get("practice") == str(member.practice_id):
        return False
    asked = member.practice.settings
    request.session["house"] = {
        "practice": str(member.practice_id),
        "idle": asked.idle_minutes,
        "all_two_steps": asked.second_step_for_all,
        "name": member.name,
    }
    return True


def lacks_second_step(request: HttpRequest, member: Member) -> bool:
    """Whether she must set up a second step before anything else: owners and managers always, the others where the practice says so."""
    wanted = member.role in HEADS or request.session["house"]["all_two_steps"]
    if not (settings.SECOND_STEP and wanted) or request.session.get("has_second_step"):
        return False
    has = Authenticator.objects.filter(user=member.user_id, type__in=STEPS).exists()
    if has:
        request.session["has_second_step"] = True
    return not has
