"""Signing in leads to the book; a wrong password does not."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from kept.ops.people import JUNIPER
from kept.practice.rules import Role
from tests.journeys.conftest import OpenPage, sign_in


def test_the_front_desk_comes_to_the_book(signed_in_page: Callable[..., Page], no_barriers: Callable[[Page], None]) -> None:
    page = signed_in_page()

    expect(page.get_by_role("link", name="Appointments")).to_have_attribute("aria-current", "page")
    no_barriers(page)


def test_a_wrong_password_is_told_and_lets_nobody_in(open_page: OpenPage) -> None:
    page = open_page()

    sign_in(page, JUNIPER.email(Role.FRONT_DESK), "not the password")

    expect(page.get_by_role("alert")).to_be_visible()
    expect(page).to_have_url(re.compile("/accounts/login/"))
