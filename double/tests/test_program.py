"""The program itself: how it starts, stops and remembers."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
import stripe

ROOT = Path(__file__).parents[2]


@contextmanager
def program(*arguments: str, end: signal.Signals = signal.SIGTERM) -> Iterator[str]:
    """The address it says it is ready on; it ends cleanly by the signal."""
    command = [sys.executable, "-m", "double", "--port", "0", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        ready = process.stdout.readline().strip()
        try:
            assert ready.startswith("Ready on http://127.0.0.1:")
            yield ready.removeprefix("Ready on ")
        finally:
            process.send_signal(end)
            assert process.wait(10) == 0
            assert process.stderr.read() == ""


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_it_says_ready_and_stops_when_told(end: signal.Signals) -> None:
    with program(end=end) as address:
        assert requests.get(f"{address}/_double/ledger", timeout=10).status_code == 200


def test_it_listens_on_loopback_only() -> None:
    with program() as address:
        port = int(address.rpartition(":")[2])
        with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.2", port), timeout=1):
            pass


def test_a_file_keeps_customers_and_cards_from_one_start_to_the_next(tmp_path: Path) -> None:
    def client_at(address: str) -> stripe.StripeClient:
        return stripe.StripeClient("sk_test_a", base_addresses={"api": address})

    with program("--data", str(tmp_path / "double.db")) as address:
        client = client_at(address)
        customer = client.v1.customers.create().id
        card = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer}).id

    with program("--data", str(tmp_path / "double.db")) as address:
        paid = client_at(address).v1.payment_intents.create(
            {"amount": 7500, "currency": "usd", "customer": customer, "payment_method": card, "confirm": True, "off_session": True}
        )
        assert paid.status == "succeeded"


def test_a_wrong_endpoint_is_refused_at_the_start() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "double", "--port", "0", "--webhook", "nonsense"], cwd=ROOT, capture_output=True, timeout=10
    )

    assert done.returncode == 2
