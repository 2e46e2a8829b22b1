"""What patients say to no-shows: with /attention, settled by POST /attention/answers/{id}."""

from collections.abc import Callable

import pytest

from kept.api.tests.conftest import Caller, problem
from kept.noshows.models import Answer
from kept.noshows.transitions import answering
from kept.ops.cast import House
from kept.practice.models import Member
from kept.scheduling.models import Appointment
from tests.kit.money import marked
from tests.kit.visits import QUARTER_PAST


@pytest.fixture
def spoken(appointment: Appointment, odette: Member) -> Answer:
    """Renata was there, she says; her fee is not paid."""
    charge = marked(appointment, "declined", by=odette)
    return answering.say(charge.appointment, Answer.Kind.HERE, "I sat in the waiting room.", at=QUARTER_PAST)


def test_it_stands_with_the_first_page(desk: Caller, spoken: Answer) -> None:
    (found,) = desk.get("/attention").json()["answers"]

    assert {name: found[name] for name in ("id", "kind", "text", "at", "outcome", "outcomes")} == {
        "id": str(spoken.pk),
        "kind": "here",
        "text": "I sat in the waiting room.",
        "at": "2026-10-14T15:45:00-04:00",
        "outcome": "open",
        "outcomes": ["restored", "spared", "stays"],
    }
    assert found["patient"]["name"] == "Renata Solbrook"


@pytest.mark.parametrize(("outcome", "status"), [("restored", "booked"), ("spared", "noshow"), ("stays", "noshow")])
def test_it_is_settled_by_the_same_functions(desk: Caller, spoken: Answer, odette: Member, outcome: str, status: str) -> None:
    path = f"/attention/answers/{spoken.pk}"

    settled = desk.post(path, {"outcome": outcome, "note": "We looked."})
    again = desk.post(path, {"outcome": outcome, "note": "We looked."})

    told = settled.json()
    assert (settled.status_code, told["outcome"], told["settled_by"]["name"], told["outcomes"]) == (200, outcome, odette.name, [])
    assert Appointment.objects.get().status == status
    assert problem(again) == (409, "wrong_status")
    assert desk.get("/attention").json()["answers"] == []


def test_it_stays_for_a_reason(desk: Caller, spoken: Answer) -> None:
    assert problem(desk.post(f"/attention/answers/{spoken.pk}", {"outcome": "stays"})) == (422, "reason_required")


def test_who_may_not_charge_restores_it_or_leaves_it(caller: Callable[..., Caller], juniper: House, spoken: Answer) -> None:
    tess = caller(juniper.members["provider"])  # type: ignore[index]

    assert problem(tess.post(f"/attention/answers/{spoken.pk}", {"outcome": "spared", "note": "Kindness"})) == (403, "not_permitted")
    assert tess.post(f"/attention/answers/{spoken.pk}", {"outcome": "restored"}).status_code == 200
