"""What is written down about requests holds no keys: a link's token, or a program's, ends where its secret begins (I17)."""

import logging
import re
from typing import Any

from gunicorn.glogging import Logger

TOKEN = re.compile(r"(?<![0-9a-fA-F])([0-9a-fA-F]{32})\.[A-Za-z0-9_-]{16,}")


def masked(text: str) -> str:
    """The practice stays to be read, the secret does not."""
    return TOKEN.sub(r"\1.…", text)


class Masked(logging.Formatter):
    """Of whole lines, tracebacks too."""

    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))


class AccessLog(Logger):  # type: ignore[misc]
    """Of the web server: `gunicorn --logger-class kept.foundation.logs.AccessLog`."""

    def atoms(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        found = super().atoms(*args, **kwargs)
        return {name: masked(value) if isinstance(value, str) else value for name, value in found.items()}
