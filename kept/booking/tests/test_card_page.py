"""The card page: on her own phone the patient reads the policy in money, accepts it, and gives a card or uses hers (R3a, I9, I17)."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.urls import reverse
from pytest_django import Settings

import kept.billing.transitions.cards as cards
import kept.policies.transitions as policies
import kept.scheduling.transitions.attendance as attendance
from kept.billing.models import CardCapture
from kept.billing.tasks import finish_capture
from kept.events.models import Event
from kept.foundation.money import Money
from kept.foundation.scope import outside, scope
from kept.ops.cast import House
from kept.patients.models import Card, Link
from kept.policies.document import flat
from kept.policies.models import Acceptance
from kept.practice.models import GatewayAccount, Member
from kept.scheduling.models import Appointment
from kept.scheduling.rules import display
from tests.kit.browser import Browser
from tests.kit.environment import NOWHERE
from tests.kit.gateway import Double, clock_at, do_jobs, on_the_gateways_page
from tests.kit.html import fields, words
from tests.kit.queries import queries
from tests.kit.visits import STARTS_AT, book, card_of

AT = STARTS_AT - timedelta(days=3)
PAGE_QUERIES = 8
PHONE = {"User-Agent": "Mozilla/5.0 (iPhone)"}


@pytest.fixture(autouse=True)
def three_days_before() -> Iterator[None]:
    with clock_at(AT):
        yield


@pytest.fixture
def visit(juniper: House) -> Appointment:
    """Booked at the desk for Renata Solbrook; the card is still awaited."""
    return book(juniper)


@pytest.fixture
def link(visit: Appointment, odette: Member) -> str:
    """The path of the link that the desk gave out."""
    return given(visit, odette)


def given(visit: Appointment, by: Member) -> str:
    return cards.card_link(visit, by=by, at=AT).removeprefix("http://testserver")


@pytest.fixture
def phone(link: str) -> Browser:
    """Renata's browser, which came by the link."""
    browser = Browser(headers=PHONE)
    browser.get(link)
    return browser


@pytest.fixture
def page(link: str) -> str:
    """The clean address behind the link."""
    return reverse("booking:card", args=[Link.objects.get().pk])


def said(answer: HttpResponse, *sentences: str) -> None:
    text = words(answer)
    assert [sentence for sentence in sentences if sentence not in text] == [], text


def now(visit: Appointment) -> Appointment:
    return Appointment.objects.select_related("acceptance__card", "acceptance__version").get(pk=visit.pk)


# The link


def test_i17_the_token_is_swapped_for_the_session_and_a_clean_address(link: str, page: str) -> None:
    browser = Browser()

    answer = browser.get(link)
    shown = browser.get(page)

    assert (answer.status_code, answer["Location"], shown.status_code) == (302, page, 200)
    secret = link.split(".")[1].rstrip("/")
    assert secret not in shown.content.decode()
    assert secret not in str(dict(browser.session))
    assert answer["Referrer-Policy"] == "same-origin"


def test_i17_the_clean_address_alone_opens_nothing(link: str, page: str) -> None:
    stranger = Browser()

    answers = [stranger.get(page), stranger.post(page, {"accept": "yes"}), stranger.get(f"{page}back/")]

    assert [answer.status_code for answer in answers] == [404, 404, 404]


@pytest.mark.parametrize("case", ["another secret", "another practice", "no practice", "expired", "for something else", "garbage"])
def test_i17_what_opens_nothing_is_always_the_same(link: str, quinta: House, case: str) -> None:
    practice, secret = link.split("/")[2].split(".")
    at = STARTS_AT if case == "expired" else AT
    if case == "for something else":
        Link.objects.update(purpose="other")
    token = {
        "another secret": f"{practice}.{secret[::-1]}",
        "another practice": f"{quinta.practice.pk.hex}.{secret}",
        "no practice": f"{'0' * 32}.{secret}",
        "garbage": secret,
    }.get(case, f"{practice}.{secret}")

    with clock_at(at):
        answer, nothing = Browser().get(f"/card/{token}/"), Browser().get("/card/nothing/")

    assert (answer.status_code, without_token(answer)) == (404, without_token(nothing))
    said(answer, "This link does not work", "ask the clinic for a new one")


