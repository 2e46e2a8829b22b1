"""Expansion: `expand[]=latest_charge` puts the object itself where its id stood, in the answer only."""

from double.errors import wrong_parameter
from double.ledger import Books
from double.objects import Object
from double.params import Params


def expanded(books: Books, thing: Object, params: Params) -> Object:
    """The object with everything expanded that the request names; `data.customer` reaches into a list."""
    for name in params.each("expand"):
        _expand(books, thing, name.split("."), name)
    return thing


def _expand(books: Books, thing: Object, path: list[str], name: str) -> None:
    first, *rest = path
    if first not in thing:
        raise wrong_parameter(f"This property cannot be expanded ({name}).", "expand")
    if isinstance(thing[first], str):
        thing[first] = books.find(thing[first])
        if thing[first] is None:
            raise wrong_parameter(f"This property cannot be expanded ({name}).", "expand")
    within = thing[first] if isinstance(thing[first], list) else [thing[first]]
    for inner in within:
        if rest and inner is not None:
            _expand(books, inner, rest, name)
