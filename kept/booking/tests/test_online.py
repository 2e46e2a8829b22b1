"""Online booking: from the clinic's address to a time that is held, promised and confirmed (R16, R18, R19, I9)."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.http import HttpResponse

import kept.policies.transitions as policies
import kept.scheduling.transitions.attendance as attendance
from kept.billing.models import CardCapture
from kept.booking import limits
from kept.messaging.models import Message
from kept.ops.cast import House
from kept.patients.models import Patient
from kept.policies.models import Acceptance
from kept.practice.models import Clinic, Member, Service, Settings
from kept.practice.rules import Role
from kept.scheduling.models import Appointment
from kept.scheduling.transitions import holding
from tests.kit.browser import Browser
from tests.kit.gateway import Double, clock_at, do_jobs, on_the_gateways_page
from tests.kit.html import fields, links, words
from tests.kit.visits import STARTS_AT, book

AT = STARTS_AT - timedelta(days=3)
HERE = "/book/juniper/elm-street/"
WHO = {"first_name": "Perpetua", "last_name": "Nightshade", "email": "perpetua@example.com", "phone": "(555) 010-0199"}


@pytest.fixture(autouse=True)
def three_days_before(juniper: House) -> Iterator[None]:
    cache.clear()
    with clock_at(AT):
        yield


@pytest.fixture
def choice(juniper: House) -> dict[str, Any]:
    """Lip filler with Tess Marrowby on Wednesday at 3:30 PM."""
    tess = juniper.providers[juniper.members[Role.PROVIDER].name]
    return {"services": [str(juniper.services["Lip filler"].pk)], "provider": str(tess.pk), "start": STARTS_AT.isoformat()}


@pytest.fixture
def without_fees(leonora: Member) -> None:
    policies.switch_fees(on=False, by=leonora, at=AT)


def sent(browser: Browser, choice: dict[str, Any], **changes: Any) -> HttpResponse:
    """The form of the details page filled in and posted."""
    shown = fields(browser.get(HERE, choice))
    return browser.post(HERE, {**shown, **choice, **WHO, "accept": "yes", **changes})


def test_service_then_time_then_details_each_at_an_address_of_its_own(juniper: House, choice: dict[str, Any]) -> None:
    browser = Browser()

    first, second, third = (browser.get(HERE, asked) for asked in ({}, {"services": choice["services"]}, choice))

    assert [answer.status_code for answer in (first, second, third)] == [200, 200, 200]
    assert "What would you like to book?" in words(first)
    assert "Lip filler" in words(first)
    assert "Times of the clinic (America/New_York)" in words(second)
    assert "First available" in words(second)
    assert "with Tess Marrowby, Elm Street" in words(third)
    assert "If you miss it, $75.00" in words(third)


def test_r18_the_policy_is_accepted_by_a_tick_and_nothing_typed_is_lost(choice: dict[str, Any]) -> None:
    answer = sent(Browser(), choice, accept="", phone="12")

    assert answer.status_code == 422
    assert "Tick this to go on." in words(answer)
    assert "Enter a phone number" in words(answer)
    assert fields(answer)["email"] == WHO["email"]
    assert not Appointment.objects.exists()


def test_i9_with_a_card_the_time_is_promised_and_a_letter_goes(gateway: Double, choice: dict[str, Any]) -> None:
    browser = Browser(headers={"User-Agent": "Mozilla/5.0 (iPhone)"})

    there = sent(browser, choice)
    back = on_the_gateways_page(there["Location"])
    done = browser.get(browser.get(back)["Location"])
    do_jobs()

    booked, acceptance = Appointment.objects.get(), Acceptance.objects.get()
    assert (booked.channel, booked.status, booked.status_by, booked.starts_at) == ("online", "booked", None, STARTS_AT)
    assert (booked.acceptance_id, acceptance.channel, acceptance.agent) == (acceptance.pk, "online", "Mozilla/5.0 (iPhone)")
    assert "Your time is held. Nothing was charged." in words(done)
    assert [(each.letter, each.state) for each in Message.objects.all()] == [("booked", "sent")]
    assert "$75.00" in mail.outbox[0].body
    assert "filler" not in mail.outbox[0].body


@pytest.mark.usefixtures("without_fees")
def test_r18_where_no_card_is_asked_for_it_is_booked_at_once(choice: dict[str, Any]) -> None:
    browser = Browser()

    done = browser.get(sent(browser, choice)["Location"])

    assert "You are booked." in words(done)
    said = browser.get(links(done)["Add to calendar"]).content.decode()
    assert "DTSTART;TZID=America/New_York:20261014T153000" in said
    assert "BEGIN:VTIMEZONE" in said
    assert "filler" not in said
    assert not CardCapture.objects.exists()
    assert [each.letter for each in Message.objects.all()] == ["booked"]


@pytest.mark.usefixtures("without_fees")
def test_a_known_patient_is_answered_as_a_stranger_is_and_nothing_of_hers_is_touched(juniper: House, choice: dict[str, Any]) -> None:
    renata = juniper.patients[0]
    browser = Browser()

    done = browser.get(sent(browser, choice, email=renata.email, phone=renata.phone, last_name=renata.last_name)["Location"])

    assert done.status_code == 200
    assert Appointment.objects.get().patient != renata
    assert Patient.objects.get(pk=renata.pk).version == renata.version


@pytest.mark.usefixtures("without_fees")
def test_r16_who_loses_the_race_is_offered_the_nearest_times_and_keeps_what_she_typed(juniper: House, choice: dict[str, Any]) -> None:
    browser = Browser()
    form = fields(browser.get(HERE, choice))
    book(juniper)

    answer = browser.post(HERE, {**form, **choice, **WHO})

    assert answer.status_code == 409
    assert "That time was just taken. Nothing you typed is lost" in words(answer)
    assert fields(answer)["first_name"] == "Perpetua"
    assert Appointment.objects.count() == 1


@pytest.mark.usefixtures("without_fees")
def test_pressed_twice_it_is_one_booking(choice: dict[str, Any]) -> None:
    browser = Browser()
    form = {**fields(browser.get(HERE, choice)), **choice, **WHO}

    first, second = browser.post(HERE, form), browser.post(HERE, form)

    assert first["Location"] == second["Location"]
    assert Appointment.objects.count() == 1


def test_r19_a_hold_is_free_after_half_an_hour_for_whoever_looks_next(gateway: Double, choice: dict[str, Any]) -> None:
    sent(Browser(), choice)

    with clock_at(AT + holding.HOLD - timedelta(seconds=1)):
        before = "That time is not free any more" in words(Browser().get(HERE, choice))
    with clock_at(AT + holding.HOLD):
        after = "Your details" in words(Browser().get(HERE, choice))

    assert (before, after) == (True, True)
    assert Appointment.objects.get().outcome_reason == holding.LAPSED


def test_r19_choosing_another_time_gives_the_first_one_free(gateway: Double, choice: dict[str, Any]) -> None:
    browser = Browser()
    sent(browser, choice)

    sent(browser, choice | {"start": (STARTS_AT + timedelta(hours=1)).isoformat()})

    assert list(Appointment.objects.order_by("starts_at").values_list("status", flat=True)) == ["cancelled", "booked"]


@pytest.mark.parametrize("taken", [False, True])
def test_r19_a_card_that_comes_late_books_the_time_if_it_is_still_free(
    juniper: House, gateway: Double, choice: dict[str, Any], taken: bool
) -> None:
    browser = Browser()
    there = sent(browser, choice)["Location"]
    late = AT + holding.HOLD + timedelta(minutes=1)

    with clock_at(late):
        holding.release_overdue(at=late)
        if taken:
            book(juniper)
        done = browser.get(browser.get(on_the_gateways_page(there))["Location"])

    hers = Appointment.objects.get(channel="online")
    assert (hers.status, hers.acceptance is None) == (("cancelled", True) if taken else ("booked", False))
    assert ("Your time is free again" if taken else "Your time is held") in words(done)
    assert Acceptance.objects.count() == (0 if taken else 1)


def test_r19_the_card_page_takes_no_card_once_the_hold_is_over(gateway: Double, choice: dict[str, Any]) -> None:
    sent(Browser(), choice)

    do_jobs(at=AT + holding.HOLD + timedelta(seconds=1))

    assert [session["status"] for session in gateway.ledger()["sessions"]] == ["expired"]
    assert CardCapture.objects.get().state == "open"


def test_r19_while_the_desk_has_put_it_back_the_card_page_stays(gateway: Double, odette: Member, choice: dict[str, Any]) -> None:
    there = sent(Browser(), choice)["Location"]
    late = AT + holding.HOLD
    holding.release_overdue(at=late)
    attendance.restore(Appointment.objects.get(), by=odette, at=late)

    do_jobs(at=late + timedelta(seconds=1))

    assert [session["status"] for session in gateway.ledger()["sessions"]] == ["open"]
    assert on_the_gateways_page(there)


def test_r19_a_desk_books_the_time_of_a_hold_that_is_over(juniper: House, gateway: Double, choice: dict[str, Any]) -> None:
    sent(Browser(), choice)

    visit = book(juniper, at=AT + holding.HOLD)

    assert dict(Appointment.objects.values_list("channel", "status")) == {"online": "cancelled", "desk": "booked"}
    assert visit.starts_at == STARTS_AT


def test_r19_a_card_that_came_too_late_is_put_before_the_desk_until_the_patient_is_told(
    juniper: House, gateway: Double, choice: dict[str, Any], signed_in: Callable[[Member], Browser], odette: Member
) -> None:
    browser, desk, late = Browser(), signed_in(odette), AT + holding.HOLD + timedelta(minutes=1)
    there = sent(browser, choice)["Location"]
    with clock_at(late):
        book(juniper, at=late)
        browser.get(browser.get(on_the_gateways_page(there))["Location"])
        shown = words(desk.get("/attention/"))
        told = desk.post(f"/attention/cards/{CardCapture.objects.get().pk}/seen/")
        again = desk.post(f"/attention/cards/{CardCapture.objects.get().pk}/seen/")
        after = words(desk.get("/attention/"))

    assert "Cards that came too late" in shown
    assert "Perpetua Nightshade" in shown
    assert (told.status_code, again.status_code) == (302, 404)
    assert "Nothing needs you" in after


def test_r19_what_the_desk_restored_is_no_hold_any_more(juniper: House, odette: Member, gateway: Double, choice: dict[str, Any]) -> None:
    sent(Browser(), choice)
    late = AT + timedelta(hours=1)
    holding.release_overdue(at=late)
    attendance.restore(Appointment.objects.get(), by=odette, at=late)

    holding.release_overdue(at=late + timedelta(hours=1))

    assert Appointment.objects.get().status == "booked"


@pytest.mark.usefixtures("without_fees")
def test_tries_are_counted_whatever_a_browser_says_of_its_address(choice: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(limits.MOST, "address", 1)

    first = sent(Browser(headers={"X-Forwarded-For": "192.0.2.1"}), choice, email="a@example.com")
    other = choice | {"start": (STARTS_AT + timedelta(hours=2)).isoformat()}
    second = sent(Browser(headers={"X-Forwarded-For": "192.0.2.2"}), other, email="b@example.com", phone="(555) 010-0111")

    assert (first.status_code, second.status_code) == (302, 409)
    assert "too many bookings" in words(second)
    assert Appointment.objects.count() == 1


@pytest.mark.parametrize("closed", ["clinic", "service", "horizon", "practice"])
def test_what_is_not_offered_online_is_not_found_or_not_free(juniper: House, choice: dict[str, Any], closed: str) -> None:
    if closed == "clinic":
        Clinic.objects.update(online=False)
    elif closed == "service":
        Service.objects.filter(name="Lip filler").update(online=False)
    elif closed == "horizon":
        Settings.objects.update(online_horizon_days=1)

    answer = Browser().get("/book/nobody/elm-street/" if closed == "practice" else HERE, choice)

    said = {"service": "What would you like to book?", "horizon": "That time is not free any more"}
    assert answer.status_code == (200 if closed in said else 404)
    assert said.get(closed, "") in words(answer)


def test_a_clinic_that_is_not_booked_online_names_those_that_are(juniper: House) -> None:
    Clinic.objects.filter(name="Elm Street").update(online=False)

    closed = Browser().get(HERE)
    Clinic.objects.update(online=False)
    all_closed = Browser().get(HERE)

    assert "Not booked online This clinic books by phone at the moment. Please call." in words(closed)
    assert "Book online at another clinic of Juniper Skin Studio Harbor Point" in words(closed)
    assert ["/book/juniper/harbor-point/" in page.content.decode() for page in (closed, all_closed)] == [True, False]


def test_junk_in_the_address_is_left_out() -> None:
    browser = Browser()
    junk = ["", "a\0b", "9" * 10_000, "9999-12-31", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "💉"]

    found = [browser.get(HERE, dict.fromkeys(["services", "provider", "day", "start"], value)).status_code for value in junk]
    posted = [browser.post(HERE, dict.fromkeys(["services", "start", "once", "version", *WHO], value)).status_code for value in junk]

    assert (set(found), set(posted)) == ({200}, {422})
