"""A deposit paid online on the gateway's page, and by the desk's link: one payment, one bill, however it is told (R18, R20, R22, I4)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.http import HttpResponse

import kept.billing.transitions.cards as cards
import kept.policies.transitions as policies
from kept.billing import reports
from kept.billing.models import CardCapture, Charge, Invoice, Payment, Refund
from kept.foundation.money import Money
from kept.foundation.scope import outside
from kept.ops.cast import House
from kept.policies.document import Ask, Deposits, Document, Sum, flat
from kept.policies.models import Acceptance
from kept.practice.models import Member
from kept.practice.rules import Role
from kept.scheduling.models import Appointment
from kept.scheduling.transitions import holding
from tests.kit.browser import Browser
from tests.kit.gateway import Double, clock_at, do_jobs, on_her_banks_page, on_the_gateways_page
from tests.kit.html import fields, words
from tests.kit.visits import STARTS_AT, book

AT = STARTS_AT - timedelta(days=3)
HERE = "/book/juniper/elm-street/"
WHO = {"first_name": "Perpetua", "last_name": "Nightshade", "email": "perpetua@example.com", "phone": "(555) 010-0199"}
DEPOSIT = Money(2500, "USD")


def with_deposit(minor: int = 2500, **deposits: str) -> Document:
    """$75.00 for missing it, or cancelling less than 24 hours before; a deposit at booking."""
    asks = (Ask(deposit=Sum(minor=minor)),)
    return flat(7500).model_copy(update={"asks": asks, "deposits": Deposits.model_validate(deposits)})


@pytest.fixture(autouse=True)
def asked_for(juniper: House, leonora: Member) -> Iterator[None]:
    cache.clear()
    with clock_at(AT):
        policies.publish(description="d", authorization_text="a", terms=with_deposit(), currency="USD", by=leonora, at=AT)
        yield


@pytest.fixture
def choice(juniper: House) -> dict[str, Any]:
    """Lip filler with Tess Marrowby on Wednesday at 3:30 PM."""
    tess = juniper.providers[juniper.members[Role.PROVIDER].name]
    return {"services": [str(juniper.services["Lip filler"].pk)], "provider": str(tess.pk), "start": STARTS_AT.isoformat()}


def sent(browser: Browser, choice: dict[str, Any], **changes: Any) -> HttpResponse:
    """The form of the details page filled in and posted: the way to the gateway's page."""
    shown = fields(browser.get(HERE, choice))
    return browser.post(HERE, {**shown, **choice, **WHO, "accept": "yes", **changes})


def in_the_book() -> tuple[Any, ...]:
    """Each deposit with its state and bill."""
    found = Charge.objects.select_related("invoice")
    return tuple((each.kind, each.state, each.live, each.captured_minor, each.refunded_minor, str(each.invoice)) for each in found)


def test_r18_the_page_says_what_is_paid_now_and_what_becomes_of_it(choice: dict[str, Any]) -> None:
    page = words(Browser().get(HERE, choice))

    assert "A deposit of $25.00 is paid at booking and credited at the visit." in page
    assert "Cancelled in time, it goes back to the card." in page
    assert "for a missed visit $50.00 more is charged." in page
    assert "You pay $25.00 now." in page
    assert "Continue to pay $25.00" in page
    assert "Nothing is charged today" not in page


def test_r18_paid_on_the_gateways_page_it_is_booked_and_billed(gateway: Double, choice: dict[str, Any]) -> None:
    browser = Browser()

    back = on_the_gateways_page(sent(browser, choice)["Location"])
    done = words(browser.get(browser.get(back)["Location"]))

    booked, acceptance, invoice = Appointment.objects.get(), Acceptance.objects.get(), Invoice.objects.get()
    assert "Your deposit of $25.00 is paid." in done
    assert (booked.acceptance_id, acceptance.card.last4, (acceptance.facts or {})["deposit"]) == (acceptance.pk, "4242", 2500)
    assert "A deposit of $25.00 is paid at booking" in acceptance.text
    assert in_the_book() == (("deposit", "succeeded", True, 2500, 0, str(invoice)),)
    assert (invoice.kind, invoice.status, invoice.total, invoice.appointment_id) == ("deposit", "balanced", DEPOSIT, booked.pk)
    assert [(line.text, line.amount) for line in invoice.lines.all()] == [("Appointment deposit", DEPOSIT)]
    assert [(payment["amount"], payment["refunded"]) for payment in gateway.ledger()["payments"]] == [(2500, 0)]
    assert "filler" not in str(gateway.ledger())


