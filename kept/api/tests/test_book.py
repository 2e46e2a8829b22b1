"""GET /appointments and POST /appointments: the book's lines, and booking."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

import kept.scheduling.transitions.attendance as attendance
from kept.api.tests.conftest import Caller, problem
from kept.events.models import Event
from kept.ops.cast import House
from kept.practice.models import Member, MemberClinic, Settings
from kept.scheduling.models import Appointment
from tests.kit.visits import QUARTER_PAST, STARTS_AT, accepted, book, card_of

NAMES = ["Renata Solbrook", "Marguerite Sloane"]


def names(answer: Any) -> list[str]:
    return [item["patient"]["name"] for item in answer.json()["items"]]


def test_a_line_of_the_book(desk: Caller, appointment: Appointment, juniper: House) -> None:
    answer = desk.get("/appointments")

    assert answer.json() == {
        "items": [
            {
                "id": str(appointment.pk),
                "number": f"A-{appointment.number}",
                "start": "2026-10-14T15:30:00-04:00",
                "end": "2026-10-14T16:30:00-04:00",
                "status": "booked",
                "display": "booked",
                "fee_state": None,
                "patient": {"id": str(appointment.patient_id), "name": "Renata Solbrook"},
                "provider": {"id": str(appointment.provider_id), "name": "Tess Marrowby"},
                "clinic": {"id": str(appointment.clinic_id), "name": "Elm Street"},
                "services": [{"id": str(juniper.services["Lip filler"].pk), "name": "Lip filler"}],
            }
        ],
        "next": None,
    }


def test_it_costs_the_same_however_long_it_is(desk: Caller, juniper: House, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for hours in range(0, 6):
        book(juniper, starts_at=STARTS_AT + timedelta(hours=24 + 2 * hours))

    with django_assert_num_queries(17):
        desk.get("/appointments", limit=2)
    with django_assert_num_queries(17):
        desk.get("/appointments", limit=6)


def test_it_runs_by_start_oldest_first_page_by_page(desk: Caller, juniper: House) -> None:
    starts = [STARTS_AT + timedelta(hours=hours) for hours in (26, 2, 50, 24)]
    for start in starts:
        book(juniper, starts_at=start)

    pages, cursor = [], None
    while True:
        answer = desk.get("/appointments", limit=3, **({"cursor": cursor} if cursor else {})).json()
        pages.append([datetime.fromisoformat(item["start"]) for item in answer["items"]])
        if not (cursor := answer["next"]):
            break

    assert pages == [sorted(starts)[:3], sorted(starts)[3:]]


def test_without_days_it_is_today_and_the_seven_days_after(desk: Caller, juniper: House, hour: Callable[[datetime], None]) -> None:
    """In New York the 14th begins at four in the morning UTC."""
    midnight = datetime(2026, 10, 14, 4, tzinfo=UTC)
    for start in (midnight - timedelta(hours=2), midnight, midnight + timedelta(days=8, hours=-2), midnight + timedelta(days=8)):
        book(juniper, starts_at=start)

    hour(midnight)

    assert [item["start"] for item in desk.get("/appointments").json()["items"]] == [
        "2026-10-14T00:00:00-04:00",
        "2026-10-21T22:00:00-04:00",
    ]


def test_days_are_those_of_each_clinic(desk: Caller, juniper: House, wish: dict[str, Any]) -> None:
    """Half past nine in the evening in Los Angeles is the next day in New York."""
    joanna = str(juniper.providers["Joanna Veltmoor"].pk)
    harbor = wish | {"clinic": str(juniper.clinics["Harbor Point"].pk), "provider": joanna, "start": "2026-10-15T21:30:00-07:00"}
    assert desk.post("/appointments", harbor).status_code == 201

    on_the_day = desk.get("/appointments", first="2026-10-15", last="2026-10-15")
    the_day_after = desk.get("/appointments", first="2026-10-16", last="2026-10-16")

    assert (names(on_the_day), names(the_day_after)) == (["Marguerite Sloane"], [])


def test_filters_name_several(desk: Caller, appointment: Appointment, appointment_without_card: Appointment, juniper: House) -> None:
    both = [str(appointment.patient_id), str(appointment_without_card.patient_id)]
    elm, harbor = (str(juniper.clinics[name].pk) for name in ("Elm Street", "Harbor Point"))
    tess, priya = (str(juniper.providers[name].pk) for name in ("Tess Marrowby", "Priya Ramsethi"))

    assert names(desk.get("/appointments", patient=both)) == NAMES
    assert names(desk.get("/appointments", patient=both[1])) == NAMES[1:]
    assert names(desk.get("/appointments", clinic=[elm, harbor], provider=[tess, priya], status=["booked", "noshow"])) == NAMES
    assert names(desk.get("/appointments", clinic=harbor)) == []
    assert names(desk.get("/appointments", provider=priya)) == []
    assert names(desk.get("/appointments", status="noshow")) == []


@pytest.mark.parametrize("field", ["clinic", "provider", "patient"])
def test_a_filter_by_what_is_not_there_finds_nothing(desk: Caller, appointment: Appointment, quinta: House, field: str) -> None:
    theirs = {"clinic": quinta.clinics["Príncipe Real"], "provider": quinta.providers["Leonel Arrábida"], "patient": quinta.patients[0]}

    answers = [desk.get("/appointments", **{field: id_}) for id_ in (str(theirs[field].pk), "0" * 32, "nonsense")]

    assert [answer.json() for answer in answers] == [{"items": [], "next": None}] * 3


def test_a_member_limited_to_a_clinic_sees_that_one(desk: Caller, appointment: Appointment, juniper: House, odette: Member) -> None:
    MemberClinic.objects.create(practice=juniper.practice, member=odette, clinic=juniper.clinics["Harbor Point"])

    assert names(desk.get("/appointments")) == []
    assert problem(desk.get(f"/appointments/{appointment.pk}")) == (404, "not_found")


def test_a_provider_sees_her_own(
    caller: Callable[..., Caller], tess: Member, appointment: Appointment, juniper: House, wish: dict[str, Any], desk: Caller
) -> None:
    desk.post("/appointments", wish | {"provider": str(juniper.providers["Priya Ramsethi"].pk)})

    assert names(desk.get("/appointments")) == NAMES
    assert names(caller(tess).get("/appointments")) == NAMES[:1]


def test_the_state_of_a_fee_stands_in_the_line(desk: Caller, appointment: Appointment) -> None:
    desk.post(f"/appointments/{appointment.pk}/no-show", {"charge_fee": False})

    (line,) = desk.get("/appointments").json()["items"]
    assert (line["status"], line["display"], line["fee_state"]) == ("noshow", "noshow", "spared")


def test_booking(desk: Caller, wish: dict[str, Any], odette: Member) -> None:
    answer = desk.post("/appointments", wish | {"note": "Likes the window seat."})

    said = answer.json()
    booked = Appointment.objects.get(pk=said["id"])
    assert answer.status_code == 201
    assert said == desk.get(f"/appointments/{booked.pk}").json()
    assert (said["start"], said["end"]) == ("2026-10-16T10:00:00-04:00", "2026-10-16T11:30:00-04:00")
    assert [service["name"] for service in said["services"]] == ["Consultation", "Lip filler"]
    assert (said["price"], said["note"], said["display"]) == (
        {"minor": 71000, "currency": "USD"},
        "Likes the window seat.",
        "awaiting_card",
    )
    assert (booked.channel, booked.status_by_id, booked.booked_at) == ("api", odette.pk, QUARTER_PAST)
    assert Event.objects.get(subject_id=booked.pk).kind == "appointment.booked"


@pytest.mark.parametrize("start", ["2026-10-16T14:00:00Z", "2026-10-16T10:00:00-04:00", "2026-10-16T23:00:00+09:00"])
def test_a_start_is_an_instant_whatever_its_offset(desk: Caller, wish: dict[str, Any], start: str) -> None:
    assert desk.post("/appointments", wish | {"start": start}).json()["start"] == "2026-10-16T10:00:00-04:00"


def test_a_start_in_the_past_is_recorded_afterwards(desk: Caller, wish: dict[str, Any]) -> None:
    said = desk.post("/appointments", wish | {"start": "2026-10-14T10:00:00-04:00"}).json()

    assert (said["recorded_afterwards"], said["display"]) == (True, "needs_outcome")


@pytest.mark.parametrize(
    "start",
    [
        *("2026-10-16T10:00:00", "2026-10-16", "tomorrow", 1792159200, "", None, "2026-10-16T10:00:00+17:14"),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-11:00"),
    ],
)
def test_a_start_is_written_with_its_offset(desk: Caller, wish: dict[str, Any], start: Any) -> None:
    answer = desk.post("/appointments", wish | {"start": start})

    assert problem(answer) == (422, "invalid")
    assert [error["field"] for error in answer.json()["errors"]] == ["start"]


def test_a_start_that_clocks_skip(desk: Caller, wish: dict[str, Any]) -> None:
    """On March 14, 2027 clocks in New York go from 1:59 AM to 3:00 AM."""
    answer = desk.post("/appointments", wish | {"start": "2027-03-14T02:30:00-05:00"})

    assert problem(answer) == (422, "invalid")
    assert answer.json()["errors"] == [{"field": "start", "message": "Clocks skip that time at the clinic. Choose another."}]
    assert desk.post("/appointments", wish | {"start": "2027-03-14T06:30:00Z"}).json()["start"] == "2027-03-14T01:30:00-05:00"


def test_a_time_that_is_taken(desk: Caller, wish: dict[str, Any], appointment: Appointment) -> None:
    answer = desk.post("/appointments", wish | {"start": "2026-10-14T16:00:00-04:00"})

    assert problem(answer) == (409, "slot_taken")
    assert answer.json()["taken_by"] == str(appointment.pk)
    assert Appointment.objects.count() == 1


def test_two_at_the_same_time_deliberately(
    caller: Callable[..., Caller], desk: Caller, silas: Member, wish: dict[str, Any], appointment: Appointment
) -> None:
    beside = wish | {"start": "2026-10-14T16:00:00-04:00", "double_book": True}

    assert problem(desk.post("/appointments", beside)) == (403, "not_permitted")
    assert caller(silas).post("/appointments", beside).status_code == 201


def test_the_front_desk_may_double_book_where_the_practice_lets_it(desk: Caller, wish: dict[str, Any], appointment: Appointment) -> None:
    Settings.objects.update(front_desk_may_double_book=True)

    assert desk.post("/appointments", wish | {"start": "2026-10-14T16:00:00-04:00", "double_book": True}).status_code == 201


def test_a_provider_who_works_elsewhere(desk: Caller, wish: dict[str, Any], juniper: House) -> None:
    answer = desk.post("/appointments", wish | {"provider": str(juniper.providers["Oskar Tamsin"].pk)})

    assert problem(answer) == (422, "invalid")
    assert [error["field"] for error in answer.json()["errors"]] == ["provider"]


def test_a_booking_has_services(desk: Caller, wish: dict[str, Any]) -> None:
    assert desk.post("/appointments", wish | {"services": []}).json()["errors"][0]["field"] == "services"


@pytest.mark.parametrize("field", ["clinic", "provider", "patient", "services"])
def test_what_is_another_practices_is_as_unknown(desk: Caller, wish: dict[str, Any], quinta: House, field: str) -> None:
    theirs = {
        "clinic": quinta.clinics["Príncipe Real"],
        "provider": quinta.providers["Leonel Arrábida"],
        "patient": quinta.patients[0],
        "services": quinta.services["Consulta"],
    }
    ids = [str(theirs[field].pk), "00000000-0000-0000-0000-000000000000", "nonsense"]

    answers = [desk.post("/appointments", wish | {field: [id_] if field == "services" else id_}) for id_ in ids]

    assert [problem(answer) for answer in answers] == [(404, "not_found")] * 3
    assert len({answer.content for answer in answers}) == 1
    assert Appointment.objects.count() == 0


def test_a_visit_accepted_and_arrived_shows_it(desk: Caller, juniper: House, odette: Member) -> None:
    visit = accepted(book(juniper), card_of(juniper.patients[0]))
    attendance.check_in(visit, by=odette, at=QUARTER_PAST)

    assert [item["display"] for item in desk.get("/appointments", status="arrived").json()["items"]] == ["arrived"]
