"""The door of the API: a token names its practice; inside one scope it acts as its member, narrowed to its scopes."""

import random
import time
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any
from uuid import UUID

from django.db import OperationalError, transaction
from django.db.models import Max, Q
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja.security import HttpBearer

from kept.api.idempotency import once
from kept.api.problems import busy, not_authenticated
from kept.foundation import clock
from kept.foundation.middleware import MOST_TRIES, TRY_AGAIN_STATES
from kept.foundation.refusals import Refusal
from kept.foundation.scope import scope
from kept.practice.models import ApiKey, Member
from kept.practice.rules import Scope
from kept.practice.setting_up.tokens import note_use
from kept.practice.transitions import secret_hash

Call = Callable[..., HttpResponse]
READ, WRITE, CONSENT = Scope


class KeyRequest(HttpRequest):
    """A request inside the door."""

    key: ApiKey
    member: Member


class Token(HttpBearer):
    """`Authorization: Bearer practice.secret`. It acts as its member; scope `read` only reads, `consent` (a website) only books."""

    def __init__(self, *, for_websites: bool = False) -> None:
        super().__init__()
        self.for_websites = for_websites

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        """The key by which the door was opened. Raises Refusal `not_permitted` where its scopes do not reach."""
        key: ApiKey | None = getattr(request, "key", None)
        if key is not None and not self._within(key.scopes, reading=request.method == "GET"):
            raise Refusal("not_permitted", _("The scopes of this token do not allow this call."))
        return key

    def _within(self, scopes: list[str], *, reading: bool) -> bool:
        if CONSENT in scopes:
            return self.for_websites
        return not scopes or WRITE in scopes or (reading and READ in scopes)


any_token, also_websites = Token(), Token(for_websites=True)


def scoped(run: Call) -> Call:
    """Around each call: one scope, from before authentication until after serialisation. A refused call changes nothing; a clash of
    locks repeats the whole unit."""

    @wraps(run)
    def inner(request: KeyRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        for turn in range(MOST_TRIES):
            try:
                return _unit(request, lambda: run(request, *args, **kwargs))
            except OperationalError as error:
                if getattr(error.__cause__, "sqlstate", "") not in TRY_AGAIN_STATES:
                    raise
                time.sleep(random.uniform(0.01, 0.05) * (turn + 1))
        return busy()

    return inner


def _unit(request: KeyRequest, act: Callable[[], HttpResponse]) -> HttpResponse:
    key = key_of(request.headers.get("Authorization", ""), at=clock.now(), address=request.META.get("REMOTE_ADDR") or None)
    if key is None:
        return not_authenticated()
    request.key, request.member = key, key.member
    with scope(key.practice_id, actor=f"key:{key.pk}", source=f"api {request.META.get('REMOTE_ADDR', '')}"):
        response = once(request, key, act)
        if response.status_code >= 400:
            transaction.set_rollback(True)  # ninja has made an answer of the exception already
    response["Cache-Control"] = "no-store"
    return response


def key_of(header: str, *, at: datetime, address: str | None) -> ApiKey | None:
    """The key whose token stands in the header, with its member; None for a token that is not, or no longer, valid. Its use is noted in
    the same short scope, so that calls with one token do not wait for each other."""
    scheme, _space, token = header.partition(" ")
    practice, _dot, secret = token.strip().partition(".")
    if scheme.lower() != "bearer" or not secret:
        return None
    try:
        practice_id = UUID(hex=practice)
    except ValueError:
        return None
    with scope(practice_id, actor="key:unknown", source="api"):
        valid = Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=at)) & Q(member__active=True)
        found = ApiKey.objects.filter(valid, secret_hash=secret_hash(secret)).annotate(used_at=Max("uses__at"))
        key = found.select_related("member__practice", "member__provider").first()
        if key is not None:
            note_use(key, key.used_at, at=at, address=address)
        return key
