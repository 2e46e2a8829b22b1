"""The cast: one double for all tests, an account of its own for each, and a listener for its events."""

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import requests
import stripe

from double.server import Double

Json = dict[str, Any]
SECRET = "whsec_for_tests"


@pytest.fixture(scope="session")
def double() -> Iterator[Double]:
    with Double() as running:
        yield running


@pytest.fixture
def key() -> str:
    return f"sk_test_{uuid.uuid4().hex}"


def client_of(double: Double, key: str) -> stripe.StripeClient:
    transport = stripe.RequestsClient(timeout=10)
    return stripe.StripeClient(key, base_addresses={"api": double.address}, max_network_retries=0, http_client=transport)


@pytest.fixture
def client(double: Double, key: str) -> stripe.StripeClient:
    return client_of(double, key)


@pytest.fixture
def stranger(double: Double) -> stripe.StripeClient:
    return client_of(double, f"sk_test_{uuid.uuid4().hex}")


@pytest.fixture
def api(double: Double, key: str) -> Callable[..., requests.Response]:
    """The API without the SDK: `api("POST", "/v1/customers", {"name": "Rosa"})`."""

    def ask(method: str, path: str, data: Json | None = None, **headers: str) -> requests.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.request(method, double.address + path, data=data, headers={"Authorization": f"Bearer {key}"} | named, timeout=10)

    return ask


@pytest.fixture
def kit(double: Double) -> Callable[..., Any]:
    """What only a double has: `kit("POST", "settle", {...})` is the JSON it answers."""

    def ask(method: str, path: str, data: Any = None) -> Any:
        return requests.request(method, f"{double.address}/_double/{path}", json=data, timeout=10).json()

    return ask


@pytest.fixture
def faults(kit: Callable[..., Any]) -> Iterator[Callable[..., None]]:
    """Plan a fault: `faults("POST /v1/refunds", "cut_after")`."""

    def plan(match: str, do: str, times: int = 1, seconds: float = 0.5) -> None:
        kit("POST", "faults", [{"match": match, "do": do, "times": times, "seconds": seconds}])

    yield plan
    kit("DELETE", "faults")


@pytest.fixture
def customer(client: stripe.StripeClient) -> str:
    return client.v1.customers.create({"name": "Mara Ilves", "email": "mara@example.org"}).id


@pytest.fixture
def saved(client: stripe.StripeClient, customer: str) -> Callable[[str], str]:
    """A card on the customer's file, by the end of its token: `saved("visa")`."""
    return lambda token: client.v1.payment_methods.attach(f"pm_card_{token}", {"customer": customer}).id


@pytest.fixture
def intent(client: stripe.StripeClient, customer: str, saved: Callable[[str], str]) -> Callable[..., stripe.PaymentIntent]:
    """An unconfirmed intent over 75.00 USD with a card on file."""

    def create(token: str = "visa", **more: Any) -> stripe.PaymentIntent:
        given: Any = {"amount": 7500, "currency": "usd", "customer": customer, "payment_method": saved(token), **more}
        return client.v1.payment_intents.create(given)

    return create


@pytest.fixture
def paid(client: stripe.StripeClient, intent: Callable[..., stripe.PaymentIntent]) -> Callable[[], stripe.PaymentIntent]:
    """An intent that was charged."""
    return lambda: client.v1.payment_intents.confirm(intent().id, {"off_session": True})


class Listener(HTTPServer):
    """An account's endpoint. It refuses the first `refusals` deliveries."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Ear)
        self.url = f"http://127.0.0.1:{self.server_port}/hooks"
        self.received: list[tuple[str, str]] = []
        self.refusals = 0

    def types(self) -> list[str]:
        return [json.loads(body)["type"] for body, _ in self.received]

    def hears(self, *types: str, within: float = 5.0) -> list[str]:
        """The types heard, once all of these are among them."""
        end = time.monotonic() + within
        while not set(types) <= set(self.types()):
            assert time.monotonic() < end, f"heard only {self.types()}"
            time.sleep(0.02)
        return self.types()


class Ear(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.received.append((body, self.headers["Stripe-Signature"]))
        self.server.refusals -= 1
        self.send_response(500 if self.server.refusals >= 0 else 200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def listener(kit: Callable[..., Any], key: str) -> Iterator[Listener]:
    with Listener() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        kit("POST", "webhooks", {"key": key, "url": server.url, "secret": SECRET})
        yield server
        server.shutdown()
