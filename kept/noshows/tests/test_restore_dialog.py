"""Restore on screen: what stays charged, what ends with it, and a time that was taken meanwhile (R9 to R11)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

import kept.noshows.transitions.attendance as noshows
from kept.billing.models import Refund
from kept.billing.transitions.recording import record_payment
from kept.noshows.tests.reading import now, restore_url, said
from kept.ops.cast import House
from kept.practice.models import Clinic, Member, Settings
from kept.scheduling.models import Appointment
from kept.scheduling.transitions.blocking import block_time
from tests.kit.browser import Browser
from tests.kit.gateway import clock_at
from tests.kit.html import fields, links, offered
from tests.kit.money import marked, refunded
from tests.kit.visits import QUARTER_PAST, STARTS_AT, book

pytestmark = pytest.mark.usefixtures("a_quarter_past")


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
    day = f"{reverse('desk:day')}?date=2026-10-14&clinic={appointment.clinic_id}"
    assert links(answer)["Show on calendar"] == f"{day}#{appointment.pk}"
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

    said(desk.get(reverse("noshows:list")), "Blocked meanwhile Restore")
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
