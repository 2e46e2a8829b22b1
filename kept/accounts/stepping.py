"""Taking somebody's second step away, and ending her sessions, when her telephone is lost."""

from importlib import import_module
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings

from kept.practice.models import User

_engine = import_module(settings.SESSION_ENGINE)


def take_away(user: User) -> None:
    """Her authenticator app, passkeys and recovery codes count no more, and she is signed out everywhere."""
    Authenticator.objects.filter(user=user).delete()
    for session in UserSession.objects.filter(user=user):
        session.end()


def end_sessions(user: User, practice_id: UUID) -> None:
    """Those in that practice, and those that have sat down in none yet."""
    for session in UserSession.objects.filter(user=user):
        if _engine.SessionStore(session.session_key).get("practice", str(practice_id)) == str(practice_id):
            session.end()
