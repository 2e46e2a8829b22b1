"""Patients: finding, reading and adding them; every look is written down."""

from collections.abc import Callable
from typing import Any

import pytest

from kept.api.tests.conftest import Caller, problem
from kept.events.models import Access, Event
from kept.ops.cast import House
from kept.patients.models import Patient
from kept.practice.models import Member
from kept.scheduling.models import Appointment
from tests.kit.money import marked


def looks() -> list[tuple[str, Any]]:
    return list(Access.objects.order_by("at", "id").values_list("what", "patient_id"))


def test_a_patient_found_by_name(desk: Caller, juniper: House) -> None:
    renata = juniper.patients[0]

    assert desk.get("/patients", search="sol ren").json() == {
        "items": [
            {
                "id": str(renata.pk),
                "name": "Renata Solbrook",
                "first_name": "Renata",
                "last_name": "Solbrook",
                "email": "renata.solbrook@example.com",
                "phone": "(555) 0100",
                "birth_date": None,
            }
        ],
        "next": None,
    }
    assert looks() == [("patients searched", None)]


def test_all_of_them_by_name_page_by_page(desk: Caller, juniper: House) -> None:
    Patient.objects.create(practice=juniper.practice, first_name="Renata", last_name="Solbrook", created_at="2026-10-01T00:00:00Z")
    Patient.objects.create(practice=juniper.practice, first_name="Cher", created_at="2026-10-01T00:00:00Z")

    found, cursor = [], None
    while True:
        page = desk.get("/patients", limit=7, **({"cursor": cursor} if cursor else {})).json()
        found += [item["id"] for item in page["items"]]
        if not (cursor := page["next"]):
            break

    assert found == [str(id_) for id_ in Patient.objects.order_by("sort_name", "id").values_list("id", flat=True)]
    assert len(found) == 62


@pytest.mark.parametrize(
    "cursor",
    ["WyJhIl0=", "W10=", "e30=", "WyJhIiwiYiJd", "WyJhIiwiYiIsImMiXQ==", "WzEsMiwzXQ==", "bnVsbA==", "////", "W251bGwsbnVsbCxudWxsXQ=="],
)
def test_a_cursor_of_something_else(desk: Caller, cursor: str) -> None:
    answer = desk.get("/patients", cursor=cursor)

    assert problem(answer) == (422, "invalid")
    assert answer.json()["errors"][0]["field"] == "cursor"


def test_one_patient(desk: Caller, appointment: Appointment) -> None:
    desk.post(f"/appointments/{appointment.pk}/no-show", {"charge_fee": False})
    patient = appointment.patient

    said = desk.get(f"/patients/{patient.pk}").json()

    assert said == {
        "id": str(patient.pk),
        "name": "Renata Solbrook",
        "first_name": "Renata",
        "last_name": "Solbrook",
        "email": "renata.solbrook@example.com",
        "phone": "(555) 0100",
        "birth_date": None,
        "alert": "",
        "version": 1,
        "balance": [],
        "balance_in_flight": [],
        "attendance": {"visits": 1, "missed": 1, "last_missed": "2026-10-14T19:30:00Z"},
        "created_at": "2026-01-05T15:00:00Z",
    }
    assert looks() == [("patient opened", patient.pk)]


def test_the_cards_she_gave(desk: Caller, appointment: Appointment) -> None:
    card = appointment.patient.cards.get()

    assert desk.get(f"/patients/{appointment.patient_id}/cards").json() == {
        "items": [
            {
                "brand": "visa",
                "last4": "4242",
                "exp_month": 4,
                "exp_year": 2031,
                "id": str(card.pk),
                "state": "active",
                "given_at": "2026-10-05T14:00:00Z",
                "relied_on_by": [{"id": str(appointment.pk), "name": str(appointment)}],
                "relied_on_elsewhere": 0,
            }
        ],
        "next": None,
    }
    assert looks() == [("cards opened", appointment.patient_id)]


def test_a_new_patient(desk: Caller) -> None:
    answer = desk.post(
        "/patients",
        {"first_name": "Ada", "last_name": "Quill", "email": "ada@example.com", "phone": "+1 555 0199", "birth_date": "1961-02-18"},
    )

    said = answer.json()
    assert answer.status_code == 201
    assert said == desk.get(f"/patients/{said['id']}").json()
    assert (said["name"], said["email"], said["phone"], said["attendance"]["visits"]) == ("Ada Quill", "ada@example.com", "+1 555 0199", 0)
    assert Event.objects.get(subject_id=said["id"]).kind == "patient.added"


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "first_name"),
        ({"first_name": "  "}, "first_name"),
        ({"first_name": "Ada", "email": "ada"}, "email"),
        ({"first_name": "Ada", "phone": "5" * 31}, "phone"),
        ({"first_name": "Ada", "phone": "none"}, "phone"),
        ({"first_name": "Ada", "birth_date": "soon"}, "birth_date"),
        ({"first_name": "Ada", "birth_date": "2030-01-01"}, "birth_date"),
        ({"first_name": "Ada", "notes": "x"}, "notes"),
    ],
)
def test_a_patient_who_can_not_be_added(desk: Caller, sent: dict[str, Any], field: str) -> None:
    answer = desk.post("/patients", sent)

    assert problem(answer) == (422, "invalid")
    assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.parametrize("path", ["", "/cards", "/notes"])
