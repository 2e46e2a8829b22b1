"""Setting up tokens of the API: made, used, revoked. Whose rights they carry is never more than who makes them may give."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from kept.events import journal
from kept.foundation.ids import new_id
from kept.foundation.refusals import Refusal, refusing
from kept.practice.models import ApiKey, Member
from kept.practice.rules import Right, Role, Scope
from kept.practice.setting_up.words import given, named
from kept.practice.transitions import issue_key

A_MINUTE = timedelta(minutes=1)
LONGEST = timedelta(days=3650)

NOTE_USE = """insert into practice_keyuse (id, practice_id, key_id, at, address) values (%s, %s, %s, %s, %s)
on conflict (practice_id, key_id) do update set at = excluded.at, address = excluded.address"""


def make_token(
    member: Member, *, name: str, scope: str, expires_at: datetime | None, key_id: UUID, by: Member, at: datetime
) -> tuple[ApiKey, str]:
    """A token that acts as that member, narrowed to the scope, or to none for all she may. The second of the pair is shown once.

    The same `key_id` sent again is refused: a form that is sent twice makes one token. Raises Refusal `invalid`, `already_made`,
    `not_permitted`.
    """
    by.must(Right.SET_UP)
    _must_reach(member, by)
    if not member.active:
        raise Refusal("invalid", _("%s has no seat any more.") % member, field="member")
    if scope and scope not in Scope.values:
        raise Refusal("invalid", _("Choose one of these."), field="scope")
    if expires_at and not at < expires_at <= at + LONGEST:
        raise Refusal("invalid", _("Choose a day from tomorrow on, within ten years."), field="expires_on")
    made = Refusal("already_made", _("This token was made already. Its secret is not shown again; if it is lost, make another one."))
    with refusing(practice_apikey_pkey=made):
        token = issue_key(member, named(name), scopes=[str(scope)] if scope else [], at=at, expires_at=expires_at, key_id=key_id)
    key = ApiKey.objects.select_related("member").get(pk=key_id)
    journal.record("token.made", key, by=by, at=at, member=str(member.pk), scope=scope)
    return key, token


def revoke_token(key: ApiKey, *, by: Member, at: datetime) -> ApiKey:
    """From the next call on it opens nothing. Revoked twice, it stays as it was. Raises Refusal `not_permitted`."""
    by.must(Right.SET_UP)
    _must_reach(key.member, by)
    key = ApiKey.objects.select_for_update(of=("self",), no_key=True).select_related("member").get(pk=key.pk)
    if key.revoked_at is None:
        key.revoked_at = at
        key.save(update_fields=["revoked_at"])
        journal.record("token.revoked", key, by=by, at=at)
    return key


def note_use(key: ApiKey, used_at: datetime | None, *, at: datetime, address: str | None) -> None:
    """It was used, then and from there; written once a minute at most."""
    if used_at is None or used_at <= at - A_MINUTE:
        with connection.cursor() as cursor:
            cursor.execute(NOTE_USE, [new_id(), key.practice_id, key.pk, at, address])


def _must_reach(member: Member, by: Member) -> None:
    """Raises Refusal `not_permitted` where that member's rights are not hers to give or to take: an owner's, or of clinics she was not
    given."""
    if member.role == Role.OWNER and by.role != Role.OWNER:
        raise Refusal("not_permitted", _("A token that acts as an owner is an owner’s to make or to revoke."))
    given(list(member.clinics.all()), by)
    if by.clinic_limits and not member.clinic_limits:
        raise Refusal("not_permitted", _("That is for somebody who works at all of these clinics."))
