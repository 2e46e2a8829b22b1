"""The policy editor: a manager writes a row, sees in words what it says and what it comes to, tries it, and publishes."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from kept.practice.rules import Role
from tests.journeys.conftest import DESKTOP, PHONE

SignedIn = Callable[..., Page]
NoBarriers = Callable[[Page], None]
ADDRESS = "/settings/cancellation-policy/"
SIZES = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])


def step(page: Page, number: int, **typed: str) -> None:
    """Fill in fields of a step by their names, as in `hours="72"`."""
    for name, value in typed.items():
        field = page.locator(f'#dialog [name="step{number - 1}-{name}"]')
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)


def without_a_draft(page: Page) -> None:
    page.goto(ADDRESS)
    discard = page.get_by_role("link", name="Discard draft")
    if discard.count():
        discard.click()
        page.locator("#dialog").get_by_role("button", name="Discard draft").click()
    expect(page.get_by_text("The first change starts a draft.")).to_be_visible()


@SIZES
def test_a_row_is_written_tried_and_published(signed_in_page: SignedIn, no_barriers: NoBarriers, size: tuple[int, int]) -> None:
    page = signed_in_page(Role.MANAGER, size)
    without_a_draft(page)
    number = int(re.findall(r"Version (\d+) is in use", page.locator("#policy-page").inner_text())[0])
    dialog, words = page.locator("#dialog"), page.locator("#row-words")
    minutes = str(600 + number)  # for no visit that anybody books

    page.get_by_role("link", name="Add row").click()
    dialog.get_by_text("Duration", exact=True).click()
    dialog.get_by_label("At least, minutes").fill(minutes)
    step(page, 1, hours="72", pays="share", percent="25", at_most="0.10")
    dialog.get_by_role("button", name="Save row").last.click()
    expect(dialog.get_by_text("The payment provider charges no less than $0.50.")).to_be_visible()
    expect(dialog.get_by_label("At least, minutes")).to_have_value(minutes)

    step(page, 1, at_most="150")
    expect(words).to_contain_text("Cancel or move less than 72 hours before: 25 % of the price, at most $150.00.")
    dialog.get_by_role("button", name="Add a step").click()
    expect(dialog.get_by_label("What happens of step 3")).to_be_focused()
    step(page, 3, happens="late_arrival", from_minutes="5", pays="for_each", each="quarter_hour", sum="15")
    expect(words).to_contain_text("From 5 minutes late: $15.00 for each 15 min.")
    no_barriers(page)
    dialog.get_by_role("button", name="Save row").last.press("Enter")

    expect(dialog).to_be_hidden()
    expect(page.get_by_role("heading", name=re.compile(f"Visits of {minutes} min or more"))).to_be_visible()
    expect(page.get_by_text(f"Draft of version {number + 1}")).to_be_visible()
    no_barriers(page)

    answer = page.locator("#try-answer")
    expect(answer).to_contain_text(re.compile(r"\$75.00 by row \d"))
    expect(answer).to_contain_text(f"and the row is for {minutes} min or more")
    page.get_by_label("Time at which it happens").fill("10:30")
    expect(answer).to_contain_text(re.compile(r"Free by row \d"))
    page.get_by_text("Misses", exact=True).click()
    expect(answer).to_contain_text("because the visit is missed.")
    page.get_by_role("link", name="Patient’s view").click()
    expect(dialog).to_contain_text("Not here by 10:45 AM, or cancelled after the start.")
    no_barriers(page)
    page.keyboard.press("Escape")

    page.get_by_role("link", name=f"Publish version {number + 1}").click()
    expect(dialog).to_contain_text(f"Visits of {minutes} min or more")
    no_barriers(page)
    dialog.get_by_role("button", name="Publish").click()
    expect(dialog.get_by_text("This field is required.")).to_be_visible()
    dialog.get_by_label("What changed, for the record").fill("Long visits")
    dialog.get_by_role("button", name="Publish").click()
    expect(page.locator("#policy-page").get_by_text(f"Version {number + 1} is in use")).to_be_visible()

    page.get_by_role("link", name="Texts and versions").click()
    no_barriers(page)
    page.get_by_role("link", name=f"Version {number}", exact=True).click()
    expect(page.get_by_role("heading", name=f"Version {number}")).to_be_visible()
    no_barriers(page)


def test_what_booking_asks_is_written_in_the_draft_and_discarded(signed_in_page: SignedIn, no_barriers: NoBarriers) -> None:
    page = signed_in_page(Role.MANAGER)
    without_a_draft(page)
    dialog = page.locator("#dialog")
    page.get_by_role("link", name=re.compile("^Booking")).click()

    page.get_by_role("link", name="Add row").click()
    dialog.get_by_text("A card and a deposit, a sum").click()
    dialog.get_by_label("Deposit $").fill("50")
    expect(page.locator("#ask-words")).to_contain_text("New patients. Card and a deposit of $50.00.")
    no_barriers(page)
    dialog.get_by_role("button", name="Save row").last.click()

    asks = page.get_by_role("region", name="What booking asks")
    expect(asks.get_by_role("heading", name="New patients")).to_be_visible()
    no_barriers(page)
    without_a_draft(page)
