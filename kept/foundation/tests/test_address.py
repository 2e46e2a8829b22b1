"""Whose a request is: the address that the outermost of our own proxies saw, whatever a browser says of itself."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from pytest_django import Settings

from kept.foundation.addresses import neighbourhood
from kept.foundation.middleware import CallersAddress


def seen(forwarded: str) -> str:
    """REMOTE_ADDR of a request with that header, as views read it."""

    def tell(request: HttpRequest) -> HttpResponse:
        return HttpResponse(request.META["REMOTE_ADDR"])

    return CallersAddress(tell)(RequestFactory().get("/", headers={"X-Forwarded-For": forwarded})).content.decode()


@pytest.mark.parametrize(("proxies", "address"), [(0, "127.0.0.1"), (1, "198.51.100.7"), (2, "192.0.2.1"), (3, "127.0.0.1")])
def test_the_address_is_the_one_that_our_outermost_proxy_saw(settings: Settings, proxies: int, address: str) -> None:
    settings.PROXIES = proxies

    assert seen("192.0.2.1, 198.51.100.7") == address


@pytest.mark.parametrize("forwarded", ["", "nobody", "198.51.100.7:443", "1.2.3.4'; drop table"])
def test_what_is_no_address_is_left_out(settings: Settings, forwarded: str) -> None:
    settings.PROXIES = 1

    assert seen(forwarded) == "127.0.0.1"


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("", ""),
    ],
)
def test_who_has_one_address_of_ipv6_has_its_neighbours(address: str, counted_as: str) -> None:
    assert neighbourhood(address) == counted_as
