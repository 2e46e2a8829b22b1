"""No-shows on screen: the dialogs that mark and restore, what they say of the money, and the list (R3 to R11)."""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse

import kept.noshows.transitions.attendance as noshows
import kept.policies.transitions as policies
import kept.scheduling.transitions.attendance as attendance
import kept.scheduling.transitions.booking as booking
from kept.billing.models import Charge, Refund
from kept.billing.transitions.recording import record_payment
from kept.events.models import Access
from kept.foundation import clock
from kept.foundation.scope import outside, scope
from kept.noshows import lists
from kept.noshows.models import Fee
from kept.ops.cast import House
from kept.patients.models import Card, Patient
from kept.practice.models import Clinic, Member, MemberClinic, Provider, Settings
from kept.practice.rules import Role
from kept.scheduling.models import Appointment
from kept.scheduling.transitions.blocking import block_time
from tests.kit.browser import Browser
from tests.kit.gateway import clock_at
from tests.kit.html import fields, links, offered, words
from tests.kit.money import marked, refunded
from tests.kit.queries import queries
from tests.kit.visits import MIDNIGHT_AT_THE_CLINIC, QUARTER_PAST, STARTS_AT, accepted, book, card_of

LIST, CSV = reverse("noshows:list"), reverse("noshows:csv")
LIST_QUERIES = 15  # however many rows a page has


@pytest.fixture(autouse=True)
def a_quarter_past() -> Iterator[None]:
    with clock_at(QUARTER_PAST):
        yield


@pytest.fixture
def desk(odette: Member, htmx: Callable[[Member], Browser]) -> Browser:
    return htmx(odette)


def mark_url(appointment: Appointment) -> str:
    return reverse("noshows:mark", args=[appointment.pk])


def restore_url(appointment: Appointment) -> str:
    return reverse("noshows:restore", args=[appointment.pk])


def now(appointment: Appointment) -> Appointment:
    return Appointment.objects.get(pk=appointment.pk)


def said(answer: HttpResponse, *sentences: str) -> None:
    """All of that can be read there."""
    text = words(answer)
    assert [sentence for sentence in sentences if sentence not in text] == [], text


# Mark As No-Show


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

    said(without_card, "Not offered: no card was on file when this appointment was booked, and the policy was not accepted.")
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


# Restore


def test_r10_restoring_says_what_stays_charged_and_offers_the_refund_unticked(
    silas: Member, htmx: Callable[[Member], Browser], odette: Member, appointment: Appointment
) -> None:
    charge = marked(appointment, "paid", by=odette)

    dialog = htmx(silas).get(restore_url(appointment))

    said(
        dialog,
        "The patient is not refunded automatically. $75.00 was charged to Visa ••4242 on INV-10001",
        "Refund $75.00 now To Visa ••4242. Banks take 5 to 10 business days.",
        "The $75.00 stays charged.",
    )
    assert links(dialog)["INV-10001"] == reverse("billing:invoice", args=[charge.invoice_id])
    assert offered(dialog, "refund") == ["on"]
    assert "refund" not in fields(dialog)


@pytest.mark.parametrize(
    ("who", "limit", "why"),
    [
        ("odette", 0, "The front desk can’t refund here. An owner or manager does it, or allows it in Settings."),
        ("odette", 7499, "The front desk may refund up to $74.99. Ask a manager or billing."),
        ("tess", 9000, "You can’t refund. That is for: owner, manager, front desk, billing."),
    ],
)
def test_r10_who_may_not_refund_is_offered_none_and_told_who_may(
    request: pytest.FixtureRequest,
    htmx: Callable[[Member], Browser],
    odette: Member,
    appointment: Appointment,
    who: str,
    limit: int,
    why: str,
) -> None:
    Settings.objects.update(front_desk_refund_limit_minor=limit)
    marked(appointment, "paid", by=odette)
    browser = htmx(request.getfixturevalue(who))

    dialog = browser.get(restore_url(appointment))
    said(dialog, f"Refund $75.00 now {why}")
    assert offered(dialog, "refund") == []
    assert browser.post(restore_url(appointment), {"refund": "on"}).status_code == 409
    assert now(appointment).status == "noshow"


