"""Counting what strangers try: each try by one statement, so that those which come at once are counted one by one."""

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import F

from kept.foundation.ids import new_id
from kept.practice.models import Tries

HOUR = timedelta(hours=1)
COUNT = """insert into practice_tries (id, practice_id, key, count, until) values (%s, %s, %s, 1, %s)
    on conflict (practice_id, key) do update set count = practice_tries.count + 1 returning count"""


def tried(practice_id: UUID | str, what: str, who: str, *, at: datetime) -> int:
    """Count this try, and say how many it is in this hour. Inside the practice's scope."""
    hour = int(at.timestamp()) // int(HOUR.total_seconds())
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [new_id(), practice_id, _key(what, who, hour), at + HOUR])
        (count,) = cursor.fetchone()
    return int(count)


def tries_before(what: str, who: str, *, at: datetime) -> int:
    """How many were counted in this hour. Inside the practice's scope."""
    hour = int(at.timestamp()) // int(HOUR.total_seconds())
    found = Tries.objects.filter(key=_key(what, who, hour)).values_list("count", flat=True).first()
    return found or 0


def forgiven(what: str, who: str, *, at: datetime) -> None:
    """The try that was counted at that instant does not count."""
    hour = int(at.timestamp()) // int(HOUR.total_seconds())
    Tries.objects.filter(key=_key(what, who, hour)).update(count=F("count") - 1)


def _key(what: str, who: str, hour: int) -> str:
    return hashlib.sha256(f"{what}|{who}|{hour}".encode()).hexdigest()
