"""Spared while its charge is under way: followed to its end, and then cancelled, or paid and put before staff (R12)."""

from collections.abc import Callable
from functools import partial

import pytest
from django.core import mail
from django.urls import reverse

from kept.billing.models import Charge, Invoice
from kept.noshows.models import Fee
from kept.noshows.queries import fee_of
from kept.noshows.tests.test_decide_later import MINUTE, allowed, state
from kept.noshows.transitions.fees import charge, charge_now, spare, unspare
from kept.noshows.words import fee_words
from kept.practice.models import Member
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.checks import refused
from tests.kit.gateway import clock_at
from tests.kit.html import words
from tests.kit.money import answered, marked
from tests.kit.visits import QUARTER_PAST

Jobs = Callable[..., list[str]]


@pytest.mark.parametrize(("outcome", "shown"), [("sending", "charging"), ("unknown", "checking")])
def test_r12_it_is_shown_as_what_it_is_until_it_is_known(odette: Member, appointment: Appointment, outcome: str, shown: str) -> None:
    sent = marked(appointment, outcome, by=odette)

    fee = spare(appointment, fee_reason="Illness", by=odette, at=QUARTER_PAST)

    assert (fee.decision, state(appointment, QUARTER_PAST), allowed(appointment, odette, QUARTER_PAST)) == ("spared", shown, set())
    words = fee_words(appointment, fee_of(appointment, at=QUARTER_PAST), at=QUARTER_PAST)
    assert words.text == "Fee spared meanwhile. If it goes through, you decide on the invoice: refund or keep."
    for act in (charge_now, charge, unspare, partial(spare, fee_reason="Illness")):
        with refused("charge_in_flight"):
            act(appointment, by=odette, at=QUARTER_PAST)
    assert Charge.objects.values_list("state", "cancel_requested", "live").get(pk=sent.pk) == (outcome, True, True)


@pytest.mark.parametrize("outcome", ["sending", "unknown"])
def test_r12_if_it_goes_through_staff_are_asked_refund_or_keep(
    odette: Member, appointment: Appointment, outcome: str, run_jobs: Jobs
) -> None:
    sent = marked(appointment, outcome, by=odette)
    spare(appointment, fee_reason="Illness", by=odette, at=QUARTER_PAST)

    answered(sent, "paid", at=QUARTER_PAST)
    run_jobs(at=QUARTER_PAST + 10 * MINUTE)

    assert Charge.objects.values_list("state", "flag").get() == ("succeeded", "refund_or_keep")
    assert (state(appointment, QUARTER_PAST), Fee.objects.get().decision) == ("paid", "spared")
    assert [letter.subject for letter in mail.outbox] == ["We missed you on Wed, Oct 14, 3:30 PM"]  # nobody has decided: no receipt
    assert "$" not in str(mail.outbox[0].body)


def test_r12_if_it_does_not_it_is_spared(odette: Member, appointment: Appointment) -> None:
    sent = marked(appointment, "sending", by=odette)
    spare(appointment, fee_reason="Illness", by=odette, at=QUARTER_PAST)

    answered(sent, "declined", at=QUARTER_PAST)

    assert (Charge.objects.get().state, state(appointment, QUARTER_PAST), Invoice.objects.get().status) == (
        "canceled",
        "spared",
        "cancelled",
    )
    assert "unspare" in allowed(appointment, odette, QUARTER_PAST)


def test_r12_the_dialog_says_so_before_it_is_done(odette: Member, appointment: Appointment, htmx: Callable[[Member], Browser]) -> None:
    marked(appointment, "unknown", by=odette)
    desk, address = htmx(odette), reverse("noshows:fee", args=[appointment.pk, "spare"])

    with clock_at(QUARTER_PAST):
        panel = words(desk.get(reverse("desk:panel", args=[appointment.pk])))
        dialog, done = words(desk.get(address)), words(desk.post(address, {"fee_reason": "Illness"}))

    assert "Being checked View invoice Spare" in panel
    assert "The charge is under way. It is followed to its end. If it goes through, you decide on the invoice: refund or keep." in dialog
    assert done == "Spared. The charge that is under way is followed to its end."
