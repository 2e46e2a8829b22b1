"""Guessing at links: limited by network address, kept out of search engines and logs (I17)."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from kept.booking import limits
from kept.foundation.logs import Masked, masked
from kept.ops.cast import House
from kept.practice.models import Tries
from kept.practice.tasks import forget_answers
from kept.practice.tries import HOUR, tried
from kept.scheduling.models import Appointment
from kept.scheduling.transitions.managing import manage_link
from tests.kit.browser import Browser
from tests.kit.gateway import clock_at
from tests.kit.html import words
from tests.kit.visits import STARTS_AT

DOORS = ("card", "manage", "pay")
AT = STARTS_AT - timedelta(days=2)


@pytest.fixture(autouse=True)
def few_guesses(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(limits, "MOST_GUESSES", 3)
    with clock_at(AT):
        yield


@pytest.fixture
def link(appointment: Appointment) -> str:
    return manage_link(appointment, at=AT).removeprefix("http://testserver")


def guess(appointment: Appointment, door: str, browser: Browser | None = None, **from_where: str) -> int:
    path = f"/{door}/{appointment.practice_id.hex}.{'x' * 43}/"
    return (browser or Browser()).get(path, **from_where).status_code  # type: ignore[arg-type]


@pytest.mark.parametrize("door", DOORS)
def test_i17_who_guesses_too_often_is_told_nothing_more_for_an_hour(appointment: Appointment, link: str, door: str) -> None:
    guesses = [guess(appointment, door) for _guess in range(5)]

    assert guesses == [404, 404, 404, 429, 429]
    barred = Browser().get(link)
    assert barred.status_code == 429  # a right one is no use to who guesses
    assert "Too many tries From here too many links were opened that do not work." in words(barred)
    assert Browser().get(link, REMOTE_ADDR="198.51.100.7").status_code == 302  # nobody else is locked out
    with clock_at(AT + timedelta(hours=1, minutes=1)):
        assert Browser().get(link).status_code == 302


def test_i17_a_forged_header_does_not_lift_it(appointment: Appointment) -> None:
    guesses = [guess(appointment, "manage", HTTP_X_FORWARDED_FOR=f"198.51.100.{turn}") for turn in range(5)]

    assert guesses == [404, 404, 404, 429, 429]


def test_who_is_in_stays_in_and_right_links_are_not_counted(appointment: Appointment, link: str) -> None:
    phone = Browser()
    page = [phone.get(link) for _time in range(6)][-1]["Location"]

    guesses = [guess(appointment, "manage") for _guess in range(4)]

    assert guesses == [404, 404, 404, 429]
    assert phone.get(page).status_code == 200


def test_a_practice_that_is_none_is_not_counted(appointment: Appointment) -> None:
    answers = {Browser().get(f"/manage/{'0' * 32}.{'x' * 43}/").status_code for _guess in range(5)}

    assert (answers, Tries.objects.count()) == ({404}, 0)


def test_counts_go_with_their_hour(juniper: House) -> None:
    tried(juniper.practice.pk, "link", "203.0.113.9", at=AT)

    with clock_at(AT + HOUR + timedelta(seconds=1)):
        forget_answers(str(juniper.practice.pk))

    assert not Tries.objects.exists()


def test_i17_no_search_engine_keeps_a_page(link: str, appointment: Appointment) -> None:
    phone = Browser()
    came = phone.get(link)
    answers = [came, phone.get(came["Location"]), phone.get(f"/manage/{appointment.practice_id.hex}.{'x' * 43}/")]

    assert [answer["X-Robots-Tag"] for answer in answers] == ["noindex, nofollow"] * 3


def test_i17_a_token_is_in_no_log(link: str, caplog: pytest.LogCaptureFixture) -> None:
    secret = link.split(".")[1].rstrip("/")
    with caplog.at_level(logging.DEBUG):
        Browser().get(link.replace("/manage/", "/card/"))  # at the wrong door it is written down as not found
        Browser().get(link)

    written = "\n".join(Masked("{message}", style="{").format(record) for record in caplog.records)

    assert secret in caplog.text
    assert ("/card/" in written, secret in written) == (True, False)


def test_i17_nor_in_that_of_the_web_server(link: str) -> None:
    secret = link.split(".")[1].rstrip("/")
    line = f"GET {link} HTTP/1.1"

    assert masked(line) == line.replace(secret, "…")
    assert "--logger-class kept.foundation.logs.AccessLog" in Path("docs/running.md").read_text()
