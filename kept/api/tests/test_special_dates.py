"""Special dates over the API: /clinics/{id}/days and /providers/{id}/exceptions, with what is booked then."""

from collections.abc import Callable
from typing import Any

import pytest

from kept.api.tests.conftest import Caller, problem
from kept.events.models import Event
from kept.ops.cast import House
from kept.practice.models import Member, MemberClinic, OpeningHours, ScheduleException
from kept.practice.rules import Role
from kept.scheduling.models import Appointment
from tests.kit.visits import STARTS_AT, book

OFF = {"kind": "off", "first": "2026-10-16", "last": "2026-10-18", "why": "Course"}


@pytest.fixture
def manager(caller: Callable[..., Caller], silas: Member) -> Caller:
    return caller(silas)


@pytest.fixture
def friday(juniper: House) -> Appointment:
    """With Tess Marrowby at Elm Street on October 16, 3:30 PM."""
    return book(juniper, starts_at=STARTS_AT.replace(day=16))


@pytest.fixture
def days(friday: Appointment) -> str:
    return f"/clinics/{friday.clinic_id}/days"


@pytest.fixture
def exceptions(friday: Appointment) -> str:
    return f"/providers/{friday.provider_id}/exceptions"


def ref(visit: Appointment) -> dict[str, str]:
    return {"id": str(visit.pk), "number": str(visit), "start": "2026-10-16T15:30:00-04:00"}


def test_a_clinic_is_closed_on_a_date_and_says_what_is_booked_then(manager: Caller, days: str, friday: Appointment) -> None:
    answer = manager.post(days, {"date": "2026-10-16", "why": "Inventory"})

    said = answer.json()
    closed = {"id": said["id"], "date": "2026-10-16", "opens": None, "closes": None, "why": "Inventory"}
    assert (answer.status_code, said) == (201, closed | {"conflicts": [ref(friday)]})
    assert manager.get(days).json() == {"items": [closed], "next": None}

    other = manager.post(days, {"date": "2026-10-16", "opens": "12:00", "closes": "19:00"}).json()
    assert other == closed | {"opens": "12:00", "closes": "19:00", "why": "", "conflicts": []}
    assert manager.delete(f"{days}/{said['id']}").status_code == 204
    assert manager.get(days).json()["items"] == []
    kinds = Event.objects.filter(subject_id=friday.clinic_id).order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["clinic.added", "clinic.day", "clinic.day", "clinic.day_removed"]


def test_time_off_says_what_is_booked_in_it_and_is_taken_back(manager: Caller, exceptions: str, friday: Appointment) -> None:
    answer = manager.post(exceptions, OFF)

    said = answer.json()
    off = OFF | {"id": said["id"], "clinic": None, "opens": None, "closes": None}
    assert (answer.status_code, said) == (201, off | {"conflicts": [ref(friday)]})
    assert manager.get(exceptions).json() == {"items": [off], "next": None}
    assert manager.get(exceptions, first="2026-10-19").json()["items"] == []
    assert Appointment.objects.get(pk=friday.pk).status == "booked"
    assert manager.delete(f"{exceptions}/{said['id']}").status_code == 204
    assert not ScheduleException.objects.exists()


def test_extra_hours_are_at_one_clinic(manager: Caller, exceptions: str, friday: Appointment) -> None:
    extra = {"kind": "extra", "first": "2026-10-17", "opens": "10:00", "closes": "13:00", "clinic": str(friday.clinic_id)}

    said = manager.post(exceptions, extra).json()

    here = {"id": str(friday.clinic_id), "name": "Elm Street"}
    assert said == extra | {"id": said["id"], "last": "2026-10-17", "clinic": here, "why": "", "conflicts": []}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (OFF | {"last": "2026-10-15"}, "last"),
        (OFF | {"first": "2025-01-01", "last": "2025-01-02"}, "last"),
        (OFF | {"kind": "extra"}, "clinic"),
        (OFF | {"kind": "sabbatical"}, "kind"),
        (OFF | {"opens": "09:00"}, ""),
        (OFF | {"opens": "13:00", "closes": "09:00"}, ""),
        (OFF | {"first": "soon"}, "first"),
    ],
)
def test_what_an_exception_can_not_be_is_said_of_its_field(manager: Caller, exceptions: str, body: dict[str, Any], field: str) -> None:
    answer: Any = manager.post(exceptions, body)

    assert (problem(answer), answer.json()["errors"][0]["field"]) == ((422, "invalid"), field)
    assert not ScheduleException.objects.exists()


def test_a_day_that_is_past_is_refused_by_its_field(manager: Caller, days: str) -> None:
    answer: Any = manager.post(days, {"date": "2026-10-13"})

    assert (problem(answer), answer.json()["errors"][0]["field"]) == ((422, "invalid"), "date")


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.PROVIDER, Role.BILLING, Role.AUDITOR])
def test_only_who_sets_up_sees_and_changes_them(
    caller: Callable[..., Caller], juniper: House, role: Role, days: str, exceptions: str
) -> None:
    api = caller(juniper.members[role])

    answers = [api.get(days), api.get(exceptions), api.post(days, {"date": "2026-10-16"}), api.post(exceptions, OFF)]

    assert {problem(answer) for answer in answers} == {(403, "not_permitted")}


def test_r24_another_clinics_dates_are_not_found(
    caller: Callable[..., Caller], juniper: House, silas: Member, days: str, exceptions: str, friday: Appointment, quinta: House
) -> None:
    day = OpeningHours.objects.create(practice=juniper.practice, clinic=friday.clinic, on="2026-10-20")
    harbor = juniper.clinics["Harbor Point"]
    MemberClinic.objects.create(practice=juniper.practice, member=silas, clinic=harbor)
    limited, foreign = caller(silas), caller(quinta.members[Role.OWNER])

    answers = [
        *(each.get(days) for each in (limited, foreign)),
        *(each.delete(f"{days}/{day.pk}") for each in (limited, foreign)),
        *(each.delete(f"/clinics/{harbor.pk}/days/{day.pk}") for each in (limited, foreign)),
        foreign.get(exceptions),
        foreign.post(exceptions, OFF),
    ]

    assert {problem(answer) for answer in answers} == {(404, "not_found")}
    assert OpeningHours.objects.filter(pk=day.pk).exists()