def test_r10_what_was_paid_in_cash_is_given_back_by_hand(
    silas: Member, htmx: Callable[[Member], Browser], appointment: Appointment
) -> None:
    record_payment(marked(appointment, "failed", by=silas), method="cash", by=silas, at=QUARTER_PAST)
    browser = htmx(silas)

    dialog = browser.get(restore_url(appointment))
    browser.post(restore_url(appointment), {"refund": "on"})

    said(
        dialog,
        "The patient is not refunded automatically. $75.00 was paid in cash on INV-10001",
        "Refund $75.00 now Records that you gave it back by hand.",
        "Records $75.00 as given back.",
    )
    assert Refund.objects.values_list("method", "state", "amount_minor").get() == ("cash", "succeeded", 7500)


def test_r9_confirmed_it_is_back_with_the_way_to_its_day(desk: Browser, odette: Member, appointment: Appointment) -> None:
    marked(appointment, "paid", by=odette)

    answer = desk.post(restore_url(appointment), fields(desk.get(restore_url(appointment))))

    said(answer, "Restored to Wed, Oct 14, 3:30 PM.")
    assert links(answer)["Show on calendar"] == f"{reverse('desk:day')}?date=2026-10-14&clinic={appointment.clinic_id}"
    assert answer["HX-Reswap"] == "none"
    assert set(answer["HX-Trigger"].split(", ")) == {"dialog-done", "appointment-changed"}
    assert (now(appointment).status, Refund.objects.exists()) == ("booked", False)


def test_r10_ticked_the_whole_rest_goes_back(
    silas: Member, htmx: Callable[[Member], Browser], odette: Member, appointment: Appointment
) -> None:
    refunded(marked(appointment, "paid", by=odette), 2500, by=silas, at=QUARTER_PAST)
    browser = htmx(silas)

    said(browser.get(restore_url(appointment)), "Refund $50.00 now")
    browser.post(restore_url(appointment), {"refund": "on"})

    assert [(refund.amount_minor, refund.why) for refund in Refund.objects.order_by("id")] == [
        (2500, "Goodwill"),
        (5000, "Appointment restored"),
    ]


UNPAID = {
    "declined": "The $75.00 fee is not paid, so there is nothing to refund. Restoring ends it.",
    "unknown": "The charge is still under way. It is followed to its end. If it goes through, you decide on the invoice: refund or keep.",
    "spared": "It leaves the No Shows list and the no-show rate. No fee was charged, so there is nothing to refund.",
}


@pytest.mark.parametrize("outcome", UNPAID)
def test_r10_what_ends_with_it_is_said(desk: Browser, odette: Member, appointment: Appointment, outcome: str) -> None:
    if outcome == "spared":
        noshows.mark(appointment, charge_fee=False, by=odette, at=QUARTER_PAST)
    else:
        marked(appointment, outcome, by=odette)

    dialog = desk.get(restore_url(appointment))

    said(dialog, UNPAID[outcome])
    assert offered(dialog, "refund") == []


def test_checked_in_with_it(desk: Browser, odette: Member, appointment: Appointment) -> None:
    noshows.mark(appointment, charge_fee=False, by=odette, at=QUARTER_PAST)

    dialog = desk.get(restore_url(appointment))
    desk.post(restore_url(appointment), {"check_in": "on"})

    assert (offered(dialog, "check_in"), now(appointment).status) == (["on"], "arrived")


@pytest.fixture
def taken(juniper: House, odette: Member, appointment: Appointment) -> Appointment:
    """Missed, and its time has been booked again by Bram Holloway-Lin."""
    noshows.mark(appointment, charge_fee=False, by=odette, at=QUARTER_PAST)
    book(juniper, patient=juniper.patients[2], service="Wrinkle relaxer")
    return appointment


def test_r11_a_taken_time_says_by_whom_and_nothing_is_chosen(desk: Browser, taken: Appointment) -> None:
    dialog = desk.get(restore_url(taken))
    answer = desk.post(restore_url(taken), fields(dialog))

    said(
        dialog,
        "The slot has been taken meanwhile. Bram Holloway-Lin, 3:30 PM–4:15 PM with Tess Marrowby.",
        "Next with Tess Marrowby: Wed, Oct 14, 4:15 PM; Wed, Oct 14, 4:30 PM; Wed, Oct 14, 4:45 PM.",
    )
    assert (offered(dialog, "where"), fields(dialog)["start"], "where" in fields(dialog)) == (["beside", "other"], "", False)
    assert answer.status_code == 422
    said(answer, "Choose where it should go.")
    assert now(taken).status == "noshow"


