"""Idempotency keys: the same request asked again reads the first answer, and nothing is done twice."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from double.errors import Refusal
from double.exchange import Answer, Request
from double.ledger import Books
from double.objects import now

REMEMBERED = 24 * 60 * 60


class KeysInUse:
    """The keys whose first request is still being answered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys: set[tuple[str, str]] = set()

    @contextmanager
    def held(self, account: str, key: str | None) -> Iterator[None]:
        """Nobody else can use the account's key meanwhile; the second at the same time is refused."""
        if key is None:
            yield
            return
        with self._lock:
            if (account, key) in self._keys:
                message = f"There is currently another in-progress request using this Idempotent Key: {key}."
                raise Refusal(409, "idempotency_error", message, code="idempotency_key_in_use")
            self._keys.add((account, key))
        try:
            yield
        finally:
            with self._lock:
                self._keys.discard((account, key))


def saved(books: Books, key: str, request: Request) -> Answer | None:
    """The first answer to this key, if there was one within 24 hours; refused when it answered another request."""
    row = books.db.execute(
        "select asked, status, body from answer where account = ? and key = ? and created > ?", (books.account, key, now() - REMEMBERED)
    ).fetchone()
    if row is None:
        return None
    asked, status, body = row
    if asked != _fingerprint(request):
        message = f"Keys for idempotent requests can only be used with the same parameters they were first used with ({key})."
        raise Refusal(400, "idempotency_error", message)
    return Answer(status, body, headers={"Idempotent-Replayed": "true"})


def save(books: Books, key: str, request: Request, answer: Answer) -> None:
    """Whoever asks the same with this key reads this answer."""
    books.db.execute(
        "insert or replace into answer (account, key, asked, status, body, created) values (?, ?, ?, ?, ?, ?)",
        (books.account, key, _fingerprint(request), answer.status, answer.body, now()),
    )


def _fingerprint(request: Request) -> str:
    return hashlib.sha256(f"{request.method} {request.path}\n{request.body}".encode()).hexdigest()
