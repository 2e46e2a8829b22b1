"""Primary keys: UUIDv7 made in Python, so that rows of one process come in the order they were written."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A new UUIDv7 (RFC 9562), unique over threads and forks."""
    return uuid7()


def as_id(text: str) -> UUID | None:
    """The id that a stranger's text is; None where it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None