def test_r11_or_by_what(desk: Browser, elm: Clinic, odette: Member, appointment: Appointment) -> None:
    noshows.mark(appointment, charge_fee=False, by=odette, at=QUARTER_PAST)
    tess = appointment.provider.resource
    block_time(tess, elm, starts_at=STARTS_AT, ends_at=STARTS_AT + timedelta(hours=1), why="Lunch", by=odette, at=STARTS_AT)

    said(desk.get(LIST), "Blocked meanwhile Restore")
    said(desk.get(restore_url(appointment)), "The slot has been taken meanwhile. Tess Marrowby is blocked until 4:30 PM: Lunch")


def test_r11_side_by_side(desk: Browser, taken: Appointment) -> None:
    answer = desk.post(restore_url(taken), {"where": "beside"})

    said(answer, "Restored to Wed, Oct 14, 3:30 PM.")
    assert (now(taken).status, now(taken).starts_at) == ("booked", STARTS_AT)


def test_r11_another_time(desk: Browser, taken: Appointment) -> None:
    answer = desk.post(restore_url(taken), {"where": "other", "start": "2026-10-20T10:00"})

    said(answer, "Restored to Tue, Oct 20, 10:00 AM.")
    assert now(taken).starts_at == datetime(2026, 10, 20, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "error"),
    [
        ("", "Choose a new time."),
        ("soon", "Enter a valid date/time."),
        ("2027-03-14T02:30", "Clocks skip that time at the clinic. Choose another."),
        ("9999-12-31T23:59", "Choose a day that the calendar shows."),
        ("0001-01-01T00:00", "Choose a day that the calendar shows."),
    ],
)
def test_r11_a_time_that_is_none_is_said_at_its_field(desk: Browser, taken: Appointment, start: str, error: str) -> None:
    answer = desk.post(restore_url(taken), {"where": "other", "start": start})

    assert answer.status_code == 422
    said(answer, error)
    assert (fields(answer)["where"], fields(answer)["start"]) == ("other", start)
    assert now(taken).status == "noshow"


def test_r11_another_time_that_is_taken_too_is_said_at_its_field(desk: Browser, juniper: House, taken: Appointment) -> None:
    book(juniper, patient=juniper.patients[3], starts_at=STARTS_AT + timedelta(days=1))

    answer = desk.post(restore_url(taken), {"where": "other", "start": "2026-10-15T15:30"})

    assert (answer.status_code, now(taken).status) == (422, "noshow")
    said(answer, "Greta Halvorsby has that time with Tess Marrowby. Choose another.")
    assert (fields(answer)["where"], fields(answer)["start"]) == ("other", "2026-10-15T15:30")


def test_r11_side_by_side_ahead_is_for_those_who_may_double_book(
    desk: Browser, silas: Member, htmx: Callable[[Member], Browser], taken: Appointment
) -> None:
    with clock_at(STARTS_AT - timedelta(hours=1)):
        for_desk, for_silas = desk.get(restore_url(taken)), htmx(silas).get(restore_url(taken))
        refused = desk.post(restore_url(taken), {"where": "beside"})

    assert (offered(for_desk, "where"), offered(for_silas, "where")) == (["other"], ["beside", "other"])
    assert (refused.status_code, now(taken).status) == (409, "noshow")


def test_restored_twice_the_second_is_told(desk: Browser, silas: Member, odette: Member, appointment: Appointment) -> None:
    noshows.mark(appointment, charge_fee=False, by=odette, at=QUARTER_PAST)
    noshows.restore(now(appointment), by=silas, at=QUARTER_PAST)

    answer = desk.post(restore_url(appointment))

    assert answer.status_code == 409
    said(answer, "It is Booked, so there is nothing to restore.")


def test_a_restore_dialog_that_shows_an_older_state_changes_nothing(desk: Browser, odette: Member, appointment: Appointment) -> None:
    noshows.mark(appointment, charge_fee=False, by=odette, at=QUARTER_PAST)
    Appointment.objects.filter(pk=appointment.pk).update(note="changed")

    answer = desk.post(restore_url(appointment), {"version": appointment.version})

    assert (answer.status_code, now(appointment).status) == (409, "noshow")


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


