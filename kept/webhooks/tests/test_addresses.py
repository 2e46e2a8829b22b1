"""A webhook goes to the open internet alone (SSRF): by its text, by what its name leads to, to that very address, and no further."""

import socket
from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import Settings

from kept.webhooks import posting
from kept.webhooks.addresses import NotAllowed, Target, resolved, target
from kept.webhooks.posting import post
from kept.webhooks.tests.conftest import Listener

INSIDE = [
    *("127.0.0.1", "127.8.9.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1"),
    *("255.255.255.255", "198.18.0.1", "::1", "::", "fe80::1", "fd00:ec2::254", "ff02::1", "::ffff:10.0.0.1", "::ffff:169.254.169.254"),
    *("64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:0:1::1", "::7f00:1"),
]
OUTSIDE = ["8.8.8.8", "2606:4700:4700::1111"]


@pytest.fixture
def leads_to(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`leads_to("10.0.0.1")`: what every name is said to lead to."""

    def lead(*addresses: str) -> None:
        found = [(socket.AF_INET6 if ":" in each else socket.AF_INET, 1, 6, "", (each, 443)) for each in addresses]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: found)

    return lead


@pytest.mark.parametrize(
    "url",
    [
        *("", "example.com", "http://example.com/", "ftp://example.com/", "https://", "https:///x", "https://user@example.com/"),
        *("https://example.com/#x", "https://example.com:99999/", "https://exa mple.com/", "https://example.com/\n", "javascript:alert(1)"),
        *("https://localhost/", "https://printer.local/", "https://metadata.google.internal/", "https://intranet.localdomain/"),
        *(f"https://[{each}]/" if ":" in each else f"https://{each}/" for each in INSIDE),
        *("https://[fe80::1%25eth0]/", "https://пример.рф/", "https://example.com/" + "x" * 500),
    ],
)
def test_an_address_that_is_not_of_the_open_internet_is_refused(url: str) -> None:
    with pytest.raises(NotAllowed):
        target(url)


def test_an_address_is_taken_apart() -> None:
    assert target("https://example.com:8443/kept?for=us") == Target("https", "example.com", 8443, "/kept?for=us")
    assert target("https://example.com.") == Target("https", "example.com", 443, "/")


@pytest.mark.parametrize("address", INSIDE)
def test_a_name_that_leads_inside_is_not_called(leads_to: Callable[..., None], address: str) -> None:
    leads_to(OUTSIDE[0], address)  # one of several is enough

    with pytest.raises(NotAllowed):
        resolved(target("https://example.com/"))


@pytest.mark.parametrize("url", ["https://2130706433/", "https://0x7f.1/", "https://127.1/"])
def test_numbers_in_other_spellings_lead_where_they_lead(url: str) -> None:
    with pytest.raises((NotAllowed, OSError)):
        resolved(target(url))


def test_this_machine_is_called_only_where_the_server_allows_it(settings: Settings) -> None:
    for url in ("http://127.0.0.1:9/", "http://localhost:9/", "https://[::1]:9/"):
        settings.WEBHOOKS_TO_LOCALHOST = False
        with pytest.raises(NotAllowed):
            target(url)
        settings.WEBHOOKS_TO_LOCALHOST = True
        assert target(url).port == 9
    with pytest.raises(NotAllowed):
        target("http://10.0.0.1/")


def test_the_connection_goes_to_the_address_that_was_allowed(leads_to: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that answers otherwise the second time is not asked a second time."""
    leads_to(*OUTSIDE)
    asked: list[Any] = []

    def connect(to: Any, **options: Any) -> Any:
        asked.append(to)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)

    answer = post("https://example.com/", "{}", {})

    assert asked == [(OUTSIDE[0], 443)]
    assert (answer.status, answer.trouble) == (None, "No answer: ConnectionRefusedError")


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "a..example", "nobody.invalid"])
def test_a_name_that_is_none_is_known_to_nobody(host: str) -> None:
    assert post(f"https://{host}/", "{}", {}).trouble == f"Nobody knows the name {host}."


def test_a_redirect_is_not_followed(listener: Listener) -> None:
    listener.status, listener.headers = 302, {"Location": listener.url + "/elsewhere"}

    answer = post(listener.url, "{}", {})

    assert (answer.status, answer.arrived, len(listener.heard)) == (302, False, 1)


def test_of_a_long_answer_the_beginning_is_read(listener: Listener) -> None:
    listener.text = "\0x" * 100_000

    assert len(post(listener.url, "{}", {}).text) == posting.MOST_READ


def test_who_drips_is_cut_off(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    settings.WEBHOOKS_TO_LOCALHOST = True
    monkeypatch.setattr(posting, "SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        answer = post(f"http://127.0.0.1:{silent.getsockname()[1]}/", "{}", {})

    assert (answer.status, answer.trouble) == (None, "No answer within 0 seconds.")


def test_who_does_not_speak_tls_is_not_spoken_to(listener: Listener) -> None:
    answer = post(listener.url.replace("http:", "https:"), "{}", {})

    assert (answer.status, listener.heard) == (None, [])
    assert answer.trouble.startswith("No answer: SSL")
