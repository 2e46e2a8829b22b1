"""The courier: brings each event to the account's endpoint, signed, again and again until it is taken."""

import http.client
import json
import threading
import time
from urllib.parse import urlsplit

from double import checkout, events
from double.faults import Faults
from double.ledger import Call, Ledger
from double.objects import Object, now

FIRST_PAUSE, TRIES = 0.5, 8
TIMEOUT = 10.0
LONGEST_NAP = 5.0


class Courier(threading.Thread):
    """Works in the background from `start` to `stop`. An event that no try could bring stays in the log."""

    def __init__(self, ledger: Ledger, faults: Faults, address: str) -> None:
        super().__init__(name="courier", daemon=True)
        self.ledger = ledger
        self.faults = faults
        self.address = address
        self._stopping = threading.Event()

    def run(self) -> None:
        """Deliver what is due, tell of sessions whose time is over, sleep until there is news."""
        expired_at = 0.0
        while not self._stopping.is_set():
            self.ledger.news.clear()
            if time.monotonic() - expired_at > LONGEST_NAP:
                expired_at = time.monotonic()
                self._expire_sessions()
            while round_of := self._due():
                for event, url, secret, tries in round_of:
                    self._bring(event, url, secret, tries)
            self.ledger.news.wait(self._nap())

    def stop(self) -> None:
        """The round at hand is the last."""
        self._stopping.set()
        self.ledger.news.set()
        self.join(TIMEOUT + 1)

    def _due(self) -> list[tuple[Object, str, str, int]]:
        if self._stopping.is_set():
            return []
        with self.ledger.transaction() as db:
            rows = db.execute(
                "select object.body, endpoint.url, endpoint.secret, delivery.tries from delivery "
                "join object on object.id = delivery.event join endpoint on endpoint.account = delivery.account "
                "where delivery.due <= ? order by object.seq limit 20",
                (time.time(),),
            ).fetchall()
        return [(json.loads(body), url, secret, tries) for body, url, secret, tries in rows]

    def _nap(self) -> float:
        with self.ledger.transaction() as db:
            (due,) = db.execute("select min(due) from delivery").fetchone()
        return LONGEST_NAP if due is None else min(max(due - time.time(), 0.01), LONGEST_NAP)

    def _bring(self, event: Object, url: str, secret: str, tries: int) -> None:
        """One try; afterwards the delivery is done, or due again later, or given up."""
        fault = self.faults.take(f"EVENT {event['type']}", event["id"])
        if fault.do == "slow":
            self._put_off(event, fault.seconds, tries)
            return
        taken = fault.do == "never" or post(url, events.body_of(event), secret)
        if fault.do == "twice":
            post(url, events.body_of(event), secret)
        if taken or tries + 1 == TRIES:
            self._strike_out(event)
        else:
            self._put_off(event, FIRST_PAUSE * 2**tries, tries + 1)

    def _put_off(self, event: Object, seconds: float, tries: int) -> None:
        with self.ledger.transaction() as db:
            db.execute("update delivery set tries = ?, due = ? where event = ?", (tries, time.time() + seconds, event["id"]))

    def _strike_out(self, event: Object) -> None:
        with self.ledger.transaction() as db:
            db.execute("delete from delivery where event = ?", (event["id"],))

    def _expire_sessions(self) -> None:
        for account in self.ledger.accounts():
            with self.ledger.books(account, Call(self.address)) as books:
                checkout.expire_overdue(books, at=now())


def post(url: str, body: str, secret: str) -> bool:
    """Whether the endpoint took it: any answer from 200 to 299, within ten seconds."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    headers = {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": events.signature(body, secret, now())}
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT)
    try:
        connection.request("POST", f"{parts.path or '/'}?{parts.query}".removesuffix("?"), body.encode(), headers)
        return 200 <= connection.getresponse().status < 300
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
