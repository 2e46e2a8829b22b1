"""A deposit: a patient pays it on her phone while she books, the desk sees it, and cancelled in time it goes back to her card."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from kept.policies.document import Ask, Document, Kind, Row, Step, Sum
from kept.practice.rules import Role
from tests.journeys.conftest import PHONE, Installation, OpenPage
from tests.journeys.test_online import HERE, details
from tests.journeys.visits import in_force

A_TIME = re.compile(r"^\d+:\d\d [AP]M$")
CARD = {"Card number": "4242 4242 4242 4242", "Expiry": "12/31", "CVC": "123", "Name on card": "Eudora"}


@pytest.fixture
def deposit_asked(installation: Installation) -> Iterator[None]:
    """As long as the journey goes: booking asks for a deposit of $50.00, which goes back where the visit is cancelled in time."""
    missed = Step(kinds=(Kind.NO_SHOW,), pays=Sum(minor=7500))
    with in_force(installation.juniper, Document(rows=(Row(steps=(missed,)),), asks=(Ask(deposit=Sum(minor=5000)),))):
        yield


def test_a_patient_pays_a_deposit_and_has_it_back_when_she_cancels_in_time(
    deposit_asked: None, open_page: OpenPage, signed_in_page: Callable[..., Page], no_barriers: Callable[[Page], None]
) -> None:
    hers, desk = open_page(PHONE), signed_in_page(Role.MANAGER)
    hers.goto(HERE)
    hers.get_by_role("checkbox", name=re.compile("Lip filler")).check()
    hers.get_by_role("button", name="Continue").click()
    hers.get_by_role("link", name="Later days").click()
    hers.get_by_role("link", name=A_TIME).last.click()
    details(hers, "Eudora")
    expect(hers.get_by_text("You pay $50.00 now.")).to_be_visible()
    no_barriers(hers)
    hers.get_by_role("button", name="Continue to pay $50.00").click()
    for label, typed in CARD.items():
        hers.get_by_label(label).fill(typed)
    hers.get_by_role("button", name="Pay 50.00 USD").click()
    expect(hers.get_by_role("heading", name="Thank you, Eudora")).to_be_visible()
    expect(hers.get_by_text("Your deposit of $50.00 is paid.")).to_be_visible()
    no_barriers(hers)

    desk.goto("/patients/?q=Eudora")
    desk.get_by_role("link", name="Eudora Nightshade").first.click()
    desk.locator("main a[href^='/appointments/0']").locator("visible=true").first.click()
    expect(desk.get_by_text("$50.00 to be credited at the till.")).to_be_visible()
    no_barriers(desk)
    desk.get_by_role("link", name="$50.00", exact=True).click()
    expect(desk.get_by_text("Appointment deposit").first).to_be_visible()
    invoice = desk.url

    hers.get_by_role("link", name="Change or cancel").click()
    hers.get_by_role("link", name=re.compile("Cancel")).first.click()
    no_barriers(hers)
    hers.get_by_role("button", name=re.compile("Cancel")).click()
    expect(hers.get_by_text("It is cancelled.")).to_be_visible()
    no_barriers(hers)

    desk.goto(invoice)
    expect(desk.get_by_text("Refunded").first).to_be_visible(timeout=30_000)
    desk.goto("/sales/?q=Eudora&status=refunded")
    expect(desk.get_by_role("row", name=re.compile("Eudora Nightshade"))).to_contain_text("Refunded")
    no_barriers(desk)
