"""What a policy can't say: its writer is told in words before anything is kept."""

from typing import Any

import pytest
from pydantic import ValidationError

from kept.policies.document import Document

FEE: dict[str, Any] = {"form": "sum", "minor": 7500}
MISSED: dict[str, Any] = {"kinds": ["no_show"], "pays": FEE}
EVERYONE: dict[str, Any] = {"steps": [MISSED]}
SERVICE = "01900000-0000-7000-8000-000000000001"


def row(**conditions: Any) -> dict[str, Any]:
    return {"conditions": conditions, "steps": [MISSED]}


def step(**fields: Any) -> list[dict[str, Any]]:
    return [{"steps": [{"pays": FEE} | fields]}]


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"rows": [row(patients="new")]}, "The last row, and no other, is for everyone else."),
        ({"rows": [EVERYONE, EVERYONE]}, "The last row, and no other, is for everyone else."),
        ({"rows": [row(minutes_from=90), row(services=[SERVICE]), EVERYONE]}, "Rows for services and categories come first"),
        ({"rows": step(kinds=["no_show", "late_cancel"])}, "Only cancelling and moving can share a step."),
        ({"rows": step(kinds=["no_show"], notice={"unit": "hours", "hours": 24})}, "Only cancelling and moving have a notice."),
        ({"rows": step(kinds=["late_arrival"])}, "Say from how many minutes on coming late costs a fee."),
        ({"rows": step(kinds=["late_arrival"], from_minutes=15)}, "15 minutes late a patient counts as missed"),
        ({"rows": [{"steps": [MISSED, MISSED]}]}, "Two steps say what the same thing costs, equally late."),
        ({"rows": step(kinds=["no_show"], pays={"form": "share", "percent": 50, "at_least": 200, "at_most": 100})}, "‘At least’ is more"),
        ({"rows": step(kinds=["no_show"], pays={"form": "by_price", "bands": [{"percent": 50}, {"percent": 20}]})}, "Each band goes up"),
        ({"rows": [row(minutes_from=60, minutes_below=60), EVERYONE]}, "Nothing is both at least that much and less than that."),
        ({"rows": [row(missed_from=3, missed_to=1), EVERYONE]}, "Nobody has missed at least that many"),
        ({"rows": [row(season={"first": "13-01", "last": "01-05"}), EVERYONE]}, "Enter a day of the year, for example 12-15."),
        ({"rows": [EVERYONE], "asks": [{}]}, "Say what booking asks for."),
        ({"rows": [EVERYONE], "asks": [{"never_card": True, "deposit": FEE}]}, "Without a card there is no deposit either."),
        ({"rows": [EVERYONE], "surprise": 1}, "Extra inputs are not permitted"),
        ({"rows": step(kinds=["no_show"], pays={"form": "sum", "minor": 0})}, "greater than 0"),
    ],
)
def test_it_is_refused(document: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence.replace("(", r"\(")):
        Document.model_validate(document)
