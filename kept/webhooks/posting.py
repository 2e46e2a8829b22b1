"""One POST to somebody else's server: to the address that was allowed, for ten seconds at most, no redirect followed, little read."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from kept.foundation.network import leave_the_database
from kept.webhooks.addresses import NotAllowed, Target, resolved, target

SECONDS = 10.0
MOST_READ = 2_048  # bytes of the answer


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status and the beginning of the text, or what stood in the way."""

    status: int | None
    text: str
    trouble: str
    took_ms: int

    @property
    def arrived(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """The other side asks for no more (410)."""
        return self.status == 410


def post(url: str, body: str, headers: Mapping[str, str]) -> Answer:
    """Send it once. Never raises for what the other side does."""
    leave_the_database()
    start = time.monotonic()
    status, text, trouble = None, "", ""
    try:
        status, text = _sent(target(url), body, headers)
    except NotAllowed as why:
        trouble = str(why)
    except (socket.gaierror, UnicodeError):
        trouble = _("Nobody knows the name %s.") % (urlsplit(url).hostname or "")
    except ssl.SSLCertVerificationError as why:
        trouble = _("The certificate is not valid: %s") % why.verify_message
    except (OSError, HTTPException, ValueError) as why:
        cut = time.monotonic() - start >= SECONDS or isinstance(why, TimeoutError)
        trouble = _("No answer within %d seconds.") % SECONDS if cut else _("No answer: %s") % (type(why).__name__)
    return Answer(status, text, trouble[:200], round((time.monotonic() - start) * 1000))


def _sent(to: Target, body: str, headers: Mapping[str, str]) -> tuple[int, str]:
    connection = _Pinned(to, resolved(to))
    with _closed(connection), _cut_off(connection):
        connection.request("POST", to.path, body.encode(), dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.read(MOST_READ).decode(errors="replace").replace("\0", "�")


class _Pinned(HTTPConnection):
    """A connection to that numeric address, spoken to by its name: the certificate and the Host header are the name's."""

    def __init__(self, to: Target, address: str) -> None:
        self.default_port = 443 if to.scheme == "https" else 80
        super().__init__(to.host, to.port, timeout=SECONDS)
        self._to, self._address = to, address
        self.twin: socket.socket | None = None

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self._to.port), timeout=SECONDS)
        self.twin = plain.dup()
        self.sock = plain
        if self._to.scheme == "https":
            self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self._to.host)


@contextmanager
def _closed(connection: _Pinned) -> Iterator[None]:
    try:
        yield
    finally:
        connection.close()
        if connection.twin:
            connection.twin.close()


@contextmanager
def _cut_off(connection: _Pinned) -> Iterator[None]:
    """After the time, in whatever it is and however slowly the other side drips, the connection ends."""

    def cut() -> None:
        with suppress(OSError):
            if connection.twin:
                connection.twin.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(SECONDS, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
