"""The pay page: on her own phone the patient pays the fee with her card on file or another, once, whatever answer is lost (R6, I4, I17)."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import stripe
from django.http import HttpResponse
from django.urls import reverse
from pytest_django import Settings

import kept.billing.transitions.charging as charging
import kept.billing.transitions.paying as paying
import kept.billing.transitions.recording as recording
from kept.billing.models import CardCapture, Charge, Invoice, Payment
from kept.billing.tasks import finish_capture, follow_up
from kept.events.models import Event
from kept.foundation.money import Money
from kept.foundation.scope import outside
from kept.noshows.transitions.attendance import mark, restore
from kept.ops.cast import House
from kept.ops.people import JUNIPER
from kept.patients.models import Card, Link
from kept.practice.models import GatewayAccount, Member
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.checks import refused
from tests.kit.environment import NOWHERE
from tests.kit.gateway import Double, clock_at, do_jobs, on_her_banks_page, on_the_gateways_page
from tests.kit.html import words
from tests.kit.money import marked
from tests.kit.queries import queries
from tests.kit.visits import QUARTER_PAST, accepted, book, card_of

AT = QUARTER_PAST + timedelta(hours=1)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
PAGE_QUERIES = 4
NO_FUNDS, ASKS, DECLINES = "4000 0000 0000 9995", "4000 0025 0000 3155", "4000 0000 0000 0341"
CONFIRM = "POST /v1/payment_intents/*/confirm"


@pytest.fixture(autouse=True)
def an_hour_later() -> Iterator[None]:
    with clock_at(AT):
        yield


@pytest.fixture
def owed(juniper: House, odette: Member, gateway: Double) -> Callable[..., Charge]:
    """`owed("visa")`: Renata's no-show fee, charged to such a card, as the gateway left it. No card at all would not owe a fee."""

    def made(kind: str = "chargeCustomerFail") -> Charge:
        visit = accepted(book(juniper), gateway.card(juniper.patients[0], kind))
        mark(visit, charge_fee=True, by=odette, at=QUARTER_PAST)
        do_jobs(at=QUARTER_PAST)
        return Charge.objects.get()

    return made


class Phone:
    """Renata's browser, which came by a link of hers."""

    def __init__(self, charge: Charge, by: Member, *, at: Any = AT) -> None:
        self.browser = Browser(headers={"User-Agent": "Mozilla/5.0 (iPhone)"})
        self.link = paying.payment_link(charge, by=by, at=at).removeprefix("http://testserver")
        self.page = self.browser.get(self.link)["Location"]

    def look(self) -> HttpResponse:
        return self.browser.get(self.page)

    def pay(self, card: object = None) -> HttpResponse:
        """She presses the first button, or sends that as the card."""
        return self.browser.post(self.page, {"card": str(card or Card.objects.order_by("-given_at", "-id")[0].pk)})

    def give(self, number: str) -> HttpResponse:
        """She leaves for the gateway's page, types that card there, and comes back."""
        there = self.pay("new")["Location"]
        self.browser.get(on_the_gateways_page(there, number))
        return self.look()


Phones = Callable[..., Phone]


@pytest.fixture
def phone(owed: Callable[..., Charge], odette: Member) -> Phones:
    """`phone("authenticationRequired")`: a fee that such a card did not pay, its link, and her phone."""
    return lambda kind="chargeCustomerFail": Phone(owed(kind), odette)


def said(answer: HttpResponse, *sentences: str) -> None:
    text = words(answer)
    assert [sentence for sentence in sentences if sentence not in text] == [], text


def now() -> Charge:
    return Charge.objects.select_related("invoice", "card").get()


def there(gateway: Double) -> tuple[int, list[int]]:
    """How many payments were made there, and the money that moved."""
    ledger = gateway.ledger()
    return len(ledger["intents"]), [payment["amount"] for payment in ledger["payments"]]


# The link


