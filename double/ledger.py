"""The state: every object of every account in one SQLite database, in a file or in memory, changed by one caller at a time."""

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from double import events
from double.errors import no_such
from double.objects import Object

SCHEMA = """
create table if not exists object (
    seq integer primary key, account text not null, kind text not null, id text not null unique,
    created integer not null, body text not null
);
create index if not exists object_by_kind on object (account, kind, seq);
create index if not exists object_by_customer on object (account, kind, json_extract(body, '$.customer'), seq);
create index if not exists object_by_intent on object (account, kind, json_extract(body, '$.payment_intent'), seq);
create table if not exists spent (id text primary key);
create table if not exists endpoint (account text primary key, url text not null, secret text not null);
create table if not exists delivery (event text primary key, account text not null, tries integer not null default 0, due real not null);
create table if not exists answer (
    account text, key text, asked text not null, status integer not null, body text not null, created integer not null,
    primary key (account, key)
);
"""
COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


@dataclass(frozen=True)
class Call:
    """What is being answered: where browsers reach the double, and the request that events will name as their cause."""

    address: str
    request_id: str | None = None
    idempotency_key: str | None = None
    stays_pending: bool = False  # a fault: money that is asked to move is on its way only


class Books:
    """One account's objects, read and written inside one transaction."""

    def __init__(self, db: sqlite3.Connection, account: str, call: Call) -> None:
        self.db = db
        self.account = account
        self.call = call
        self.has_news = False

    def put(self, thing: Object) -> Object:
        """The object is in the books as it is now."""
        self.db.execute(
            "insert into object (account, kind, id, created, body) values (?, ?, ?, ?, ?)"
            " on conflict (id) do update set body = excluded.body",
            (self.account, thing["object"], thing["id"], thing["created"], json.dumps(thing)),
        )
        return thing

    def find(self, name: str, kind: str | None = None) -> Object | None:
        """The object of this id, if this account has it."""
        row = self.db.execute("select body, kind from object where account = ? and id = ?", (self.account, name)).fetchone()
        return json.loads(row[0]) if row and kind in (None, row[1]) else None

    def get(self, kind: str, name: str, param: str = "id") -> Object:
        """The object of this id; refused as `resource_missing` without one, or when it was deleted."""
        thing = self.find(name, kind)
        if thing is None or thing.get("deleted"):
            raise no_such(kind, name, param)
        return thing

    def all(
        self, kind: str, *, after: str | None = None, created: dict[str, int] | None = None, limit: int = -1, **where: str | None
    ) -> list[Object]:
        """The objects of a kind that were not deleted, newest first. `where` compares top fields, None meaning any; `after` is the id
        before the first."""
        sql = "select body from object where account = ? and kind = ? and json_extract(body, '$.deleted') is null"
        values: list[Any] = [self.account, kind]
        wanted: list[tuple[str, Any]] = [(f"json_extract(body, '$.{field}') = ?", value) for field, value in where.items() if value]
        wanted += [(f"created {COMPARISONS[comparison]} ?", second) for comparison, second in (created or {}).items()]
        wanted += [("seq < (select seq from object where id = ?)", after)] if after else []
        sql = " and ".join([sql, *(condition for condition, _ in wanted)])
        rows = self.db.execute(f"{sql} order by seq desc limit ?", [*values, *(value for _, value in wanted), limit])
        return [json.loads(body) for (body,) in rows]

    def record(self, kind: str, thing: Object) -> None:
        """It happened: the event can be read, and is on its way to the account's endpoint if there is one."""
        has_endpoint = self.db.execute("select 1 from endpoint where account = ?", (self.account,)).fetchone()
        event = self.put(events.new(kind, thing, self.call.request_id, self.call.idempotency_key, pending=1 if has_endpoint else 0))
        if has_endpoint:
            self.db.execute("insert into delivery (event, account, due) values (?, ?, ?)", (event["id"], self.account, time.time()))
            self.has_news = True

    def spend(self, name: str) -> None:
        """This payment method can never be used again."""
        self.db.execute("insert or ignore into spent (id) values (?)", (name,))

    def is_spent(self, name: str) -> bool:
        """Whether the payment method was detached once."""
        return self.db.execute("select 1 from spent where id = ?", (name,)).fetchone() is not None


class Ledger:
    """All books. A file outlives the program; without one, everything is forgotten at the end."""

    def __init__(self, file: Path | None = None) -> None:
        self.news = threading.Event()  # something waits to be delivered
        self._lock = threading.RLock()
        self._db = sqlite3.connect(file or ":memory:", isolation_level=None, check_same_thread=False)
        self._db.executescript(f"pragma journal_mode = wal; pragma synchronous = off; {SCHEMA}")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of it is written, or nothing; others wait."""
        with self._lock:
            self._db.execute("begin immediate")
            try:
                yield self._db
            except BaseException:
                self._db.execute("rollback")
                raise
            self._db.execute("commit")

    @contextmanager
    def books(self, account: str, call: Call) -> Iterator[Books]:
        """One account's books for one transaction."""
        with self.transaction() as db:
            books = Books(db, account, call)
            yield books
        if books.has_news:
            self.news.set()

    def account_of(self, name: str) -> str | None:
        """The account that an object belongs to."""
        with self.transaction() as db:
            row = db.execute("select account from object where id = ?", (name,)).fetchone()
        return row[0] if row else None

    def accounts(self) -> list[str]:
        """Every account that has anything in its books."""
        with self.transaction() as db:
            return [account for (account,) in db.execute("select distinct account from object order by account")]

    def forget(self) -> None:
        """Nothing has happened yet. The webhook endpoints stay."""
        with self.transaction() as db:
            for table in ("object", "spent", "delivery", "answer"):
                db.execute(f"delete from {table}")

    def close(self) -> None:
        """Nobody reads or writes any more."""
        with self._lock:
            self._db.close()
