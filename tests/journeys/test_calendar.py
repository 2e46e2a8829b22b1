"""The calendar: dragging, moving by keys, a free time, two desks, privacy, the list of keys."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import APIResponse, Locator, Page, Route, expect

from kept.practice.rules import Role
from tests.journeys.conftest import DESKTOP, PHONE
from tests.journeys.visits import Booked

Visit = Callable[..., Booked]
SignedIn = Callable[..., Page]
AN_HOUR = 88  # px
TURN = 10_000  # ms: a desk asks every five seconds


def card(page: Page, booked: Booked) -> Locator:
    return page.locator(f".appt:has(a.who[href='/appointments/{booked.id}/'])").locator("visible=true")


def drag_down(page: Page, booked: Booked, pixels: int) -> None:
    """Take the card and let it go that far below."""
    card(page, booked).scroll_into_view_if_needed()
    box = card(page, booked).bounding_box()
    assert box
    x, y = box["x"] + 40, box["y"] + 8
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + pixels // 2, steps=4)
    page.mouse.move(x, y + pixels, steps=4)
    page.mouse.up()


@pytest.fixture
def ahead(visit: Visit) -> Booked:
    """Booked with Dr. Imani Oduvale, days ahead, where nobody else of the sample disturbs."""
    return visit("visa", days=40)


def test_the_address_of_an_appointment_brings_it_into_view(ahead: Booked, signed_in_page: SignedIn) -> None:
    page = signed_in_page(Role.MANAGER, (1440, 300))

    page.goto(f"/appointments/{ahead.id}/")

    expect(card(page, ahead).locator(".who")).to_be_in_viewport()


@pytest.mark.parametrize("size", [(1024, 500), (390, 600)], ids=["low", "phone"])
def test_what_confirms_a_long_dialog_stays_in_view_and_hides_no_focus(
    ahead: Booked, signed_in_page: SignedIn, size: tuple[int, int]
) -> None:
    page = signed_in_page(Role.MANAGER, size)
    page.goto(f"/appointments/{ahead.id}/")
    page.get_by_role("button", name="Reschedule").click()
    dialog = page.get_by_role("dialog", name="Move appointment")

    expect(dialog.get_by_role("button", name="Confirm")).to_be_in_viewport(ratio=1)
    last = dialog.get_by_role("checkbox", name=re.compile("^Tell"))
    last.focus()

    box, foot = last.bounding_box(), dialog.locator(".dialog-foot").bounding_box()
    assert box
    assert foot
    assert box["y"] + box["height"] < foot["y"]


@pytest.mark.parametrize("view", ["", "&view=week"])
def test_a_dragged_card_asks_first_then_moves_and_undo_brings_it_back(ahead: Booked, signed_in_page: SignedIn, view: str) -> None:
    page = signed_in_page(Role.MANAGER)
    page.goto(ahead.address + view)
    before = card(page, ahead).locator(".who").get_attribute("aria-label")

    drag_down(page, ahead, AN_HOUR)
    dialog = page.get_by_role("dialog", name="Move appointment")
    expect(dialog.get_by_text("Free: nothing is charged.")).to_be_visible()
    dialog.get_by_role("button", name="Back").click()
    expect(card(page, ahead).locator(".who")).to_have_attribute("aria-label", before or "")

    drag_down(page, ahead, AN_HOUR)
    dialog.get_by_role("radio", name="The clinic").check()
    double = dialog.get_by_role("checkbox", name=re.compile("Side by side"))
    if double.count():
        double.check()
    dialog.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text(re.compile("^Moved to"))).to_be_visible()
    expect(card(page, ahead).locator(".who")).not_to_have_attribute("aria-label", before or "")

    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text(re.compile("^Back to"))).to_be_visible()
    expect(card(page, ahead).locator(".who")).to_have_attribute("aria-label", before or "")


def test_keys_alone_move_it(ahead: Booked, signed_in_page: SignedIn) -> None:
    page = signed_in_page(Role.MANAGER)
    page.goto(ahead.address)

    card(page, ahead).locator(".who").focus()
    page.keyboard.press("m")
    dialog = page.get_by_role("dialog", name="Move appointment")
    dialog.get_by_role("radio", name="The clinic").press("Space")
    dialog.locator("button.slot").first.press("Enter")
    expect(dialog.locator("button.slot[aria-pressed=true]")).to_be_focused()
    dialog.get_by_role("button", name="Confirm").press("Enter")

    expect(page.get_by_text(re.compile("^Moved to"))).to_be_visible()


def test_a_click_on_a_free_time_opens_a_new_appointment_at_it(ahead: Booked, signed_in_page: SignedIn) -> None:
    page = signed_in_page()
    page.goto(ahead.address)
    last = page.locator(".ec-day").locator("visible=true").last.bounding_box()
    assert last

    page.mouse.click(last["x"] + 60, last["y"] + 3 * AN_HOUR + 4)

    expect(page.locator("#drawer").get_by_role("heading", name="New appointment")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/appointments/new/\?.*start=12%3A00&provider="))

    draft, drawer = page.locator(".appt[data-status=draft]"), page.locator("#drawer")
    expect(draft).to_have_text("New appointment")
    drawer.get_by_role("combobox", name="Add a service").press_sequentially("wrinkle rel")
    drawer.get_by_role("option", name=re.compile("Wrinkle relaxer")).first.click()
    expect(draft).to_contain_text("Wrinkle relaxer")
    drawer.get_by_label("Time").fill("13:00")
    expect(draft).to_contain_text("1:00")
    page.keyboard.press("Escape")
    expect(draft).to_have_count(0)


def test_offline_it_says_so_until_trying_again_succeeds(ahead: Booked, signed_in_page: SignedIn) -> None:
    page = signed_in_page()
    page.goto(ahead.address)
    bar = page.locator("#offline")
    expect(drawn(page, ahead)).to_be_visible()

    page.route("**/*", lambda route: route.abort("internetdisconnected"))
    expect(bar).to_be_visible(timeout=TURN)
    bar.get_by_role("button", name="Try now").click()
    expect(bar).to_be_visible()
    expect(drawn(page, ahead)).to_be_visible()

    page.unroute("**/*")
    bar.get_by_role("button", name="Try now").click()
    expect(bar).to_be_hidden()


def test_everything_is_done_by_keys_and_the_focus_comes_back(visit: Visit, signed_in_page: SignedIn) -> None:
    booked, page = visit("visa"), signed_in_page()
    page.goto(booked.address)
    who = drawn(page, booked).locator(".who")

    who.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#drawer")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#drawer")).to_be_empty()
    expect(who).to_be_focused()

    page.keyboard.press("x")
    expect(page.get_by_role("dialog", name="Mark As No-Show")).to_be_focused()
    page.keyboard.press("Escape")
    expect(who).to_be_focused()

    page.keyboard.press("i")
    expect(drawn(page, booked)).to_have_attribute("data-status", "arrived")
    expect(who).to_be_focused()

    page.goto(f"{booked.address}&view=list")
    who = page.locator(f"#row-{booked.id}")
    who.focus()
    page.keyboard.press("Enter")
    page.locator("#drawer").get_by_role("button", name="Undo check-in").press("Enter")
    expect(page.locator(f"tr:has(#row-{booked.id}) .chip")).to_have_text("Needs an outcome")
    page.keyboard.press("Escape")
    expect(who).to_be_focused()


def test_all_keys_that_work_are_listed_and_no_others(ahead: Booked, signed_in_page: SignedIn) -> None:
    page = signed_in_page()
    another = f"date=(?!{ahead.on}$)"
    leads = {
        "←": another,
        "→": another,
        "T": another,
        "D": another,
        "W": "view=week",
        "L": "view=list",
        "N": "/appointments/new/",
        "G A": "/appointments/$",
        "G P": "/patients/",
        "G S": "/sales/",
        "G N": "/no-shows/",
        "G C": "/cancelled/",
    }
    page.goto(ahead.address)
    page.keyboard.press("?")
    listed = page.get_by_role("dialog", name="Keys")
    expect(listed).to_be_visible()
    keys = [" ".join(each.locator("kbd").all_text_contents()) for each in listed.locator("dt").all()]
    page.keyboard.press("Escape")
    expect(listed).to_have_count(0)

    assert sorted(keys) == sorted([*leads, "G L", "B", "/", "?", "ESC", "Enter", "I", "X", "M"])
    page.keyboard.press("b")
    expect(page.get_by_role("dialog", name="Block time")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#dialog")).to_be_empty()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Find a patient or invoice")).to_be_focused()
    for key, address in leads.items():
        page.goto(ahead.address)
        for one in key.replace("←", "ArrowLeft").replace("→", "ArrowRight").split():
            page.keyboard.press(one.lower() if len(one) == 1 else one)
        expect(page).to_have_url(re.compile(address))


def test_without_script_the_day_is_a_page_and_so_is_all_that_is_done_there(visit: Visit, signed_in_page: SignedIn, desk_url: str) -> None:
    booked, desk = visit("visa"), signed_in_page()
    browser = desk.context.browser
    assert browser
    context = browser.new_context(base_url=desk_url, java_script_enabled=False, storage_state=desk.context.storage_state())
    page = context.new_page()
    panel = page.locator("#drawer")

    page.goto(booked.address)
    expect(page.get_by_role("button", name="Yes").locator("visible=true")).to_have_count(0)
    page.locator("#agenda").get_by_role("link", name=booked.patient).click()
    panel.get_by_role("button", name="Check in").click()
    expect(panel.locator(".chip").first).to_have_text("Arrived")
    panel.get_by_role("button", name="Undo check-in").click()
    expect(panel.locator(".chip").first).to_have_text("Needs an outcome")

    panel.get_by_role("button", name="Mark As No-Show").click()
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("alert")).to_have_text("Choose whether to charge the fee.")
    page.get_by_role("radio", name="Don’t charge").check()
    page.get_by_role("button", name="Confirm").click()
    expect(panel.locator(".chip").first).to_have_text("No-show")

    panel.get_by_role("button", name="Restore").click()
    page.get_by_role("button", name="Confirm").click()
    page.goto(f"/appointments/{booked.id}/")
    expect(panel.locator(".chip").first).to_have_text("Needs an outcome")
    context.close()


def act(page: Page, booked: Booked, button: str) -> None:
    """Open its panel and press that."""
    page.goto(f"/appointments/{booked.id}/")
    page.locator("#drawer").get_by_role("button", name=button, exact=True).click()


def drawn(page: Page, booked: Booked) -> Locator:
    return page.locator(f"#calendar .appt:has(a.who[href='/appointments/{booked.id}/'])")


def test_the_panel_under_the_dialog_follows_a_retry(visit: Visit, signed_in_page: SignedIn) -> None:
    booked, page = visit("chargeDeclinedInsufficientFunds"), signed_in_page()
    declined = page.locator("#drawer").get_by_text("Card declined", exact=True)
    act(page, booked, "Mark As No-Show")
    dialog = page.locator("dialog[open]")
    dialog.get_by_role("radio", name=re.compile("^Charge")).check()
    dialog.get_by_role("button", name="Confirm").click()
    expect(declined).to_have_count(1, timeout=15_000)
    page.keyboard.press("Escape")

    page.locator("#drawer").get_by_role("button", name=re.compile("^Retry")).click()

    expect(declined).to_have_count(2, timeout=15_000)


def test_another_desk_sees_it_without_a_reload_and_stays_where_it_was(visit: Visit, signed_in_page: SignedIn) -> None:
    booked, ours, theirs = visit("visa"), signed_in_page(Role.MANAGER), signed_in_page(Role.FRONT_DESK, (1440, 620))
    needs = theirs.locator("#summary").get_by_role("link", name=booked.patient)
    theirs.goto(booked.address)
    expect(drawn(theirs, booked)).to_have_attribute("data-status", "needs_outcome")
    expect(needs).to_be_visible()
    theirs.locator(".ec-main").evaluate("each => { each.scrollTop = 240; window.here = true }")

    act(ours, booked, "Complete")
    expect(drawn(theirs, booked)).to_have_attribute("data-status", "completed", timeout=TURN)
    expect(needs).to_have_count(0)
    ours.locator("#drawer").get_by_role("button", name="Reopen").click()
    expect(drawn(theirs, booked)).to_have_attribute("data-status", "needs_outcome", timeout=TURN)

    act(ours, booked, "Mark As No-Show")
    ours.get_by_role("radio", name="Don’t charge").check()
    ours.get_by_role("button", name="Confirm").click()
    expect(drawn(theirs, booked)).to_have_count(0, timeout=TURN)
    rival = visit("", like=booked)
    expect(drawn(theirs, rival)).to_be_visible(timeout=TURN)
    expect(theirs.locator("#summary").get_by_role("link", name=rival.patient)).to_be_visible()

    assert theirs.evaluate("[window.here, document.querySelector('.ec-main').scrollTop]") == [True, 240]


def test_what_changes_while_the_page_is_asking_is_not_lost(visit: Visit, signed_in_page: SignedIn) -> None:
    booked, ours, theirs = visit("visa"), signed_in_page(Role.MANAGER), signed_in_page()
    needs = theirs.locator("#summary").get_by_role("link", name=booked.patient)
    theirs.goto(booked.address)
    expect(needs).to_be_visible()
    slow: list[tuple[Route, APIResponse]] = []
    theirs.route(re.compile("/appointments/[?]date="), lambda route: slow.append((route, route.fetch())), times=1)

    act(ours, booked, "Complete")
    expect(drawn(theirs, booked)).to_have_attribute("data-status", "completed", timeout=TURN)
    ours.locator("#drawer").get_by_role("button", name="Reopen").click()
    expect(drawn(theirs, booked)).to_have_attribute("data-status", "needs_outcome", timeout=TURN)
    for route, answer in slow:
        route.fulfill(response=answer)

    assert slow
    expect(needs).to_be_visible()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_initials_stand_for_names_until_they_are_wanted_again(visit: Visit, signed_in_page: SignedIn, size: tuple[int, int]) -> None:
    booked, page = visit("visa"), signed_in_page(Role.FRONT_DESK, size)
    initials = " ".join(f"{name[0]}." for name in booked.patient.split())

    def switch(on: bool) -> None:
        if size == PHONE:
            page.get_by_label("Wrench: appointment tools").click()
            page.get_by_role("menuitem", name="Initials only" if on else "Show names again").click()
        else:
            page.get_by_role("button", name="Initials only").click()

    page.goto(booked.address)
    switch(on=True)
    expect(page.get_by_role("link", name=re.compile(f"^{re.escape(initials)}")).locator("visible=true").first).to_be_visible()
    assert booked.patient not in page.content()
    assert booked.patient not in page.request.get(page.locator("#book").get_attribute("data-feed") or "").text()

    page.goto(f"/appointments/{booked.id}/")
    expect(page.locator("#drawer").get_by_role("heading", name=initials)).to_be_visible()
    page.goto(booked.address)
    assert booked.patient not in page.content()

    switch(on=False)
    expect(page.get_by_role("link", name=re.compile(f"^{booked.patient}")).locator("visible=true").first).to_be_visible()
