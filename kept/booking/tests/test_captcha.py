"""Who books online again and again from one address proves that she is a person (`KEPT_CAPTCHA`)."""

import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from kept.booking import captcha
from kept.ops.cast import House
from kept.practice.rules import Role
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.gateway import clock_at
from tests.kit.html import fields, words
from tests.kit.visits import STARTS_AT

HERE = "/book/juniper/elm-street/"
WHO = {"first_name": "Perpetua", "last_name": "Nightshade", "email": "perpetua@example.com", "phone": "(555) 010-0199"}


@pytest.fixture(autouse=True)
def three_days_before(juniper: House, settings: Settings) -> Iterator[None]:
    settings.CAPTCHA_AFTER = 1
    with clock_at(STARTS_AT - timedelta(days=3)):
        yield


@pytest.fixture
def choice(juniper: House) -> dict[str, Any]:
    tess = juniper.providers[juniper.members[Role.PROVIDER].name]
    return {"services": [str(juniper.services["Lip filler"].pk)], "provider": str(tess.pk), "start": STARTS_AT.isoformat()}


def sent(choice: dict[str, Any], **changes: Any) -> Any:
    browser = Browser()
    shown = fields(browser.get(HERE, choice))
    return browser.post(HERE, {**shown, **choice, **WHO, "version": "an old one", "accept": "yes", **changes})


def test_it_is_asked_from_the_second_try_on_and_loses_nothing_typed(choice: dict[str, Any], settings: Settings) -> None:
    settings.CAPTCHA = "test"

    first, second, right = sent(choice), sent(choice), sent(choice, captcha=captcha.WORDS)

    assert "Please show that you are a person" not in words(first)
    assert "Please show that you are a person" in words(second)
    assert fields(second)["email"] == WHO["email"]
    assert "Please show that you are a person" not in words(right)
    assert not Appointment.objects.exists()  # of an old version: each went on to the next check


def test_off_nothing_is_asked_and_no_page_loads_anything_from_elsewhere(choice: dict[str, Any]) -> None:
    answers = [sent(choice) for _try in range(3)]

    assert all("Please show that you are a person" not in words(answer) for answer in answers)
    assert "cloudflare" not in answers[-1]["Content-Security-Policy"]


@pytest.mark.parametrize(("answer", "person"), [(b'{"success": true}', True), (b'{"success": false}', False), (b"<html>", False)])
def test_the_provider_is_asked_once_and_must_say_so(
    choice: dict[str, Any], settings: Settings, monkeypatch: pytest.MonkeyPatch, answer: bytes, person: bool
) -> None:
    settings.CAPTCHA, settings.CAPTCHA_SITE_KEY, settings.CAPTCHA_SECRET = "turnstile", "site", "secret"
    asked: list[tuple[str, bytes]] = []

    def provider(url: str, data: bytes, *, timeout: int) -> io.BytesIO:
        asked.append((url, data))
        return io.BytesIO(answer)

    monkeypatch.setattr(captcha, "urlopen", provider)
    sent(choice)
    page = Browser().get(HERE, choice)

    told = sent(choice, **{"cf-turnstile-response": "x"})

    assert ("Please show that you are a person" not in words(told)) == person
    assert asked == [("https://challenges.cloudflare.com/turnstile/v0/siteverify", b"secret=secret&response=x&remoteip=127.0.0.1")]
    assert "script-src 'self' https://challenges.cloudflare.com;" in page["Content-Security-Policy"]
    assert 'class="cf-turnstile" data-sitekey="site"' in page.content.decode()