def test_i17_the_token_is_swapped_for_the_session_and_a_clean_address(phone: Phones) -> None:
    hers = phone()

    stranger = Browser()
    secret = hers.link.split(".")[1].rstrip("/")

    assert hers.page == reverse("booking:pay", args=[Link.objects.get().pk])
    assert [stranger.get(hers.page).status_code, stranger.post(hers.page).status_code, stranger.get(f"{hers.page}back/").status_code] == [
        404
    ] * 3
    assert secret not in hers.look().content.decode()
    assert not Link.objects.filter(token_hash__contains=secret[:10]).exists()


def test_i17_a_card_link_does_not_open_it_nor_the_other_way_round(phone: Phones) -> None:
    link = phone().link

    assert Browser().get(link.replace("/pay/", "/card/")).status_code == 404
    Link.objects.update(purpose=Link.Purpose.CARD)
    assert Browser().get(link).status_code == 404


def test_i17_a_scanner_that_follows_it_pays_nothing(phone: Phones, gateway: Double) -> None:
    hers = phone()
    scanner = Browser()
    before = Event.objects.count()

    statuses = [
        getattr(scanner, method)(address).status_code
        for address in (hers.link, hers.page, f"{hers.page}back/")
        for method in ("head", "get")
    ]

    assert (statuses, now().state, Event.objects.count()) == ([302, 302, 200, 200, 302, 302], "needs_patient", before)
    assert there(gateway) == (1, [])


def test_it_works_for_14_days_and_then_opens_nothing(phone: Phones) -> None:
    hers = phone()

    with clock_at(AT + 14 * DAY - MINUTE):
        before = Browser().get(hers.link).status_code
    with clock_at(AT + 14 * DAY):
        after = Browser().get(hers.link).status_code, words(hers.look())

    assert (before, after[0]) == (302, 404)
    assert "There is nothing to pay here" in after[1]


# What she reads


def test_she_reads_what_it_is_for_and_the_amount_and_never_a_treatment(phone: Phones) -> None:
    answer = phone().look()

    said(
        answer,
        "Juniper Skin Studio Elm Street",
        "Pay $75.00",
        "Appointment on Wed, Oct 14, 3:30 PM with Tess Marrowby, Elm Street · INV-10001",
        "Hello Renata, this is the no-show fee of the cancellation policy that you accepted.",
        "Visa ••0341 on file since Oct 2026",
        "Your bank declined Visa ••0341. Nothing was charged. You can try again, or use another card.",
        "Nothing is charged before you press Pay.",
        "This link works until Wed, Oct 28.",
        "Pay $75.00 with Visa ••0341",
        "Use another card",
    )
    assert "Lip filler" not in words(answer)


def test_only_this_page_may_lead_to_the_gateway(phone: Phones, settings: Settings) -> None:
    assert f"form-action 'self' {settings.GATEWAY_PAGES[0]}" in phone().look()["Content-Security-Policy"]


def test_it_states_its_queries(phone: Phones) -> None:
    hers = phone()

    with queries(PAGE_QUERIES):
        hers.look()


@pytest.mark.parametrize("kind", ["chargeDeclinedExpiredCard"])
def test_a_card_that_its_bank_blocked_is_not_offered(phone: Phones, kind: str) -> None:
    answer = phone(kind).look()

    said(answer, "Your bank declined Visa ••0069: the card is expired. Nothing was charged.", "Continue to card")
    assert "with Visa ••0069" not in words(answer)


# Paying


def test_i4_with_the_card_on_file_the_same_payment_is_confirmed(
    juniper: House, owed: Callable[..., Charge], odette: Member, gateway: Double
) -> None:
    hers = Phone(owed(), odette)
    gateway.card(juniper.patients[0], "visa")  # her newest is the one that is offered

    answer = hers.pay()

    charge = now()
    assert (answer.status_code, answer["Location"]) == (302, hers.page)
    assert (charge.state, charge.captured, charge.flag, charge.invoice.status) == ("succeeded", Money(7500, "USD"), "", "balanced")
    assert there(gateway) == (1, [7500])
    said(hers.look(), "Thank you, Renata $75.00 is paid.", "Receipt for INV-10001", "Paid on Oct 14, 2026, 4:45 PM", "Visa ••4242 $75.00")


