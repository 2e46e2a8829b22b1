"""Clinics, providers and services over the API: made and changed by the transitions of Settings, under the same rules."""

from collections.abc import Callable
from typing import Any

import pytest

from kept.api.tests.conftest import Caller, problem
from kept.events.models import Event
from kept.ops.cast import House
from kept.practice.models import Clinic, Member, MemberClinic, Provider, Service
from kept.scheduling.models import Appointment

DENVER = {"name": "Mill Lane", "zone": "America/Denver", "currency": "USD"}
PRICE = {"minor": 70_000, "currency": "USD"}


@pytest.fixture
def manager(caller: Callable[..., Caller], silas: Member) -> Caller:
    return caller(silas)


def span(weekday: int, opens: str, closes: str, **more: str) -> dict[str, Any]:
    return {"weekday": weekday, "opens": opens, "closes": closes} | more


def wrong(answer: Any) -> tuple[tuple[int, str], str]:
    """What a refused call says, and of which field."""
    return problem(answer), answer.json()["errors"][0]["field"]


def test_a_clinic_is_added_with_its_week(manager: Caller) -> None:
    hours = [span(0, "09:00", "12:00"), span(0, "13:00", "18:00"), span(5, "10:00", "14:00")]

    answer = manager.post("/clinics", DENVER | {"address": "3 Mill Lane", "online": False, "hours": hours})

    said = answer.json()
    assert answer.status_code == 201
    assert said == DENVER | {
        "id": said["id"], "address": "3 Mill Lane", "phone": "", "opens": "09:00", "closes": "18:00", "hours": hours, "online": False,
        "active": True,
    }  # fmt: skip
    assert manager.get(f"/clinics/{said['id']}").json() == said


def test_of_a_clinic_what_is_sent_changes_and_nothing_else(manager: Caller, juniper: House) -> None:
    elm = juniper.clinics["Elm Street"]
    before = manager.get(f"/clinics/{elm.pk}").json()

    after = manager.patch(f"/clinics/{elm.pk}", {"phone": "(555) 0111", "hours": [span(1, "10:00", "16:00")]}).json()

    week = {"hours": [span(1, "10:00", "16:00")], "opens": "10:00", "closes": "16:00"}
    assert after == before | week | {"phone": "(555) 0111"}
    since = Event.objects.filter(subject_id=elm.pk).exclude(kind="clinic.added")
    assert list(since.order_by("id").values_list("kind", flat=True)) == ["clinic.changed", "clinic.hours"]


def test_a_clinics_zone_stays_while_appointments_are_ahead(manager: Caller, appointment: Appointment) -> None:
    answer = manager.patch(f"/clinics/{appointment.clinic_id}", {"name": "Elm", "zone": "America/Denver"})

    assert wrong(answer) == ((422, "invalid"), "zone")
    assert Clinic.objects.get(pk=appointment.clinic_id).name == "Elm Street"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "Harbor Point"}, "name"),
        ({"currency": "QQQ"}, "currency"),
        ({"currency": None}, "currency"),
        ({"zone": "Moon/Base"}, "zone"),
        ({"active": "no"}, "active"),
        ({"opens": "09:00"}, "opens"),
        ({"hours": [{"weekday": 7, "opens": "09:00", "closes": "10:00"}]}, "hours.0.weekday"),
        ({"hours": [{"weekday": 1, "opens": "9", "closes": "10:00"}]}, "hours.0.opens"),
        ({"hours": [{"weekday": 1, "opens": "10:00", "closes": "09:00"}]}, "hours"),
        ({"hours": [span(1, "09:00", "12:00"), span(1, "11:00", "13:00")]}, "hours"),
    ],
)
def test_what_a_clinic_cannot_be_is_said_of_its_field(manager: Caller, juniper: House, body: dict[str, Any], field: str) -> None:
    answer = manager.patch(f"/clinics/{juniper.clinics['Elm Street'].pk}", body)

    assert wrong(answer) == ((422, "invalid"), field)


def test_a_clinic_keeps_a_day_at_least(manager: Caller, juniper: House) -> None:
    assert problem(manager.patch(f"/clinics/{juniper.clinics['Elm Street'].pk}", {"hours": []})) == (422, "invalid")


def test_a_provider_is_added_with_her_weeks(manager: Caller, juniper: House) -> None:
    elm = str(juniper.clinics["Elm Street"].pk)

    answer = manager.post("/providers", {"name": "Ada Quill", "clinics": [elm], "schedules": [span(2, "09:00", "13:00", clinic=elm)]})

    said = answer.json()
    assert (answer.status_code, said["title"], said["clinics"], said["active"]) == (201, "", [elm], True)
    assert said["schedules"] == [span(2, "09:00", "13:00", clinic=elm)]


def test_who_is_taken_out_of_use_keeps_her_appointments_and_is_found_among_those(manager: Caller, appointment: Appointment) -> None:
    path = f"/providers/{appointment.provider_id}"
    before = manager.get(path).json()

    after = manager.patch(path, {"active": False}).json()

    appointment.refresh_from_db()
    assert (after, appointment.status) == (before | {"active": False}, "booked")
    assert after["id"] not in {item["id"] for item in manager.get("/providers").json()["items"]}
    assert [item["id"] for item in manager.get("/providers", active="false").json()["items"]] == [after["id"]]


