"""GET /call-list and POST /appointments/{id}/card-call: whom to call about a card, and what came of it (R3a)."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

import kept.billing.transitions.cards as cards
from kept.api.tests.conftest import Caller, problem
from kept.messaging.models import Message
from kept.ops.cast import House
from kept.practice.rules import Role
from kept.scheduling.models import Appointment
from tests.kit.visits import BOOKED_AT, book

NOW = BOOKED_AT + timedelta(days=2)


@pytest.fixture
def visit(juniper: House, hour: Callable[[datetime], None]) -> Appointment:
    """Booked two days ago, the card overdue since yesterday."""
    visit = book(juniper)
    cards.card_link(visit, by=juniper.members[Role.FRONT_DESK], at=BOOKED_AT)
    hour(NOW)
    return visit


def test_whom_to_call_and_about_what(desk: Caller, visit: Appointment) -> None:
    said = desk.get("/call-list").json()
    visit.refresh_from_db()

    assert said == {
        "items": [
            {
                "id": str(visit.pk),
                "number": str(visit),
                "version": visit.version,
                "start": "2026-10-14T15:30:00-04:00",
                "zone": "America/New_York",
                "patient": {"id": str(visit.patient_id), "name": "Renata Solbrook"},
                "phone": visit.patient.phone,
                "services": [{"id": str(line.service_id), "name": line.name} for line in visit.lines.all()],
                "provider": {"id": str(visit.provider_id), "name": "Tess Marrowby"},
                "clinic": {"id": str(visit.clinic_id), "name": "Elm Street"},
                "attendance": {"visits": 0, "missed": 0, "last_missed": None},
                "card_due": "2026-10-06T10:00:00-04:00",
                "last_call": None,
            }
        ],
        "next": None,
    }
    assert desk.get(f"/appointments/{visit.pk}").json()["card_due"] == "2026-10-06T10:00:00-04:00"


def test_who_has_time_is_listed_where_it_is_asked(desk: Caller, visit: Appointment) -> None:
    desk.post(f"/appointments/{visit.pk}/card-call", {"result": "reached"})

    found = {name: len(desk.get("/call-list", calls=name).json()["items"]) for name in ("due", "waiting")}

    assert found == {"due": 0, "waiting": 1}


def test_nobody_answered(desk: Caller, visit: Appointment) -> None:
    desk.post(f"/appointments/{visit.pk}/card-call", {"result": "no_answer"})

    (listed,) = desk.get("/call-list").json()["items"]
    assert listed["last_call"] == {"result": "no_answer", "at": NOW.astimezone(visit.clinic.zone).isoformat()}


@pytest.mark.parametrize(("result", "letters"), [("reached", []), ("link", ["card_link"])])
def test_who_was_reached_has_the_whole_time_once_more(desk: Caller, visit: Appointment, result: str, letters: list[str]) -> None:
    whole = desk.post(f"/appointments/{visit.pk}/card-call", {"result": result}).json()

    assert whole["card_due"] == (NOW + timedelta(days=1)).astimezone(visit.clinic.zone).isoformat()
    assert [each.letter for each in Message.objects.all()] == letters


def test_kept_without_a_card_for_a_reason_it_leaves_the_list(desk: Caller, visit: Appointment) -> None:
    without_why = desk.post(f"/appointments/{visit.pk}/card-call", {"result": "without"})
    whole = desk.post(f"/appointments/{visit.pk}/card-call", {"result": "without", "why": "known"}).json()

    assert problem(without_why) == (422, "reason_required")
    assert (whole["card_due"], desk.get("/call-list").json()["items"]) == (None, [])
    assert problem(desk.post(f"/appointments/{visit.pk}/card-call", {"result": "reached"})) == (409, "wrong_status")


def test_another_version_is_refused(desk: Caller, visit: Appointment) -> None:
    assert problem(desk.post(f"/appointments/{visit.pk}/card-call", {"result": "reached", "version": 99})) == (409, "stale_version")
