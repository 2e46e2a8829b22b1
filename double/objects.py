"""What all of Stripe's objects share: an id, a kind, the second they were created, metadata."""

import secrets
import string
import time
from typing import Any

Object = dict[str, Any]

ALPHABET = string.ascii_letters + string.digits
WITHOUT_CENTS = {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf"}


def identifier(prefix: str, length: int = 24) -> str:
    """A new id that nobody can guess, such as `pi_` and 24 letters."""
    return f"{prefix}_" + "".join(secrets.choice(ALPHABET) for _ in range(length))


def now() -> int:
    """This second, counted as Stripe counts: since 1970, UTC."""
    return int(time.time())


def new(kind: str, prefix: str, length: int = 24) -> Object:
    """The beginning of every object of the test mode."""
    return {"id": identifier(prefix, length), "object": kind, "created": now(), "livemode": False}


def client_secret(thing: Object) -> str:
    """What a browser would show to act on this object."""
    return identifier(f"{thing['id']}_secret", 25)


def in_words(amount: int, currency: str) -> str:
    """Minor units as people write them: 7500 of usd is 75.00 USD."""
    number = str(amount) if currency in WITHOUT_CENTS else f"{amount // 100}.{amount % 100:02}"
    return f"{number} {currency.upper()}"
