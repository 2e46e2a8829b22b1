"""The command line: `python -m double --port N [--data FILE] [--webhook KEY=URL=SECRET ...] [--faults FILE]`."""

import argparse
import json
import signal
from pathlib import Path

from double import endpoints
from double.server import Double

STOPS = {signal.SIGINT, signal.SIGTERM}


def main() -> None:
    """Play Stripe until told to stop."""
    options = arguments().parse_args()
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)  # kept for `sigwait`, by every thread begun from here on
    with Double(options.port, options.data) as double:
        if options.faults:
            try:
                double.faults.follow(json.loads(options.faults.read_text()))
            except (OSError, ValueError) as wrong:
                raise SystemExit(f"{options.faults} is no plan of faults: {wrong}") from wrong
        for endpoint in options.webhook:
            endpoints.put(double.ledger, endpoint)
        print(f"Ready on {double.address}", flush=True)  # noqa: T201 (who started it waits for this line)
        signal.sigwait(STOPS)


def arguments() -> argparse.ArgumentParser:
    """What can be said when it starts."""
    parser = argparse.ArgumentParser(prog="python -m double", description="Plays Stripe's API on 127.0.0.1, for the demo and for tests.")
    parser.add_argument("--port", type=int, required=True, help="0 takes any free port")
    parser.add_argument("--data", type=Path, metavar="FILE", help="keeps customers, cards and payments from one start to the next")
    parser.add_argument(
        "--webhook", type=endpoints.parse, action="append", default=[], metavar="KEY=URL=SECRET", help="an account's endpoint"
    )
    parser.add_argument("--faults", type=Path, metavar="FILE", help="a plan of what goes wrong, as JSON; without one nothing does")
    return parser


if __name__ == "__main__":
    main()
