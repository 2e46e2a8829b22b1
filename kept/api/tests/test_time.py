"""Free and blocked time over HTTP (R16, R17)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from kept.api.tests.conftest import Caller, problem
from kept.ops.cast import House
from kept.practice.models import Member, MemberClinic, Provider, Resource
from kept.scheduling.models import Appointment, Block
from tests.kit.visits import BOOKED_AT

TESS = "Tess Marrowby"


@pytest.fixture(autouse=True)
def when_booked(hour: Callable[[datetime], None]) -> None:
    hour(BOOKED_AT)


# Availability


@pytest.fixture
def asked(juniper: House) -> dict[str, Any]:
    """A consultation with Tess Marrowby on Wednesday, October 14."""
    return {
        "clinic": str(juniper.clinics["Elm Street"].pk),
        "service": str(juniper.services["Consultation"].pk),
        "provider": str(juniper.providers[TESS].pk),
        "first": "2026-10-14",
        "to": "2026-10-14",
    }


def test_free_starts_of_one_provider(desk: Caller, juniper: House, asked: dict[str, Any], appointment: Appointment) -> None:
    said = desk.get("/availability", **asked).json()

    assert said["next"] is None
    assert said["items"][0] == {
        "start": "2026-10-14T09:00:00-04:00",
        "end": "2026-10-14T09:30:00-04:00",
        "providers": [{"id": str(juniper.providers[TESS].pk), "name": TESS}],
    }
    taken = [each["start"] for each in said["items"] if "15:00" < each["start"][11:16] < "16:35"]
    assert taken == []


def test_every_one_of_them_can_be_booked(desk: Caller, asked: dict[str, Any], wish: dict[str, Any], appointment: Appointment) -> None:
    two = asked | {"service": wish["services"], "provider": wish["provider"]}
    starts = [each["start"] for each in desk.get("/availability", **two).json()["items"]]

    booked = desk.post("/appointments", wish | {"start": starts[-1]})
    again = [each["start"] for each in desk.get("/availability", **two).json()["items"]]

    assert (booked.status_code, starts[-1] in again) == (201, False)
    assert set(again) < set(starts)


def test_of_anyone_who_performs_it(desk: Caller, asked: dict[str, Any]) -> None:
    asked.pop("provider")

    nine = desk.get("/availability", **asked).json()["items"][0]

    assert [each["name"] for each in nine["providers"]] == ["Dr. Imani Oduvale", "Joanna Veltmoor", "Priya Ramsethi", TESS]


def test_without_days_the_week_from_today(desk: Caller, asked: dict[str, Any]) -> None:
    del asked["first"], asked["to"]

    days = [each["start"][:10] for each in desk.get("/availability", **asked).json()["items"]]

    assert (days[0], days[-1], len(set(days))) == ("2026-10-05", "2026-10-11", 7)


def test_a_provider_sees_herself(caller: Callable[..., Caller], tess: Member, juniper: House, asked: dict[str, Any]) -> None:
    hers = caller(tess)
    priyas = asked | {"provider": str(juniper.providers["Priya Ramsethi"].pk)}
    asked.pop("provider")

    assert {each["name"] for item in hers.get("/availability", **asked).json()["items"] for each in item["providers"]} == {TESS}
    assert problem(hers.get("/availability", **priyas)) == (404, "not_found")


def test_a_website_may_ask(caller: Callable[..., Caller], odette: Member, asked: dict[str, Any]) -> None:
    assert caller(odette, "consent").get("/availability", **asked).status_code == 200


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"clinic": "nonsense"}, (404, "not_found")),
        ({"service": "nonsense"}, (404, "not_found")),
        ({"provider": "nonsense"}, (404, "not_found")),
        ({"service": []}, (422, "invalid")),
        ({"to": "2026-10-13"}, (422, "invalid")),
        ({"to": "2026-11-14"}, (422, "invalid")),
        ({"to": "soon"}, (422, "invalid")),
        ({"room": "1"}, (422, "invalid")),
    ],
)
def test_what_can_t_be_asked(desk: Caller, asked: dict[str, Any], change: dict[str, Any], expected: tuple[int, str]) -> None:
    assert problem(desk.get("/availability", **(asked | change))) == expected


def test_a_month_can(desk: Caller, asked: dict[str, Any]) -> None:
    assert desk.get("/availability", **(asked | {"to": "2026-11-13"})).status_code == 200


# Rooms and devices


def test_resources(desk: Caller, juniper: House) -> None:
    said = desk.get("/resources").json()["items"]

    assert [(each["name"], each["kind"], each["clinic"]["name"]) for each in said] == [
        ("Laser", "device", "Elm Street"),
        ("Laser", "device", "Harbor Point"),
        ("Room 1", "room", "Elm Street"),
        ("Room 1", "room", "Harbor Point"),
        ("Room 2", "room", "Elm Street"),
        ("Room 3", "room", "Elm Street"),
    ]
    room_two = next(each for each in said if each["name"] == "Room 2")
    assert room_two["services"] == sorted(str(juniper.services[name].pk) for name in ("PRP facial", "PRP hair restoration"))


def test_a_limited_member_sees_those_of_her_clinic(desk: Caller, juniper: House, odette: Member) -> None:
    MemberClinic.objects.create(practice=juniper.practice, member=odette, clinic=juniper.clinics["Harbor Point"])

    assert [each["name"] for each in desk.get("/resources").json()["items"]] == ["Laser", "Room 1"]


# Blocked time


@pytest.fixture
def lunch(juniper: House) -> dict[str, Any]:
    """What to send to block Tess Marrowby's lunch on Wednesday, October 14."""
    return {
        "clinic": str(juniper.clinics["Elm Street"].pk),
        "provider": str(juniper.providers[TESS].pk),
        "start": "2026-10-14T12:00:00-04:00",
        "end": "2026-10-14T13:00:00-04:00",
        "why": "Lunch",
    }


