"""The patient accepts the policy and gives her card on her own phone, or uses the one on file; nobody does it for her (R3, R3a, I9)."""

import hashlib
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import ProgrammingError, transaction
from django.http import HttpResponse
from django.urls import reverse

import kept.policies.transitions as policies
import kept.scheduling.transitions.attendance as attendance
from kept.billing.models import CardCapture
from kept.billing.transitions import cards
from kept.events.models import Event
from kept.foundation.money import Money
from kept.noshows.offers import fee_offer
from kept.ops.consent import HER_PHONE
from kept.patients.models import Card, Link, Patient
from kept.policies.document import flat
from kept.policies.models import Acceptance, PolicyVersion
from kept.policies.transitions import switch_fees
from kept.practice.models import GatewayAccount, Member
from kept.scheduling.models import Appointment
from kept.scheduling.rules import display
from tests.kit.browser import Browser
from tests.kit.checks import refused
from tests.kit.gateway import Double, clock_at
from tests.kit.visits import ACCEPTED_AT, BOOKED_AT, STARTS_AT, card_of

ANSWERED_AT = BOOKED_AT + timedelta(hours=1)
STARTS = STARTS_AT + timedelta(days=1)  # of `appointment_without_card`


def now(appointment: Appointment) -> Appointment:
    return Appointment.objects.select_related("acceptance__card", "acceptance__version").get(pk=appointment.pk)


@pytest.fixture
def phone(browser: Browser, odette: Member, appointment_without_card: Appointment) -> "Phone":
    """Marguerite's phone on the card page, to which the desk's link led."""
    address = cards.card_link(appointment_without_card, by=odette, at=BOOKED_AT)
    with clock_at(BOOKED_AT):
        entered = browser.get(urllib.parse.urlsplit(address).path)
    return Phone(browser, entered["Location"])


class Phone:
    """A browser that stays on one card page."""

    def __init__(self, browser: Browser, page: str) -> None:
        self.browser, self.page = browser, page

    def look(self, *, at: datetime = ANSWERED_AT) -> str:
        with clock_at(at):
            return self.browser.get(self.page).content.decode()

    def accept(self, *, card: str = "new", at: datetime = ANSWERED_AT, **changed: str) -> HttpResponse:
        version = str(PolicyVersion.objects.order_by("-number")[0].id)
        with clock_at(at):
            return self.browser.post(self.page, {"accept": "yes", "version": version, "card": card} | changed)

    def come_back(self, *, at: datetime = ANSWERED_AT) -> HttpResponse:
        with clock_at(at):
            return self.browser.get(f"{self.page}back/")


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """The way on is for the patient's browser, not for this one."""


def type_card(address: str, number: str = "4242 4242 4242 4242") -> str:
    """A card typed on the gateway's page, over HTTP; where the page sends the patient."""
    typed = urllib.parse.urlencode({"number": number, "expiry": "04/31", "cvc": "123", "name": "Marguerite Sloane"}).encode()
    try:
        urllib.request.build_opener(_Stay).open(address, typed, timeout=10)
    except urllib.error.HTTPError as answer:
        return str(answer.headers["Location"])
    raise AssertionError("the card page did not take the card")


# The link


def test_the_desk_gives_a_link_and_only_its_hash_is_kept(odette: Member, appointment_without_card: Appointment) -> None:
    address = cards.card_link(appointment_without_card, by=odette, at=BOOKED_AT)

    token, link = address.rstrip("/").rpartition("/")[2], Link.objects.get()
    secret = token.partition(".")[2]
    assert address.startswith("http://testserver/card/")
    assert link.token_hash == hashlib.sha256(secret.encode()).hexdigest()
    assert (len(secret) >= 43, link.subject_id, link.expires_at) == (True, appointment_without_card.id, STARTS)
    assert secret not in str(Event.objects.get(kind="card.link_given").particulars)


def test_until_then_the_appointment_awaits_its_card(appointment_without_card: Appointment) -> None:
    assert (display(appointment_without_card, at=BOOKED_AT), display(appointment_without_card, at=STARTS)) == ("awaiting_card", "booked")


@pytest.mark.parametrize("late", [timedelta(0), timedelta(days=1)])
def test_no_link_once_it_has_started(odette: Member, appointment_without_card: Appointment, late: timedelta) -> None:
    with refused("wrong_status"):
        cards.card_link(appointment_without_card, by=odette, at=STARTS + late)


def test_no_link_when_it_is_accepted_already(odette: Member, appointment: Appointment) -> None:
    with refused("wrong_status"):
        cards.card_link(appointment, by=odette, at=ANSWERED_AT)


