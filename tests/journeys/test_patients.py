"""Patients: found while typing, looked after on their page, and found again from the top bar."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from kept.ops.cast import PASSWORD
from kept.ops.people import JUNIPER
from kept.practice.rules import Role
from tests.journeys.conftest import DESKTOP, PHONE, sign_in
from tests.journeys.visits import Booked

Visit = Callable[..., Booked]
SignedIn = Callable[..., Page]
SIZES = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])


def toast(page: Page, text: str) -> None:
    expect(page.locator("#toasts").get_by_text(text)).to_be_visible()


@SIZES
def test_a_slip_finds_her_and_her_record_is_kept(visit: Visit, signed_in_page: SignedIn, size: tuple[int, int]) -> None:
    booked = visit("visa", days=1)
    page = signed_in_page(Role.MANAGER, size)
    first, _, last = booked.patient.partition(" ")
    page.goto("/patients/")

    page.get_by_role("searchbox", name="Find a patient", exact=True).press_sequentially(f"{last.lower()} {first[0]}x{first[2:]}", delay=20)
    expect(page.get_by_text("Spelled nearly so:")).to_be_visible()
    assert "q=" in page.url
    page.get_by_role("link", name=booked.patient).locator("visible=true").click()
    expect(page.get_by_role("heading", name=booked.patient)).to_be_visible()
    address = page.url

    email = page.get_by_role("link", name=f"{last.lower()}@example.com")
    expect(email).to_be_hidden()
    page.get_by_text("Show").click()
    expect(email).to_be_visible()

    page.get_by_role("button", name="Edit").click()
    page.get_by_label("Phone").fill("none")
    page.get_by_label("Alert").fill("Faints at needles")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Enter a phone number")).to_be_visible()
    page.get_by_label("Phone").fill("(555) 010-9876")
    page.get_by_role("button", name="Save").click()
    toast(page, "Saved.")
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.locator(".note").get_by_text("Faints at needles")).to_be_visible()

    page.get_by_role("button", name="Add a note").click()
    page.get_by_role("textbox", name="Note").fill("Parks at the back.")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("#patient").get_by_text("Parks at the back.")).to_be_visible()

    page.get_by_role("button", name="Take off").click()
    expect(page.get_by_text("1 booked appointment relies on it.")).to_be_visible()
    page.locator("dialog").get_by_role("button", name="Take off").click()
    expect(page.get_by_text("No card on file.")).to_be_visible()

    page.get_by_role("link", name="History").click()
    expect(page.get_by_text("Phone, Alert changed")).to_be_visible()
    page.goto(f"/appointments/{booked.id}/")
    expect(page.get_by_role("dialog").get_by_text("Faints at needles")).to_be_visible()
    expect(page.get_by_role("dialog").get_by_text("Visa ••4242").first).to_be_visible()

    page.goto(address)
    page.get_by_role("link", name="Book", exact=True).click()
    expect(page.get_by_text("Faints at needles").locator("visible=true")).to_be_visible()


def test_two_desks_at_once_lose_nothing(visit: Visit, signed_in_page: SignedIn) -> None:
    booked = visit("")
    here, there = signed_in_page(), signed_in_page(Role.MANAGER)
    for page in (here, there):
        page.goto(f"/patients/?q={booked.patient}")
        page.get_by_role("link", name=booked.patient).locator("visible=true").click()
        page.get_by_role("button", name="Edit").click()
        expect(page.get_by_label("Phone")).to_be_visible()

    there.get_by_label("Phone").fill("(555) 010-1111")
    there.get_by_role("button", name="Save").click()
    toast(there, "Saved.")
    here.get_by_label("Phone").fill("(555) 010-2222")
    here.get_by_role("button", name="Save").click()

    expect(here.get_by_text("Phone is now (555) 010-1111.")).to_be_visible()
    expect(here.get_by_label("Phone")).to_have_value("(555) 010-2222")
    here.get_by_role("button", name="Save").click()
    toast(here, "Saved.")
    expect(here.get_by_role("link", name="(555) 010-2222")).to_be_visible()


def test_the_top_bar_finds_by_keys_alone(visit: Visit, signed_in_page: SignedIn) -> None:
    booked = visit("")
    page = signed_in_page(Role.MANAGER)
    page.goto("/patients/")

    page.keyboard.press("/")
    page.keyboard.type(f"{booked.patient}\n")
    page.wait_for_url("**/search/**")
    page.get_by_role("searchbox", name="Find a patient, invoice or appointment").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=booked.patient)).to_be_visible()

    page.keyboard.press("g")
    page.keyboard.press("p")
    page.wait_for_url("**/patients/")
    page.keyboard.press("/")
    page.keyboard.type(f"{booked.number}\n")
    page.wait_for_url("**/appointments/*/")


def test_somebody_new_is_compared_with_who_is_there(visit: Visit, signed_in_page: SignedIn) -> None:
    booked = visit("")
    first, _, last = booked.patient.partition(" ")
    page = signed_in_page()
    page.goto("/patients/")

    page.get_by_role("button", name="New patient").click()
    page.get_by_label("First name").fill(first)
    page.get_by_label("Last name").fill(last)
    page.get_by_role("button", name="Add patient").click()
    expect(page.get_by_text("Here already?")).to_be_visible()
    page.get_by_role("button", name="Add all the same").click()

    expect(page.get_by_role("heading", name=booked.patient)).to_be_visible()
    expect(page.get_by_text("No appointments yet")).to_be_visible()


@SIZES
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_screen_of_patients_has_a_barrier(
    chromium: Browser, desk_url: str, visit: Visit, no_barriers: Callable[[Page], None], size: tuple[int, int], scheme: str
) -> None:
    booked = visit("visa")
    context = chromium.new_context(
        base_url=desk_url, viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    sign_in(page, JUNIPER.email(Role.MANAGER), PASSWORD)
    page.wait_for_url("**/appointments/**")

    for address in (
        "/patients/",
        "/patients/?q=xyzzyx",
        "/patients/?q=solbrok",
        f"/search/?q={booked.patient}",
        f"/search/?q={booked.number}",
    ):
        page.goto(address)
        no_barriers(page)
    page.goto(f"/patients/?q={booked.patient}")
    page.get_by_role("link", name=booked.patient).locator("visible=true").click()
    expect(page.get_by_role("heading", name=booked.patient)).to_be_visible()
    sections = page.get_by_role("navigation", name=booked.patient).get_by_role("link")
    for section in [link.get_attribute("href") or "" for link in sections.all()]:
        page.goto(section)
        no_barriers(page)
        assert page.evaluate("document.documentElement.scrollWidth") == size[0]
    page.goto("/patients/")
    page.get_by_text("Any attendance").click()
    no_barriers(page)
    page.get_by_role("button", name="New patient").click()
    page.get_by_role("button", name="Add patient").click()
    expect(page.get_by_text("Enter at least a first name.")).to_be_visible()
    no_barriers(page)
    context.close()