# The list


def missed(
    juniper: House, days: int, *, patient: int = 0, provider: str = "Tess Marrowby", clinic: str = "Elm Street", reason: str = ""
) -> Appointment:
    """A visit that was missed so many days ago, without a card."""
    starts_at = STARTS_AT - timedelta(days=days)
    visit = booking.book(
        clinic=juniper.clinics[clinic],
        provider=juniper.providers[provider],
        patient=juniper.patients[patient],
        services=[juniper.services["Consultation"]],
        starts_at=starts_at,
        by=juniper.members[Role.OWNER],
        at=starts_at - timedelta(days=9),
    )
    return noshows.mark(visit, charge_fee=None, reason=reason, by=juniper.members[Role.FRONT_DESK], at=starts_at)


def rows(answer: HttpResponse) -> list[Any]:
    return [row["appointment"].pk for row in answer.context["rows"]]


def test_r8_newest_first_of_the_last_thirty_days(odette: Member, signed_in: Callable[[Member], Browser], juniper: House) -> None:
    visits = {days: missed(juniper, days, patient=days) for days in (30, 0, 29, 7)}

    answer = signed_in(odette).get(LIST)

    assert rows(answer) == [visits[days].pk for days in (0, 7, 29)]
    assert (answer.context["presets"]["label"], answer.context["presets"]["dates"]) == ("Last 30 days", "Sep 15 – Oct 14, 2026")


def test_r8_each_row_says_when_who_what_and_the_fee(desk: Browser, odette: Member, appointment: Appointment) -> None:
    charge = marked(appointment, "paid", by=odette)

    answer = desk.get(LIST)

    said(
        answer,
        "Oct 14 3:30 PM Renata Solbrook Missed 1 of 1 Lip filler Tess Marrowby Elm Street Charged $75.00",
    )
    assert reverse("billing:invoice", args=[charge.invoice_id]) in answer.content.decode()


def test_r8_totals_stand_above_the_list(desk: Browser, juniper: House, odette: Member, silas: Member, appointment: Appointment) -> None:
    refunded(marked(appointment, "paid", by=odette), 2500, by=silas, at=QUARTER_PAST)
    marked(accepted(book(juniper, patient=juniper.patients[1], starts_at=STARTS_AT - timedelta(days=1)), card_of(juniper.patients[1])), "declined", by=odette)  # fmt: skip  # noqa: E501
    missed(juniper, 3, patient=4)
    kept = book(juniper, patient=juniper.patients[2], starts_at=STARTS_AT - timedelta(days=2))
    attendance.complete(kept, by=odette, at=kept.ends_at)

    answer = desk.get(LIST)

    assert [(total.label, total.value, total.text) for total in answer.context["totals"]] == [
        ("No Shows", "3", "of 4 appointments"),
        ("Rate", "75.0%", "of completed and missed"),
        ("Charged", "$150.00", "2 fees"),
        ("Recovered", "$75.00", "1 fee paid, 50%"),
        ("Refunded", "$25.00", "1 fee"),
    ]


def test_r8_filters_of_clinics_providers_fees_and_names_each_and_together(desk: Browser, juniper: House, odette: Member) -> None:
    tess, petra = (juniper.providers[name] for name in ("Tess Marrowby", "Petra Lindvall"))
    elm, harbor = (juniper.clinics[name] for name in ("Elm Street", "Harbor Point"))
    a = marked(accepted(book(juniper), card_of(juniper.patients[0])), "paid", by=odette).appointment_id
    b = missed(juniper, 1, patient=1).pk
    c = missed(juniper, 2, patient=2, provider="Petra Lindvall", clinic="Harbor Point").pk

    def found(**query: Any) -> list[Any]:
        return rows(desk.get(LIST, query))

    assert found() == [a, b, c]
    assert found(clinic=elm.pk) == [a, b]
    assert found(clinic=[elm.pk, harbor.pk]) == [a, b, c]
    assert found(provider=petra.pk) == [c]
    assert found(provider=[tess.pk, petra.pk], fee="not_offered") == [b, c]
    assert found(fee=["paid", "declined"]) == [a]
    assert found(q="marg sl") == [b]
    assert found(q="solbrook", clinic=harbor.pk) == []
    assert found(**{"from": "2026-10-13", "to": "2026-10-13"}) == [b]
    assert found(**{"from": "2026-10-14", "to": "2026-10-13"}) == [a, b]  # turned round


