"""Invited, in with a second step, and a screen that locks over what was being typed."""

import re
from collections.abc import Callable
from email import message_from_string
from pathlib import Path

from playwright.sync_api import Page, expect

from kept.ops.cast import PASSWORD
from kept.practice.rules import Role
from tests.journeys.conftest import OpenPage

ADA, NEW = "ada.quennell@example.com", "a-long-new-password"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def test_the_lock_keeps_what_was_typed(signed_in_page: Callable[..., Page], no_barriers: Callable[[Page], None]) -> None:
    page = signed_in_page()
    page.keyboard.press("n")
    field = page.locator("#drawer").get_by_role("combobox").first
    field.fill("Quennell")
    page.locator("h1").first.click()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("l")

    lock = page.get_by_role("dialog", name=re.compile("Locked"))
    expect(lock).to_be_visible()
    expect(page.get_by_role("link", name="Patients")).to_be_hidden()
    no_barriers(page)
    lock.get_by_label("Password").fill("not it")
    lock.get_by_role("button", name="Unlock", exact=True).click()
    expect(lock.get_by_role("alert")).to_contain_text("4 tries left")
    lock.get_by_label("Password").fill(PASSWORD)
    lock.get_by_role("button", name="Unlock", exact=True).click()

    expect(lock).to_be_hidden()
    expect(page.get_by_role("link", name="Patients")).to_be_visible()


def test_somebody_is_invited_and_signs_in_with_a_passkey(
    signed_in_page: Callable[..., Page], open_page: OpenPage, mail_folder: Path, no_barriers: Callable[[Page], None]
) -> None:
    owner = signed_in_page(Role.OWNER)
    owner.goto("/settings/staff/new/")
    owner.get_by_label("Name").fill("Ada Quennell")
    owner.get_by_label("E-mail").fill(ADA)
    owner.get_by_role("button", name="Save").click()
    expect(owner.get_by_role("link", name=re.compile("Ada Quennell.*Invited"))).to_be_visible()

    hers = open_page()
    link = _link(mail_folder, hers)
    home = link.partition("/accounts/")[0]
    hers.goto(link)
    no_barriers(hers)
    hers.get_by_label("New Password", exact=True).fill(NEW)
    hers.get_by_label("New Password (again)").fill(NEW)
    hers.get_by_role("button", name="Save the password").click()
    expect(hers.get_by_role("link", name="Appointments")).to_have_attribute("aria-current", "page")

    keys = hers.context.new_cdp_session(hers)
    keys.send("WebAuthn.enable")
    keys.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    hers.goto(f"{home}/accounts/2fa/webauthn/add/")
    hers.get_by_label("Password").fill(NEW)
    hers.get_by_role("button", name="Confirm").click()
    no_barriers(hers)
    hers.get_by_role("button", name="Add").click()
    hers.wait_for_url(lambda url: "/webauthn/add" not in url)
    hers.goto(f"{home}/accounts/2fa/")
    expect(hers.get_by_text("One passkey")).to_be_visible()

    hers.get_by_role("button", name="Sign out").click()
    hers.goto(f"{home}/accounts/login/")
    hers.get_by_role("button", name="Sign in with a passkey").click()
    expect(hers.get_by_role("link", name="Appointments")).to_have_attribute("aria-current", "page")


def _link(folder: Path, page: Page) -> str:
    """That of her invitation, once the worker has written it; by the name that passkeys want, since an address has none."""
    while True:
        letters = [message_from_string(each.read_text()) for each in sorted(folder.glob("*"))]
        for letter in letters:
            found = re.search(r"https?://\S+", letter.get_payload())
            if letter["To"] == ADA and found:
                return found[0].replace("127.0.0.1", "localhost")
        page.wait_for_timeout(200)