def test_with_another_card_given_on_the_gateways_page(phone: Phones, gateway: Double) -> None:
    hers = phone()

    shown = hers.give("5555 5555 5555 4444")
    untouched = there(gateway)
    hers.pay()

    said(shown, "Pay $75.00 with Mastercard ••4444")
    assert untouched == (1, [])  # giving a card pays nothing
    assert (now().state, str(now().card), there(gateway)) == ("succeeded", "Mastercard ••4444", (1, [7500]))
    assert CardCapture.objects.exclude(charge=None).get().state == "done"
    said(hers.look(), "Mastercard ••4444 $75.00")


def test_who_gave_a_card_and_did_not_come_back_finds_it_later(phone: Phones, gateway: Double) -> None:
    hers = phone()
    on_the_gateways_page(hers.pay("new")["Location"])

    capture = CardCapture.objects.exclude(charge=None).get()
    with outside():
        finish_capture(str(capture.practice_id), str(capture.pk))

    said(hers.look(), "Pay $75.00 with Visa ••4242")


def test_her_act_is_told_as_hers(phone: Phones) -> None:
    hers = phone()
    hers.give("4242 4242 4242 4242")
    hers.pay()

    assert Event.objects.get(kind="charge.succeeded").actor == "patient:link"
    assert now().history.order_by("-pgh_id")[0].pgh_actor == "patient:link"


def test_declined_there_is_said_kindly_and_another_card_pays(phone: Phones, gateway: Double) -> None:
    hers = phone()
    hers.give(NO_FUNDS)

    hers.pay()
    shown = hers.look()
    meanwhile = now().state, now().invoice.status
    hers.give("4242 4242 4242 4242")
    hers.pay()

    said(shown, "Your bank declined Visa ••9995: not enough funds. Nothing was charged. You can try again, or use another card.")
    assert meanwhile == ("needs_patient", "issued")
    assert (now().state, now().attempt, there(gateway)) == ("succeeded", 3, (1, [7500]))


def test_another_card_is_not_said_to_be_declined_and_each_decline_is_told_as_one(phone: Phones) -> None:
    hers = phone()
    hers.pay()

    shown = hers.give("4242 4242 4242 4242")

    assert "declined" not in words(shown)
    assert list(Event.objects.filter(kind__in=["charge.declined", "charge.needs_patient"]).values_list("kind", flat=True)) == [
        "charge.declined",
        "charge.declined",
    ]


def test_a_card_reported_lost_or_stolen_is_not_said_to_be(phone: Phones) -> None:
    hers = phone()
    Charge.objects.update(decline_code="stolen_card")

    answer = hers.look()

    said(answer, "Your bank declined Visa ••0341. Nothing was charged.")
    assert "stolen" not in answer.content.decode()


# Her bank asks


@pytest.mark.parametrize("kind", ["authenticationRequired", "chargeCustomerFail"])
def test_her_banks_question_is_answered_and_it_is_paid(phone: Phones, gateway: Double, kind: str) -> None:
    hers = phone(kind)
    if kind != "authenticationRequired":
        hers.give(ASKS)

    bank = hers.pay()["Location"]
    waiting = now().state
    back = on_her_banks_page(bank)
    hers.browser.get(back)

    assert bank.startswith(f"{gateway.url}/c/confirm/")
    assert (waiting, back.partition("?")[0]) == ("needs_patient", f"{hers.page}back/")
    assert (now().state, there(gateway)) == ("succeeded", (1, [7500]))


def test_refused_at_the_bank_nothing_is_paid_and_she_may_go_on(phone: Phones, gateway: Double) -> None:
    hers = phone("authenticationRequired")
    hers.browser.get(on_her_banks_page(hers.pay()["Location"], confirms=False))

    said(hers.look(), "Your bank’s question was not answered, so nothing was charged.")
    hers.browser.get(on_her_banks_page(hers.pay()["Location"]))

    assert (now().state, there(gateway)) == ("succeeded", (1, [7500]))


def test_who_answered_and_did_not_come_back_has_paid_when_the_gateway_says_so(phone: Phones, gateway: Double) -> None:
    hers = phone("authenticationRequired")
    on_her_banks_page(hers.pay()["Location"])

    said(hers.look(), "Pay $75.00")
    hers.browser.get(f"{hers.page}back/")

    said(hers.look(), "$75.00 is paid.")