def test_another_practices_patient_is_as_unknown(desk: Caller, quinta: House, path: str) -> None:
    answers = [desk.get(f"/patients/{id_}{path}") for id_ in (quinta.patients[0].pk, "0" * 32, "nonsense")]

    assert [problem(answer) for answer in answers] == [(404, "not_found")] * 3
    assert len({answer.content for answer in answers}) == 1
    assert looks() == []


# Changing her


def test_only_what_is_sent_changes(desk: Caller, juniper: House) -> None:
    renata = juniper.patients[0]

    said = desk.patch(f"/patients/{renata.pk}", {"birth_date": "1961-02-18", "alert": "Faints at needles", "version": 1}).json()

    assert said == desk.get(f"/patients/{renata.pk}").json()
    assert (said["birth_date"], said["alert"], said["version"]) == ("1961-02-18", "Faints at needles", 2)
    assert (said["name"], said["phone"]) == ("Renata Solbrook", "(555) 0100")
    assert desk.patch(f"/patients/{renata.pk}", {"birth_date": None}).json()["birth_date"] is None


def test_what_was_decided_on_an_older_state_is_refused(desk: Caller, juniper: House) -> None:
    path = f"/patients/{juniper.patients[0].pk}"
    desk.patch(path, {"phone": "555 0199"})

    assert problem(desk.patch(path, {"phone": "555 0177", "version": 1})) == (409, "stale_version")
    assert desk.get(path).json()["phone"] == "555 0199"


@pytest.mark.parametrize("sent", [{"first_name": ""}, {"email": "ada"}, {"phone": "none"}, {"birth_date": "1899-01-01"}, {"id": "x"}, []])
def test_a_change_that_can_not_be_meant(desk: Caller, juniper: House, sent: Any) -> None:
    path = f"/patients/{juniper.patients[0].pk}"

    assert problem(desk.patch(path, sent)) == (422, "invalid")
    assert desk.get(path).json()["version"] == 1


def test_what_she_owes_is_for_those_who_may_see_invoices(
    desk: Caller, caller: Callable[..., Caller], tess: Member, odette: Member, appointment: Appointment
) -> None:
    marked(appointment, "declined", by=odette)
    path = f"/patients/{appointment.patient_id}"

    assert desk.get(path).json()["balance"] == [{"minor": 7500, "currency": "USD"}]
    assert caller(tess).get(path).json()["balance"] is None


def test_what_is_being_charged_is_said_apart(desk: Caller, odette: Member, appointment: Appointment) -> None:
    marked(appointment, "unknown", by=odette)

    said = desk.get(f"/patients/{appointment.patient_id}").json()

    assert (said["balance"], said["balance_in_flight"]) == ([{"minor": 7500, "currency": "USD"}],) * 2


# Notes and cards


def test_notes_are_written_and_read_newest_first(desk: Caller, juniper: House, odette: Member) -> None:
    path = f"/patients/{juniper.patients[0].pk}/notes"

    first = desk.post(path, {"text": "Parks at the back."})
    second = desk.post(path, {"text": "At the front, since October."}).json()

    assert (first.status_code, first.json()["by"]) == (201, {"id": str(odette.pk), "name": "Odette Farnley"})
    newest = desk.get(path, limit=1).json()
    assert newest["items"] == [second]
    assert desk.get(path, limit=1, cursor=newest["next"]).json() == {"items": [first.json()], "next": None}
    assert problem(desk.post(path, {"text": "  "})) == (422, "invalid")


def test_r7a_a_card_is_taken_off(desk: Caller, appointment: Appointment) -> None:
    card = appointment.patient.cards.get()
    path = f"/patients/{appointment.patient_id}/cards"

    answer = desk.delete(f"{path}/{card.pk}")

    assert (answer.status_code, answer.content) == (204, b"")
    assert desk.get(path).json()["items"] == []
    assert desk.get(f"/appointments/{appointment.pk}").json()["card_on_file"]["last4"] == "4242"
    assert problem(desk.delete(f"{path}/{card.pk}")) == (409, "wrong_status")
    assert problem(desk.delete(f"{path}/nonsense")) == (404, "not_found")


def test_r24_a_card_tells_only_of_visits_that_the_token_may_see(
    caller: Callable[..., Caller], juniper: House, tess: Member, appointment: Appointment
) -> None:
    Appointment.objects.filter(pk=appointment.pk).update(provider=juniper.providers["Priya Ramsethi"])

    (card,) = caller(tess).get(f"/patients/{appointment.patient_id}/cards").json()["items"]

    assert (card["relied_on_by"], card["relied_on_elsewhere"]) == ([], 1)
