"""Changing the practice: numbers given out, keys issued."""

import hashlib
import secrets
from datetime import datetime
from uuid import UUID

from django.db import connection

from kept.foundation.ids import new_id
from kept.practice.models import ApiKey, Member

NEXT = """insert into practice_counter (id, practice_id, name, value) values (%s, %s, %s, %s)
on conflict (practice_id, name) do update set value = practice_counter.value + 1 returning value"""


def next_number(practice_id: UUID, name: str, *, first: int) -> int:
    """The next number under that name, gapless: the counter's row stays locked until the caller's transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT, [new_id(), practice_id, name, first])
        (value,) = cursor.fetchone()
    return int(value)


def secret_hash(secret: str) -> str:
    """SHA-256 of 256 random bits; such a secret needs no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def issue_key(member: Member, name: str, *, scopes: list[str], at: datetime, expires_at: datetime | None = None) -> str:
    """A new API key that acts as this member. Returns the token, `practice.secret`, which is shown once and kept by its hash only."""
    secret = secrets.token_urlsafe(32)
    ApiKey.objects.create(
        practice_id=member.practice_id,
        member=member,
        name=name,
        secret_hash=secret_hash(secret),
        scopes=scopes,
        created_at=at,
        expires_at=expires_at,
    )
    return f"{member.practice_id.hex}.{secret}"
