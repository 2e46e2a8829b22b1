"""What can't be used is said, field by field, and is never a crash."""

import json
from typing import Any

import pytest

from kept.api.tests.conftest import Caller, problem
from kept.patients.models import Patient
from kept.scheduling.models import Appointment

NOT_JSON = ["{", "\x00", '{"first_name": "\xff', "[" * 100_000, '{"first_name": ' + "9" * 5_000 + "}"]


@pytest.mark.parametrize("body", NOT_JSON)
def test_a_body_that_is_not_json(desk: Caller, body: str) -> None:
    assert problem(desk.post("/patients", body)) == (400, "bad_request")


@pytest.mark.parametrize("body", ["[]", '"text"', "7", "null", "true"])
def test_a_body_that_is_not_an_object(desk: Caller, body: str) -> None:
    assert problem(desk.post("/patients", body)) == (422, "invalid")


def test_every_field_that_can_not_be_used_is_named(desk: Caller) -> None:
    answer = desk.post(
        "/appointments", {"clinic": 7, "services": ["x", None], "start": "2026-10-16T15:30:00", "double_book": "yes", "colour": 1}
    )

    assert answer.json() == {
        "type": "urn:kept:invalid",
        "title": "Unprocessable Entity",
        "status": 422,
        "detail": "Some of what was sent can’t be used. See `errors`.",
        "code": "invalid",
        "errors": [
            {"field": "clinic", "message": "Input should be a valid string"},
            {"field": "provider", "message": "Field required"},
            {"field": "patient", "message": "Field required"},
            {"field": "services.1", "message": "Input should be a valid string"},
            {"field": "start", "message": "Input should have timezone info"},
            {"field": "double_book", "message": "Input should be a valid boolean"},
            {"field": "colour", "message": "Extra inputs are not permitted"},
        ],
    }


def test_a_parameter_that_does_not_exist_is_refused_by_name(desk: Caller) -> None:
    answer = desk.get("/appointments", form="2026-10-14", limit=3)

    assert answer.json()["errors"] == [{"field": "form", "message": "Extra inputs are not permitted"}]


UNUSABLE_TEXT = ["Ren\x00ata", "\ud800", "R" * 81, 7, None, ["Renata"], {"first": "Renata"}, True]


@pytest.mark.parametrize("text", UNUSABLE_TEXT)
def test_text_that_can_not_be_kept(desk: Caller, text: Any) -> None:
    before = Patient.objects.count()

    answer = desk.post("/patients", {"first_name": text})

    assert problem(answer) == (422, "invalid")
    assert [error["field"] for error in answer.json()["errors"]] == ["first_name"]
    assert Patient.objects.count() == before


UNUSABLE_QUERIES = [
    {"first": "yesterday"},
    {"first": "2026-13-01"},
    {"first": "20261014"},
    {"first": "1791936000"},
    {"first": "0001-01-01"},
    {"last": "9999-12-31"},
    {"last": "2026-10-14T00:00:00Z"},
    {"first": "2026-10-15", "last": "2026-10-14"},
    {"limit": 0},
    {"limit": 201},
    {"limit": 10**30},
    {"limit": "many"},
    {"cursor": "nonsense"},
    {"cursor": "\x00"},
    {"cursor": "é" * 40},
    {"cursor": "x" * 1001},
    {"status": "missed"},
]


@pytest.mark.parametrize("query", UNUSABLE_QUERIES)
def test_a_query_that_can_not_be_used(desk: Caller, query: dict[str, Any]) -> None:
    assert problem(desk.get("/appointments", **query)) == (422, "invalid")


@pytest.mark.parametrize("number", ["\x00", "²", "९", "INV-" + "9" * 40, "-", "' or 1=1"])
def test_an_odd_number_finds_no_invoice(desk: Caller, number: str) -> None:
    answer = desk.get("/invoices", number=number)

    assert answer.status_code == 422 or answer.json() == {"items": [], "next": None}


@pytest.mark.parametrize("words", ["%", "_", "\\", "' or 1=1 --", "☃", "\U0001f9d6"])
def test_a_search_takes_every_sign_as_it_is(desk: Caller, words: str) -> None:
    assert desk.get("/patients", search=words).json() == {"items": [], "next": None}


def test_a_search_without_nul(desk: Caller) -> None:
    assert problem(desk.get("/patients", search="Ren\x00ata")) == (422, "invalid")


@pytest.mark.parametrize("id_", ["1", "nonsense", "%00", "%E2%82%AC", "..%2Fclinics", "00000000-0000-0000-0000-000000000000", "x" * 3000])
def test_an_id_that_is_none_is_not_found(desk: Caller, id_: str) -> None:
    assert problem(desk.get(f"/appointments/{id_}")) == (404, "not_found")
    assert problem(desk.post(f"/appointments/{id_}/check-in")) == (404, "not_found")


@pytest.mark.parametrize("path", ["/", "/appointment", "/appointments/", "/appointments/x/y/z", "/v2/clinics", "/\x00"])
def test_an_address_that_is_none_is_a_problem_too(desk: Caller, path: str) -> None:
    assert problem(desk.get(path)) == (404, "not_found")
    assert problem(desk.post(path, {})) == (404, "not_found")


def test_a_method_that_is_not_offered(desk: Caller) -> None:
    answer = desk.browser.delete("/api/v1/patients")

    assert problem(answer) == (405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "POST"}


def test_a_body_that_is_too_large(desk: Caller) -> None:
    assert problem(desk.post("/patients", json.dumps({"first_name": "R" * 3_000_000})))[0] in (400, 413)


@pytest.mark.parametrize(
    "amount", [7500, "75.00", {"minor": 75.5, "currency": "USD"}, {"minor": "7500", "currency": "USD"}, {"minor": 7500}]
)
def test_money_is_minor_units_and_a_currency(desk: Caller, appointment: Appointment, amount: Any) -> None:
    answer = desk.post(f"/appointments/{appointment.pk}/no-show", {"charge_fee": True, "amount": amount})

    assert problem(answer) == (422, "invalid")


@pytest.mark.parametrize("minor", [0, -1, 2**31, 10**40])
def test_money_is_above_zero_and_not_endless(desk: Caller, appointment: Appointment, minor: int) -> None:
    answer = desk.post(f"/appointments/{appointment.pk}/no-show", {"charge_fee": True, "amount": {"minor": minor, "currency": "USD"}})

    assert problem(answer) == (422, "invalid")
    assert answer.json()["errors"][0]["field"] == "amount.minor"
