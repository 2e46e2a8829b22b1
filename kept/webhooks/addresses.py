"""Where a webhook may go: addresses of the open internet, never what lies beside or behind this server (SSRF). What a name leads to is
asked at each sending, and the connection goes to that very address, so that a second answer of the name server changes nothing."""

import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

LONGEST = 500
# IPv4 addresses in IPv6's clothes, of which a relay makes what we refuse.
TRANSLATED = [ip_network(each) for each in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96")]
HERE = ("localhost", "local", "internal", "localdomain", "home.arpa", "onion")


class NotAllowed(ValueError):
    """The address, or what its name leads to, is not for us to call; says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address taken apart. `path` has its query."""

    scheme: str
    host: str
    port: int
    path: str


def target(url: str) -> Target:
    """The address, if its own text allows it. Raises NotAllowed."""
    if len(url) > LONGEST or not url.isascii() or not url.isprintable() or any(sign in url for sign in ' "<>\\^`{|}'):
        raise NotAllowed(_("Enter an address like https://example.com/kept, of letters, digits and signs, up to %d.") % LONGEST)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NotAllowed(_("Enter an address like https://example.com/kept.")) from None
    host = (parts.hostname or "").rstrip(".")
    if not host or parts.username is not None or parts.password is not None or parts.fragment:
        raise NotAllowed(_("Enter an address like https://example.com/kept, without a user, password or #."))
    here = _is_loopback(host)
    if here and settings.WEBHOOKS_TO_LOCALHOST and parts.scheme in ("http", "https"):
        return Target(parts.scheme, host, port or (443 if parts.scheme == "https" else 80), _path(parts.path, parts.query))
    if parts.scheme != "https":
        raise NotAllowed(_("Enter an address that begins with https://."))
    if here or host.rpartition(".")[2] in HERE or host.endswith(HERE) or _literal(host) is not None and not _is_open(host):
        raise NotAllowed(_("That address lies inside a network. Enter one that the internet reaches."))
    return Target("https", host, 443 if port is None else port, _path(parts.path, parts.query))


def resolved(at: Target) -> str:
    """The numeric address to connect to. All that the name leads to must be allowed. Raises NotAllowed, OSError where nobody knows it."""
    found = [str(entry[4][0]) for entry in socket.getaddrinfo(at.host, at.port, type=socket.SOCK_STREAM)]
    if _is_loopback(at.host) and settings.WEBHOOKS_TO_LOCALHOST:
        allowed = all(_is_loopback(each) for each in found)
    else:
        allowed = all(_is_open(each) for each in found)
    if not found or not allowed:
        raise NotAllowed(_("%s leads to an address inside a network, which is not called.") % at.host)
    return found[0]


def _path(path: str, query: str) -> str:
    return (path or "/") + (f"?{query}" if query else "")


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    number = _literal(host)
    return host == "localhost" if number is None else number.is_loopback


def _is_open(host: str) -> bool:
    """An address of the open internet: neither private, link-local (where clouds keep their metadata), multicast nor reserved."""
    number = _literal(host)
    if number is None:
        return False
    if isinstance(number, IPv6Address) and number.ipv4_mapped:
        number = number.ipv4_mapped
    if any(number in net for net in TRANSLATED if net.version == number.version):
        return False
    return number.is_global and not (number.is_multicast or number.is_reserved or number.is_unspecified)
