"""Asking the patient to pay: a link from the appointment, for what was declined, failed or never charged (R6, R6a, R7e)."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from django.urls import reverse

import kept.noshows.transitions.attendance as noshows
from kept.billing.models import Charge, Invoice
from kept.messaging.models import Message
from kept.noshows.models import Fee
from kept.noshows.queries import fee_of
from kept.noshows.transitions.links import ask_to_pay
from kept.practice.models import Member
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.checks import refused
from tests.kit.gateway import clock_at
from tests.kit.html import fields, offered, words
from tests.kit.money import answered, marked
from tests.kit.visits import QUARTER_PAST

LONG_AFTER = QUARTER_PAST + timedelta(days=40)


@pytest.fixture(autouse=True)
def a_quarter_past() -> Iterator[None]:
    with clock_at(QUARTER_PAST):
        yield


def test_r6_the_dialog_makes_a_link_and_changes_when_it_is_paid(
    htmx: Callable[[Member], Browser], odette: Member, appointment: Appointment
) -> None:
    charge = marked(appointment, "declined", by=odette)
    desk, link, paid = htmx(odette), *(reverse(f"noshows:{name}", args=[appointment.pk]) for name in ("payment-link", "paid"))

    asks, made = words(desk.get(link)), words(desk.post(link, {"notify": "on"}))
    waiting = desk.get(paid).status_code
    answered(charge, "paid", at=QUARTER_PAST)
    after = desk.get(paid)

    assert "A link works for 14 days." in asks
    assert "pays $75.00 It works until Wed, Oct 28. A letter with it goes to renata.solbrook@example.com." in made
    assert (waiting, "$75.00 charged to Visa ••4242" in words(after), after["HX-Trigger"]) == (204, True, "appointment-changed")
    assert Message.objects.get(letter="payment_link").text.count("http") == 1


@pytest.mark.parametrize("outcome", ["declined", "failed", "needs_patient"])
def test_the_fee_then_waits_for_her_on_one_invoice(odette: Member, appointment: Appointment, outcome: str) -> None:
    marked(appointment, outcome, by=odette)

    asked = ask_to_pay(appointment, notify=False, by=odette, at=QUARTER_PAST)

    fee = fee_of(appointment, at=QUARTER_PAST)
    assert fee is not None
    assert (fee.charge, fee.state, asked.letter, Invoice.objects.count()) == (asked.charge, "needs_patient", None, 1)
    assert Charge.objects.filter(live=True).count() == 1


def test_r7e_what_was_never_decided_is_asked_for_by_link_long_after(tess: Member, odette: Member, appointment: Appointment) -> None:
    noshows.mark(appointment, charge_fee=None, by=tess, at=QUARTER_PAST)

    asked = ask_to_pay(appointment, notify=False, by=odette, at=LONG_AFTER)

    assert (asked.charge.state, Fee.objects.get().decision, str(asked.charge.invoice)) == ("needs_patient", "charge", "INV-10001")


def test_what_is_spared_or_paid_is_not_asked_for(odette: Member, appointment: Appointment) -> None:
    noshows.mark(appointment, charge_fee=False, by=odette, at=QUARTER_PAST)

    with refused("wrong_status"):
        ask_to_pay(appointment, by=odette, at=QUARTER_PAST)


# The result of a mark offers what comes next


STEPS = {
    "declined": ["link", "retry", "record", "spare"],
    "needs_patient": ["link", "record", "spare"],
    "failed": ["link", "record", "spare"],
}


@pytest.mark.parametrize("outcome", STEPS)
def test_r6_nothing_is_chosen_and_it_may_be_left_unpaid(
    htmx: Callable[[Member], Browser], odette: Member, appointment: Appointment, outcome: str
) -> None:
    marked(appointment, outcome, by=odette)
    desk, choose = htmx(odette), reverse("noshows:next", args=[appointment.pk])

    result = desk.get(reverse("noshows:outcome", args=[appointment.pk]))
    missing = desk.post(choose, {})

    assert (offered(result, "step"), fields(result).get("step")) == (STEPS[outcome], None)
    assert "The $75.00 fee is unpaid on invoice INV-10001. What next?" in words(result)
    assert "Leave unpaid for now Choose what to do. Confirm" in words(result)
    assert (missing.status_code, words(missing).count("Choose what to do.")) == (422, 2)


@pytest.mark.parametrize(
    ("step", "leads_to"),
    [("link", "A link works for 14 days."), ("record", "How was it paid?"), ("spare", "Spare the fee"), ("retry", "Charging $75.00")],
)
def test_r6_what_is_chosen_is_done_or_asks_the_rest(
    htmx: Callable[[Member], Browser], odette: Member, appointment: Appointment, step: str, leads_to: str
) -> None:
    marked(appointment, "declined", by=odette)

    answer = htmx(odette).post(reverse("noshows:next", args=[appointment.pk]), {"step": step}, follow=True)

    assert leads_to in words(answer)


def test_a_card_that_may_not_be_tried_again_is_not_offered(
    htmx: Callable[[Member], Browser], odette: Member, appointment: Appointment
) -> None:
    marked(appointment, "declined", by=odette)
    Charge.objects.update(attempt=4)

    assert "retry" not in offered(htmx(odette).get(reverse("noshows:outcome", args=[appointment.pk])), "step")


def test_r7e_the_panel_offers_the_link_once_it_is_too_late_to_decide(
    htmx: Callable[[Member], Browser], tess: Member, odette: Member, appointment: Appointment
) -> None:
    noshows.mark(appointment, charge_fee=None, by=tess, at=QUARTER_PAST)
    panel = reverse("desk:panel", args=[appointment.pk])

    def shown(at: datetime) -> bool:
        with clock_at(at):
            return "Send payment link" in words(htmx(odette).get(panel))

    assert [shown(at) for at in (QUARTER_PAST, LONG_AFTER)] == [False, True]


def test_r7e_a_sparing_regretted_too_late_is_asked_for_by_link(
    htmx: Callable[[Member], Browser], odette: Member, appointment: Appointment
) -> None:
    noshows.mark(appointment, charge_fee=False, by=odette, at=QUARTER_PAST)
    with clock_at(LONG_AFTER):
        panel = words(htmx(odette).get(reverse("desk:panel", args=[appointment.pk])))

    asked = ask_to_pay(appointment, notify=False, by=odette, at=LONG_AFTER)

    assert "Could be undone until Nov 13; now only by payment link." in panel
    assert "Send payment link" in panel
    assert (asked.charge.state, asked.charge.amount.minor, Fee.objects.get().decision) == ("needs_patient", 7500, "charge")
