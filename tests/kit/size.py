"""How large a run is: short in every CI, long with bin/prove."""

import os

LONG = os.environ.get("KEPT_PROVE") == "long"


def size(short: int, long: int) -> int:
    return long if LONG else short


def tell(sentence: str) -> None:
    """A figure of a long run."""
    if LONG:
        print(f"\n  {sentence}", flush=True)  # noqa: T201 (bin/prove shows it)
