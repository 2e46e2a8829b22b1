"""How somebody signs in, for whoever set up her seat."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db.models import Max

from kept.practice.models import Member


class Signs(NamedTuple):
    """`way`: passkey, code, password, or invited while no password is set. `seen`: the last touch of a session that is still there."""

    way: str
    seen: datetime | None
    has_second_step: bool


def of(members: Iterable[Member]) -> dict[int, Signs]:
    """By the user's id."""
    users = {member.user_id: member.user for member in members}
    kinds: dict[int, set[str]] = {}
    for user_id, kind in Authenticator.objects.filter(user__in=users).values_list("user_id", "type"):
        kinds.setdefault(user_id, set()).add(kind)
    seen = dict(UserSession.objects.filter(user__in=users).values_list("user_id").annotate(Max("last_seen_at")))
    found = {}
    for user_id, user in users.items():
        has = kinds.get(user_id, set())
        way = "invited" if not user.has_usable_password() else "password"
        way = "code" if Authenticator.Type.TOTP in has else way
        way = "passkey" if Authenticator.Type.WEBAUTHN in has else way
        found[user_id] = Signs(way, seen.get(user_id) or user.last_login, way in ("passkey", "code"))
    return found
