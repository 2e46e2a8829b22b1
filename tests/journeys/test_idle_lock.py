"""I19: a page left alone locks by its own polls, and goes on where it was."""

import re
import time
from collections.abc import Callable

from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import Page, expect

from kept.ops.cast import PASSWORD

SEEN_AGAIN = "document.dispatchEvent(new Event('visibilitychange'))"  # the book asks for news


def left_alone(page: Page, seconds: int) -> None:
    """As if nobody had touched any page of this browser for so long."""
    session = SessionStore(next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "session"))
    session["touched"] = int(time.time()) - seconds
    session.save()


def test_a_book_left_alone_locks_at_its_next_poll_and_keeps_what_was_typed(signed_in_page: Callable[..., Page]) -> None:
    page = signed_in_page()
    page.keyboard.press("n")
    field = page.locator("#drawer").get_by_role("combobox").first
    field.fill("Quennell")
    left_alone(page, 15 * 60 + 1)

    page.evaluate(SEEN_AGAIN)

    lock = page.get_by_role("dialog", name=re.compile("Locked"))
    expect(lock).to_be_visible()
    expect(field).to_be_hidden()
    lock.get_by_label("Password").fill(PASSWORD)
    lock.get_by_role("button", name="Unlock", exact=True).click()
    expect(lock).to_be_hidden()
    expect(field).to_have_value("Quennell")


def test_the_books_own_polls_are_no_touch(signed_in_page: Callable[..., Page]) -> None:
    page = signed_in_page()
    page.wait_for_selector("[data-feed]")
    left_alone(page, 15 * 60 - 100)

    with page.expect_response("**/feed/**") as polled:
        page.evaluate(SEEN_AGAIN)

    assert polled.value.status in (200, 304)
    key = next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "session")
    assert time.time() - SessionStore(key)["touched"] > 10 * 60