def without_token(answer: HttpResponse) -> str:
    return re.sub(r'name="csrf-token" content="[^"]*"', "", answer.content.decode())


def test_i17_a_scanner_that_follows_it_changes_nothing(link: str, page: str, visit: Appointment) -> None:
    before = now(visit).version, Event.objects.count()
    scanner = Browser()

    statuses = [getattr(scanner, method)(address).status_code for address in (link, page, f"{page}back/") for method in ("head", "get")]

    assert statuses == [302, 302, 200, 200, 302, 302]
    assert (now(visit).version, Event.objects.count()) == before
    assert not CardCapture.objects.exists()


def test_two_links_in_one_browser_stay_apart(juniper: House, odette: Member, phone: Browser, page: str) -> None:
    hers = book(juniper, patient=juniper.patients[4], starts_at=STARTS_AT + timedelta(days=1))

    other = phone.get(given(hers, odette))["Location"]

    said(phone.get(page), "Hold your time, Renata")
    said(phone.get(other), "Hold your time, Sunniva")


# What she reads


def test_she_reads_the_policy_in_money_and_dates_before_anything(phone: Browser, page: str, juniper: House) -> None:
    answer = phone.get(page)

    said(
        answer,
        "Juniper Skin Studio Elm Street",
        "Hold your time, Renata",
        "Wed, Oct 14, 3:30 PM 60 min with Tess Marrowby, Elm Street",
        "Free to change or cancel until Tue, Oct 13, 3:30 PM.",
        "If you miss it, $75.00.",
        "Read the full policy (version 3)",
        juniper.plan.description,
        juniper.plan.authorization,
        "Nothing is charged today.",
        "Continue to card",
    )
    assert "accept" not in fields(answer)
    assert "Lip filler" not in words(answer)


def test_r14_a_late_link_says_that_it_is_free_to_the_start(phone: Browser, page: str) -> None:
    with clock_at(STARTS_AT - timedelta(hours=3)):
        said(phone.get(page), "Today, Wed, Oct 14, 3:30 PM", "Free to change or cancel until it starts, 3:30 PM.")


def test_only_this_page_may_lead_to_the_gateway(phone: Browser, page: str, settings: Settings) -> None:
    policy, elsewhere = phone.get(page)["Content-Security-Policy"], phone.get("/accounts/login/")["Content-Security-Policy"]

    assert f"form-action 'self' {settings.GATEWAY_PAGES[0]}" in policy
    assert settings.GATEWAY_PAGES[0] not in elsewhere


def test_it_states_its_queries(phone: Browser, page: str) -> None:
    with queries(PAGE_QUERIES):
        phone.get(page)


# Accepting


def test_not_ticked_it_stays_and_says_so_there(phone: Browser, page: str) -> None:
    answer = phone.post(page, fields(phone.get(page)) | {"card": "new"})

    assert answer.status_code == 422
    said(answer, "Tick this to go on.", "If you miss it, $75.00.")
    assert 'aria-invalid="true" aria-describedby="accept_error"' in answer.content.decode()
    assert not CardCapture.objects.exists()


def test_with_the_card_on_file_it_is_one_press(phone: Browser, page: str, visit: Appointment, juniper: House) -> None:
    card = card_of(juniper.patients[0])

    shown = phone.get(page)
    answer = phone.post(page, fields(shown) | {"accept": "yes", "card": "on_file"})

    said(shown, "Visa ••4242 on file since Oct 2026", "Use Visa ••4242", "Continue with another card")
    assert (answer.status_code, answer["Location"]) == (302, page)
    kept = Acceptance.objects.get()
    assert (kept.card, kept.version.number, kept.fee, kept.channel, kept.address, kept.agent, kept.accepted_at) == (
        *(card, 3, Money(7500, "USD"), "link", "127.0.0.1", "Mozilla/5.0 (iPhone)", AT),
    )
    assert now(visit).acceptance == kept
    said(phone.get(page), "Thank you, Renata Your time is held. Nothing was charged.", "You accepted policy version 3", "Visa ••4242")


