"""Policies over the API: the next version with every form of product, and what a visit would cost under one, by which row and why."""

from collections.abc import Callable
from typing import Any

import pytest

from kept.api.tests.conftest import Caller, problem
from kept.ops.cast import House
from kept.policies.models import PolicyVersion
from kept.practice.models import Service
from kept.practice.rules import Role

USD_75 = {"minor": 7500, "currency": "USD"}
LONG_VISITS = {
    "conditions": {"minutes_from": 90},
    "steps": [
        {"kinds": ["late_cancel", "late_reschedule"], "notice": {"unit": "hours", "hours": 72}, "pays": {"form": "share", "percent": 25}},
        {"kinds": ["no_show"], "pays": {"form": "share", "percent": 50, "at_most": 30000}},
    ],
}
EVERYONE = {
    "steps": [
        {
            "kinds": ["late_cancel", "late_reschedule"],
            "notice": {"unit": "working_days", "days": 1, "wall": "15:00"},
            "pays": {"form": "sum", "minor": 5000},
        },
        {"kinds": ["no_show"], "pays": {"form": "sum", "minor": 9000}},
    ]
}


def version(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"description": "d", "authorization_text": "a", "terms": {"rows": list(rows)}} | more


@pytest.fixture
def manager(caller: Callable[..., Caller], juniper: House) -> Caller:
    return caller(juniper.members[Role.MANAGER])


def test_a_version_with_rows_is_published_and_in_use(manager: Caller) -> None:
    answer = manager.post("/policies", version(LONG_VISITS, EVERYONE, what_changed="Long visits", based_on=3))

    said = answer.json()
    assert (answer.status_code, said["number"], said["what_changed"]) == (201, 4, "Long visits")
    assert said["terms"]["rows"][0]["conditions"]["minutes_from"] == 90
    assert manager.get("/policies").json()["current"] == said


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        (version(LONG_VISITS), "The last row, and no other, is for everyone else."),
        (version({"steps": [{"kinds": ["no_show"], "pays": {"form": "sum", "minor": 49}}]}), "$0.49 is less than the $0.50"),
        (version({"steps": [{"kinds": ["no_show"], "pays": {"form": "share", "percent": 1}}]}), "1 % of Consultation comes to $0.30"),
    ],
)
def test_what_a_policy_cannot_say_is_told_and_nothing_is_kept(manager: Caller, sent: dict[str, Any], sentence: str, juniper: House) -> None:
    Service.objects.filter(name="Consultation").update(price_minor=3000)

    answer = manager.post("/policies", sent)

    assert answer.status_code == 422
    assert sentence in str(answer.json())
    assert PolicyVersion.objects.count() == 3


def test_one_that_another_published_meanwhile_is_not_overwritten(manager: Caller) -> None:
    manager.post("/policies", version(EVERYONE))

    assert problem(manager.post("/policies", version(EVERYONE, based_on=3))) == (409, "stale_version")


def test_the_front_desk_publishes_none(desk: Caller) -> None:
    assert problem(desk.post("/policies", version(EVERYONE))) == (403, "not_permitted")


def quote(by: Caller, juniper: House, at: str, kind: str = "late_cancel", version: str = "", **more: Any) -> Any:
    current = version or by.get("/policies").json()["current"]["id"]
    asked = {
        "clinic": str(juniper.clinics["Elm Street"].pk),
        "services": [str(juniper.services["Lip filler"].pk)],
        "start": "2026-10-22T10:30:00-04:00",
        "kind": kind,
        "at": at,
    }
    return by.post(f"/policies/{current}/quote", asked | more)


def test_a_quote_says_how_much_by_which_row_and_why(desk: Caller, juniper: House) -> None:
    assert quote(desk, juniper, "2026-10-21T14:00:00-04:00").json() == {
        "fee": USD_75,
        "row": 1,
        "because": "it is cancelled 20 h 30 min before, and free only until Wed, Oct 21, 10:30 AM.",
        "statement": "Free to change or cancel until Wed, Oct 21, 10:30 AM. After that it costs $75.00. "
        "A missed appointment is charged $75.00.",
        "free_until": "2026-10-21T10:30:00-04:00",
        "tiers": [{"after": "2026-10-21T10:30:00-04:00", "fee": USD_75}],
        "passed_over": [],
    }


def test_a_quote_names_the_rows_above_and_why_not(desk: Caller, manager: Caller, juniper: House) -> None:
    manager.post("/policies", version(LONG_VISITS, EVERYONE))

    said = quote(desk, juniper, "2026-10-22T11:00:00-04:00", "no_show").json()

    assert (said["fee"], said["row"], said["free_until"], said["tiers"]) == ({"minor": 9000, "currency": "USD"}, 2, None, [])
    assert said["passed_over"] == [{"row": 1, "why": "60 min, and the row is for 90 min or more"}]


@pytest.mark.parametrize(("field", "value"), [("clinic", "x"), ("patient", "00000000-0000-7000-8000-00000000dead"), ("services", ["x"])])
def test_a_quote_of_what_is_not_there_is_not_found(desk: Caller, juniper: House, field: str, value: Any) -> None:
    assert quote(desk, juniper, "2026-10-21T14:00:00-04:00", **{field: value}).status_code == 404


def test_a_draft_is_written_quoted_and_published(manager: Caller, juniper: House) -> None:
    before = manager.get("/policies/draft").json()
    written = manager.patch("/policies/draft", {"terms": {"rows": [LONG_VISITS, EVERYONE]}}).json()

    assert (before["based_on"], before["saved_by"], before["terms"]["rows"][-1]["steps"][-1]["pays"]["minor"]) == (3, None, 7500)
    assert (written["description"], written["saved_by"]["name"]) == (before["description"], "Silas Whitcombe")
    assert manager.get("/policies/draft").json() == written
    assert quote(manager, juniper, "2026-10-22T11:00:00-04:00", "no_show", version="draft").json()["fee"]["minor"] == 9000
    assert quote(manager, juniper, "2026-10-22T11:00:00-04:00", "no_show").json()["fee"]["minor"] == 7500

    published = manager.post("/policies/draft/publish", {"what_changed": "Long visits", "based_on": 3})

    assert (published.status_code, published.json()["number"], published.json()["terms"]) == (201, 4, written["terms"])
    assert manager.get("/policies/draft").json()["saved_by"] is None
    again = manager.post("/policies/draft/publish", {"what_changed": "Long visits", "based_on": 3})
    assert problem(again) == (409, "stale_version")


def test_a_draft_is_discarded(manager: Caller, desk: Caller, juniper: House) -> None:
    manager.patch("/policies/draft", {"description": "Come."})

    assert manager.delete("/policies/draft").status_code == 204
    assert manager.get("/policies/draft").json()["description"] == juniper.plan.description
    assert problem(quote(desk, juniper, "2026-10-22T11:00:00-04:00", version="draft")) == (403, "not_permitted")


def test_fees_are_switched_off(manager: Caller) -> None:
    assert manager.patch("/policies", {"fees_on": False}).json()["fees_on"] is False
