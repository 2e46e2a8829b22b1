"""axe on every screen, in both themes, on a desktop and on a phone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from kept.ops.cast import PASSWORD
from kept.ops.people import JUNIPER
from kept.practice.rules import Role
from tests.journeys.conftest import DESKTOP, PHONE, sign_in
from tests.journeys.visits import Booked


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_no_screen_has_a_barrier(
    chromium: Browser,
    desk_url: str,
    visit: Callable[..., Booked],
    no_barriers: Callable[[Page], None],
    size: tuple[int, int],
    scheme: str,
) -> None:
    missed, awaiting = visit("visa"), visit("", days=1)
    context = chromium.new_context(
        base_url=desk_url, viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto("/accounts/login/")
    no_barriers(page)
    sign_in(page, JUNIPER.email(Role.MANAGER), PASSWORD)
    page.wait_for_url("**/appointments/**")

    for address in ("/appointments/", missed.address, f"/appointments/{missed.id}/", "/sales/", "/settings/cancellation-policy/"):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        no_barriers(page)

    page.goto(f"/appointments/{missed.id}/")
    page.get_by_role("button", name="Mark As No-Show").click()
    expect(page.locator("dialog[open]")).to_be_visible()
    no_barriers(page)
    page.get_by_role("radio", name="Charge the $75.00").check()
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator("dialog[open] [data-status=paid]")).to_be_visible(timeout=15_000)
    no_barriers(page)

    page.goto("/appointments/no-shows/")
    no_barriers(page)
    page.locator(f"[data-appointment='{missed.id}'] [role=button]").locator("visible=true").click()
    expect(page.locator("dialog[open]")).to_be_visible()
    no_barriers(page)

    page.goto("/sales/")
    page.get_by_role("link", name="INV-").locator("visible=true").first.click()
    no_barriers(page)
    page.get_by_role("button", name="Refund").first.click()
    expect(page.locator("dialog[open]")).to_be_visible()
    no_barriers(page)

    page.goto(f"/appointments/{awaiting.id}/")
    page.get_by_role("button", name="Show QR code").click()
    expect(page.locator("[data-copy]")).to_be_visible()
    no_barriers(page)
    page.goto(page.locator("[data-copy]").get_attribute("data-copy") or "")
    no_barriers(page)
    context.close()