def test_no_link_while_fees_are_off(odette: Member, silas: Member, appointment_without_card: Appointment) -> None:
    switch_fees(on=False, by=silas, at=BOOKED_AT)

    with refused("fee_not_available"):
        cards.card_link(appointment_without_card, by=odette, at=BOOKED_AT)


def test_no_link_without_a_gateway(odette: Member, appointment_without_card: Appointment) -> None:
    GatewayAccount.objects.all().delete()

    with refused("fee_not_available"):
        cards.card_link(appointment_without_card, by=odette, at=BOOKED_AT)


@pytest.mark.parametrize("who", ["benedikt", "philomena"])
def test_billing_and_auditor_give_none(request: pytest.FixtureRequest, appointment_without_card: Appointment, who: str) -> None:
    with refused("not_permitted"):
        cards.card_link(appointment_without_card, by=request.getfixturevalue(who), at=BOOKED_AT)


def test_i17_a_garbled_or_unknown_link_is_not_found(browser: Browser, appointment_without_card: Appointment) -> None:
    known = appointment_without_card.practice_id.hex

    answers = [browser.get(f"/card/{token}/").status_code for token in ("nonsense", f"{known}.wrong", f"{known}.", f"{'0' * 32}.x")]

    assert answers == [404] * 4


def test_i17_looking_changes_nothing(phone: Phone, appointment_without_card: Appointment) -> None:
    before = now(appointment_without_card).version

    for _turn in range(3):
        phone.look()

    assert (now(appointment_without_card).version, CardCapture.objects.count()) == (before, 0)


# The page says it in money


def test_the_patient_sees_the_policy_in_money_and_nothing_is_ticked(phone: Phone) -> None:
    page = phone.look()

    assert "$75.00" in page
    assert "We hold your time for you alone." in page
    assert "I authorize Juniper Skin Studio to keep my card on file" in page
    assert "checked" not in page
    assert "filler" not in page.lower()


def test_without_the_tick_it_is_not_accepted(phone: Phone, appointment_without_card: Appointment) -> None:
    answer = phone.accept(accept="")

    assert (answer.status_code, now(appointment_without_card).acceptance) == (422, None)


# With the card on file


def test_r3a_with_the_card_on_file_one_tap_is_enough(phone: Phone, appointment_without_card: Appointment) -> None:
    card = card_of(appointment_without_card.patient)
    offered = str(card) in phone.look()

    phone.accept(card="on_file")

    acceptance = now(appointment_without_card).acceptance
    assert offered
    assert (acceptance.card, acceptance.version.number, acceptance.fee, acceptance.late_minutes, acceptance.channel) == (
        card,
        3,
        Money(7500, "USD"),
        15,
        "link",
    )
    assert (acceptance.accepted_at, acceptance.address, acceptance.patient) == (
        ANSWERED_AT,
        "127.0.0.1",
        appointment_without_card.patient,
    )


def test_r3a_a_card_that_is_gone_is_not_used(phone: Phone, appointment_without_card: Appointment) -> None:
    card_of(appointment_without_card.patient)
    Card.objects.update(state=Card.State.GONE)

    answer = phone.accept(card="on_file")

    assert (answer.status_code, now(appointment_without_card).acceptance) == (422, None)


# With a card given on the gateway's page


def test_r3a_over_the_gateways_page_and_back(phone: Phone, appointment_without_card: Appointment, gateway: Double) -> None:
    there = phone.accept()["Location"]
    before = now(appointment_without_card).acceptance

    back = type_card(there)
    phone.come_back()

    acceptance = now(appointment_without_card).acceptance
    assert (there.startswith(gateway.url), back.startswith("http://testserver/card/"), before) == (True, True, None)
    assert (str(acceptance.card), acceptance.accepted_at, acceptance.setup_intent_id[:5]) == ("Visa ••4242", ANSWERED_AT, "seti_")
    assert (CardCapture.objects.get().state, fee_offer(now(appointment_without_card), at=STARTS).offered) == ("done", True)


def test_r3a_coming_back_twice_accepts_once(phone: Phone, appointment_without_card: Appointment, gateway: Double) -> None:
    type_card(phone.accept()["Location"])

    for _turn in range(2):
        phone.come_back()
    cards.finish(str(appointment_without_card.practice_id), str(CardCapture.objects.get().id))

    assert (Acceptance.objects.count(), Card.objects.count()) == (1, 1)
    assert Event.objects.filter(kind="policy.accepted").count() == 1


def test_r3a_coming_back_without_a_card_accepts_nothing(phone: Phone, appointment_without_card: Appointment, gateway: Double) -> None:
    phone.accept()

    phone.come_back()

    assert (now(appointment_without_card).acceptance, CardCapture.objects.get().state) == (None, "open")