# Once, whatever answer is lost


@pytest.mark.parametrize(("do", "ending"), [("cut_after", "succeeded"), ("cut_before", "needs_patient"), ("error500", "needs_patient")])
def test_r22_an_answer_that_never_came_is_said_and_followed_up(phone: Phones, gateway: Double, do: str, ending: str) -> None:
    hers = phone("authenticationRequired")
    hers.give("4242 4242 4242 4242")
    gateway.fault(CONFIRM, do)

    hers.pay()
    shown, again, practice_id = hers.look(), hers.pay(), str(now().practice_id)
    with clock_at(AT + 2 * MINUTE), outside():
        follow_up(practice_id)
    do_jobs(at=AT + 2 * MINUTE)

    said(shown, "We don’t know yet if $75.00 was charged Please don’t pay again.")
    assert again.status_code == 302  # not paid twice: the page tells how the first went
    assert now().state == ending  # never confirmed without her
    assert there(gateway) == (1, [7500] if ending == "succeeded" else [])


def test_a_busy_gateway_lets_her_press_again_with_the_same_key(phone: Phones, gateway: Double) -> None:
    hers = phone()
    hers.give("4242 4242 4242 4242")
    gateway.fault(CONFIRM, "error429")

    hers.pay()
    meanwhile = now().state, now().attempt
    hers.pay()

    assert meanwhile == ("needs_patient", 1)
    assert (now().state, now().attempt, there(gateway)) == ("succeeded", 2, (1, [7500]))


def test_a_card_gone_at_the_gateway_is_not_offered_again(phone: Phones, gateway: Double) -> None:
    hers = phone()
    hers.give("4242 4242 4242 4242")
    client = stripe.StripeClient(JUNIPER.gateway_key, base_addresses={"api": gateway.url})
    client.v1.payment_methods.detach(Card.objects.get(last4="4242").payment_method_id)

    hers.pay()

    assert now().state == "needs_patient"
    said(hers.look(), "can’t be used any more. Nothing was charged.")


def test_a_silent_card_page_is_said_kindly(phone: Phones, settings: Settings) -> None:
    hers = phone()
    settings.STRIPE_API_BASE = NOWHERE

    answer = hers.pay("new")

    assert answer.status_code == 503
    said(answer, "The card page does not answer. Nothing was charged: try again in a minute.", "Use another card")


@pytest.mark.parametrize("card", ["on_file", "", "00000000-0000-7000-8000-000000000000"])
def test_a_card_that_is_not_hers_pays_nothing(phone: Phones, gateway: Double, card: str) -> None:
    hers = phone()

    answer = hers.browser.post(hers.page, {"card": card})

    assert (answer.status_code, now().state, there(gateway)) == (422, "needs_patient", (1, []))


def test_a_practice_without_an_account_is_to_be_called(phone: Phones) -> None:
    hers = phone()
    GatewayAccount.objects.all().delete()

    answer = hers.pay()

    assert answer.status_code == 422
    said(answer, "The clinic can’t take cards at the moment. Please call.")


def test_it_is_not_tried_without_end(phone: Phones) -> None:
    hers = phone()
    Charge.objects.update(attempt=paying.MOST_TRIES)

    answer = hers.pay()

    assert answer.status_code == 409
    said(answer, "This was tried too often. Please call the clinic.")


# What is over


@pytest.mark.parametrize("case", ["restored", "recorded", "expired", "voided"])
def test_what_is_over_is_closed(phone: Phones, odette: Member, silas: Member, gateway: Double, case: str) -> None:
    hers = phone()
    if case == "restored":
        restore(Appointment.objects.get(), by=odette, at=AT)
    if case == "recorded":
        recording.record_payment(now(), method="cash", by=odette, at=AT)
    if case == "voided":
        recording.void(now().invoice, now(), reason="Kindness", by=silas, at=AT)

    with clock_at(AT + 14 * DAY if case == "expired" else AT):
        shown, answer = hers.look(), hers.pay()

    said(shown, "There is nothing to pay here")
    assert (answer.status_code, there(gateway)) == (409, (1, []))


