"""GET /cancelled: the list of cancelled appointments (R13)."""

import csv
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest

from kept.api.tests.conftest import Caller, problem
from kept.events.models import Access
from kept.noshows.transitions.cancelling import cancel
from kept.ops.cast import House
from kept.practice.models import Member
from kept.scheduling.models import Appointment
from tests.kit.visits import STARTS_AT, book

DAY_BEFORE = STARTS_AT - timedelta(days=1)


@pytest.fixture
def cancelled(odette: Member, appointment: Appointment) -> Appointment:
    asked = Appointment.Asked.PATIENT
    return cancel(appointment, asked=asked, reason="Work", note="Called twice", by=odette, at=DAY_BEFORE)


def test_a_cancelled_appointment(desk: Caller, odette: Member, cancelled: Appointment, hour: Callable[[datetime], None]) -> None:
    hour(DAY_BEFORE)

    assert desk.get("/cancelled").json() == {
        "items": [
            {
                "id": str(cancelled.pk),
                "number": str(cancelled),
                "start": "2026-10-14T15:30:00-04:00",
                "local_date": "2026-10-14",
                "zone": "America/New_York",
                "patient": {"id": str(cancelled.patient_id), "name": "Renata Solbrook"},
                "services": [{"id": str(line.service_id), "name": line.name} for line in cancelled.lines.all()],
                "provider": {"id": str(cancelled.provider_id), "name": "Tess Marrowby"},
                "clinic": {"id": str(cancelled.clinic_id), "name": "Elm Street"},
                "by": "patient",
                "late": False,
                "fee": None,
                "reason": "Work",
                "note": "Called twice",
                "cancelled_by": {"id": str(odette.pk), "name": odette.name},
                "cancelled_at": "2026-10-13T15:30:00-04:00",
                "restorable": True,
                "slot_taken_by": None,
            }
        ],
        "next": None,
    }


def test_r11_what_holds_its_time_meanwhile(desk: Caller, juniper: House, cancelled: Appointment) -> None:
    taken = book(juniper, patient=juniper.patients[1])

    (item,) = desk.get("/cancelled").json()["items"]

    assert (item["slot_taken_by"]["number"], item["restorable"]) == (str(taken), False)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"by": "patient"}, 1),
        ({"by": "clinic"}, 0),
        ({"first": "2026-10-14", "last": "2026-10-14"}, 1),
        ({"first": "2026-10-15"}, 0),
        ({"last": "2026-10-13"}, 0),
        ({"clinic": "nowhere"}, 0),
        ({"provider": "nobody"}, 0),
    ],
)
def test_filters(desk: Caller, cancelled: Appointment, query: dict[str, Any], found: int) -> None:
    assert len(desk.get("/cancelled", **query).json()["items"]) == found


def test_thirty_days_back_and_thirty_ahead(desk: Caller, juniper: House, odette: Member, hour: Callable[[datetime], None]) -> None:
    for days in (-31, -30, 30, 31):
        visit = book(juniper, starts_at=STARTS_AT + timedelta(days=days))
        cancel(visit, asked=Appointment.Asked.CLINIC, by=odette, at=visit.booked_at)

    assert [item["local_date"] for item in desk.get("/cancelled").json()["items"]] == ["2026-11-13", "2026-09-14"]


def test_days_the_wrong_way_round(desk: Caller) -> None:
    assert problem(desk.get("/cancelled", first="2026-10-15", last="2026-10-14")) == (422, "invalid")


def test_a_provider_sees_her_own(
    desk: Caller, caller: Callable[..., Caller], tess: Member, juniper: House, cancelled: Appointment, wish: dict[str, Any]
) -> None:
    wished = wish | {"provider": str(juniper.providers["Priya Ramsethi"].pk)}
    desk.post(f"/appointments/{desk.post('/appointments', wished).json()['id']}/cancel", {"by": "clinic"})

    assert len(desk.get("/cancelled").json()["items"]) == 2
    assert [item["id"] for item in caller(tess).get("/cancelled").json()["items"]] == [str(cancelled.pk)]


def test_r25_as_a_file_and_who_exported_is_written_down(desk: Caller, cancelled: Appointment) -> None:
    answer = desk.get("/cancelled.csv")

    (row,) = csv.DictReader(StringIO("".join(text.decode() if isinstance(text, bytes) else text for text in answer)))
    assert (row["Patient"], row["Asked by"], row["Reason"]) == ("Renata Solbrook", "patient", "Work")
    assert Access.objects.filter(what="cancelled exported").count() == 1
