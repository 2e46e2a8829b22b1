"""axe on every screen and dialog, on a desktop and on a phone: all its rules in the light theme, contrast again in the dark one."""

from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from kept.foundation.scope import scope
from kept.practice.rules import Role
from kept.scheduling.models import Appointment
from tests.journeys.conftest import DESKTOP, PHONE, SERIOUS, Installation
from tests.journeys.visits import Booked

Visit = Callable[..., Booked]
SignedIn = Callable[..., Page]
SIZES = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])

SCREENS = [
    "/appointments/?date={day}",
    "/appointments/?date={day}&view=week",
    "/appointments/?date={day}&view=list&free=1",
    "/appointments/?date=2034-01-01&view=list&status=noshow",
    "/appointments/day-sheet/?date={day}",
    "/appointments/{booked}/",
    "/appointments/new/?date={ahead}&start=14:00",
    "/appointments/no-shows/",
    "/appointments/no-shows/?from=2020-01-01&to=2020-01-02",
    "/appointments/cancelled/",
    "/patients/",
    "/patients/?q=nobodyatall",
    "/patients/{patient}/",
    "/patients/{patient}/appointments/",
    "/patients/{patient}/invoices/",
    "/patients/{patient}/cards/",
    "/patients/{patient}/notes/",
    "/patients/{patient}/messages/",
    "/search/?q=journey",
    "/sales/",
    "/attention/",
    "/settings/",
    "/settings/calendar/",
    "/settings/api-tokens/",
    "/settings/webhooks/",
    "/settings/webhooks/new/",
    "/settings/fees/",
    "/settings/messages/",
    "/settings/messages/no_show/",
    "/settings/messages/texts/",
    "/settings/cancellation-policy/",
    "/practice/",
    "/nowhere/",
]

DIALOGS = {  # what opens it, and where
    "/appointments/?date={day}": ["Block time"],
    "/appointments/{booked}/": ["Mark As No-Show", "Entered in error"],
    "/appointments/{awaiting}/": ["Reschedule", "Cancel"],
    "/patients/": ["New patient"],
    "/patients/{patient}/": ["Edit"],
    "/patients/{patient}/notes/": ["Add a note"],
}


@pytest.fixture
def barriers() -> Iterator[Callable[[Page, str], None]]:
    """`barriers(page, "sales")` looks; what it found anywhere is said at the end, all at once."""
    found: list[tuple[str, str, str]] = []

    def look(page: Page, where: str) -> None:
        for scheme, rules in {"light": None, "dark": ["color-contrast"]}.items():
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            options = {"resultTypes": ["violations"]} | ({"runOnly": rules} if rules else {})
            for violation in Axe().run(page, options=options).response["violations"]:
                if violation["impact"] in SERIOUS:
                    found.append((where, violation["id"], violation["nodes"][0]["html"]))

    yield look
    assert found == []


def opens(page: Page, label: str) -> Locator:
    """The dialog that the button of that name opens, or the entry of the wrench menu."""
    if label == "Block time":
        page.get_by_label("Wrench: appointment tools").click()
    page.locator("[hx-target='#dialog']").filter(has_text=label).locator("visible=true").first.click()
    dialog = page.locator("dialog[open]")
    expect(dialog.get_by_role("heading").first).to_be_visible()
    return dialog


@SIZES
def test_no_screen_and_no_dialog_has_a_barrier(
    installation: Installation,
    visit: Visit,
    signed_in_page: SignedIn,
    barriers: Callable[[Page, str], None],
    size: tuple[int, int],
) -> None:
    booked, ahead = visit("visa"), visit("", days=1)
    with scope(installation.juniper.practice.id, actor="test", source="journey"):
        patient = Appointment.objects.get(pk=booked.id).patient_id
    names = {"day": booked.on, "ahead": ahead.on, "booked": booked.id, "awaiting": ahead.id, "patient": patient}
    page = signed_in_page(Role.MANAGER, size)

    for screen in SCREENS:
        page.goto(screen.format(**names))
        barriers(page, screen)
    for screen, labels in DIALOGS.items():
        for label in labels:
            page.goto(screen.format(**names))
            opens(page, label)
            barriers(page, f"{screen} > {label}")
    if size == DESKTOP:
        page.goto("/appointments/")
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
        barriers(page, "?")


@SIZES
def test_no_step_of_a_fee_and_its_card_has_a_barrier(
    visit: Visit, signed_in_page: SignedIn, barriers: Callable[[Page, str], None], size: tuple[int, int]
) -> None:
    missed, awaiting, page = visit("visa"), visit("", days=1), signed_in_page(Role.MANAGER, size)

    page.goto(f"/appointments/{missed.id}/")
    dialog = opens(page, "Mark As No-Show")
    dialog.get_by_role("button", name="Confirm").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    barriers(page, "nothing chosen")
    dialog.get_by_role("radio", name="Charge the $75.00").check()
    dialog.get_by_role("button", name="Confirm").click()
    expect(dialog.locator("[data-status=paid]")).to_be_visible(timeout=15_000)
    barriers(page, "charged")
    page.goto(f"/appointments/{missed.id}/")
    barriers(page, "its panel")
    page.goto("/appointments/no-shows/")
    page.locator(f"[data-appointment='{missed.id}'] [role=button]").locator("visible=true").click()
    expect(page.get_by_role("dialog", name="Restore this appointment?")).to_be_visible()
    barriers(page, "restore")
    page.goto(f"/appointments/{missed.id}/")
    page.get_by_role("link", name="View invoice").click()
    barriers(page, "invoice")
    opens(page, "Refund")
    barriers(page, "refund")

    page.goto(f"/appointments/{awaiting.id}/")
    page.get_by_role("button", name="Show QR code").click()
    expect(page.locator("[data-copy]")).to_be_visible()
    barriers(page, "QR code")
    page.goto(page.locator("[data-copy]").get_attribute("data-copy") or "")
    barriers(page, "card page")


@SIZES
def test_signing_in_has_no_barrier(open_page: Callable[..., Page], barriers: Callable[[Page, str], None], size: tuple[int, int]) -> None:
    page = open_page(size)

    page.goto("/accounts/login/")
    barriers(page, "sign in")
    page.get_by_label("Email").fill("nobody@example.com")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    barriers(page, "refused")