def test_r8_days_are_each_clinics_own(desk: Browser, juniper: House, harbor: Clinic) -> None:
    evening = clock.instant(datetime(2026, 10, 12, 23, 30), harbor.zone)  # noqa: DTZ001  the next day in New York
    visit = missed(juniper, 0, patient=3, provider="Petra Lindvall", clinic="Harbor Point")
    Appointment.objects.filter(pk=visit.pk).update(starts_at=evening, ends_at=evening + timedelta(minutes=30))

    assert rows(desk.get(LIST, {"from": "2026-10-12", "to": "2026-10-12"})) == [visit.pk]
    assert rows(desk.get(LIST, {"from": "2026-10-13", "to": "2026-10-13"})) == []


def test_r8_presets_keep_the_other_filters(desk: Browser, elm: Clinic) -> None:
    choices = desk.get(LIST, {"clinic": elm.pk, "after": ""}).context["presets"]["choices"]

    assert [(choice["label"], choice["selected"], choice["url"].partition("&")[2]) for choice in choices] == [
        ("Today", False, "from=2026-10-14&to=2026-10-14"),
        ("Last 7 days", False, "from=2026-10-08&to=2026-10-14"),
        ("Last 30 days", True, "from=2026-09-15&to=2026-10-14"),
        ("Last 90 days", False, "from=2026-07-17&to=2026-10-14"),
        ("This month", False, "from=2026-10-01&to=2026-10-14"),
        ("Last month", False, "from=2026-09-01&to=2026-09-30"),
        ("Last 12 months", False, "from=2025-10-15&to=2026-10-14"),
    ]
    assert {choice["url"].partition("&")[0] for choice in choices} == {f"?clinic={elm.pk}"}


def test_none_at_all_and_none_that_match_are_told_apart(desk: Browser, elm: Clinic) -> None:
    said(desk.get(LIST), "No no-shows in the last 30 days Patients marked as no-shows stand here")
    said(desk.get(LIST, {"clinic": elm.pk}), "No no-shows match Widen the days or take filters away. Clear the filter")


def test_r11_a_row_says_by_whom_its_time_was_taken(desk: Browser, taken: Appointment) -> None:
    said(desk.get(LIST), "Taken by Bram Holloway-Lin Restore")


@pytest.mark.parametrize(("who", "may"), [("odette", True), ("tess", True), ("benedikt", False), ("philomena", False)])
def test_restore_is_offered_to_those_who_may(
    request: pytest.FixtureRequest, htmx: Callable[[Member], Browser], juniper: House, who: str, may: bool
) -> None:
    visit = missed(juniper, 0)

    answer = htmx(request.getfixturevalue(who)).get(LIST)

    assert rows(answer) == [visit.pk]
    assert (restore_url(visit) in answer.content.decode()) is may


@pytest.mark.usefixtures("all_rounders")
def test_r24_each_sees_her_own(
    htmx: Callable[[Member], Browser], juniper: House, tess: Member, odette: Member, hana: Member, harbor: Clinic
) -> None:
    hers, noors = missed(juniper, 0), missed(juniper, 1, patient=1, provider="Noor Hadisan")
    petras = missed(juniper, 2, patient=2, provider="Petra Lindvall", clinic="Harbor Point")

    def seen(member: Member) -> tuple[list[Any], int]:
        browser = htmx(member)
        return rows(browser.get(LIST)), len(browser.get(CSV).content.decode().splitlines()) - 1

    assert seen(odette) == ([hers.pk, noors.pk, petras.pk], 3)
    assert seen(tess) == ([hers.pk], 1)
    assert seen(hana) == ([], 0)
    MemberClinic.objects.create(practice_id=odette.practice_id, member=odette, clinic=harbor)
    assert seen(odette) == ([petras.pk], 1)


