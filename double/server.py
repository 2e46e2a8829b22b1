"""The HTTP server: reads a request, finds who answers it, sends the answer or cuts the connection. Loopback only."""

import socket
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from double.api import Api
from double.control import Control
from double.courier import Courier
from double.exchange import Answer, Cut, Request, in_json, redirect
from double.faults import Faults
from double.ledger import Ledger
from double.pages import Pages

LOOPBACK = "127.0.0.1"


class Server(ThreadingHTTPServer):
    """One thread for each connection."""

    daemon_threads = True
    request_queue_size = 128
    answer: Callable[[Request], Answer]

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller who goes away in mid-sentence is nothing to talk about."""
        if not isinstance(sys.exception(), ConnectionError):
            traceback.print_exc(file=sys.stderr)


class Handler(BaseHTTPRequestHandler):
    """One connection, with any number of requests."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave together
    server: Server

    def do_GET(self) -> None:
        """Somebody reads."""
        self._serve()

    def do_POST(self) -> None:
        """Somebody writes."""
        self._serve()

    def do_DELETE(self) -> None:
        """Somebody takes back what a test planned."""
        self._serve()

    def _serve(self) -> None:
        try:
            answer = self.server.answer(self._read())
        except Cut:
            self._cut()
            return
        except Exception:
            traceback.print_exc(file=sys.stderr)
            answer = in_json(500, {"error": {"type": "api_error", "message": "The double itself failed; its output says how."}})
        self._send(answer)

    def _read(self) -> Request:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode(errors="replace")
        return Request(self.command, parts.path, parts.query, {name.lower(): value for name, value in self.headers.items()}, body)

    def _send(self, answer: Answer) -> None:
        body = answer.body.encode()
        self.send_response(answer.status)
        for name, value in ({"Content-Type": answer.content_type, "Content-Length": str(len(body))} | answer.headers).items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(ConnectionError):
            self.wfile.write(body)
            self.wfile.flush()

    def _cut(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the ledger tells what happened."""


class Double:
    """The whole program. It listens at `address` inside the `with` block; port 0 takes any free one."""

    def __init__(self, port: int = 0, file: Path | None = None) -> None:
        self._server = Server((LOOPBACK, port), Handler)
        self._server.answer = self.answer
        self.address = f"http://{LOOPBACK}:{self._server.server_port}"
        self.ledger = Ledger(file)
        self.faults = Faults()
        self._api = Api(self.ledger, self.faults, self.address)
        self._control = Control(self.ledger, self.faults, self.address)
        self._pages = Pages(self.ledger, self.address)
        self._courier = Courier(self.ledger, self.faults, self.address)
        self._listening = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="server", daemon=True)

    def answer(self, request: Request) -> Answer:
        """The answer of whoever is asked: the API, the test kit or a page."""
        if request.path.startswith("/v1/"):
            return self._api.answer(request)
        if request.path == "/" or request.path.startswith("/payments/"):  # where Stripe's own pages show one
            return redirect("/_double/")
        if request.path.startswith("/_double"):
            return self._control.answer(request)
        return self._pages.answer(request)

    def __enter__(self) -> Self:
        self._courier.start()
        self._listening.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._courier.stop()
        self.ledger.close()
