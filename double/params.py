"""A request's parameters: form-encoded, nested by brackets, read by name and refused when they are not known."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import parse_qsl

from double.errors import missing_parameter, wrong_parameter
from double.ledger import Books
from double.objects import Object

Path = tuple[str, ...]
Ids = ParamSpec("Ids")
Act = Callable[Concatenate[Books, "Params", Ids], Object]

MOST_METADATA, LONGEST_NAME, LONGEST_VALUE = 50, 40, 500


class Params:
    """`card[number]=4242` is `params.text("card[number]")`. An empty value means "none", as with Stripe."""

    def __init__(self, encoded: str) -> None:
        self._given = [(path_of(name), value) for name, value in parse_qsl(encoded, keep_blank_values=True)]

    def __contains__(self, name: str) -> bool:
        return any(path == path_of(name) for path, _ in self._given)

    def text(self, name: str) -> str | None:
        """The value, the last one where it was given twice."""
        return next((value for path, value in reversed(self._given) if path == path_of(name) and value), None)

    def required(self, name: str) -> str:
        """The value; refused without one."""
        value = self.text(name)
        if value is None:
            raise missing_parameter(name)
        return value

    def whole(self, name: str) -> int | None:
        """A whole number."""
        value = self.text(name)
        if value is None:
            return None
        if not value.removeprefix("-").isdecimal():
            raise wrong_parameter(f"Invalid integer: {value}", name, "parameter_invalid_integer")
        return int(value)

    def required_whole(self, name: str) -> int:
        """A whole number; refused without one."""
        value = self.whole(name)
        if value is None:
            raise missing_parameter(name)
        return value

    def flag(self, name: str) -> bool:
        """True or false; false when it is left out."""
        value = self.text(name) or "false"
        if value not in {"true", "false"}:
            raise wrong_parameter(f"Invalid boolean: {value}", name)
        return value == "true"

    def one_of(self, name: str, *choices: str) -> str | None:
        """One of a few words."""
        value = self.text(name)
        if value is not None and value not in choices:
            raise wrong_parameter(f"Invalid {name}: must be one of {', '.join(choices)}", name)
        return value

    def address(self, name: str) -> str | None:
        """An absolute web address."""
        value = self.text(name)
        if value is not None and not value.startswith(("http://", "https://")):
            raise wrong_parameter("Not a valid URL", name, "url_invalid")
        return value

    def each(self, name: str) -> list[str]:
        """The values of a list, `expand[]=a&expand[]=b` or with numbers in the brackets."""
        return [value for path, value in self._given if path[:-1] == path_of(name)]

    def pairs(self, name: str) -> dict[str, str]:
        """The values of a nested group by their last name."""
        return {path[-1]: value for path, value in self._given if path[:-1] == path_of(name)}

    def metadata(self, old: dict[str, str] | None = None, name: str = "metadata") -> dict[str, str]:
        """The old metadata with the given pairs over it; an empty value removes a pair, an empty `metadata` all of them."""
        given = self.pairs(name)
        merged = ({} if name in self else old or {}) | given
        for key, value in given.items():
            if len(key) > LONGEST_NAME or len(value) > LONGEST_VALUE:
                raise wrong_parameter("Metadata names have at most 40 characters and values at most 500.", f"{name}[{key}]")
        if len(merged) > MOST_METADATA:
            raise wrong_parameter("Metadata has at most 50 pairs.", name)
        return {key: value for key, value in merged.items() if value}

    def only(self, *names: str) -> None:
        """Refuse what no name covers; `metadata[*]` covers every pair, and `metadata` itself when it is empty."""
        known = [path_of(name) for name in (*names, "expand[*]")]
        for path, value in self._given:
            if not any(covers(name, path) or (not value and name == (*path, "*")) for name in known):
                name = path[0] + "".join(f"[{part}]" for part in path[1:])
                raise wrong_parameter(f"Received unknown parameter: {name}", name, "parameter_unknown")


def path_of(name: str) -> Path:
    """The parts of a bracketed name: `card[number]` is (`card`, `number`)."""
    first, *rest = name.split("[")
    return (first, *(part.removesuffix("]") for part in rest))


def covers(known: Path, path: Path) -> bool:
    """Whether a path is the known one, where `*` stands for any part."""
    return len(known) == len(path) and all(part in ("*", given) for part, given in zip(known, path, strict=True))


def takes(*names: str) -> Callable[[Act[Ids]], Act[Ids]]:
    """The act accepts these parameters and `expand`, and is not begun with any other."""

    def decorate(act: Act[Ids]) -> Act[Ids]:
        @wraps(act)
        def checked(books: Books, params: Params, /, *ids: Ids.args, **more: Ids.kwargs) -> Object:
            params.only(*names)
            return act(books, params, *ids, **more)

        return checked

    return decorate
