"""Booking at the desk: somebody new, two services, a room that is taken, the card given on her own phone."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from itertools import count

import pytest
from django.db import OperationalError
from playwright.sync_api import Locator, Page, expect

import kept.scheduling.transitions.booking as booking
from kept.foundation import clock
from kept.foundation.scope import scope
from kept.ops import cast
from kept.ops.people import JUNIPER
from kept.practice.models import Resource
from kept.practice.rules import Role
from tests.journeys.conftest import DESKTOP, PHONE, Installation, OpenPage

SignedIn = Callable[..., Page]
weeks = count(6)


@pytest.fixture
def thursday(installation: Installation) -> date:
    """A Thursday beyond the sample, its own for each test; Room 2 is taken by Linnea Ostrander from 10:00 to 11:15 AM."""
    for _try in range(5):
        try:
            return _taken(installation)
        except OperationalError:  # the sample's history is still being written, and holds the same locks
            continue
    return _taken(installation)


def _taken(installation: Installation) -> date:
    with scope(installation.juniper.practice.id, actor="test", source="journey"):
        house = cast.house(JUNIPER)
        clinic = house.clinics["Elm Street"]
        today = clinic.local_date(clock.now())
        on = today + timedelta(days=(3 - today.weekday()) % 7, weeks=next(weeks))
        opening, _closing = clinic.hours(on)
        booking.book(
            clinic=clinic,
            provider=house.providers["Mateo Quillaro"],
            patient=next(each for each in house.patients if each.name == "Linnea Ostrander"),
            services=[house.services["PRP facial"]],
            starts_at=opening + timedelta(hours=1),
            resources=[Resource.objects.get(clinic=clinic, name="Room 2")],
            by=house.members[Role.FRONT_DESK],
            at=clock.now(),
        )
    return on


def choose(page: Page, field: str, typed: str, option: str) -> None:
    """Type into a search and take what it finds, by keys alone."""
    page.get_by_role("combobox", name=field).press_sequentially(typed)
    expect(page.get_by_role("option", name=re.compile(option))).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")


def give_card(phone: Page, address: str, name: str) -> None:
    phone.goto(address)
    phone.get_by_role("checkbox", name=re.compile("I accept")).check()
    phone.get_by_role("button", name="Continue to card").click()
    for label, typed in {"Card number": "4242 4242 4242 4242", "Expiry": "12/31", "CVC": "123", "Name on card": name}.items():
        phone.get_by_label(label).fill(typed)
    phone.get_by_role("button", name="Save card").click()
    expect(phone.get_by_role("heading", name=re.compile("Thank you"))).to_be_visible()


def taken_room(page: Page) -> Locator:
    return page.get_by_role("alert").filter(has_text="Room 2 is taken until 11:15 AM. Linnea Ostrander is in it with Mateo Quillaro.")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_somebody_new_is_booked_and_gives_her_card(
    thursday: date,
    signed_in_page: SignedIn,
    open_page: OpenPage,
    no_barriers: Callable[[Page], None],
    size: tuple[int, int],
) -> None:
    page, phone, surname = signed_in_page(Role.FRONT_DESK, size), open_page(PHONE), "Ashdown" if size == DESKTOP else "Brambleby"
    page.goto(f"/appointments/?date={thursday}")
    drawer = page.locator("#drawer")
    page.get_by_role("button", name="New appointment").click()
    expect(page.get_by_role("combobox", name="Patient")).to_be_focused()

    page.get_by_role("combobox", name="Patient").press_sequentially("renata solbrok")
    expect(page.get_by_role("option", name=re.compile("New patient ‘Renata Solbrok’"))).to_be_visible()
    page.keyboard.press("ArrowUp")  # from the first to the last
    page.keyboard.press("Enter")
    expect(page.get_by_text("Here already?")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text=re.compile("Renata Solbrook .* similar name"))).to_be_visible()
    no_barriers(page)
    drawer.get_by_label("First name").fill("Verity")
    drawer.get_by_label("Last name").fill(surname)
    drawer.get_by_label("Phone").fill(f"(555) 09{size[0]}")
    drawer.get_by_label("Email").fill(f"verity.{surname}@example.com")
    page.get_by_role("button", name=re.compile("^Add")).click()
    expect(page.get_by_text("first visit · no card on file")).to_be_visible()

    choose(page, "Add a service", "prp f", "PRP facial")
    expect(page.get_by_role("button", name="Remove PRP facial")).to_be_visible()
    choose(page, "Add a service", "prp h", "PRP hair restoration")
    expect(page.get_by_role("button", name="Remove PRP hair restoration")).to_be_visible()
    drawer.get_by_label("Provider").select_option("Priya Ramsethi, PA-C")
    drawer.get_by_label("Time").fill("10:00")
    drawer.get_by_label("Note").fill("Prefers the quiet room")
    drawer.get_by_label("Room").select_option("Room 2")
    expect(taken_room(page)).to_be_visible()
    expect(page.get_by_role("button", name="Book", exact=True)).to_have_attribute("aria-disabled", "true")
    expect(drawer.get_by_label("Note")).to_have_value("Prefers the quiet room")
    no_barriers(page)

    page.get_by_role("button", name="Room 1, free").click()
    expect(taken_room(page)).to_have_count(0)
    expect(drawer.get_by_label("Note")).to_have_value("Prefers the quiet room")
    page.get_by_role("button", name="Book", exact=True).click()

    expect(drawer.get_by_role("heading", name=f"Verity {surname}")).to_be_visible()
    expect(drawer.get_by_text("Awaiting card")).to_be_visible()
    expect(drawer.get_by_text("Elm Street · Room 1")).to_be_visible()
    expect(drawer.get_by_role("img", name="QR code of the card page for Verity")).to_be_visible()
    expect(drawer.get_by_text("Link emailed")).to_be_visible(timeout=15_000)
    no_barriers(page)

    give_card(phone, drawer.locator("[data-copy]").get_attribute("data-copy") or "", f"Verity {surname}")
    expect(drawer.get_by_text(re.compile(r"Policy v\d+ accepted, \$75.00 fee"))).to_be_visible(timeout=15_000)
    expect(drawer.get_by_text("Awaiting card")).to_have_count(0)
    page.reload()
    expect(drawer.get_by_role("heading", name=f"Verity {surname}")).to_be_visible()


def test_without_script_the_same_form_books(thursday: date, chromium: object, desk_url: str, signed_in_page: SignedIn) -> None:
    signed_in = signed_in_page()
    context = signed_in.context.browser.new_context(
        base_url=desk_url, java_script_enabled=False, storage_state=signed_in.context.storage_state()
    )  # type: ignore[union-attr]
    page = context.new_page()
    page.goto(f"/appointments/new/?date={thursday}&start=14:00")

    page.get_by_label("Patient", exact=True).fill("aveline")
    page.keyboard.press("Enter")
    page.get_by_role("option", name=re.compile("Aveline Prowse")).click()
    page.get_by_label("Add a service").fill("consul")
    page.keyboard.press("Enter")
    page.get_by_role("option", name=re.compile("Consultation")).click()
    page.locator("#drawer").get_by_label("Provider").select_option("Tess Marrowby, NP")
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.get_by_text(re.compile("Books .*2:00–2:30 PM"))).to_be_visible()
    page.get_by_role("button", name="Book", exact=True).click()

    expect(page.locator("#drawer").get_by_role("heading", name="Aveline Prowse")).to_be_visible()
    context.close()
