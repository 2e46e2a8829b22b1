"""GET /invoices and what is done with one: refunds, and another try."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

import kept.billing.transitions.charging as charging
import kept.billing.transitions.refunding as refunding
import kept.noshows.transitions.attendance as noshows
from kept.api.tests.conftest import Caller, problem
from kept.billing.gateways.facts import IntentFacts, RefundFacts
from kept.billing.models import Charge, Invoice, Refund
from kept.ops.cast import House
from kept.patients.models import Card
from kept.practice.models import Member, Settings
from kept.scheduling.models import Appointment
from tests.kit.checks import queued
from tests.kit.visits import QUARTER_PAST, STARTS_AT, accepted, book, card_of

PAID = IntentFacts("pi_1", "succeeded", captured_minor=7500, gateway_charge_id="ch_1")
DECLINED = IntentFacts(
    "pi_1", "requires_payment_method", error_code="card_declined", decline_code="insufficient_funds", error_text="Insufficient funds."
)
USD_75, NOTHING = {"minor": 7500, "currency": "USD"}, {"minor": 0, "currency": "USD"}


def charged(appointment: Appointment, facts: IntentFacts, by: Member) -> Invoice:
    """The fee's invoice, once the gateway said that."""
    noshows.mark(appointment, charge_fee=True, by=by, at=QUARTER_PAST)
    charge = Charge.objects.get(appointment=appointment)
    charging.begin(charge.pk, at=QUARTER_PAST)
    charging.settle(charge.pk, facts, at=QUARTER_PAST, attempt=1)
    return Invoice.objects.get(appointment=appointment)


@pytest.fixture
def paid(appointment: Appointment, odette: Member) -> Invoice:
    return charged(appointment, PAID, odette)


@pytest.fixture
def declined(appointment: Appointment, odette: Member) -> Invoice:
    return charged(appointment, DECLINED, odette)


@pytest.fixture
def manager(caller: Callable[..., Caller], silas: Member) -> Caller:
    return caller(silas)


def test_an_invoice_in_the_list_and_as_a_whole(desk: Caller, paid: Invoice, appointment: Appointment) -> None:
    line = {
        "id": str(paid.pk),
        "number": "INV-10001",
        "kind": "no_show",
        "status": "balanced",
        "total": USD_75,
        "collected": USD_75,
        "refunded": NOTHING,
        "issued_at": "2026-10-14T15:45:00-04:00",
        "patient": {"id": str(appointment.patient_id), "name": "Renata Solbrook"},
        "provider": {"id": str(appointment.provider_id), "name": "Tess Marrowby"},
        "clinic": {"id": str(appointment.clinic_id), "name": "Elm Street"},
        "appointment": {"id": str(appointment.pk), "number": str(appointment), "start": "2026-10-14T15:30:00-04:00"},
    }

    assert desk.get("/invoices").json() == {"items": [line], "next": None}
    assert desk.get(f"/invoices/{paid.pk}").json() == line | {
        "lines": [
            {
                "text": "Appointment Cancellation/Rescheduling Charges",
                "detail": "No-show fee. Appointment on Oct 14, 2026, 3:30 PM with Tess Marrowby",
                "amount": USD_75,
            }
        ],
        "charge": {
            "id": str(paid.charges.get().pk),
            "state": "succeeded",
            "attempt": 1,
            "amount": USD_75,
            "refundable": USD_75,
            "card": {"brand": "visa", "last4": "4242", "exp_month": 4, "exp_year": 2031},
            "decline_code": "",
            "decline_text": "",
            "flag": "",
        },
        "payments": [{"id": str(paid.payments.get().pk), "method": "card", "amount": USD_75, "note": "", "at": "2026-10-14T19:45:00Z"}],
        "refunds": [],
        "credit_notes": [],
    }