def test_sent_twice_it_is_one_acceptance(phone: Browser, page: str, juniper: House) -> None:
    card_of(juniper.patients[0])
    form = fields(phone.get(page)) | {"accept": "yes", "card": "on_file"}

    answers = [phone.post(page, form).status_code for _tap in range(2)]

    assert (answers, Acceptance.objects.count()) == ([302, 409], 1)


def test_a_card_gone_meanwhile_is_not_used(phone: Browser, page: str, visit: Appointment, juniper: House) -> None:
    card_of(juniper.patients[0])
    form = fields(phone.get(page)) | {"accept": "yes", "card": "on_file"}
    Card.objects.update(state=Card.State.GONE)

    answer = phone.post(page, form)

    assert answer.status_code == 422
    said(answer, "The card on file is gone. Please give another.")
    assert (now(visit).acceptance, CardCapture.objects.exists()) == (None, False)


def test_a_policy_that_changed_meanwhile_is_read_again(
    phone: Browser, page: str, visit: Appointment, silas: Member, juniper: House
) -> None:
    card_of(juniper.patients[0])
    form = fields(phone.get(page)) | {"accept": "yes", "card": "on_file"}
    policies.publish(description="d", authorization_text="a", terms=flat(9000), currency="USD", by=silas, at=AT)

    answer = phone.post(page, form)

    assert answer.status_code == 409
    said(answer, "The clinic’s policy changed a moment ago. Please read it again.")
    assert now(visit).acceptance is None
    said(phone.get(page), "If you miss it, $90.00.")


@pytest.mark.parametrize("case", ["started", "missed", "fees off"])
def test_what_is_over_is_closed(phone: Browser, page: str, visit: Appointment, odette: Member, silas: Member, case: str) -> None:
    form = fields(phone.get(page)) | {"accept": "yes", "card": "new"}
    at = STARTS_AT if case == "started" else AT
    if case == "missed":
        attendance.mark_noshow(visit, reason="", note="", by=odette, at=STARTS_AT)
    if case == "fees off":
        policies.switch_fees(on=False, by=silas, at=AT)

    with clock_at(at):
        shown, refused = phone.get(page), phone.post(page, form)

    said(shown, "This link is closed")
    assert (shown.status_code, refused.status_code, CardCapture.objects.exists()) == (200, 409, False)


# On the gateway's page


def left(phone: Browser, page: str) -> str:
    """She ticks and goes: the address of the gateway's page."""
    answer = phone.post(page, fields(phone.get(page)) | {"accept": "yes", "card": "new"})
    assert answer.status_code == 302
    return answer["Location"]


def test_there_and_back_again(phone: Browser, page: str, visit: Appointment, gateway: Double) -> None:
    there = left(phone, page)
    waiting = now(visit)
    back = on_the_gateways_page(there)
    answer = phone.get(back)

    assert there.startswith(f"{gateway.url}/c/pay/")
    assert (waiting.acceptance, display(waiting, at=AT)) == (None, "awaiting_card")  # leaving accepts nothing
    assert (back.partition("?")[0], answer["Location"]) == (f"{page}back/", page)
    kept = now(visit).acceptance
    assert kept is not None
    assert (str(kept.card), kept.version.number, kept.accepted_at, kept.setup_intent_id[:5]) == ("Visa ••4242", 3, AT, "seti_")
    assert (display(now(visit), at=AT), CardCapture.objects.get().state) == ("booked", "done")
    said(phone.get(page), "Thank you, Renata")
    assert gateway.ledger()["payments"] == []


def test_coming_back_twice_is_once(phone: Browser, page: str, gateway: Double) -> None:
    back = on_the_gateways_page(left(phone, page))

    answers = [phone.get(back).status_code for _time in range(2)]

    assert (answers, Acceptance.objects.count(), Card.objects.count()) == ([302, 302], 1, 1)


