"""Lists as Stripe gives them: newest first, a page at a time."""

from double.errors import wrong_parameter
from double.ledger import Books
from double.objects import Object
from double.params import Params

PAGED = ("limit", "starting_after", "created[gt]", "created[gte]", "created[lt]", "created[lte]")


def page(books: Books, params: Params, kind: str, url: str, **where: str | None) -> Object:
    """One page of the objects of a kind, with `has_more` when others follow."""
    limit = params.whole("limit") or 10
    if not 1 <= limit <= 100:
        raise wrong_parameter("Invalid limit: must be between 1 and 100", "limit")
    after = params.text("starting_after")
    if after:
        books.get(kind, after, "starting_after")
    created = {name: params.whole(f"created[{name}]") or 0 for name in params.pairs("created")}
    found = books.all(kind, after=after, created=created, limit=limit + 1, **where)
    return {"object": "list", "data": found[:limit], "has_more": len(found) > limit, "url": url}
