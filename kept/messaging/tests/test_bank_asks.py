"""A bank that asks for the patient: she gets a payment link by itself, once (I4)."""

from collections.abc import Callable

from django.core import mail
from django.urls import reverse

import kept.billing.transitions.charging as charging
from kept.billing.models import Charge
from kept.events.models import Event
from kept.foundation.scope import outside
from kept.messaging.models import Message
from kept.messaging.tasks import bank_asks
from kept.noshows.queries import fee_of
from kept.noshows.transitions.attendance import restore
from kept.noshows.words import fee_words
from kept.patients.models import Patient
from kept.practice.models import Member, Settings
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.gateway import clock_at
from tests.kit.html import words
from tests.kit.money import answered, marked
from tests.kit.visits import QUARTER_PAST

Jobs = Callable[..., list[str]]


def links() -> list[str]:
    return [str(letter.subject) for letter in mail.outbox if "to pay" in letter.subject]


def test_she_gets_a_link_and_staff_see_so(odette: Member, appointment: Appointment, run_jobs: Jobs, browser: Browser) -> None:
    marked(appointment, "needs_patient", by=odette)
    run_jobs(at=QUARTER_PAST)

    (letter,) = (letter for letter in mail.outbox if "to pay" in letter.subject)
    charge, fee = Charge.objects.get(), fee_of(appointment, at=QUARTER_PAST)
    assert (charge.state, charge.link_at) == ("needs_patient", QUARTER_PAST)
    assert fee_words(appointment, fee, at=QUARTER_PAST).title == "Payment link sent, not paid yet"
    address = next(line for line in str(letter.body).splitlines() if "/pay/" in line)
    with clock_at(QUARTER_PAST), outside():
        assert "$75.00" in words(browser.get("/pay/" + address.split("/pay/")[1], follow=True))


def test_once(odette: Member, appointment: Appointment, run_jobs: Jobs) -> None:
    charge = marked(appointment, "needs_patient", by=odette)
    run_jobs(at=QUARTER_PAST)

    event = Event.objects.get(kind="charge.needs_patient")
    with clock_at(QUARTER_PAST), outside():
        bank_asks(str(charge.practice_id), str(event.pk))
    charging.take(charging.locked(charge.pk), at=QUARTER_PAST)
    answered(charge, "needs_patient", at=QUARTER_PAST)  # her bank refused her once more
    run_jobs(at=QUARTER_PAST)

    assert links() == ["$75.00 to pay: INV-10001"]


def test_not_where_the_practice_does_not_tell_its_patients(odette: Member, appointment: Appointment, run_jobs: Jobs) -> None:
    Settings.objects.update(tell_patients=False)

    marked(appointment, "needs_patient", by=odette)
    run_jobs(at=QUARTER_PAST)

    assert (links(), Charge.objects.get().link_at) == ([], None)


def test_nor_where_no_address_is_known(odette: Member, appointment: Appointment, run_jobs: Jobs) -> None:
    Patient.objects.update(email="")

    marked(Appointment.objects.locked(appointment), "needs_patient", by=odette)
    run_jobs(at=QUARTER_PAST)

    assert (Message.objects.count(), Charge.objects.get().link_at) == (0, None)


def test_r10_nor_for_a_fee_that_was_ended_meanwhile(odette: Member, appointment: Appointment, run_jobs: Jobs) -> None:
    marked(appointment, "needs_patient", by=odette)
    restore(Appointment.objects.locked(appointment), by=odette, at=QUARTER_PAST)

    run_jobs(at=QUARTER_PAST)

    assert (links(), Charge.objects.get().link_at) == ([], None)


def test_what_she_paid_by_it_is_paid(odette: Member, appointment: Appointment, run_jobs: Jobs) -> None:
    charge = marked(appointment, "needs_patient", by=odette)
    run_jobs(at=QUARTER_PAST)

    answered(charge, "paid", at=QUARTER_PAST)

    fee = fee_of(appointment, at=QUARTER_PAST)
    assert fee is not None
    assert fee.state == "paid"


def test_the_invoice_tells_of_it(odette: Member, appointment: Appointment, run_jobs: Jobs, signed_in: Callable[[Member], Browser]) -> None:
    charge = marked(appointment, "needs_patient", by=odette)
    run_jobs(at=QUARTER_PAST)

    with clock_at(QUARTER_PAST):
        said = words(signed_in(odette).get(reverse("billing:invoice", args=[charge.invoice_id])))

    assert "Payment link sent by e-mail" in said