def test_r3a_a_gateway_that_does_not_answer_loses_nothing(phone: Phone, appointment_without_card: Appointment, gateway: Double) -> None:
    gateway.fault("POST /v1/checkout/sessions", "cut_before")

    first = phone.accept()
    type_card(phone.accept()["Location"])
    phone.come_back()

    assert first.status_code == 503
    assert now(appointment_without_card).acceptance is not None


def test_a_patient_is_one_customer_there(phone: Phone, appointment_without_card: Appointment, gateway: Double) -> None:
    for _turn in range(2):
        phone.accept()

    (customer,) = gateway.ledger()["customers"]
    assert Patient.objects.get(pk=appointment_without_card.patient_id).gateway_customer_id == customer["id"]
    assert (customer["name"], customer["email"]) == (None, None)  # I16: opaque ids only


# Too late, or another policy


def test_r3_a_card_given_after_the_start_is_kept_but_not_for_this_appointment(
    phone: Phone, appointment_without_card: Appointment, gateway: Double
) -> None:
    type_card(phone.accept(at=STARTS - timedelta(minutes=1))["Location"])

    phone.come_back(at=STARTS)

    assert (now(appointment_without_card).acceptance, CardCapture.objects.get().state) == (None, "too_late")
    assert Card.objects.get().patient == appointment_without_card.patient
    assert fee_offer(now(appointment_without_card), at=STARTS).why_not == "no_consent"


def test_r3_after_the_start_the_page_is_closed(phone: Phone, appointment_without_card: Appointment) -> None:
    card_of(appointment_without_card.patient)

    answer = phone.accept(card="on_file", at=STARTS)

    assert (answer.status_code, now(appointment_without_card).acceptance) == (409, None)


def test_a_missed_or_cancelled_appointment_takes_no_card(phone: Phone, odette: Member, appointment_without_card: Appointment) -> None:
    card_of(appointment_without_card.patient)
    attendance.enter_in_error(appointment_without_card, by=odette, at=BOOKED_AT)

    assert phone.accept(card="on_file").status_code == 409


def test_a_policy_changed_meanwhile_is_read_again_first(phone: Phone, silas: Member, appointment_without_card: Appointment) -> None:
    card_of(appointment_without_card.patient)
    seen = str(PolicyVersion.objects.get(number=3).id)
    policies.publish(
        description="Dearer.",
        authorization_text="I authorize it.",
        terms=flat(9000),
        currency="USD",
        by=silas,
        at=BOOKED_AT,
    )

    answer = phone.accept(card="on_file", version=seen)
    again = phone.accept(card="on_file")

    assert (answer.status_code, again.status_code) == (409, 302)
    assert now(appointment_without_card).acceptance.fee == Money(9000, "USD")


def test_stale_version_is_its_code(appointment_without_card: Appointment) -> None:
    with refused("stale_version"):
        cards.begin(appointment_without_card, version_id="of long ago", origin=HER_PHONE, at=ANSWERED_AT)


# The proof (I9)


def test_i9_the_full_text_and_its_hash_are_kept(appointment: Appointment) -> None:
    acceptance = appointment.acceptance

    assert acceptance.text == "\n\n".join(
        [
            "Cancellation policy of Juniper Skin Studio, version 3",
            "We hold your time for you alone. Please tell us at least 24 hours before your appointment if you can’t come.",
            "Free to change or cancel until Tue, Oct 13, 3:30 PM. After that it costs $75.00. A missed appointment is charged $75.00.",
            "I authorize Juniper Skin Studio to keep my card on file with its payment provider and to charge the cancellation fee "
            "stated above if I miss my appointment.",
        ]
    )
    assert acceptance.text_hash == hashlib.sha256(acceptance.text.encode()).hexdigest()
    assert (acceptance.accepted_at, acceptance.address, acceptance.agent) == (ACCEPTED_AT, HER_PHONE.address, HER_PHONE.agent)
    assert acceptance.free_until == STARTS_AT - timedelta(hours=24)


@pytest.mark.parametrize("change", [{"fees": {"no_show": 1}}, {"text": "Free of charge"}, {"accepted_at": BOOKED_AT}])
def test_i9_nobody_can_rewrite_it(appointment: Appointment, change: dict[str, object]) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        Acceptance.objects.update(**change)


def test_i9_nor_take_it_away(appointment: Appointment) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        Acceptance.objects.all()._raw_delete("default")
    with pytest.raises(Exception, match="what was accepted stays"), transaction.atomic():
        Appointment.objects.filter(pk=appointment.pk).update(acceptance=None)


def test_another_practices_member_has_no_page_for_it(browser: Browser, hana: Member, appointment_without_card: Appointment) -> None:
    assert browser.get(reverse("booking:card", args=[appointment_without_card.id])).status_code == 404
