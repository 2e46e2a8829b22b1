"""Mark, charge, find, restore, refund: the guide's path, by its own labels."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from kept.practice.rules import Role
from tests.journeys.conftest import DESKTOP, PHONE, Installation, OpenPage
from tests.journeys.visits import Booked

Visit = Callable[..., Booked]
SignedIn = Callable[..., Page]


def open_panel(page: Page, booked: Booked) -> Locator:
    """Appointments > its day > click the appointment."""
    page.goto(booked.address)
    page.get_by_role("link", name=re.compile(booked.patient)).locator("visible=true").first.click()
    panel = page.locator("#drawer")
    expect(panel.get_by_role("heading", name=booked.patient)).to_be_visible()
    return panel


def mark(page: Page, booked: Booked, choice: str) -> Locator:
    """… > Mark As No-Show > that choice > Confirm."""
    open_panel(page, booked).get_by_role("button", name="Mark As No-Show").click()
    dialog = page.get_by_role("dialog", name="Mark As No-Show")
    dialog.get_by_role("radio", name=re.compile(choice)).check()
    dialog.get_by_role("button", name="Confirm").click()
    return page.locator("dialog[open]")


def wrench(page: Page, entry: str) -> None:
    page.get_by_label("Wrench: appointment tools").locator("visible=true").first.click()
    page.get_by_role("menuitem", name=re.compile(entry)).click()


def row(page: Page, booked: Booked) -> Locator:
    return page.locator(f"[data-appointment='{booked.id}']").locator("visible=true")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_no_show_is_charged_found_restored_and_refunded(
    installation: Installation, visit: Visit, signed_in_page: SignedIn, size: tuple[int, int]
) -> None:
    booked, page = visit("visa"), signed_in_page(Role.MANAGER, size)

    result = mark(page, booked, "Charge the \\$75.00 cancellation fee to Visa ••4242")
    expect(result.get_by_text("$75.00 charged to Visa ••4242")).to_be_visible(timeout=15_000)
    result.get_by_role("button", name="Done").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name=re.compile(booked.patient))).to_have_count(0)

    wrench(page, "No Shows")
    expect(row(page, booked).get_by_text("Charged")).to_be_visible()
    row(page, booked).get_by_role("button", name=re.compile("Restore")).click()
    dialog = page.get_by_role("dialog", name="Restore this appointment?")
    expect(dialog.get_by_text("The patient is not refunded automatically.")).to_be_visible()
    expect(dialog.get_by_role("checkbox", name=re.compile("Refund"))).not_to_be_checked()
    dialog.get_by_role("button", name="Confirm").click()
    expect(row(page, booked)).to_have_count(0)

    page.get_by_role("link", name="Show on calendar").click()
    back = page.get_by_role("link", name=re.compile(booked.patient)).locator("visible=true").first
    expect(back).to_be_visible()
    expect(back).to_be_in_viewport()

    page.get_by_role("link", name="Sales").locator("visible=true").first.click()
    page.get_by_role("row" if size == DESKTOP else "listitem").filter(has_text=booked.patient).get_by_role(
        "link", name=re.compile("INV-")
    ).first.click()
    expect(page.get_by_text("Appointment Cancellation/Rescheduling Charges")).to_be_visible()
    page.get_by_role("button", name="Refund").click()
    refund = page.get_by_role("dialog", name="Refund")
    refund.get_by_role("radio", name=re.compile("Full refund")).check()
    refund.get_by_label("Reason").select_option("Goodwill")
    refund.get_by_role("button", name="Confirm").click()
    expect(page.locator("h1 [data-status=refunded]")).to_be_visible(timeout=15_000)

    marks = [payment["metadata"] for payment in installation.double.ledger()["payments"]]
    charges = [each["charge"] for each in marks if "charge" in each]  # a deposit's payment names its card page
    assert len(set(charges)) == len(charges)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_no_show_is_spared_and_restored(visit: Visit, signed_in_page: SignedIn, size: tuple[int, int]) -> None:
    booked, page = visit("visa"), signed_in_page(Role.FRONT_DESK, size)

    result = mark(page, booked, "Don’t charge")
    expect(result.get_by_text("$75.00 not charged")).to_be_visible()
    result.get_by_role("button", name="Done").click()
    page.keyboard.press("Escape")
    wrench(page, "No Shows")
    row(page, booked).get_by_role("button", name=re.compile("Restore")).click()
    page.get_by_role("dialog").get_by_role("button", name="Confirm").click()
    page.get_by_role("link", name="Show on calendar").click()

    expect(page.get_by_role("link", name=re.compile(booked.patient)).locator("visible=true").first).to_be_visible()


def test_without_a_card_the_dialog_says_why_no_fee_is_offered(visit: Visit, signed_in_page: SignedIn) -> None:
    booked, page = visit(""), signed_in_page()

    open_panel(page, booked).get_by_role("button", name="Mark As No-Show").click()
    dialog = page.get_by_role("dialog", name="Mark As No-Show")
    expect(dialog.get_by_text("Not offered: no card was given for this appointment")).to_be_visible()
    expect(dialog.get_by_role("radio", name=re.compile("Charge the cancellation fee"))).to_be_disabled()
    dialog.get_by_role("button", name="Confirm").click()

    expect(page.locator("dialog[open]").get_by_text("No fee can be charged")).to_be_visible()


def test_nothing_is_chosen_in_advance_and_confirm_asks_for_it(visit: Visit, signed_in_page: SignedIn) -> None:
    booked, page = visit("visa"), signed_in_page()

    open_panel(page, booked).get_by_role("button", name="Mark As No-Show").click()
    dialog = page.get_by_role("dialog", name="Mark As No-Show")
    dialog.get_by_label("Note").fill("Called 11:16, voicemail full")
    dialog.get_by_role("button", name="Confirm").click()

    expect(dialog.get_by_text("Choose whether to charge the fee.")).to_be_visible()
    expect(dialog.get_by_label("Note")).to_have_value("Called 11:16, voicemail full")


def test_a_declined_card_is_told_with_its_reason_and_restoring_ends_the_fee(visit: Visit, signed_in_page: SignedIn) -> None:
    booked, page = visit("chargeDeclinedInsufficientFunds"), signed_in_page()

    result = mark(page, booked, "Charge")
    expect(result.get_by_text("Insufficient funds. Nothing was charged.")).to_be_visible(timeout=15_000)
    expect(result.get_by_role("radio", name="Retry Visa ••9995")).not_to_be_checked()
    result.get_by_role("button", name="Leave unpaid for now").click()
    panel = page.locator("#drawer")
    panel.get_by_role("button", name="Restore").click()
    page.get_by_role("dialog").get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("link", name="Show on calendar")).to_be_visible()
    page.goto("/sales/")
    page.get_by_role("row").filter(has_text=booked.patient).get_by_role("link", name=re.compile("INV-")).click()

    expect(page.locator("h1 [data-status=cancelled]")).to_be_visible(timeout=15_000)
    expect(page.get_by_text("Credit note CN-", exact=False).first).to_be_visible()


def test_a_card_that_the_bank_asks_about_needs_the_patient(visit: Visit, signed_in_page: SignedIn) -> None:
    booked, page = visit("authenticationRequired"), signed_in_page()

    result = mark(page, booked, "Charge")

    expect(result.get_by_text(re.compile("bank asks for confirmation|Payment link sent, not paid yet")).first).to_be_visible(timeout=15_000)


def test_two_desks_at_once_and_the_second_is_told_who_did_it(visit: Visit, signed_in_page: SignedIn) -> None:
    booked, first, second = visit("visa"), signed_in_page(), signed_in_page(Role.MANAGER)
    for page in (first, second):
        open_panel(page, booked).get_by_role("button", name="Mark As No-Show").click()
        page.get_by_role("dialog").get_by_role("radio", name=re.compile("Don’t charge")).check()

    first.get_by_role("dialog").get_by_role("button", name="Confirm").click()
    expect(first.locator("dialog[open]").get_by_text("$75.00 not charged")).to_be_visible()
    second.get_by_role("dialog", name="Mark As No-Show").get_by_role("button", name="Confirm").click()

    expect(second.locator("dialog[open]").get_by_text("Already No-show: Odette Farnley marked it")).to_be_visible()


def test_a_time_taken_meanwhile_is_told_and_nothing_changes_until_a_choice(visit: Visit, signed_in_page: SignedIn) -> None:
    booked, page = visit("visa"), signed_in_page()
    mark(page, booked, "Don’t charge").get_by_role("button", name="Done").click()
    rival = visit("", like=booked)

    page.goto("/appointments/no-shows/")
    expect(row(page, booked).get_by_text(f"Taken by {rival.patient}")).to_be_visible()
    row(page, booked).get_by_role("button", name=re.compile("Restore")).click()
    dialog = page.get_by_role("dialog", name="Restore this appointment?")
    dialog.get_by_role("button", name="Confirm").click()
    expect(dialog.get_by_role("alert")).to_have_text("Choose where it should go.")
    dialog.get_by_role("radio", name=re.compile("Same time, side by side")).check()
    dialog.get_by_role("button", name="Confirm").click()
    page.get_by_role("link", name="Show on calendar").click()

    for patient in (booked.patient, rival.patient):
        expect(page.get_by_role("link", name=re.compile(patient)).locator("visible=true").first).to_be_visible()


def test_a_patient_accepts_and_gives_a_card_on_her_own_phone(visit: Visit, signed_in_page: SignedIn, open_page: OpenPage) -> None:
    booked, desk, phone = visit("", days=1), signed_in_page(), open_page(PHONE)
    panel = open_panel(desk, booked)
    panel.get_by_role("button", name="Show QR code").click()
    expect(panel.get_by_role("img", name=re.compile("QR code"))).to_be_visible()

    phone.goto(panel.locator("[data-copy]").get_attribute("data-copy") or "")
    phone.get_by_role("button", name="Continue to card").click()
    expect(phone.get_by_text("Tick this to go on.")).to_be_visible()
    phone.get_by_role("checkbox", name=re.compile("I accept")).check()
    phone.get_by_role("button", name="Continue to card").click()
    for label, typed in {"Card number": "4242 4242 4242 4242", "Expiry": "12/31", "CVC": "123", "Name on card": booked.patient}.items():
        phone.get_by_label(label).fill(typed)
    phone.get_by_role("button", name="Save card").click()

    expect(phone.get_by_role("heading", name=re.compile("Thank you"))).to_be_visible()
    expect(panel.get_by_text(re.compile(r"Policy v\d+ accepted, \$75.00 fee"))).to_be_visible(timeout=10_000)
    expect(panel.get_by_text("Visa ••4242")).to_be_visible()


def test_before_its_day_the_action_is_disabled_and_says_when_it_opens(visit: Visit, signed_in_page: SignedIn) -> None:
    booked, page = visit("visa", days=3), signed_in_page()

    button = open_panel(page, booked).get_by_role("button", name="Mark As No-Show")

    expect(button).to_have_attribute("aria-disabled", "true")
    expect(button).to_have_accessible_description(re.compile(f"open on the day of the appointment, .*{booked.on.day}"))


def test_checking_in_treating_completing_and_back(visit: Visit, signed_in_page: SignedIn) -> None:
    booked, page = visit("visa"), signed_in_page()
    panel = open_panel(page, booked)

    for button, shown in {
        "Check in": "Arrived",
        "Start treatment": "In treatment",
        "Complete": "Completed",
        "Reopen": "In treatment",
        "Undo check-in": "Needs an outcome",
    }.items():
        panel.get_by_role("button", name=button, exact=True).click()
        expect(panel.locator(".chip").first).to_have_text(shown)
