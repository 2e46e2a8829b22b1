"""Letters that must arrive: one that came back goes again to the right address, and who has no address gets a text message."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from playwright.sync_api import Page, expect

from kept.foundation import clock
from kept.foundation.scope import scope
from kept.messaging import delivering
from kept.messaging.models import Message
from kept.patients.models import Patient
from kept.scheduling.models import Appointment
from tests.journeys.conftest import PHONE, Installation
from tests.journeys.visits import Booked, again

Visit = Callable[..., Booked]
SignedIn = Callable[..., Page]


def sent(installation: Installation, booked: Booked) -> Message:
    """Its last letter, once the worker has sent it."""
    for _second in range(30):
        with scope(installation.juniper.practice.id, actor="test", source="journey"):
            found = Message.objects.filter(appointment=UUID(booked.id), state=Message.State.SENT).order_by("queued_at").last()
        if found:
            return found
        time.sleep(1)
    raise AssertionError("the worker sent nothing")


def holds(folder: Path, *words: str) -> bool:
    """Whether one of its files has these words, within half a minute."""
    for _second in range(30):
        if any(all(word in file.read_text() for word in words) for file in folder.glob("*")):
            return True
        time.sleep(1)
    return False


def test_a_letter_that_came_back_goes_again_to_the_right_address(
    installation: Installation, visit: Visit, signed_in_page: SignedIn, no_barriers: Callable[[Page], None]
) -> None:
    booked, page = visit("", days=1), signed_in_page()
    page.goto(f"/appointments/{booked.id}/")
    page.get_by_role("button", name="Email the link").click()
    letter = sent(installation, booked)
    with scope(installation.juniper.practice.id, actor="mail:webhook", source="webhook"):
        delivering.arrived(letter.pk, Message.Arrival.UNDELIVERED, code="bounced", at=clock.now())

    page.goto("/attention/")
    lost = page.locator(f"[data-letter='{letter.pk}']")
    expect(lost.get_by_text("The mailbox does not exist or does not take it.")).to_be_visible()
    no_barriers(page)
    lost.get_by_role("link", name=booked.patient).click()
    page.get_by_role("button", name="Edit").click()
    dialog = page.locator("#dialog")
    dialog.get_by_label("Email").fill("the.right.one@example.com")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.", exact=True).last).to_be_visible()
    page.goto("/attention/")
    lost.get_by_role("button", name=re.compile("Send again")).click()

    expect(page.get_by_text("It goes to the.right.one@example.com.")).to_be_visible()
    expect(lost).to_have_count(0)
    assert holds(installation.mail, "To: the.right.one@example.com", "/card/")


def test_who_has_no_address_gets_the_card_link_as_a_text_message(
    installation: Installation, visit: Visit, signed_in_page: SignedIn, no_barriers: Callable[[Page], None]
) -> None:
    booked, page = visit("", days=1), signed_in_page(size=PHONE)

    def without_address() -> None:
        with scope(installation.juniper.practice.id, actor="test", source="journey"):
            patient = Appointment.objects.get(pk=booked.id).patient_id
            Patient.objects.filter(pk=patient).update(email="", phone="(212) 555-0177")

    again(without_address)
    page.goto(f"/appointments/{booked.id}/")
    page.get_by_role("button", name="Text the link").click()
    no_barriers(page)

    assert holds(installation.texts, "To: +12125550177", "please give a card", "/card/", "Reply STOP")