def test_a_schedule_is_of_a_clinic_where_she_works(manager: Caller, juniper: House) -> None:
    tess, harbor = juniper.providers["Tess Marrowby"], str(juniper.clinics["Harbor Point"].pk)

    answer = manager.patch(f"/providers/{tess.pk}", {"title": "MD", "schedules": [span(2, "09:00", "13:00", clinic=harbor)]})

    assert problem(answer) == (404, "not_found")
    assert Provider.objects.get(pk=tess.pk).title != "MD"


def test_a_service_is_added_and_changed_and_what_is_booked_keeps_its_price(
    manager: Caller, juniper: House, appointment: Appointment
) -> None:
    tess = str(juniper.providers["Tess Marrowby"].pk)
    added = manager.post("/services", {"name": "Lips", "minutes": 45, "price": PRICE, "performers": [tess]})
    lips = juniper.services["Lip filler"]

    changed = manager.patch(f"/services/{lips.pk}", {"price": PRICE, "performers": [tess]}).json()

    assert (added.status_code, added.json()["performers"], added.json()["buffer_after"]) == (201, [tess], 0)
    assert (changed["name"], changed["minutes"], changed["price"], changed["performers"]) == ("Lip filler", lips.minutes, PRICE, [tess])
    assert appointment.lines.get().price_minor == 65_000


def test_a_price_is_in_the_practices_currency(manager: Caller, juniper: House) -> None:
    answer = manager.post("/services", {"name": "Lips", "minutes": 45, "price": {"minor": 1, "currency": "EUR"}})

    assert wrong(answer) == ((422, "wrong_currency"), "price")


def test_r24_what_a_limited_manager_does_not_see_stays(caller: Callable[..., Caller], juniper: House, silas: Member) -> None:
    elm, harbor = juniper.clinics["Elm Street"], juniper.clinics["Harbor Point"]
    MemberClinic.objects.create(practice=juniper.practice, member=silas, clinic=elm)
    joanna, program = juniper.providers["Joanna Veltmoor"], caller(silas)

    answer = program.patch(f"/providers/{joanna.pk}", {"clinics": [str(elm.pk)]})
    others = [
        program.patch(f"/clinics/{harbor.pk}", {"name": "H"}),
        program.patch(f"/providers/{joanna.pk}", {"clinics": [str(harbor.pk)]}),
        program.post("/clinics", DENVER),
    ]

    assert (answer.status_code, set(joanna.clinics.all())) == (200, {elm, harbor})
    assert [problem(each) for each in others] == [(404, "not_found"), (404, "not_found"), (403, "not_permitted")]


def test_sent_twice_with_one_key_it_is_added_once(manager: Caller) -> None:
    answers = [manager.post("/services", {"name": "Lips", "minutes": 45, "price": PRICE}, key="k") for _each in range(2)]

    assert answers[0].content == answers[1].content
    assert Service.objects.filter(name="Lips").count() == 1


def test_of_online_booking_what_is_sent_changes_and_nothing_else(manager: Caller) -> None:
    before = manager.get("/online-booking").json()
    assert before["sites"] == []

    after = manager.patch(
        "/online-booking", {"sites": ["https://Elm.example.com/", "https://elm.example.com"], "closed": " Call us. "}
    ).json()

    assert after == before | {"sites": ["https://elm.example.com"], "closed": "Call us."}
    assert manager.get("/online-booking").json() == after
    assert manager.patch("/online-booking", {"lead_minutes": 240, "horizon_days": 30, "step_minutes": 30}).json() == after | {
        "lead_minutes": 240,
        "horizon_days": 30,
        "step_minutes": 30,
    }
    assert Event.objects.filter(kind="settings.online").count() == 2


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"lead_minutes": -1}, "lead_minutes"),
        ({"lead_minutes": 10**12}, "lead_minutes"),
        ({"horizon_days": 731}, "horizon_days"),
        ({"step_minutes": 7}, "step_minutes"),
        ({"sites": ["https://elm.example.com/book"]}, "sites"),
        ({"sites": ["http://elm.example.com"]}, "sites"),
        ({"sites": [f"https://{each}.example.com" for each in range(11)]}, "sites"),
        ({"closed": "x" * 301}, "closed"),
        ({"on": True}, "on"),
    ],
)
def test_online_booking_is_refused_at_the_field_and_nothing_changes(manager: Caller, sent: dict[str, Any], field: str) -> None:
    before = manager.get("/online-booking").json()

    assert wrong(manager.patch("/online-booking", {"closed": "Call us."} | sent)) == ((422, "invalid"), field)

    assert manager.get("/online-booking").json() == before


def test_a_clinic_is_switched_on_and_off_for_online_booking(manager: Caller, juniper: House) -> None:
    elm = juniper.clinics["Elm Street"]

    answers = [manager.patch(f"/clinics/{elm.pk}", {"online": on}).json()["online"] for on in (False, True)]

    assert answers == [False, True]
