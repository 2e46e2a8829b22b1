"""How somebody signs in, for whoever set up her seat."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from allauth.mfa.models import Authenticator
from django.db.models import Max

from kept.events.models import Event
from kept.practice.models import Member


class Signs(NamedTuple):
    """`way`: passkey, code, password, or invited while no password is set. `seen`: when she last came in here, not in another practice."""

    way: str
    seen: datetime | None
    has_second_step: bool


def of(members: Collection[Member]) -> dict[int, Signs]:
    """By the user's id. Of one practice's members, inside its scope."""
    users = {member.user_id: member.user for member in members}
    seats = {member.pk: member.user_id for member in members}
    kinds: dict[int, set[str]] = {}
    for user_id, kind in Authenticator.objects.filter(user__in=users).values_list("user_id", "type"):
        kinds.setdefault(user_id, set()).add(kind)
    came_in = Event.objects.filter(kind="member.came_in", subject_id__in=seats).values_list("subject_id").annotate(Max("at"))
    seen = {seats[seat_id]: at for seat_id, at in came_in}
    found = {}
    for user_id, user in users.items():
        has = kinds.get(user_id, set())
        way = "invited" if not user.has_usable_password() else "password"
        way = "code" if Authenticator.Type.TOTP in has else way
        way = "passkey" if Authenticator.Type.WEBAUTHN in has else way
        found[user_id] = Signs(way, seen.get(user_id), way in ("passkey", "code"))
    return found