def test_blocking_a_provider(desk: Caller, juniper: House, odette: Member, lunch: dict[str, Any]) -> None:
    answer = desk.post("/blocks", lunch)

    said = answer.json()
    block = Block.objects.get()
    assert (answer.status_code, said) == (
        201,
        {
            "id": str(block.pk),
            "clinic": {"id": lunch["clinic"], "name": "Elm Street"},
            "provider": {"id": lunch["provider"], "name": TESS},
            "resource": None,
            "start": "2026-10-14T12:00:00-04:00",
            "end": "2026-10-14T13:00:00-04:00",
            "why": "Lunch",
            "blocked_by": {"id": str(odette.pk), "name": "Odette Farnley"},
        },
    )
    assert desk.get("/blocks", first="2026-10-14", to="2026-10-14").json() == {"items": [said], "next": None}


def test_or_a_room(desk: Caller, lunch: dict[str, Any]) -> None:
    laser = Resource.objects.get(name="Laser", clinic__name="Elm Street")
    del lunch["provider"]

    said = desk.post("/blocks", lunch | {"resource": str(laser.pk)}).json()

    assert (said["provider"], said["resource"]) == (None, {"id": str(laser.pk), "name": "Laser"})


def test_r16_blocked_time_is_not_booked(desk: Caller, lunch: dict[str, Any], wish: dict[str, Any]) -> None:
    block = desk.post("/blocks", lunch).json()

    answer = desk.post("/appointments", wish | {"start": "2026-10-14T12:30:00-04:00"})

    assert problem(answer) == (409, "slot_taken")
    assert (answer.json()["blocked_by"], answer.json()["detail"]) == (block["id"], "Tess Marrowby is blocked until 1:00 PM: Lunch")


def test_lifting(desk: Caller, lunch: dict[str, Any], wish: dict[str, Any]) -> None:
    block = desk.post("/blocks", lunch).json()

    lifted, again = (desk.delete(f"/blocks/{block['id']}") for _turn in range(2))

    assert (lifted.status_code, lifted.content, problem(again)) == (204, b"", (409, "wrong_status"))
    assert desk.get("/blocks", first="2026-10-14").json()["items"] == []
    assert desk.post("/appointments", wish | {"start": "2026-10-14T12:30:00-04:00"}).status_code == 201


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"end": "2026-10-14T12:00:00-04:00"}, "end"),
        ({"end": "2026-12-14T12:00:00-05:00"}, "end"),
        ({"start": "2027-03-14T02:30:00-05:00", "end": "2027-03-14T05:30:00-04:00"}, "start"),
        ({"start": "2027-03-14T01:30:00-05:00", "end": "2027-03-14T02:30:00-05:00"}, "end"),
        ({"provider": None}, "resource"),
        ({"resource": "both"}, "resource"),
        ({"why": "x" * 121}, "why"),
        ({"why": "\0"}, "why"),
    ],
)
def test_a_block_that_is_none(desk: Caller, lunch: dict[str, Any], change: dict[str, Any], field: str) -> None:
    answer = desk.post("/blocks", lunch | change)

    assert problem(answer) == (422, "invalid")
    assert ([error["field"] for error in answer.json()["errors"]], Block.objects.count()) == ([field], 0)


def test_over_an_appointment(desk: Caller, lunch: dict[str, Any], appointment: Appointment) -> None:
    answer = desk.post("/blocks", lunch | {"end": "2026-10-14T18:00:00-04:00"})

    assert problem(answer) == (409, "slot_taken")
    assert answer.json()["taken_by"] == str(appointment.pk)


def test_a_provider_sees_and_blocks_her_own(
    caller: Callable[..., Caller], desk: Caller, tess: Member, lunch: dict[str, Any], juniper: House
) -> None:
    priya = Provider.objects.get(name="Priya Ramsethi")
    priyas = desk.post("/blocks", lunch | {"provider": str(priya.pk)}).json()
    hers = caller(tess)

    own = hers.post("/blocks", lunch).json()

    assert hers.get("/blocks", first="2026-10-14").json()["items"] == [own]
    assert problem(hers.delete(f"/blocks/{priyas['id']}")) == (404, "not_found")
    assert problem(hers.post("/blocks", lunch | {"provider": str(priya.pk)})) == (404, "not_found")


def test_another_practices_are_as_unknown(caller: Callable[..., Caller], desk: Caller, hana: Member, lunch: dict[str, Any]) -> None:
    block, theirs = desk.post("/blocks", lunch).json(), caller(hana)

    hidden, unknown = (theirs.delete(f"/blocks/{id_}") for id_ in (block["id"], "0" * 32))

    assert problem(hidden) == (404, "not_found")
    assert hidden.content == unknown.content
    assert theirs.get("/blocks", first="2026-10-14").json()["items"] == []
    assert problem(theirs.post("/blocks", lunch)) == (404, "not_found")


def test_pages(desk: Caller, lunch: dict[str, Any]) -> None:
    for hour in (12, 13, 14):
        desk.post("/blocks", lunch | {"start": f"2026-10-14T{hour}:00:00-04:00", "end": f"2026-10-14T{hour}:30:00-04:00"})

    first = desk.get("/blocks", first="2026-10-14", limit=2).json()
    second = desk.get("/blocks", first="2026-10-14", limit=2, cursor=first["next"]).json()

    starts = [each["start"][11:16] for page in (first, second) for each in page["items"]]
    assert (starts, second["next"]) == (["12:00", "13:00", "14:00"], None)
