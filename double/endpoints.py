"""Webhook endpoints: where an account wants to hear of its events, and the secret they are signed with."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from double.ledger import Ledger


@dataclass(frozen=True)
class Endpoint:
    """One account's endpoint; `key` is the account's API key."""

    key: str
    url: str
    secret: str


def parse(text: str) -> Endpoint:
    """The endpoint written as KEY=URL=SECRET; the address may have `=` in it. Raises ValueError."""
    key, _, rest = text.partition("=")
    url, _, secret = rest.rpartition("=")
    return checked(Endpoint(key, url, secret))


def checked(endpoint: Endpoint) -> Endpoint:
    """The endpoint, if it can be one. Raises ValueError."""
    parts = urlsplit(endpoint.url)
    if not (endpoint.key and endpoint.secret and parts.scheme in ("http", "https") and parts.hostname):
        raise ValueError("An endpoint has a key, a secret, and a url that begins with http:// or https://.")
    _ = parts.port  # raises for one that is no number
    return endpoint


def put(ledger: Ledger, endpoint: Endpoint) -> None:
    """The account hears of its events here from now on, and nowhere else."""
    with ledger.transaction() as db:
        db.execute("insert or replace into endpoint (account, url, secret) values (?, ?, ?)", (endpoint.key, endpoint.url, endpoint.secret))
    ledger.news.set()


def clear(ledger: Ledger) -> None:
    """No account hears of anything."""
    with ledger.transaction() as db:
        db.execute("delete from endpoint")
        db.execute("delete from delivery")
