"""Once, however often it is sent: a POST with an `Idempotency-Key` is one act, whose answer is kept for a day."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from kept.api.problems import of_refusal
from kept.foundation import clock, vault
from kept.foundation.ids import new_id
from kept.foundation.refusals import Refusal
from kept.practice.models import ApiKey, Idempotency

KEPT_FOR = timedelta(hours=24)
LONGEST = 255

# A twin waits here until the first one's transaction ends: rolled back, the row is its own; committed, nothing comes back.
CLAIM = """insert into practice_idempotency (id, practice_id, key_id, key, request_hash, at) values (%s, %s, %s, %s, %s, %s)
on conflict (practice_id, key_id, key) do update set request_hash = excluded.request_hash, at = excluded.at, status = null, body = null
where practice_idempotency.at <= %s returning id"""


def once(request: HttpRequest, key: ApiKey, act: Callable[[], HttpResponse]) -> HttpResponse:
    """Act, or answer as the first time. The row is written in the act's own transaction: a refusal, which the door rolls back, keeps none.

    The same `Idempotency-Key` with another address or body is refused: `idempotency_conflict`.
    """
    name = request.headers.get("Idempotency-Key", "")
    if request.method != "POST" or not name:
        return act()
    if len(name) > LONGEST:
        sentence = _("An Idempotency-Key has at most %d characters.") % LONGEST
        return of_refusal(Refusal("invalid", sentence, field="Idempotency-Key"))
    asked = hashlib.sha256(request.get_full_path().encode() + b"\n" + request.body).hexdigest()
    row_id = _claim(key, name, asked, at=clock.now())
    if row_id is None:
        return _again(Idempotency.objects.get(practice=key.practice_id, key_id=key.pk, key=name), asked)
    response = act()
    if response.status_code < 400:
        sealed = vault.seal(response.content.decode())  # it may hold a patient's data, or a link that is kept nowhere else
        Idempotency.objects.filter(pk=row_id).update(status=response.status_code, body=sealed)
    return response


def _claim(key: ApiKey, name: str, asked: str, *, at: datetime) -> UUID | None:
    """The id of the row that is now ours to fill; None where a kept answer stands."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [new_id(), key.practice_id, key.pk, name, asked, at, at - KEPT_FOR])
        found = cursor.fetchone()
    return found[0] if found else None


def _again(kept: Idempotency, asked: str) -> HttpResponse:
    if kept.request_hash != asked:
        return of_refusal(Refusal("idempotency_conflict", _("This Idempotency-Key was used for another call. Choose a new one.")))
    answer = HttpResponse(vault.unseal(bytes(kept.body or b"")), status=kept.status or 200, content_type="application/json; charset=utf-8")
    answer["Idempotent-Replayed"] = "true"
    return answer
