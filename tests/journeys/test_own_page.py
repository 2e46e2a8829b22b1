"""The patient's own page, from the mail: she books on a phone with a card, moves it free, cancels it late for the fee that she is shown,
and the desk sees each step."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from kept.policies.document import Document, HoursBefore, Kind, Row, Step, Sum
from tests.journeys.conftest import PHONE, Installation, OpenPage
from tests.journeys.test_online import HERE, details
from tests.journeys.visits import in_force

TWO_MONTHS = HoursBefore(hours=60 * 24)
A_TIME = re.compile(r"^\d+:\d\d [AP]M$")


@pytest.fixture
def cancelling_costs(installation: Installation) -> Iterator[None]:
    """As long as the journey goes: missing a visit costs $75.00, cancelling it in its last two months $30.00, moving it nothing."""
    late = Step(kinds=(Kind.LATE_CANCEL,), notice=TWO_MONTHS, pays=Sum(minor=3000))
    missed = Step(kinds=(Kind.NO_SHOW,), pays=Sum(minor=7500))
    with in_force(installation.juniper, Document(rows=(Row(steps=(late, missed)),), free_hours=0)):
        yield


def test_a_patient_books_moves_it_free_and_cancels_it_late_and_the_desk_sees_each_step(
    cancelling_costs: None,
    open_page: OpenPage,
    signed_in_page: Callable[..., Page],
    mail_folder: Path,
    no_barriers: Callable[[Page], None],
) -> None:
    hers, desk = open_page(PHONE), signed_in_page()
    hers.goto(HERE)
    hers.get_by_role("checkbox", name=re.compile("Lip filler")).check()
    hers.get_by_role("button", name="Continue").click()
    hers.get_by_role("link", name="Later days").click()
    hers.get_by_role("link", name=A_TIME).last.click()
    details(hers, "Clementia")
    hers.get_by_role("button", name="Continue to card").click()
    for label, typed in {"Card number": "4242 4242 4242 4242", "Expiry": "12/31", "CVC": "123", "Name on card": "Clementia"}.items():
        hers.get_by_label(label).fill(typed)
    hers.get_by_role("button", name="Save card").click()
    expect(hers.get_by_role("heading", name="Thank you, Clementia")).to_be_visible()

    hers.goto(link_to_her(mail_folder, hers))
    expect(hers.get_by_text("Cancelling now costs $30.00")).to_be_visible()
    no_barriers(hers)
    hers.get_by_role("link", name=re.compile("Change time.*free")).click()
    hers.get_by_role("link", name=A_TIME).first.click()
    expect(hers.get_by_text("Changing it is free.")).to_be_visible()
    hers.get_by_role("button", name="Change to this time").click()
    expect(hers.get_by_role("link", name=re.compile("Cancel.*30.00 fee"))).to_be_visible()
    desk.goto("/patients/?q=Clementia")
    desk.get_by_role("link", name="Clementia Nightshade").first.click()
    desk.locator("main a[href^='/appointments/0']").locator("visible=true").first.click()
    expect(desk.get_by_text(re.compile("Moved")).first).to_be_visible()

    hers.get_by_role("link", name=re.compile("Cancel.*30.00 fee")).click()
    expect(hers.get_by_role("heading", name="Cancel for $30.00?")).to_be_visible()
    no_barriers(hers)
    hers.get_by_role("checkbox", name=re.compile("cancelling now costs")).check()
    hers.get_by_role("button", name="Cancel and pay $30.00").click()
    expect(hers.get_by_text("It is cancelled.")).to_be_visible()

    expect(desk.get_by_text("$30.00 charged to Visa ••4242").first).to_be_visible(timeout=30_000)


def link_to_her(mail_folder: Path, page: Page) -> str:
    """Of the confirmation, once it has come."""
    for _wait in range(60):
        for letter in sorted(mail_folder.glob("*")):
            text = letter.read_text().replace("=\n", "").replace("=3D", "=")
            if "To: clementia@example.com" in text and (found := re.search(r"http\S+/manage/\S+", text)):
                return found[0]
        page.wait_for_timeout(500)
    raise AssertionError("no confirmation came")