def test_newest_first_page_by_page(
    desk: Caller, paid: Invoice, juniper: House, odette: Member, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for place in (1, 2):
        visit = accepted(
            book(juniper, patient=juniper.patients[place], starts_at=STARTS_AT - timedelta(hours=2 * place)),
            card_of(juniper.patients[place]),
        )
        charged(visit, IntentFacts(f"pi_{place}x", "succeeded", captured_minor=7500, gateway_charge_id=f"ch_{place}x"), odette)

    with django_assert_num_queries(16):
        first = desk.get("/invoices", limit=2).json()
    rest = desk.get("/invoices", limit=2, cursor=first["next"]).json()

    assert [[item["number"] for item in page["items"]] for page in (first, rest)] == [["INV-10003", "INV-10002"], ["INV-10001"]]
    assert rest["next"] is None


FOUND = [
    {"status": "balanced"},
    {"status": ["issued", "balanced"]},
    {"kind": "no_show"},
    {"number": "INV-10001"},
    {"number": "10001"},
    {"first": "2026-10-14", "last": "2026-10-14"},
]
NOT_FOUND = [
    {"status": "issued"},
    {"status": "refunded"},
    {"number": "10002"},
    {"first": "2026-10-15"},
    {"last": "2026-10-13"},
    {"patient": "nobody"},
    {"clinic": "nowhere"},
    {"provider": "nobody"},
]


@pytest.mark.parametrize("query", FOUND)
def test_filters_find(desk: Caller, paid: Invoice, query: dict[str, Any]) -> None:
    assert [item["number"] for item in desk.get("/invoices", **query).json()["items"]] == ["INV-10001"]


@pytest.mark.parametrize("query", NOT_FOUND)
def test_filters_leave_out(desk: Caller, paid: Invoice, query: dict[str, Any]) -> None:
    assert desk.get("/invoices", **query).json()["items"] == []


def test_filters_name_several(desk: Caller, paid: Invoice, juniper: House) -> None:
    patients = [str(patient.pk) for patient in juniper.patients[:2]]
    clinics = [str(clinic.pk) for clinic in juniper.clinics.values()]

    assert len(desk.get("/invoices", patient=patients, clinic=clinics, provider=str(paid.provider_id)).json()["items"]) == 1
    assert desk.get("/invoices", patient=patients[1]).json()["items"] == []


def test_the_appointment_names_its_invoice(desk: Caller, paid: Invoice, appointment: Appointment) -> None:
    whole = desk.get(f"/appointments/{appointment.pk}").json()

    assert whole["invoices"] == [{"id": str(paid.pk), "number": "INV-10001", "status": "balanced"}]
    assert (whole["fee"]["state"], whole["fee"]["offered"], whole["fee"]["reason"]) == ("paid", False, "already_charged")


def test_a_part_is_given_back(manager: Caller, paid: Invoice) -> None:
    answer = manager.post(f"/invoices/{paid.pk}/refunds", {"amount": {"minor": 2500, "currency": "USD"}, "reason": "Goodwill"})

    refund, said = Refund.objects.get(), answer.json()
    assert answer.status_code == 201
    assert {name: value for name, value in said.items() if name != "invoice"} == {
        "id": str(refund.pk),
        "method": "card",
        "amount": {"minor": 2500, "currency": "USD"},
        "reason": "Goodwill",
        "note": "",
        "state": "reserved",
        "failure": "",
        "created_at": "2026-10-14T19:45:00Z",
        "settled_at": None,
    }
    assert said["invoice"] == manager.get(f"/invoices/{paid.pk}").json()
    assert said["invoice"]["charge"]["refundable"] == {"minor": 5000, "currency": "USD"}
    assert queued("billing.send_refund") == {str(refund.pk)}


def test_without_an_amount_the_whole_rest_is_given_back(manager: Caller, paid: Invoice) -> None:
    first = manager.post(f"/invoices/{paid.pk}/refunds", {"amount": {"minor": 2500, "currency": "USD"}, "reason": "Goodwill"}).json()
    rest = manager.post(f"/invoices/{paid.pk}/refunds", {"reason": "Came after all"}).json()
    for number, refund in enumerate(Refund.objects.order_by("id")):
        refunding.settle(refund.pk, RefundFacts(f"re_{number}", "succeeded", refund.amount_minor), at=QUARTER_PAST)

    whole = manager.get(f"/invoices/{paid.pk}").json()

    assert [first["amount"]["minor"], rest["amount"]["minor"]] == [2500, 5000]
    assert ([refund["state"] for refund in whole["refunds"]], whole["refunded"], whole["status"]) == (["succeeded"] * 2, USD_75, "balanced")
    assert [item["number"] for item in manager.get("/invoices", status="refunded").json()["items"]] == ["INV-10001"]


SENT = {"/refunds": {"reason": "x"}, "/record-payment": {"method": "cash"}, "/void": {"reason": "x"}}
REFUSED_REFUNDS = [
    ({"amount": {"minor": 7501, "currency": "USD"}, "reason": "x"}, "refund_exceeds_captured", "amount"),
    ({"amount": {"minor": 2500, "currency": "EUR"}, "reason": "x"}, "wrong_currency", "amount"),
    ({"amount": {"minor": 0, "currency": "USD"}, "reason": "x"}, "invalid", "amount.minor"),
    ({"amount": {"minor": 2500, "currency": "USD"}}, "reason_required", "reason"),
    ({"amount": {"minor": 2500, "currency": "USD"}, "reason": " "}, "reason_required", "reason"),
    ({"reason": "x" * 201}, "invalid", "reason"),
    ({}, "reason_required", "reason"),
]


@pytest.mark.parametrize(("sent", "code", "field"), REFUSED_REFUNDS)
def test_a_refused_refund_reserves_nothing(manager: Caller, paid: Invoice, sent: dict[str, Any], code: str, field: str) -> None:
    answer = manager.post(f"/invoices/{paid.pk}/refunds", sent)

    assert problem(answer) == (422, code)
    assert answer.json()["errors"][0]["field"] == field
    assert (Refund.objects.count(), Charge.objects.get().refund_reserved_minor) == (0, 0)


def test_all_of_it_given_back_nothing_is_left(manager: Caller, paid: Invoice) -> None:
    path = f"/invoices/{paid.pk}/refunds"
    manager.post(path, {"reason": "Came after all"})

    assert problem(manager.post(path, {"reason": "Once more"})) == (422, "refund_exceeds_captured")


def test_the_front_desk_refunds_up_to_its_limit(desk: Caller, paid: Invoice) -> None:
    path = f"/invoices/{paid.pk}/refunds"
    sent = {"amount": {"minor": 2500, "currency": "USD"}, "reason": "Goodwill"}

    without = desk.post(path, sent)
    Settings.objects.update(front_desk_refund_limit_minor=2500)

    assert problem(without) == (403, "not_permitted")
    assert desk.post(path, sent).status_code == 201
    assert problem(desk.post(path, sent | {"amount": {"minor": 2501, "currency": "USD"}})) == (403, "not_permitted")


def test_a_restore_with_its_refund(manager: Caller, paid: Invoice, appointment: Appointment) -> None:
    answer = manager.post(f"/appointments/{appointment.pk}/restore", {"refund": True})

    assert (answer.json()["status"], Refund.objects.get().amount_minor) == ("booked", 7500)


def test_another_try(desk: Caller, declined: Invoice) -> None:
    before = desk.get(f"/invoices/{declined.pk}").json()

    answer = desk.post(f"/invoices/{declined.pk}/retry")

    assert (before["status"], before["charge"]["state"], before["charge"]["decline_code"]) == ("issued", "declined", "insufficient_funds")
    assert (answer.status_code, answer.json()) == (200, desk.get(f"/invoices/{declined.pk}").json())
    assert answer.json()["charge"]["state"] == "due"
    assert problem(desk.post(f"/invoices/{declined.pk}/retry")) == (409, "charge_in_flight")


def test_no_other_try_for_what_is_paid(desk: Caller, paid: Invoice) -> None:
    assert problem(desk.post(f"/invoices/{paid.pk}/retry")) == (409, "wrong_status")


def test_no_other_try_with_a_card_that_its_bank_withdrew(desk: Caller, declined: Invoice) -> None:
    Card.objects.update(state="blocked")

    assert problem(desk.post(f"/invoices/{declined.pk}/retry")) == (422, "card_required")


def test_retry_takes_no_field(desk: Caller, declined: Invoice) -> None:
    assert problem(desk.post(f"/invoices/{declined.pk}/retry", {"amount": 5})) == (422, "invalid")


@pytest.mark.parametrize("path", ["", "/refunds", "/retry", "/payment-link", "/record-payment", "/void", "/keep", "/send-receipt"])
def test_an_invoice_that_is_not_there(manager: Caller, path: str) -> None:
    for id_ in ("0" * 32, "nonsense"):
        answer = manager.post(f"/invoices/{id_}{path}", SENT.get(path)) if path else manager.get(f"/invoices/{id_}")
        assert problem(answer) == (404, "not_found")
