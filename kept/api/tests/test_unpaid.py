"""What is done about an unpaid invoice, and what needs attention: /invoices/{id}/payment-link, record-payment, void, keep; /attention."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core import mail
from pytest_django import DjangoAssertNumQueries

from kept.api.tests.conftest import Caller, problem
from kept.billing.models import Charge, CreditNote, Invoice, Payment
from kept.messaging.models import Message
from kept.noshows.transitions.attendance import restore
from kept.ops.cast import House
from kept.practice.models import Member, Settings
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.checks import queued
from tests.kit.money import answered, marked, refunded
from tests.kit.visits import QUARTER_PAST, STARTS_AT, accepted, book, card_of

Hour = Callable[[datetime], None]
USD_75 = {"minor": 7500, "currency": "USD"}


@pytest.fixture
def failed(odette: Member, appointment: Appointment) -> Invoice:
    """Its card can never pay it, and nothing is open at the gateway."""
    return _bill(marked(appointment, "failed", by=odette))


@pytest.fixture
def declined(odette: Member, appointment: Appointment) -> Invoice:
    return _bill(marked(appointment, "declined", by=odette))


@pytest.fixture
def manager(caller: Callable[..., Caller], silas: Member) -> Caller:
    return caller(silas)


def _bill(charge: Charge) -> Invoice:
    assert charge.invoice is not None
    return charge.invoice


# Links


def test_r6_a_link_on_which_the_patient_pays(desk: Caller, declined: Invoice, run_jobs: Callable[..., Any]) -> None:
    answer = desk.post(f"/invoices/{declined.pk}/payment-link", {"notify": True})

    said = answer.json()
    assert answer.status_code == 200
    assert said["invoice"] == desk.get(f"/invoices/{declined.pk}").json()
    assert (said["invoice"]["charge"]["state"], said["expires_at"]) == ("needs_patient", "2026-10-28T15:45:00-04:00")
    assert said["qr"].startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    assert Browser().get(urlsplit(said["url"]).path).status_code == 302
    run_jobs(at=QUARTER_PAST)
    assert mail.outbox[0].subject == "$75.00 to pay: INV-10001"


@pytest.mark.parametrize(("notify", "setting", "letters"), [(None, True, 1), (None, False, 0), (True, False, 1), (False, True, 0)])
def test_notify(desk: Caller, declined: Invoice, notify: bool | None, setting: bool, letters: int) -> None:
    Settings.objects.update(tell_patients=setting)

    desk.post(f"/invoices/{declined.pk}/payment-link", {} if notify is None else {"notify": notify})

    assert Message.objects.filter(letter="payment_link").count() == letters


def test_i4_of_a_failed_charge_another_one_waits_on_the_same_invoice(desk: Caller, failed: Invoice) -> None:
    said = desk.post(f"/invoices/{failed.pk}/payment-link").json()

    assert (said["invoice"]["id"], said["invoice"]["charge"]["state"]) == (str(failed.pk), "needs_patient")
    assert list(Charge.objects.order_by("id").values_list("state", "live")) == [("failed", False), ("needs_patient", True)]


def test_r7e_of_a_fee_that_it_is_too_late_to_decide_about(desk: Caller, tess: Member, appointment: Appointment, hour: Hour) -> None:
    path = f"/appointments/{appointment.pk}"
    desk.post(f"{path}/no-show", {"charge_fee": False})
    desk.post(f"{path}/fee", {"action": "unspare"})
    hour(QUARTER_PAST + timedelta(days=40))

    said = desk.post(f"{path}/payment-link").json()

    assert (said["invoice"]["status"], said["invoice"]["total"]) == ("issued", USD_75)
    assert desk.get(path).json()["fee"]["state"] == "needs_patient"


def test_no_link_for_what_is_paid(desk: Caller, odette: Member, appointment: Appointment) -> None:
    paid = _bill(marked(appointment, "paid", by=odette))

    assert problem(desk.post(f"/invoices/{paid.pk}/payment-link")) == (409, "wrong_status")
    assert problem(desk.post(f"/appointments/{appointment.pk}/payment-link")) == (409, "wrong_status")


def test_sent_again_with_its_key_it_is_one_link(desk: Caller, declined: Invoice) -> None:
    first, again = (desk.post(f"/invoices/{declined.pk}/payment-link", {}, key="k1") for _time in range(2))

    assert (first.content, again["Idempotent-Replayed"]) == (again.content, "true")


# Paid another way


@pytest.mark.parametrize("method", ["cash", "terminal", "transfer", "other"])
def test_r6_it_was_paid_another_way(desk: Caller, failed: Invoice, method: str) -> None:
    answer = desk.post(f"/invoices/{failed.pk}/record-payment", {"method": method, "note": "Receipt 12"})

    (payment,), said = answer.json()["payments"], answer.json()
    assert (answer.status_code, said) == (200, desk.get(f"/invoices/{failed.pk}").json())
    assert (said["status"], said["collected"]) == ("balanced", USD_75)
    assert {key: payment[key] for key in ("method", "amount", "note")} == {"method": method, "amount": USD_75, "note": "Receipt 12"}


def test_with_a_payment_open_at_the_gateway_that_ends_first(desk: Caller, declined: Invoice) -> None:
    Charge.objects.update(gateway_intent_id="pi_1")

    answer = desk.post(f"/invoices/{declined.pk}/record-payment", {"method": "cash"})

    assert (answer.json()["status"], answer.json()["payments"]) == ("issued", [])
    assert queued("billing.end_charge") == {str(declined.charges.get().pk)}
    assert problem(desk.post(f"/invoices/{declined.pk}/record-payment", {"method": "cash"})) == (409, "wrong_status")


def test_what_was_recorded_goes_back_by_record(manager: Caller, failed: Invoice) -> None:
    manager.post(f"/invoices/{failed.pk}/record-payment", {"method": "cash"})

    refund = manager.post(f"/invoices/{failed.pk}/refunds", {"reason": "Goodwill"}).json()

    assert (refund["method"], refund["state"], refund["invoice"]["refunded"]) == ("cash", "succeeded", USD_75)


@pytest.mark.parametrize(
    "sent", [None, {}, {"method": "card"}, {"method": "cash", "amount": USD_75}, {"method": "cash", "note": "x" * 501}]
)
def test_only_ways_that_are_no_card_of_ours(desk: Caller, failed: Invoice, sent: Any) -> None:
    assert problem(desk.post(f"/invoices/{failed.pk}/record-payment", sent)) == (422, "invalid")
    assert Payment.objects.count() == 0


@pytest.mark.parametrize("call", ["record-payment", "void", "payment-link"])
@pytest.mark.parametrize("outcome", ["sending", "unknown"])
def test_r22_while_a_charge_is_under_way_nothing_else_is_done(
    manager: Caller, odette: Member, appointment: Appointment, call: str, outcome: str
) -> None:
    bill = _bill(marked(appointment, outcome, by=odette))
    sent = {"record-payment": {"method": "cash"}, "void": {"reason": "x"}}.get(call)

    assert problem(manager.post(f"/invoices/{bill.pk}/{call}", sent)) == (409, "charge_in_flight")


# Not to be paid


def test_voided_by_a_credit_note(manager: Caller, failed: Invoice) -> None:
    answer = manager.post(f"/invoices/{failed.pk}/void", {"reason": "Kindness"})

    (note,), said = answer.json()["credit_notes"], answer.json()
    assert (answer.status_code, said["status"], note["number"], note["reason"]) == (200, "cancelled", "CN-1", "Kindness")


@pytest.mark.parametrize("sent", [None, {}, {"reason": " "}])
def test_void_asks_why(manager: Caller, failed: Invoice, sent: Any) -> None:
    answer = manager.post(f"/invoices/{failed.pk}/void", sent)

    assert (problem(answer), answer.json()["errors"][0]["field"], CreditNote.objects.count()) == ((422, "reason_required"), "reason", 0)


def test_the_front_desk_voids_up_to_its_limit(desk: Caller, failed: Invoice) -> None:
    answers = []
    for limit in (0, 7499, 7500):
        Settings.objects.update(front_desk_refund_limit_minor=limit)
        answers.append(desk.post(f"/invoices/{failed.pk}/void", {"reason": "Kindness"}).status_code)

    assert answers == [403, 403, 200]


# Needs attention


@pytest.fixture
def flagged(odette: Member, appointment: Appointment) -> Charge:
    """Paid while the appointment was being restored (R12)."""
    charge = marked(appointment, "sending", by=odette)
    restore(Appointment.objects.locked(appointment), by=odette, at=QUARTER_PAST)
    answered(charge, "paid", at=QUARTER_PAST)
    return charge


def test_r12_what_only_a_person_can_decide(desk: Caller, manager: Caller, flagged: Charge, appointment: Appointment) -> None:
    (item,) = manager.get("/attention").json()["items"]

    assert item == {
        "kind": "refund_or_keep",
        "text": "Appointment restored while the charge was on its way; Visa ••4242 was charged on Wed, Oct 14, 3:45 PM.",
        "since": "2026-10-14T15:45:00-04:00",
        "amount": USD_75,
        "refundable": USD_75,
        "patient": {"id": str(appointment.patient_id), "name": "Renata Solbrook"},
        "clinic": {"id": str(appointment.clinic_id), "name": "Elm Street"},
        "appointment": {"id": str(appointment.pk), "number": str(appointment), "start": "2026-10-14T15:30:00-04:00"},
        "invoice": {"id": str(flagged.invoice_id), "number": "INV-10001", "status": "balanced"},
        "calls": ["refunds", "keep"],
    }
    assert desk.get("/attention").json()["items"][0]["calls"] == ["keep"]  # its limit is 0

    kept = desk.post(f"/invoices/{flagged.invoice_id}/keep")
    assert (kept.status_code, kept.json()["charge"]["flag"], desk.get("/attention").json()["items"]) == (200, "", [])


def test_each_kind_and_what_may_be_done(
    manager: Caller, silas: Member, juniper: House, hour: Hour, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    def visit(place: int, outcome: str) -> Charge:
        at = STARTS_AT - timedelta(hours=2 * place)
        return marked(
            accepted(book(juniper, patient=juniper.patients[place], starts_at=at), card_of(juniper.patients[place])), outcome, by=silas
        )

    visit(2, "unknown")
    visit(1, "declined")
    paid = visit(0, "paid")
    refunded(paid, 2500, by=silas, at=QUARTER_PAST)
    Charge.objects.filter(pk=paid.pk).update(flag="refund_failed")
    paid.refunds.update(state="failed", failure="lost_or_stolen_card")
    hour(QUARTER_PAST + timedelta(days=8))
    manager.get("/clinics")  # notes the token's use

    with django_assert_num_queries(18):
        items = manager.get("/attention").json()["items"]

    assert [(item["kind"], item["calls"]) for item in items] == [
        ("checking", []),
        ("unpaid", ["retry", "payment-link", "record-payment", "void"]),
        ("refund_failed", ["refunds", "keep"]),
    ]
    assert manager.get(f"/invoices/{paid.invoice_id}").json()["charge"]["flag"] == "refund_failed"


def test_by_clinic_page_by_page(manager: Caller, flagged: Charge, juniper: House) -> None:
    here, there = (str(juniper.clinics[name].pk) for name in ("Elm Street", "Harbor Point"))

    assert [len(manager.get("/attention", clinic=clinic).json()["items"]) for clinic in (here, there, "nowhere")] == [1, 0, 0]
    assert manager.get("/attention", limit=1).json()["next"] is None
    assert problem(manager.get("/attention", cursor="x")) == (422, "invalid")
