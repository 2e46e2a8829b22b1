"""The description of the API says what the API does."""

from typing import Any, get_args

import pytest

from kept.api.attendance import ACTS
from kept.api.shapes.appointments import StatusCode
from kept.api.shapes.fields import Display, FeeState, NoFeeReason
from kept.foundation.status_looks import FEE_LOOKS, STATUS_LOOKS
from kept.noshows.listing import FEE_STATES
from kept.noshows.offers import WHY_NOT
from kept.scheduling.models import Status
from tests.kit.browser import Browser

METHODS = {"get", "post", "patch", "delete"}


@pytest.fixture
def described(db: None) -> dict[str, Any]:
    answer = Browser().get("/api/v1/openapi.json")
    assert answer.headers["Content-Type"] == "application/json"
    said: dict[str, Any] = answer.json()
    return said


def test_it_is_there_for_everybody(described: dict[str, Any]) -> None:
    assert (described["openapi"], described["info"]["title"], described["info"]["version"]) == ("3.1.0", "Kept", "1")


def test_every_call_says_what_it_does_and_how_it_says_no(described: dict[str, Any]) -> None:
    for path, methods in described["paths"].items():
        for method, call in methods.items():
            assert method in METHODS
            assert call["description"], f"{method} {path} says nothing of itself"
            assert call["security"] == [{"Token": []}]
            names_a_row = any(parameter["required"] for parameter in call["parameters"])
            expected = {"400", "401", "403", "422", "503"} | ({"404"} if names_a_row or method != "get" else set())
            expected |= {"409"} if method != "get" else set()
            assert {status for status in call["responses"] if status >= "400"} == expected
            named = {parameter["name"] for parameter in call["parameters"]}
            assert ("Idempotency-Key" in named) == (method == "post")


def test_every_name_of_a_call_is_its_own(described: dict[str, Any]) -> None:
    names = [call["operationId"] for methods in described["paths"].values() for call in methods.values()]

    assert len(names) == len(set(names)) == 95


def test_problems_are_problem_json(described: dict[str, Any]) -> None:
    for name, answer in described["components"]["responses"].items():
        assert answer["content"] == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}, name


def test_the_words_are_those_of_the_product() -> None:
    assert set(get_args(Display)) == set(STATUS_LOOKS)
    assert set(get_args(FeeState)) == {*FEE_STATES, "disputed"}
    assert set(get_args(FeeState)) <= set(FEE_LOOKS)
    assert set(WHY_NOT) <= set(get_args(NoFeeReason))
    assert set(get_args(StatusCode)) == set(Status.values)


def test_an_action_is_named_after_its_call(described: dict[str, Any]) -> None:
    for name in [*ACTS, "cancel", "reschedule", "no-show", "restore", "card-link", "accept-again", "payment-link", "refund-deposit"]:
        assert f"/api/v1/appointments/{{appointment_id}}/{name}" in described["paths"]
