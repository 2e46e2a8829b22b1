"""The log of events, to be read again by those who missed one."""

from double.ledger import Books
from double.lists import PAGED, page
from double.objects import Object
from double.params import Params, takes


@takes()
def retrieve(books: Books, params: Params, event_id: str) -> Object:
    """The event as it was told."""
    return books.get("event", event_id)


@takes(*PAGED, "type")
def listed(books: Books, params: Params) -> Object:
    """The account's events, of one type if it is named."""
    return page(books, params, "event", "/v1/events", type=params.text("type"))
