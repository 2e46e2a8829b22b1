"""Settings > Cancellation Policy > Visits under earlier terms: how many there are, and asking from the list (R4)."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse

import kept.policies.transitions as policies
from kept.billing.renewals import under_earlier_terms
from kept.ops.cast import House
from kept.patients.models import Patient
from kept.policies.document import flat
from kept.practice.models import Member, Service
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.gateway import clock_at, do_jobs
from tests.kit.html import words
from tests.kit.visits import STARTS_AT, accepted, book, card_of

AT = STARTS_AT - timedelta(days=3)
HERE = "/settings/cancellation-policy/earlier-terms/"


@pytest.fixture(autouse=True)
def three_days_before() -> Iterator[None]:
    with clock_at(AT):
        yield


def publish(by: Member) -> None:
    policies.publish(description="d", authorization_text="a", terms=flat(9_000), currency="USD", by=by, at=AT)


def test_while_all_stands_under_what_holds_today_nobody_is_listed(
    appointment: Appointment, leonora: Member, signed_in: Callable[[Member], Browser]
) -> None:
    assert "Nobody to ask" in words(signed_in(leonora).get(HERE))


def test_r4_publishing_leads_to_the_visits_that_keep_what_was_accepted(
    appointment: Appointment, appointment_without_card: Appointment, leonora: Member, signed_in: Callable[[Member], Browser]
) -> None:
    publish(leonora)

    said = words(signed_in(leonora).get(HERE))

    assert "1 visit to come was accepted under an earlier version, or at another price." in said
    assert "Renata Solbrook" in said
    assert "Version 3, $75.00" in said
    assert "Marguerite" not in said


def test_a_new_price_lists_the_visit_too(appointment: Appointment, leonora: Member) -> None:
    Service.objects.filter(name="Lip filler").update(price_minor=70_000)

    assert list(under_earlier_terms(leonora, at=AT)) == [appointment]
    assert list(under_earlier_terms(leonora, at=STARTS_AT)) == []


def test_those_ticked_are_asked_by_a_letter_each(
    juniper: House, appointment: Appointment, leonora: Member, signed_in: Callable[[Member], Browser]
) -> None:
    other = juniper.patients[4]
    accepted(book(juniper, patient=other, starts_at=STARTS_AT + timedelta(days=1)), card_of(other))
    publish(leonora)
    browser = signed_in(leonora)

    nobody = words(browser.get(browser.post(HERE)["Location"]))
    asked = words(browser.get(browser.post(HERE, {"visit": [str(appointment.pk), "junk"]})["Location"]))
    do_jobs()

    assert "Nobody was asked." in nobody
    assert "Asked 1 patient." in asked
    assert [letter.to for letter in mail.outbox] == [[appointment.patient.email]]


def test_without_an_address_there_is_no_letter(appointment: Appointment, leonora: Member, signed_in: Callable[[Member], Browser]) -> None:
    publish(leonora)
    Patient.objects.filter(pk=appointment.patient_id).update(email="")
    browser = signed_in(leonora)

    said = words(browser.get(browser.post(HERE, {"visit": str(appointment.pk)})["Location"]))

    assert "Nobody was asked." in said
    assert "No e-mail: copy a link from the panel" in said


def test_whoever_sees_no_settings_sees_no_list(appointment: Appointment, odette: Member, signed_in: Callable[[Member], Browser]) -> None:
    assert signed_in(odette).get(reverse("desk:policy-earlier")).status_code == 403