def test_coming_back_without_a_card_changes_nothing(phone: Browser, page: str, visit: Appointment, gateway: Double) -> None:
    left(phone, page)

    answer = phone.get(f"{page}back/", {"capture": "forged", "card": "pm_1"})

    assert (answer.status_code, now(visit).acceptance) == (302, None)
    said(phone.get(page), "Continue to card")


def test_who_does_not_come_back_is_heard_of_from_the_gateway(phone: Browser, page: str, visit: Appointment, gateway: Double) -> None:
    on_the_gateways_page(left(phone, page))

    with outside():
        finish_capture(str(visit.practice_id), str(only_capture(visit)))

    assert now(visit).acceptance is not None


def only_capture(visit: Appointment) -> object:
    with scope(visit.practice_id, actor="test"):
        return CardCapture.objects.get().pk


def test_leaving_twice_leads_to_one_acceptance(phone: Browser, page: str, visit: Appointment, gateway: Double) -> None:
    first, second = left(phone, page), left(phone, page)
    for there in (first, second):
        back = on_the_gateways_page(there)
        phone.get(back)

    assert (Acceptance.objects.count(), now(visit).acceptance is not None) == (1, True)


def test_a_card_that_comes_after_the_start_is_not_this_visits(phone: Browser, page: str, visit: Appointment, gateway: Double) -> None:
    back = on_the_gateways_page(left(phone, page))

    with clock_at(STARTS_AT):
        phone.get(back)
        said(phone.get(page), "This link is closed")

    assert (now(visit).acceptance, CardCapture.objects.get().state) == (None, "too_late")


@pytest.mark.parametrize("fault", ["nowhere", "cut_before", "cut_after", "error500", "error429"])
def test_a_gateway_that_does_not_answer_is_said_kindly_and_nothing_is_lost(
    phone: Browser, page: str, visit: Appointment, gateway: Double, settings: Settings, fault: str
) -> None:
    if fault == "nowhere":
        settings.STRIPE_API_BASE = NOWHERE
    else:
        gateway.fault("POST /v1/checkout/sessions", fault)
    form = fields(phone.get(page)) | {"accept": "yes", "card": "new"}

    answer = phone.post(page, form)

    assert answer.status_code == 503
    said(answer, "The card page does not answer. Nothing was lost: try again in a minute.", "Continue to card")
    assert fields(answer) == {"version": form["version"], "accept": "yes"}
    settings.STRIPE_API_BASE = gateway.url
    phone.get(on_the_gateways_page(phone.post(page, form)["Location"]))
    assert now(visit).acceptance is not None


def test_a_gateway_silent_on_the_way_back_is_asked_again(
    phone: Browser, page: str, visit: Appointment, gateway: Double, settings: Settings
) -> None:
    back = on_the_gateways_page(left(phone, page))
    settings.STRIPE_API_BASE = NOWHERE
    silent = phone.get(back).status_code, now(visit).acceptance
    settings.STRIPE_API_BASE = gateway.url

    phone.get(back)

    assert silent == (302, None)
    assert now(visit).acceptance is not None


def test_a_practice_without_an_account_is_to_be_called(phone: Browser, page: str, juniper: House) -> None:
    form = fields(phone.get(page)) | {"accept": "yes", "card": "new"}
    GatewayAccount.objects.all().delete()

    answer = phone.post(page, form)

    assert answer.status_code == 422
    said(answer, "The clinic can’t take cards at the moment. Please call.")


def test_the_desks_panel_hears_of_it(
    phone: Browser, page: str, visit: Appointment, odette: Member, gateway: Double, htmx: Callable[[Member], Browser]
) -> None:
    asks = reverse("desk:card-given", args=[visit.pk])
    desk = htmx(odette)

    before = desk.get(asks).headers.get("HX-Trigger")
    phone.get(on_the_gateways_page(left(phone, page)))

    assert (before, desk.get(asks)["HX-Trigger"]) == (None, "appointment-changed")
    said(desk.get(reverse("desk:panel", args=[visit.pk])), "Visa ••4242 exp 04/2031", "Policy v3 accepted, $75.00 fee")
    assert do_jobs(at=AT) == ["noshows.remind_of_card", "messaging.booked", "messaging.send"]  # the first finds the card there
