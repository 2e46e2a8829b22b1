"""Send receipt: the receipt of a paid invoice, by e-mail, whenever staff are asked for it."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse

from kept.billing.models import Charge
from kept.billing.transitions.recording import record_payment
from kept.messaging.models import Message
from kept.messaging.transitions import send_receipt
from kept.patients.models import Patient
from kept.practice.models import Member, Settings
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.checks import refused
from tests.kit.gateway import clock_at
from tests.kit.html import words
from tests.kit.money import marked, refunded
from tests.kit.visits import QUARTER_PAST

Jobs = Callable[..., list[str]]
LATER = QUARTER_PAST + timedelta(hours=1)


@pytest.fixture(autouse=True)
def an_hour_later() -> Iterator[None]:
    with clock_at(LATER):
        yield


@pytest.fixture
def paid(odette: Member, appointment: Appointment) -> Charge:
    Settings.objects.update(tell_patients=False)
    return marked(appointment, "paid", by=odette)


def address(charge: Charge) -> str:
    return reverse("messaging:send-receipt", args=[charge.invoice_id])


def page(charge: Charge) -> str:
    return reverse("billing:invoice", args=[charge.invoice_id])


def test_it_goes_and_stands_on_the_invoice_and_with_the_patients_messages(
    odette: Member, silas: Member, paid: Charge, htmx: Callable[[Member], Browser], run_jobs: Jobs
) -> None:
    refunded(paid, 2500, by=silas, at=QUARTER_PAST)
    desk = htmx(odette)
    assert "Send receipt" in words(desk.get(page(paid)))

    answer = desk.post(address(paid))
    run_jobs(at=LATER)

    assert "The receipt goes to renata.solbrook@example.com." in words(answer)
    (letter,) = mail.outbox
    assert letter.subject == "Receipt INV-10001: $75.00"
    for said in ("$75.00 was charged to Visa ••4242 on Oct 14, 2026.", "Invoice INV-10001", "Refunded on Oct 14, 2026: $25.00"):
        assert said in str(letter.body)
    assert "Receipt sent by e-mail" in words(desk.get(page(paid)))
    assert f"Receipt E-mail, #{paid.appointment}" in words(desk.get(reverse("desk:patient-messages", args=[paid.patient_id])))


def test_of_what_was_paid_in_cash(odette: Member, appointment: Appointment, run_jobs: Jobs) -> None:
    charge = record_payment(marked(appointment, "failed", by=odette), method="cash", by=odette, at=LATER)
    assert charge.invoice is not None

    send_receipt(charge.invoice, by=odette, at=LATER)
    run_jobs(at=LATER)

    assert any("$75.00 was paid on Oct 14, 2026. Thank you." in str(letter.body) for letter in mail.outbox)
    assert not any("Visa" in str(letter.body) for letter in mail.outbox)


def test_pressed_twice_it_is_one_letter_and_later_another(odette: Member, paid: Charge) -> None:
    assert paid.invoice is not None
    for seconds in (0, 5, 90):
        send_receipt(paid.invoice, by=odette, at=LATER + timedelta(seconds=seconds))

    assert Message.objects.filter(letter="receipt").count() == 2


def test_what_is_not_paid_has_none(odette: Member, appointment: Appointment, htmx: Callable[[Member], Browser]) -> None:
    charge = marked(appointment, "declined", by=odette)
    desk = htmx(odette)

    assert "Send receipt" not in words(desk.get(page(charge)))
    assert desk.post(address(charge)).status_code == 409
    assert not Message.objects.filter(letter="receipt").exists()


def test_without_an_address_the_page_says_why(odette: Member, paid: Charge, htmx: Callable[[Member], Browser]) -> None:
    Patient.objects.update(email="")
    desk = htmx(odette)

    said = words(desk.get(page(paid)))

    assert "No e-mail address of Renata Solbrook is known, so the receipt can only be printed." in said
    assert desk.post(address(paid)).status_code == 409


@pytest.mark.parametrize("who", ["tess", "philomena"])
def test_who_may_not_collect_sends_none(request: pytest.FixtureRequest, paid: Charge, who: str) -> None:
    assert paid.invoice is not None
    with refused("not_permitted"):
        send_receipt(paid.invoice, by=request.getfixturevalue(who), at=LATER)
