"""Booking online on a phone, without an account: one patient gets the time with her card, another loses it kindly."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.journeys.conftest import PHONE, OpenPage

HERE = "/book/juniper/elm-street/"


def details(page: Page, first_name: str) -> None:
    typed = {"First name": first_name, "Last name": "Nightshade", "E-mail": f"{first_name.lower()}@example.com", "Phone": "(555) 010-0199"}
    for label, text in typed.items():
        page.get_by_label(label).fill(text)
    page.get_by_role("checkbox", name=re.compile("I accept")).check()


def test_a_patient_books_with_a_card_and_another_loses_the_time_kindly(open_page: OpenPage, no_barriers: Callable[[Page], None]) -> None:
    hers, other = open_page(PHONE), open_page(PHONE)

    hers.goto(HERE)
    no_barriers(hers)
    hers.get_by_role("checkbox", name=re.compile("Lip filler")).check()
    hers.get_by_role("button", name="Continue").click()
    hers.get_by_role("link", name="Later days").click()
    no_barriers(hers)
    hers.get_by_role("link", name=re.compile(r"^\d+:\d\d [AP]M$")).first.click()
    expect(hers.get_by_role("heading", name="Your details")).to_be_visible()
    provider = re.search(r"with (.+), Elm Street", hers.get_by_role("main").inner_text())
    assert provider is not None
    hers.go_back()
    hers.get_by_role("link", name=provider[1]).click()
    hers.get_by_role("link", name=re.compile(r"^\d+:\d\d [AP]M$")).first.click()
    expect(hers.get_by_role("heading", name="Your details")).to_be_visible()
    other.goto(hers.url)

    details(hers, "Perpetua")
    no_barriers(hers)
    hers.get_by_role("button", name="Continue to card").click()
    for label, typed in {"Card number": "4242 4242 4242 4242", "Expiry": "12/31", "CVC": "123", "Name on card": "Perpetua"}.items():
        hers.get_by_label(label).fill(typed)
    hers.get_by_role("button", name="Save card").click()
    expect(hers.get_by_role("heading", name="Thank you, Perpetua")).to_be_visible()
    no_barriers(hers)

    details(other, "Ottoline")
    other.get_by_role("button", name="Continue to card").click()
    expect(other.get_by_role("alert")).to_contain_text("That time was just taken.")
    expect(other.get_by_label("First name")).to_have_value("Ottoline")
    no_barriers(other)
    other.get_by_role("button", name=re.compile(r"\d+:\d\d [AP]M$")).first.click()
    expect(other.get_by_label("Card number")).to_be_visible()