@pytest.mark.usefixtures("all_rounders")
def test_pages_hold_every_row_once_however_many_start_together(desk: Browser, juniper: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "ROWS", 2)
    names = ("Tess Marrowby", "Noor Hadisan", "Priya Ramsethi", "Mateo Quillaro", "Joanna Veltmoor")
    visits = {missed(juniper, 0, patient=number, provider=name).pk for number, name in enumerate(names)}

    pages, address = [], f"{LIST}?fee=not_offered"
    while address:
        answer = desk.get(address)
        pages.append(rows(answer))
        address = answer.context["next_url"] and LIST + answer.context["next_url"]

    assert [len(page) for page in pages] == [2, 2, 1]
    assert {row for page in pages for row in page} == visits
    assert answer.context["first_url"] == "?fee=not_offered"


def test_a_long_page_asks_no_more_than_a_short_one(desk: Browser, juniper: House, odette: Member) -> None:
    for number in range(5):
        missed(juniper, number + 1, patient=number)
    marked(accepted(book(juniper, patient=juniper.patients[9]), card_of(juniper.patients[9])), "paid", by=odette)

    with queries(LIST_QUERIES):
        assert len(rows(desk.get(LIST))) == 6


@pytest.mark.parametrize(("url", "asks"), [(mark_url, 11), (restore_url, 10)])
def test_a_dialog_states_its_queries(
    desk: Browser, odette: Member, appointment: Appointment, url: Callable[[Appointment], str], asks: int
) -> None:
    if url is restore_url:
        marked(appointment, "paid", by=odette)

    with queries(asks):
        desk.get(url(appointment))


# CSV


def table(answer: HttpResponse) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


def test_r8_csv_has_the_whole_filtered_list(desk: Browser, juniper: House, odette: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "ROWS", 1)
    visit = accepted(book(juniper), card_of(juniper.patients[0]))
    marked(visit, "paid", by=odette)
    missed(juniper, 1, patient=1, reason="Forgot")
    missed(juniper, 2, patient=2, provider="Petra Lindvall", clinic="Harbor Point")

    page = desk.get(LIST, {"provider": visit.provider_id})
    answer = desk.get(page.context["csv_url"])

    assert answer["Content-Disposition"] == 'attachment; filename="no-shows.csv"'
    first, second = table(answer)
    assert first == {
        **{"Date": "2026-10-14", "Time": "3:30 PM", "Zone": "America/New_York", "Appointment": str(visit), "Patient": "Renata Solbrook"},
        **{"Services": "Lip filler", "Provider": "Tess Marrowby", "Clinic": "Elm Street", "Reason": "", "Fee": "paid", "Amount": "75.00"},
        **{"Currency": "USD", "Invoice": "INV-10001", "Marked by": "Odette Farnley", "Marked at": "2026-10-14T15:45-04:00"},
    }
    assert [second[name] for name in ("Patient", "Reason", "Fee", "Amount", "Invoice")] == [
        "Marguerite Sloane",
        "Forgot",
        "not_offered",
        "",
        "",
    ]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_csv_runs_nothing_in_a_spreadsheet(desk: Browser, juniper: House, name: str) -> None:
    Patient.objects.filter(pk=juniper.patients[0].pk).update(first_name=name)
    Provider.objects.filter(name="Tess Marrowby").update(name=name)
    noshows.mark(book(juniper), charge_fee=None, reason=name, by=juniper.members[Role.OWNER], at=QUARTER_PAST)

    (row,) = csv.DictReader(io.StringIO(desk.get(CSV).content.decode(), newline=""))

    assert [row[column] for column in ("Patient", "Provider", "Reason")] == [f"'{name.strip()} Solbrook", f"'{name}", f"'{name}"]


def test_r25_an_export_leaves_its_record(desk: Browser, odette: Member, juniper: House) -> None:
    missed(juniper, 0)

    desk.get(CSV)

    assert list(Access.objects.values_list("what", "patient_id", "at", "actor")) == [
        ("no-shows exported", None, QUARTER_PAST, f"user:{odette.user_id}")
    ]


def test_another_practices_breathing_space_is_its_own(
    quinta: House, hana: Member, htmx: Callable[[Member], Browser], juniper: House
) -> None:
    with outside(), scope(quinta.practice.pk, actor="test"):
        assert Settings.objects.get().breathing_space_minutes == 24 * 60
        visit = accepted(book(quinta, service="Peeling"), card_of(quinta.patients[0]))

    answer = htmx(hana).post(mark_url(visit), {"charge_fee": "yes"})

    said(answer, "Charges 8:45 PM €40.00", "Restore before then ends it, and Amélia never sees a charge.")
