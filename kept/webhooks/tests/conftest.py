"""A practice's other program: a small HTTP server of this process, which writes down what it is sent and answers as it is told."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pytest_django import Settings

from kept.foundation.ids import new_id
from kept.ops.cast import House
from kept.practice.models import Member
from kept.webhooks.models import Endpoint
from kept.webhooks.transitions import add_endpoint
from tests.kit.visits import BOOKED_AT


@dataclass
class Listener:
    """`status`, `text` and `headers` are what it answers with; `heard` is what came, as (path, headers, body)."""

    url: str = ""
    status: int = 200
    text: str = "ok"
    headers: dict[str, str] = field(default_factory=dict)
    heard: list[tuple[str, dict[str, str], str]] = field(default_factory=list)


@pytest.fixture
def listener(settings: Settings) -> Iterator[Listener]:
    settings.WEBHOOKS_TO_LOCALHOST = True
    said = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            said.heard.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said.text.encode())

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    said.url = f"http://127.0.0.1:{server.server_port}/kept"
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    yield said
    server.shutdown()
    server.server_close()


@pytest.fixture
def endpoint(juniper: House, silas: Member, listener: Listener) -> Callable[..., tuple[Endpoint, str]]:
    """`endpoint("appointment.noshow")`: one that is told of that, and its secret."""

    def add(*kinds: str) -> tuple[Endpoint, str]:
        return add_endpoint(url=listener.url, kinds=kinds, endpoint_id=new_id(), by=silas, at=BOOKED_AT)

    return add