def test_r22_told_often_and_in_any_order_it_is_one_payment(gateway: Double, juniper: House, choice: dict[str, Any]) -> None:
    browser = Browser()
    back = on_the_gateways_page(sent(browser, choice)["Location"])
    practice, capture = str(juniper.practice.pk), str(CardCapture.objects.get().pk)

    with outside():
        (intent,) = gateway.ledger()["intents"]
        reports.look_at_payment(practice, intent["id"])  # as a report of the payment does
        cards.finish(practice, capture)
        differs = list(reports.reconcile(practice, since=AT - timedelta(days=9999)))
    browser.get(back)
    with outside():
        reports.look_at_payment(practice, intent["id"])

    assert differs == []
    assert len(in_the_book()) == Payment.objects.count() == Invoice.objects.count() == Acceptance.objects.count() == 1


def test_r22_without_her_coming_back_the_gateways_report_books_it(gateway: Double, choice: dict[str, Any]) -> None:
    on_the_gateways_page(sent(Browser(), choice)["Location"])

    do_jobs(at=AT + holding.HOLD + timedelta(seconds=1))

    assert (Appointment.objects.get().status, Charge.objects.get().state) == ("booked", "succeeded")


def test_r18_a_decline_leaves_her_there_and_nothing_is_booked(gateway: Double, choice: dict[str, Any]) -> None:
    browser = Browser()
    there = sent(browser, choice)["Location"]

    with pytest.raises(AssertionError):
        on_the_gateways_page(there, "4000 0000 0000 0002")
    after_decline = in_the_book()
    browser.get(on_the_gateways_page(there))

    assert after_decline == ()
    assert [each[1] for each in in_the_book()] == ["succeeded"]


def test_r18_her_bank_asks_on_the_gateways_page(gateway: Double, choice: dict[str, Any]) -> None:
    bank = on_the_gateways_page(sent(Browser(), choice)["Location"], "4000 0027 6000 3184")

    on_her_banks_page(bank)
    do_jobs(at=AT + holding.HOLD + timedelta(seconds=1))

    assert [each[:4] for each in in_the_book()] == [("deposit", "succeeded", True, 2500)]


def test_r19_the_page_takes_no_money_once_the_hold_is_over(gateway: Double, choice: dict[str, Any]) -> None:
    sent(Browser(), choice)

    do_jobs(at=AT + holding.HOLD + timedelta(seconds=1))

    assert [session["status"] for session in gateway.ledger()["sessions"]] == ["expired"]
    assert in_the_book() == ()


def test_r19_paid_when_the_time_was_anothers_it_goes_back_and_is_said(
    juniper: House, gateway: Double, choice: dict[str, Any], odette: Member, signed_in: Any
) -> None:
    browser, late = Browser(), AT + holding.HOLD + timedelta(minutes=1)
    there = sent(browser, choice)["Location"]

    with clock_at(late):
        book(juniper, at=late)
        said = words(browser.get(browser.get(on_the_gateways_page(there))["Location"]))
        desk = words(signed_in(odette).get("/attention/"))
    do_jobs(at=late)

    assert "You are not booked. Your $25.00 goes back to Visa ••4242." in said
    assert "deposit of $25.00 goes back" in desk
    assert [each[:5] for each in in_the_book()] == [("deposit", "succeeded", False, 2500, 2500)]
    assert [(payment["amount"], payment["refunded"]) for payment in gateway.ledger()["payments"]] == [(2500, 2500)]
    assert [refund.why for refund in Refund.objects.all()] == ["Paid too late: the time was not held any more"]
    assert not Acceptance.objects.exists()


def test_i4_one_page_is_open_at_a_time(gateway: Double, choice: dict[str, Any]) -> None:
    browser = Browser()
    first = sent(browser, choice)["Location"]
    page = browser.session["links"]
    link = next(iter(page))
    form = fields(browser.get(f"/card/{link}/"))

    second = browser.post(f"/card/{link}/", {**form, "accept": "yes", "card": "new"})["Location"]

    assert sorted(session["status"] for session in gateway.ledger()["sessions"]) == ["expired", "open"]
    assert first != second
    browser.get(on_the_gateways_page(second))
    assert [each[:4] for each in in_the_book()] == [("deposit", "succeeded", True, 2500)]


def test_i4_who_paid_already_is_not_sent_to_pay_again(gateway: Double, choice: dict[str, Any]) -> None:
    browser = Browser()
    on_the_gateways_page(sent(browser, choice)["Location"])
    link = next(iter(browser.session["links"]))
    form = fields(browser.get(f"/card/{link}/"))

    again = browser.post(f"/card/{link}/", {**form, "accept": "yes", "card": "new"})

    assert again.status_code == 409
    assert len(gateway.ledger()["payments"]) == 1
    assert [each[:4] for each in in_the_book()] == [("deposit", "succeeded", True, 2500)]
