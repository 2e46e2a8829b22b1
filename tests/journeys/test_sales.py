"""Finding the money again: an unpaid invoice collected, paid back in part and printed; fees decided later; the cancelled restored."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from kept.foundation.scope import scope
from kept.ops.cast import PASSWORD
from kept.ops.people import JUNIPER
from kept.practice.models import Settings
from kept.practice.rules import Role
from tests.journeys.conftest import DESKTOP, PHONE, Installation, OpenPage, sign_in
from tests.journeys.test_the_main_job import mark, open_panel, row, wrench
from tests.journeys.visits import Booked, again

Visit = Callable[..., Booked]
SignedIn = Callable[..., Page]
TABLET = (1024, 768)


def invoice_of(page: Page, booked: Booked) -> None:
    """Sales > search for the patient > her invoice."""
    page.goto("/sales/")
    page.get_by_role("searchbox", name="Find an invoice").fill(booked.patient)
    page.keyboard.press("Enter")
    page.get_by_role("link", name=re.compile("INV-")).locator("visible=true").first.click()
    expect(page.get_by_text("Appointment Cancellation/Rescheduling Charges")).to_be_visible()


def act(page: Page, name: str) -> Locator:
    """Its dialog."""
    page.locator("#invoice").get_by_role("button", name=name, exact=True).click()
    return page.locator("dialog[open]")


def unpaid(page: Page, booked: Booked) -> None:
    """Marked, and the card declined."""
    result = mark(page, booked, "Charge")
    expect(result.get_by_text("Insufficient funds. Nothing was charged.")).to_be_visible(timeout=15_000)
    result.get_by_role("button", name="Leave unpaid for now").click()


def test_declined_then_paid_with_another_card_and_a_part_paid_back(visit: Visit, signed_in_page: SignedIn, open_page: OpenPage) -> None:
    booked, page, phone = visit("chargeDeclinedInsufficientFunds"), signed_in_page(Role.MANAGER), open_page(PHONE)
    unpaid(page, booked)
    invoice_of(page, booked)
    page.get_by_role("button", name="Retry Visa ••9995").click()
    expect(page.get_by_text("Card declined")).to_have_count(2, timeout=15_000)

    act(page, "Send payment link").get_by_role("button", name="Confirm").click()
    link = page.locator("dialog[open] [data-copy]")
    phone.goto(link.get_attribute("data-copy") or "")
    phone.get_by_role("button", name="Use another card").click()
    for label, typed in {"Card number": "5555 5555 5555 4444", "Expiry": "12/31", "CVC": "123", "Name on card": booked.patient}.items():
        phone.get_by_label(label).fill(typed)
    phone.get_by_role("button", name="Save card").click()
    phone.get_by_role("button", name="Pay $75.00 with Mastercard ••4444").click()
    expect(phone.get_by_text("$75.00 is paid.")).to_be_visible(timeout=15_000)
    expect(page.locator("dialog[open]").get_by_text("$75.00 charged to Mastercard ••4444")).to_be_visible(timeout=15_000)
    page.locator("dialog[open]").get_by_role("button", name="Done").click()

    refund = act(page, "Refund")
    refund.get_by_label("Refund amount").fill("25")
    expect(refund.get_by_role("radio", name="Part of it")).to_be_checked()
    refund.get_by_label("Reason").select_option("Goodwill")
    refund.get_by_role("button", name="Confirm").click()
    expect(page.locator("h1 [data-status=part_refunded]")).to_be_visible(timeout=15_000)
    page.get_by_role("button", name="Send receipt").click()
    expect(page.get_by_text("Receipt sent by e-mail").first).to_be_visible(timeout=15_000)

    page.get_by_role("link", name="Print").click()
    expect(page.get_by_role("heading", name="Receipt")).to_be_visible()
    expect(page.get_by_text(re.compile("Paid with Mastercard ••4444"))).to_be_visible()
    expect(page.get_by_text(re.compile("^Refunded"))).to_be_visible()
    expect(page.get_by_role("banner")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.get_by_role("banner")).to_be_hidden()


def test_paid_in_cash_it_is_never_said_to_be_charged_to_a_card(visit: Visit, signed_in_page: SignedIn) -> None:
    booked, page = visit("chargeDeclinedInsufficientFunds"), signed_in_page()
    unpaid(page, booked)
    invoice_of(page, booked)

    dialog = act(page, "Record payment")
    dialog.get_by_role("button", name="Confirm").click()
    expect(dialog.get_by_text("Choose how it was paid.")).to_be_visible()
    dialog.get_by_role("radio", name="Cash").check()
    dialog.get_by_role("button", name="Confirm").click()
    expect(page.locator("h1 [data-status=balanced]")).to_be_visible(timeout=15_000)

    page.goto(f"/appointments/{booked.id}/")
    expect(page.locator("#drawer").get_by_text("$75.00 paid in cash").first).to_be_visible()
    page.keyboard.press("Escape")
    wrench(page, "No Shows")
    expect(row(page, booked).get_by_text("Paid")).to_be_visible()


@pytest.fixture
def breathing_space(installation: Installation) -> Iterator[None]:
    """A fee waits two hours, as long as the journey goes."""

    def set_to(minutes: int) -> None:
        def change() -> None:
            with scope(installation.juniper.practice.id, actor="test", source="journey"):
                Settings.objects.update(breathing_space_minutes=minutes)

        again(change)

    set_to(120)
    yield
    set_to(0)


@pytest.mark.usefixtures("breathing_space")
def test_r7b_a_fee_waits_is_spared_taken_back_and_charged(visit: Visit, signed_in_page: SignedIn) -> None:
    booked, page = visit("visa"), signed_in_page()
    result = mark(page, booked, "Charge the \\$75.00 cancellation fee to Visa ••4242")
    expect(result.get_by_text(re.compile(r"\$75.00 is charged"))).to_be_visible()
    result.get_by_role("button", name="Done").click()
    panel = page.locator("#drawer")
    expect(panel.locator("[data-fee=waiting]")).to_be_visible()

    def decide(button: str, **typed: str) -> None:
        panel.get_by_role("button", name=button, exact=True).click()
        dialog = page.locator("dialog[open]")
        for label, text in typed.items():
            dialog.get_by_label(label.replace("_", " ")).fill(text)
        dialog.get_by_role("button", name="Confirm").click()

    decide("Spare", Fee_reason="Illness")
    expect(panel.locator("[data-fee=spared]")).to_be_visible()
    decide("Undo sparing")
    expect(panel.locator("[data-fee=undecided]")).to_be_visible()
    decide("Charge $75.00")
    page.locator("dialog[open]").get_by_role("button", name="Done").click()
    expect(panel.locator("[data-fee=waiting]")).to_be_visible()
    decide("Charge now")
    expect(page.locator("dialog[open]").get_by_text("$75.00 charged to Visa ••4242")).to_be_visible(timeout=15_000)


def test_r13_a_cancelled_visit_is_found_and_restored(visit: Visit, signed_in_page: SignedIn) -> None:
    booked, page = visit("", days=2), signed_in_page()
    open_panel(page, booked).get_by_role("button", name="Cancel", exact=True).click()
    dialog = page.get_by_role("dialog", name="Cancel appointment")
    dialog.get_by_role("radio", name="The clinic").check()
    dialog.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text(re.compile("^Cancelled. .* is free again."))).to_be_visible()
    page.keyboard.press("Escape")

    wrench(page, "Cancelled")
    row(page, booked).get_by_role("button", name=re.compile("Restore")).click()
    page.get_by_role("dialog", name="Restore this appointment?").get_by_role("button", name="Confirm").click()
    page.get_by_role("link", name="Show on calendar").click()

    expect(page.get_by_role("link", name=re.compile(booked.patient)).locator("visible=true").first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, TABLET, PHONE], ids=["desktop", "tablet", "phone"])
def test_no_screen_of_the_money_has_a_barrier(
    chromium: Browser, desk_url: str, visit: Visit, no_barriers: Callable[[Page], None], size: tuple[int, int], scheme: str
) -> None:
    context = chromium.new_context(
        base_url=desk_url, viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, reduced_motion="reduce"
    )
    page, booked = context.new_page(), visit("chargeDeclinedInsufficientFunds")
    sign_in(page, JUNIPER.email(Role.MANAGER), PASSWORD)
    page.wait_for_url("**/appointments/**")
    result = mark(page, booked, "Charge")
    expect(result.get_by_text("Insufficient funds. Nothing was charged.")).to_be_visible(timeout=15_000)
    no_barriers(page)
    invoice_of(page, booked)
    no_barriers(page)
    for name in ("Record payment", "Void", "Send payment link"):
        act(page, name)
        no_barriers(page)
        page.locator("dialog[open]").get_by_role("button", name="Back").click()
    for address in ("/attention/", "/appointments/cancelled/", "/settings/", "/settings/fees/", "/settings/front-desk/"):
        page.goto(address)
        no_barriers(page)
    context.close()
