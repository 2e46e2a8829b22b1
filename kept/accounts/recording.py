"""What becomes of an account is written in the journal of each practice in which it has a seat, for the audit log."""

from functools import partial
from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as steps
from allauth.mfa.models import Authenticator
from django.contrib.auth.signals import user_login_failed
from django.db import transaction
from django.http import HttpRequest

from kept.events import journal
from kept.foundation import clock, jobs
from kept.foundation.scope import scope
from kept.practice.doors import screen
from kept.practice.models import User
from kept.practice.queries import seats

STRANGER = "stranger:sign-in"  # who failed to sign in may be anybody


def connect() -> None:
    """Listen. Called once, when the apps are ready."""
    account.password_changed.connect(_password_changed)
    account.password_reset.connect(_password_set)
    steps.authenticator_added.connect(_step_added)
    steps.authenticator_removed.connect(_step_removed)
    steps.authenticator_reset.connect(_step_added)
    steps.authentication_failed.connect(_code_failed)
    user_login_failed.connect(_failed)


def password_asked(request: HttpRequest, user: User) -> None:
    """Somebody says that she forgot it: a letter goes by a job, so that whoever asks learns nothing from waiting for it."""
    for number, seat in enumerate(seats(user)):
        with scope(seat.practice_id, actor=STRANGER, source=screen(request)):
            journal.record("member.password_asked", seat, by=None, at=clock.now())
            if number == 0:
                jobs.defer("accounts.forgotten", member_id=str(seat.pk))


def unlocking_refused(request: HttpRequest, user: User) -> None:
    """Too many wrong ones over a locked page: its session ended."""
    _note("member.unlocking_refused", request, user, actor=STRANGER)


def _password_changed(sender: Any, request: HttpRequest, user: User, **more: Any) -> None:
    _note("member.password_changed", request, user)


def _password_set(sender: Any, request: HttpRequest, user: User, **more: Any) -> None:
    _note("member.password_set", request, user)


def _step_added(sender: Any, request: HttpRequest, user: User, authenticator: Authenticator, **more: Any) -> None:
    codes = authenticator.type == Authenticator.Type.RECOVERY_CODES
    _note("member.codes_made" if codes else "member.second_step_added", request, user, step=authenticator.type)


def _step_removed(sender: Any, request: HttpRequest, user: User, authenticator: Authenticator, **more: Any) -> None:
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:  # they go with the last step
        _note("member.second_step_removed", request, user, step=authenticator.type)


def _code_failed(sender: Any, request: HttpRequest, user: User, **more: Any) -> None:
    _note("member.code_refused", request, user, actor=STRANGER)


def _failed(sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **more: Any) -> None:
    user = User.objects.filter(email=str(credentials.get("email", "")).lower()).first()
    if user and request:
        _note("member.sign_in_refused", request, user, actor=STRANGER)


def _note(kind: str, request: HttpRequest, user: User, *, actor: str = "", **particulars: str) -> None:
    """Once allauth's own transaction, where it has one, is committed."""
    transaction.on_commit(partial(_record, kind, user, actor or f"user:{user.pk}", screen(request), particulars))


def _record(kind: str, user: User, actor: str, source: str, particulars: dict[str, str]) -> None:
    for seat in seats(user):
        with scope(seat.practice_id, actor=actor, source=source):
            journal.record(kind, seat, by=None if actor == STRANGER else seat, at=clock.now(), **particulars)
