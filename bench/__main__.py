"""bin/bench: asks the product and bare SQL the same questions, in turn, and prints how many times longer the product takes."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from kept.ops import server

CLONE = Path(__file__).resolve().parent.parent
DATABASE = "bench"


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    with server.running(options.data) as running:
        database = f"{DATABASE}_{options.scale}"
        _say_environment(running, database)
        import django

        django.setup()
        from bench import booking, questions, seed
        from bench.measure import Bench

        town = seed.town(running, database, options.scale, say=_say)
        bench = Bench(running, database, town, say=_say)
        for name, measure in (questions.ALL | booking.ALL).items():
            if options.only in name:
                _say(f"{name} ...")
                measure(bench)
        print(json.dumps(bench.as_json(options.scale), indent=2) if options.json else bench.as_table(options.scale))
        return 1 if bench.broken else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/bench", description="The performance figures, as ratios within one run.")
    parser.add_argument("--scale", choices=("small", "1m"), default="small", help="20,000 appointments, or a million")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    parser.add_argument("--only", default="", metavar="WORD", help="only the measurements whose name contains it")
    parser.add_argument("--data", type=Path, default=CLONE / ".data" / "bench", metavar="DIR", help="keeps the database between runs")
    return parser.parse_args(arguments)


def _say_environment(running: server.Server, database: str) -> None:
    """What a web process knows: the app's role, which owns nothing. Migrations take the owner's."""
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": running.url(server.APP, database),
        "DATABASE_OWNER_URL": running.url(server.OWNER, database),
        "KEPT_SECRET_KEY": "for figures alone",
        "KEPT_BASE_URL": "http://testserver",
        "KEPT_LOG_LEVEL": "ERROR",
    }


_say: Callable[[str], None] = lambda text: print(text, file=sys.stderr, flush=True)  # noqa: E731


if __name__ == "__main__":
    sys.exit(main())
