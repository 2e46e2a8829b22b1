"""The account itself: who it is, and whether it may charge."""

import hashlib

from double.ledger import Books
from double.objects import Object
from double.params import Params, takes

NOT_READY = "sk_test_not_ready"


@takes()
def retrieve(books: Books, params: Params) -> Object:
    """The account of the key that asks. One whose key begins with sk_test_not_ready has not finished signing up."""
    ready = not books.account.startswith(NOT_READY)
    name = books.account.split("_")[2].capitalize()
    return {
        "id": f"acct_{hashlib.sha256(books.account.encode()).hexdigest()[:16]}",
        "object": "account",
        "business_profile": {"name": name},
        "charges_enabled": ready,
        "country": "US",
        "default_currency": "usd",
        "details_submitted": ready,
        "email": None,
        "settings": {"dashboard": {"display_name": name}},
        "type": "standard",
    }
