"""Mark As No-Show on screen: what the dialog says of the money, and the result as it is asked for again (R1 to R7)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.urls import reverse

import kept.noshows.transitions.attendance as noshows
import kept.policies.transitions as policies
import kept.scheduling.transitions.attendance as attendance
from kept.billing.models import Charge
from kept.noshows.models import Fee
from kept.noshows.tests.reading import mark_url, now, restore_url, said
from kept.ops.cast import House
from kept.patients.models import Card
from kept.practice.models import Member
from kept.practice.rules import Role
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.gateway import clock_at
from tests.kit.html import fields, links, offered
from tests.kit.money import marked, refunded
from tests.kit.queries import queries
from tests.kit.visits import MIDNIGHT_AT_THE_CLINIC, QUARTER_PAST, card_of

pytestmark = pytest.mark.usefixtures("a_quarter_past")


def test_nothing_is_chosen_in_advance_and_the_fee_is_said_in_money(desk: Browser, appointment: Appointment) -> None:
    dialog = desk.get(mark_url(appointment))

    said(
        dialog,
        "Renata Solbrook · Lip filler · Wed, Oct 14, 3:30 PM with Tess Marrowby",
        "Charge the $75.00 cancellation fee to Visa ••4242",
        "Renata accepted policy v3 on Mon, Oct 5 at 10:20 AM: ‘A missed appointment is charged $75.00.’",
        "Charges $75.00 to Visa ••4242 now.",
    )
    assert offered(dialog, "charge_fee") == ["yes", "no"]
    assert fields(dialog) == {
        **{"amount": "", "fee_reason": "", "reason": "", "note": "", "version": str(now(appointment).version)},
        "notify": "on",  # as the practice says
    }


def test_a_choice_must_be_made_and_what_was_typed_stays(desk: Browser, appointment: Appointment) -> None:
    typed = {"charge_fee": "", "amount": "60", "fee_reason": "First time", "reason": "Illness", "note": "Called <b>late</b> & sorry"}

    answer = desk.post(mark_url(appointment), typed)

    assert answer.status_code == 422
    said(answer, "Choose whether to charge the fee.")
    assert fields(answer) | {"version": ""} == {key: value for key, value in typed.items() if key != "charge_fee"} | {"version": ""}
    assert now(appointment).status == "booked"


@pytest.mark.parametrize(
    ("amount", "fee_reason", "error"),
    [
        ("80", "x", "Enter $75.00 or less: that is what the patient accepted."),
        ("0", "x", "Enter an amount above zero, or choose not to charge."),
        ("60", "", "Say why the fee is lower."),
        ("sixty", "x", "Enter an amount, for example 75.00."),
        ("-5", "x", "Enter an amount, for example 75.00."),
        ("60.001", "x", "Enter an amount, for example 75.00."),
    ],
)
def test_r4_a_wrong_amount_is_said_at_its_field(desk: Browser, appointment: Appointment, amount: str, fee_reason: str, error: str) -> None:
    answer = desk.post(mark_url(appointment), {"charge_fee": "yes", "amount": amount, "fee_reason": fee_reason, "note": "kept"})

    assert answer.status_code == 422
    said(answer, error)
    assert {key: fields(answer)[key] for key in ("charge_fee", "amount", "fee_reason", "note")} == {
        **{"charge_fee": "yes", "amount": amount, "fee_reason": fee_reason, "note": "kept"},
    }
    assert now(appointment).status == "booked"
    assert not Charge.objects.exists()


def test_confirmed_it_is_marked_and_its_charge_is_followed_in_place(desk: Browser, appointment: Appointment) -> None:
    sent = fields(desk.get(mark_url(appointment))) | {"charge_fee": "yes", "reason": "Forgot", "note": "n"}

    answer = desk.post(mark_url(appointment), sent)

    said(answer, "Marked as no-show", "Charging $75.00 to Visa ••4242", "3:30 PM is free again")
    assert (answer.status_code, answer["HX-Trigger"]) == (200, "appointment-changed")
    assert f'hx-get="{reverse("noshows:outcome", args=[appointment.pk])}" hx-trigger="load delay:1s"' in answer.content.decode()
    missed = now(appointment)
    assert (missed.status, missed.outcome_reason, missed.outcome_note) == ("noshow", "Forgot", "n")
    assert Charge.objects.get().amount_minor == 7500


def test_a_lower_fee_with_its_reason_is_charged(desk: Browser, appointment: Appointment) -> None:
    desk.post(mark_url(appointment), {"charge_fee": "yes", "amount": "$50", "fee_reason": "First time"})

    assert (Charge.objects.get().amount_minor, Fee.objects.get().fee_reason) == (5000, "First time")


def test_spared_makes_no_charge(desk: Browser, appointment: Appointment) -> None:
    answer = desk.post(mark_url(appointment), {"charge_fee": "no", "amount": "50"})

    said(answer, "$75.00 not charged", "Spared by Odette Farnley today, 3:45 PM.")
    assert not Charge.objects.exists()


def fees_off(appointment: Appointment) -> None:
    owner = Member.objects.select_related("practice").get(role=Role.OWNER)
    policies.switch_fees(on=False, by=owner, at=QUARTER_PAST)


def card_gone(appointment: Appointment) -> None:
    Card.objects.update(state=Card.State.GONE)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (card_gone, "the card was withdrawn at the payment provider, or its bank will not take it again."),
        (fees_off, "cancellation fees are switched off."),
    ],
)
def test_r3_where_no_fee_can_be_charged_the_one_reason_stands_there(
    desk: Browser, appointment: Appointment, spoil: Callable[[Appointment], None], reason: str
) -> None:
    spoil(appointment)

    dialog = desk.get(mark_url(appointment))
    answer = desk.post(mark_url(appointment), fields(dialog))

    said(dialog, f"Charge the cancellation fee Not offered: {reason}", "Don’t charge", "Nothing is charged.")
    assert offered(dialog, "charge_fee") == ["no"]
    said(answer, "Marked as no-show", "No fee can be charged")
    assert (now(appointment).status, Charge.objects.exists()) == ("noshow", False)


def test_r3_without_a_card_or_without_her_consent(desk: Browser, juniper: House, appointment_without_card: Appointment) -> None:
    with clock_at(appointment_without_card.starts_at):
        without_card = desk.get(mark_url(appointment_without_card))
        card_of(juniper.patients[1])
        without_consent = desk.get(mark_url(appointment_without_card))

    said(without_card, "Not offered: no card was given for this appointment.")
    said(without_consent, "Not offered: a card is on file, but the policy was not accepted for this appointment.")


def test_r7d_before_the_start_it_says_so_and_until_when_the_fee_waits(desk: Browser, appointment: Appointment) -> None:
    with clock_at(MIDNIGHT_AT_THE_CLINIC):
        dialog = desk.get(mark_url(appointment))
        answer = desk.post(mark_url(appointment), {"charge_fee": "yes"})

    said(dialog, "It has not started yet. The appointment starts at 3:30 PM.", "on Wed, Oct 14 at 3:45 PM, not before.")
    said(answer, "Charges 3:45 PM $75.00", "$75.00 is charged today, 3:45 PM")
    assert 'hx-trigger="load delay:1s"' not in answer.content.decode()


def test_r7a_an_expired_card_is_offered_with_a_warning(desk: Browser, appointment: Appointment) -> None:
    Card.objects.update(exp_month=9, exp_year=2026)

    dialog = desk.get(mark_url(appointment))

    said(dialog, "The card’s printed date is past. Banks often renew a card behind it, so it may still be charged.")
    assert offered(dialog, "charge_fee") == ["yes", "no"]


def test_r5_after_a_refund_it_says_what_was_charged_and_refunded(
    desk: Browser, odette: Member, silas: Member, appointment: Appointment
) -> None:
    charge = marked(appointment, "paid", by=odette)
    refunded(charge, 7500, by=silas, at=QUARTER_PAST)
    noshows.restore(now(appointment), by=odette, at=QUARTER_PAST)

    dialog = desk.get(mark_url(appointment))

    said(dialog, "$75.00 was charged for it before, and $75.00 refunded.")
    assert offered(dialog, "charge_fee") == ["yes", "no"]


def test_r5_a_fee_that_was_paid_is_not_charged_again(desk: Browser, odette: Member, appointment: Appointment) -> None:
    marked(appointment, "paid", by=odette)
    noshows.restore(now(appointment), by=odette, at=QUARTER_PAST)

    said(desk.get(mark_url(appointment)), "Not offered: the fee for this appointment was already charged on INV-10001.")


def test_r1_before_its_day_there_is_no_dialog(desk: Browser, appointment: Appointment) -> None:
    with clock_at(MIDNIGHT_AT_THE_CLINIC - timedelta(seconds=1)):
        answers = [desk.get(mark_url(appointment)), desk.post(mark_url(appointment), {"charge_fee": "no"})]

    assert [answer.status_code for answer in answers] == [409, 409]
    said(answers[0], "Not yet", "Opens on the day of the appointment, Wed, Oct 14.")
    assert now(appointment).status == "booked"


def test_r2_the_second_desk_is_told_who_did_it_and_when(desk: Browser, silas: Member, appointment: Appointment) -> None:
    open_dialog = fields(desk.get(mark_url(appointment)))
    noshows.mark(appointment, charge_fee=False, by=silas, at=QUARTER_PAST)

    answer = desk.post(mark_url(appointment), open_dialog | {"charge_fee": "yes", "note": "Rang twice"})

    assert (answer.status_code, answer["HX-Trigger"]) == (409, "appointment-changed")
    said(answer, "Already No-show: Silas Whitcombe marked it on Wed, Oct 14, 3:45 PM.", "$75.00 not charged.", "Open it")
    assert fields(answer)["note"] == "Rang twice"
    assert not Charge.objects.exists()


def test_a_dialog_that_shows_an_older_state_decides_nothing(desk: Browser, odette: Member, appointment: Appointment) -> None:
    open_dialog = fields(desk.get(mark_url(appointment)))
    attendance.confirm(appointment, by=odette, at=QUARTER_PAST)

    answer = desk.post(mark_url(appointment), open_dialog | {"charge_fee": "yes", "note": "Rang twice"})

    assert (answer.status_code, now(appointment).status, Charge.objects.exists()) == (409, "booked", False)
    said(answer, "Somebody changed this appointment meanwhile. Look at it again, then decide.")
    assert fields(answer)["note"] == "Rang twice"


def test_looked_at_again_it_decides(desk: Browser, odette: Member, appointment: Appointment) -> None:
    open_dialog = fields(desk.get(mark_url(appointment)))
    attendance.confirm(appointment, by=odette, at=QUARTER_PAST)
    stale = desk.post(mark_url(appointment), open_dialog | {"charge_fee": "no"})

    desk.post(mark_url(appointment), fields(stale) | {"charge_fee": "no"})

    assert now(appointment).status == "noshow"


def test_r7e_a_provider_marks_and_somebody_who_may_decides(
    tess: Member, htmx: Callable[[Member], Browser], appointment: Appointment
) -> None:
    browser = htmx(tess)

    dialog = browser.get(mark_url(appointment))
    forged = browser.post(mark_url(appointment), fields(dialog) | {"charge_fee": "yes"})
    answer = browser.post(mark_url(appointment), fields(dialog))

    said(forged, "You can’t charge or spare a fee.")
    said(dialog, "You mark it; somebody who may charge fees decides.", "Nothing is charged until somebody decides.")
    assert (offered(dialog, "charge_fee"), "amount" in fields(dialog)) == ([], False)
    said(answer, "Charge $75.00 or spare it?", "Tess Marrowby marked it today, 3:45 PM.")
    assert not Charge.objects.exists()


# The result, as it is asked for again


RESULTS = {
    "due": (True, ["Marked as no-show", "Charging $75.00 to Visa ••4242", "The result appears here by itself."]),
    "unknown": (True, ["Marked as no-show", "We don’t know yet if $75.00 was charged", "Don’t charge again"]),
    "paid": (False, ["Marked as no-show", "$75.00 charged to Visa ••4242", "INV-10001", "View invoice", "Done"]),
    "declined": (
        False,
        [
            "Marked as no-show, card declined",
            "Insufficient funds. Nothing was charged. 1 of 4 tries",
            "Retry Visa ••4242",
            "Leave unpaid for now",
        ],
    ),
    "needs_patient": (False, ["Renata’s bank asks for confirmation", "Only Renata can answer it"]),
    "failed": (False, ["The charge did not go through", "The card was removed at the payment provider. Nothing was charged."]),
}


@pytest.mark.parametrize("outcome", RESULTS)
def test_the_result_says_what_became_of_the_charge(desk: Browser, odette: Member, appointment: Appointment, outcome: str) -> None:
    marked(appointment, outcome, by=odette)

    answer = desk.get(reverse("noshows:outcome", args=[appointment.pk]))

    moving, sentences = RESULTS[outcome]
    said(answer, *sentences)
    assert ('hx-trigger="load delay:1s"' in answer.content.decode()) is moving


def test_the_result_of_what_was_restored_meanwhile_says_so(desk: Browser, odette: Member, appointment: Appointment) -> None:
    marked(appointment, "paid", by=odette)
    noshows.restore(now(appointment), by=odette, at=QUARTER_PAST)

    said(desk.get(reverse("noshows:outcome", args=[appointment.pk])), "Restored meanwhile")


def test_a_provider_sees_the_result_without_ways_to_the_money(
    tess: Member, odette: Member, htmx: Callable[[Member], Browser], appointment: Appointment
) -> None:
    marked(appointment, "declined", by=odette)

    answer = htmx(tess).get(reverse("noshows:outcome", args=[appointment.pk]))

    said(answer, "Visa ••4242 was declined", "INV-10001")
    assert "/sales/" not in answer.content.decode()
    assert "/charges/" not in answer.content.decode()


# Without script


def test_without_script_the_dialogs_are_pages_and_the_acts_lead_on(
    odette: Member, signed_in: Callable[[Member], Browser], appointment: Appointment
) -> None:
    browser, panel = signed_in(odette), reverse("desk:panel", args=[appointment.pk])

    page = browser.get(mark_url(appointment))
    wrong = browser.post(mark_url(appointment), fields(page))
    done = browser.post(mark_url(appointment), fields(wrong) | {"charge_fee": "no"})
    shown = browser.get(reverse("noshows:outcome", args=[appointment.pk]))
    back = browser.get(restore_url(appointment))
    restored = browser.post(restore_url(appointment), fields(back))

    assert [answer.status_code for answer in (page, wrong, done, shown, back, restored)] == [200, 422, 302, 302, 200, 302]
    assert {answer["Location"] for answer in (done, shown, restored)} == {panel}
    assert all("<!doctype html>" in answer.content.decode() for answer in (page, wrong, back))
    assert now(appointment).status == "booked"
    said(browser.get(panel), "Restored to Wed, Oct 14, 3:30 PM.")


def test_without_script_a_refusal_is_a_page_with_the_way_back(
    odette: Member, signed_in: Callable[[Member], Browser], appointment: Appointment
) -> None:
    attendance.check_in(appointment, by=odette, at=QUARTER_PAST)

    answer = signed_in(odette).get(mark_url(appointment), headers={"Referer": "http://testserver/appointments/"})

    assert answer.status_code == 409
    said(answer, "Already settled")
    assert links(answer)["Back"] == "http://testserver/appointments/"


@pytest.mark.parametrize(("url", "asks"), [(mark_url, 13), (restore_url, 10)])
def test_a_dialog_states_its_queries(
    desk: Browser, odette: Member, appointment: Appointment, url: Callable[[Appointment], str], asks: int
) -> None:
    if url is restore_url:
        marked(appointment, "paid", by=odette)

    with queries(asks):
        desk.get(url(appointment))
