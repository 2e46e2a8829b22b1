"""The outside world of text messages: who takes them the way Twilio does, over HTTP, and reports by Twilio's signature."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha1
from hmac import digest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qsl

import pytest
from django.http import HttpResponse
from pytest_django import Settings

from tests.kit.browser import Browser

ACCOUNT, SECRET = "AC0000", "the auth token"


@dataclass
class Twilio:
    """`taken`: the forms that were posted, in order. `answers`: a status and Twilio's error code for the next ones; else it takes them."""

    taken: list[dict[str, str]] = field(default_factory=list)
    answers: list[tuple[int, int]] = field(default_factory=list)

    def says(self, path: str, *, secret: str = SECRET, **fields: str) -> HttpResponse:
        """It posts to that address of ours, signed."""
        said = f"http://testserver{path}" + "".join(f"{name}{fields[name]}" for name in sorted(fields))
        signature = base64.b64encode(digest(secret.encode(), said.encode(), sha1)).decode()
        return Browser().post(path, fields, headers={"X-Twilio-Signature": signature})


@pytest.fixture
def twilio(settings: Settings) -> Iterator[Twilio]:
    """The installation's service for text messages."""
    state = Twilio()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            key = base64.b64encode(f"{ACCOUNT}:{SECRET}".encode()).decode()
            known = self.headers["Authorization"] == f"Basic {key}" and self.path == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
            status, code = (401, 20003) if not known else state.answers.pop(0) if state.answers else (201, 0)
            if status == 201:
                state.taken.append(form)
            elif status == 0:  # the line breaks before an answer
                state.taken.append(form)
                self.connection.close()
                return
            body = json.dumps({"code": code} if code else {"sid": "SM1", "status": "queued"}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_said: object) -> None:
            """Nothing of it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        settings.SMS, settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = "twilio", ACCOUNT, SECRET
        settings.TWILIO_API_BASE = f"http://127.0.0.1:{server.server_port}"
        yield state
        server.shutdown()
