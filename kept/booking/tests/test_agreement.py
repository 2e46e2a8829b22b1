"""The policy accepted online where no card is asked for: shown in money, ticked, kept as proof; no fee can be charged on it (R3, I9)."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.urls import reverse

import kept.policies.transitions as policies
from kept.billing.models import CardCapture
from kept.foundation.money import Money
from kept.noshows.offers import fee_offer
from kept.ops.cast import House
from kept.policies.document import Ask, Document, flat
from kept.practice.models import Member
from kept.practice.rules import Role
from kept.scheduling.models import Appointment
from kept.scheduling.transitions import attendance
from tests.kit.browser import Browser
from tests.kit.gateway import clock_at, do_jobs
from tests.kit.html import fields, words
from tests.kit.visits import QUARTER_PAST, STARTS_AT, card_of

AT = STARTS_AT - timedelta(days=3)
HERE = "/book/juniper/elm-street/"
WHO = {"first_name": "Perpetua", "last_name": "Nightshade", "email": "perpetua@example.com", "phone": "(555) 010-0199"}
NO_CARDS = Document(rows=flat(7_500).rows, asks=(Ask(never_card=True),))


@pytest.fixture(autouse=True)
def no_card_is_asked_for(juniper: House, leonora: Member) -> Iterator[None]:
    cache.clear()
    with clock_at(AT):
        policies.publish(description="Be there.", authorization_text="Charge my card.", terms=NO_CARDS, currency="USD", by=leonora, at=AT)
        yield


@pytest.fixture
def choice(juniper: House) -> dict[str, Any]:
    tess = juniper.providers[juniper.members[Role.PROVIDER].name]
    return {"services": [str(juniper.services["Lip filler"].pk)], "provider": str(tess.pk), "start": STARTS_AT.isoformat()}


@pytest.fixture
def visit(choice: dict[str, Any]) -> Appointment:
    """Booked online, the policy ticked."""
    browser = Browser(headers={"User-Agent": "Mozilla/5.0 (iPhone)"})
    shown = browser.get(HERE, choice)
    done = browser.post(HERE, {**fields(shown), **choice, **WHO, "accept": "yes"})
    assert "You accepted policy version 4" in words(browser.get(done["Location"]))
    return Appointment.objects.select_related("agreement__version", "patient", "clinic", "practice").get()


def test_r18_the_policy_is_shown_in_money_and_no_card_is_spoken_of(choice: dict[str, Any]) -> None:
    said = words(Browser().get(HERE, choice))

    assert "If you miss it, $75.00." in said
    assert "I accept the cancellation policy." in said
    assert "No card is asked for." in said
    assert "Card authorization" not in said


def test_r18_without_the_tick_nothing_is_booked(choice: dict[str, Any]) -> None:
    browser = Browser()

    answer = browser.post(HERE, {**fields(browser.get(HERE, choice)), **choice, **WHO})

    assert (answer.status_code, Appointment.objects.count()) == (422, 0)
    assert "Tick this to go on." in words(answer)


def test_i9_the_acceptance_is_kept_in_full_without_a_card(visit: Appointment) -> None:
    proof = visit.agreement

    assert proof is not None
    assert (visit.acceptance, visit.card_wanted, proof.card, CardCapture.objects.exists()) == (None, False, None, False)
    assert (proof.version.number, proof.fee, proof.channel, proof.address, proof.agent, proof.accepted_at) == (
        *(4, Money(7_500, "USD"), "online", "127.0.0.1", "Mozilla/5.0 (iPhone)", AT),
    )
    assert "Be there." in proof.text
    assert "Charge my card." not in proof.text


def test_the_letter_of_the_booking_says_what_was_accepted(visit: Appointment) -> None:
    do_jobs()

    assert "$75.00" in mail.outbox[0].body


def test_i9_what_was_accepted_stays(visit: Appointment) -> None:
    with pytest.raises(IntegrityError, match="what was accepted stays"), transaction.atomic():
        Appointment.objects.filter(pk=visit.pk).update(agreement=None)


@pytest.mark.parametrize("on_file", [False, True])
def test_r3_no_fee_is_offered_without_a_card_and_the_reason_is_said(
    visit: Appointment, odette: Member, htmx: Callable[[Member], Browser], on_file: bool
) -> None:
    if on_file:
        card_of(visit.patient)  # given for something else

    offer = fee_offer(visit, at=QUARTER_PAST)
    with clock_at(QUARTER_PAST):
        dialog = words(htmx(odette).get(reverse("noshows:mark", args=[visit.pk])))

    assert (offer.offered, offer.why_not) == (False, "no_card")
    assert "Not offered: no card was given for this appointment." in dialog
    attendance.mark_noshow(visit, reason="", note="", by=odette, at=QUARTER_PAST)


def test_the_panel_shows_it_and_the_proof_opens(visit: Appointment, odette: Member, htmx: Callable[[Member], Browser]) -> None:
    desk = htmx(odette)

    panel = words(desk.get(reverse("desk:panel", args=[visit.pk])))
    proof = words(desk.get(reverse("desk:acceptance", args=[visit.pk])))

    assert "Policy v4 accepted, no card asked for" in panel
    assert "Policy accepted, no card asked for" in panel  # in its history
    assert "Card None was asked for" in proof
    assert "127.0.0.1" in proof