def test_paid_in_cash_meanwhile_she_finds_her_receipt(phone: Phones, odette: Member) -> None:
    hers = phone()
    recording.record_payment(now(), method="cash", by=odette, at=AT)
    do_jobs(at=AT)

    said(hers.look(), "Thank you, Renata $75.00 is paid.", "Cash $75.00")


# Who sends it, for what (R6, R6a)


def test_r6a_the_invoice_is_issued_when_the_link_is_made(juniper: House, odette: Member) -> None:
    visit = accepted(book(juniper), card_of(juniper.patients[0]))
    mark(visit, charge_fee=False, by=odette, at=QUARTER_PAST)

    charge = paying.open_for_link(visit, "no_show", Money(7500, "USD"), instead_of=None, by=odette, at=AT)
    before = Invoice.objects.count()
    paying.payment_link(charge, by=odette, at=AT)

    assert (before, str(now().invoice), now().invoice.status, now().state, now().attempt) == (0, "INV-10001", "issued", "needs_patient", 0)


def test_a_fee_that_never_had_a_payment_gets_its_first_by_her(juniper: House, odette: Member, gateway: Double) -> None:
    visit = accepted(book(juniper), card_of(juniper.patients[0]))
    Card.objects.update(state=Card.State.GONE)
    charge = paying.open_for_link(visit, "no_show", Money(7500, "USD"), instead_of=None, by=odette, at=AT)
    hers = Phone(charge, odette)

    said(hers.look(), "Continue to card")
    hers.give("4242 4242 4242 4242")
    hers.pay()

    assert (now().state, there(gateway)) == ("succeeded", (1, [7500]))


def test_a_failed_one_is_replaced_on_its_invoice(owed: Callable[..., Charge], appointment: Appointment, odette: Member) -> None:
    failed = marked(appointment, "failed", by=odette)

    charge = paying.open_for_link(failed.appointment, "no_show", failed.amount, instead_of=failed, by=odette, at=AT)
    paying.payment_link(charge, by=odette, at=AT)

    charge.refresh_from_db()
    failed.refresh_from_db()
    assert (charge.invoice, charge.state, charge.live, failed.live) == (failed.invoice, "needs_patient", True, False)
    assert Invoice.objects.count() == 1


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        ("due", "charge_in_flight"),
        ("sending", "charge_in_flight"),
        ("unknown", "charge_in_flight"),
        ("paid", "wrong_status"),
        ("failed", "wrong_status"),
    ],
)
def test_no_link_for_what_is_under_way_paid_or_over(appointment: Appointment, odette: Member, outcome: str, code: str) -> None:
    charge = marked(appointment, outcome, by=odette)

    with refused(code):
        paying.payment_link(charge, by=odette, at=AT)


@pytest.mark.parametrize("who", ["tess", "philomena"])
def test_provider_and_auditor_send_none(request: pytest.FixtureRequest, appointment: Appointment, odette: Member, who: str) -> None:
    charge = marked(appointment, "declined", by=odette)

    with refused("not_permitted"):
        paying.payment_link(charge, by=request.getfixturevalue(who), at=AT)


def test_sent_again_both_links_work_and_the_time_begins_anew(phone: Phones, odette: Member) -> None:
    hers = phone()
    later = AT + 3 * DAY

    second = Phone(now(), odette, at=later)

    assert (now().link_at, now().expires_at) == (later, later + 14 * DAY)
    said(hers.look(), "Pay $75.00")
    said(second.look(), "Pay $75.00")


def test_after_it_the_desk_does_not_try_the_card(phone: Phones, odette: Member) -> None:
    phone()

    with refused("wrong_status"):
        charging.retry(now(), by=odette, at=AT)


def test_her_payment_is_one_with_its_row(phone: Phones) -> None:
    hers = phone()
    hers.give("4242 4242 4242 4242")
    hers.pay()
    hers.browser.get(f"{hers.page}back/")

    assert Payment.objects.count() == 1
