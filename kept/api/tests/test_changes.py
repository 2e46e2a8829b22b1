"""Cancelling and moving over HTTP; rooms and a price of one's own in a booking."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from kept.api.tests.conftest import Caller, problem
from kept.foundation.scope import outside, scope
from kept.messaging.models import Message
from kept.ops.cast import House
from kept.policies.document import Kind, Row, Step, Sum, flat
from kept.policies.transitions import publish
from kept.practice.models import Member, Resource
from kept.scheduling.models import Appointment
from tests.kit.visits import BOOKED_AT, STARTS_AT, accepted, book, card_of

DAY = timedelta(days=1)
INVALID = (422, "invalid")
NEXT_DAY = "2026-10-15T15:30:00-04:00"


@pytest.fixture(autouse=True)
def before_its_start(hour: Callable[[datetime], None]) -> None:
    hour(STARTS_AT - DAY)


def room(name: str) -> Resource:
    return Resource.objects.get(name=name, clinic__name="Elm Street")


# Cancelling


@pytest.mark.parametrize("by", ["patient", "clinic"])
def test_cancelling_answers_with_the_appointment(desk: Caller, appointment: Appointment, by: str) -> None:
    answer = desk.post(f"/appointments/{appointment.pk}/cancel", {"by": by, "reason": "Illness"})

    said = answer.json()
    assert (answer.status_code, said["status"], said["display"], said["fee"]["state"]) == (200, "cancelled", "cancelled", None)
    assert said == desk.get(f"/appointments/{appointment.pk}").json()
    assert (said["actions"]["cancel"]["allowed"], said["actions"]["restore"]) == (False, {"allowed": True, "reason": None})
    kept = Appointment.objects.get(pk=appointment.pk)
    assert (kept.cancelled_for, kept.outcome_reason) == (by, "Illness")


@pytest.mark.parametrize("sent", [None, {}, {"by": "nobody"}, {"by": "patient", "reason": "x" * 201}, {"by": "patient", "fee": True}])
def test_who_asked_is_said(desk: Caller, appointment: Appointment, sent: Any) -> None:
    assert problem(desk.post(f"/appointments/{appointment.pk}/cancel", sent)) == (422, "invalid")


def test_r14_after_the_start_it_is_a_no_show(desk: Caller, appointment: Appointment, hour: Callable[[datetime], None]) -> None:
    hour(STARTS_AT)

    answer = desk.post(f"/appointments/{appointment.pk}/cancel", {"by": "patient"})

    assert problem(answer) == (409, "wrong_status")
    assert answer.json()["detail"] == "It has started, so it can’t be cancelled. Mark it as a no-show."


@pytest.mark.parametrize(("notify", "letters"), [(None, 1), (True, 1), (False, 0)])
@pytest.mark.parametrize("call", ["cancel", "reschedule"])
def test_the_patient_is_told_or_not(desk: Caller, appointment: Appointment, call: str, notify: bool | None, letters: int) -> None:
    sent = {"by": "clinic", "notify": notify} | ({"start": NEXT_DAY} if call == "reschedule" else {})

    assert desk.post(f"/appointments/{appointment.pk}/{call}", sent).status_code == 200

    assert Message.objects.filter(letter="cancelled" if call == "cancel" else "moved").count() == letters


def test_r14_a_late_cancellation_is_charged_or_spared(desk: Caller, appointment: Appointment, hour: Callable[[datetime], None]) -> None:
    hour(STARTS_AT - timedelta(hours=2))
    address = f"/appointments/{appointment.pk}/cancel"

    assert problem(desk.post(address, {"by": "patient"})) == (422, "choice_required")
    assert problem(desk.post(address, {"by": "patient", "charge_fee": False})) == (422, "reason_required")
    assert problem(desk.post(address, {"by": "clinic", "charge_fee": True})) == (422, "fee_not_available")
    said = desk.post(address, {"by": "patient", "charge_fee": False, "fee_reason": "Illness"}).json()

    assert (said["display"], said["fee"]["state"], said["fee"]["amount"]) == ("late_cancel", "spared", {"minor": 7500, "currency": "USD"})
    (gone,) = desk.get("/cancelled?from=2026-10-14&to=2026-10-14").json()["items"]
    assert (gone["late"], gone["fee"]["state"]) == (True, "spared")
    assert said["actions"]["fee.unspare"]["allowed"] is True


def test_r14_a_late_move_is_charged_or_spared(desk: Caller, appointment: Appointment, hour: Callable[[datetime], None]) -> None:
    hour(STARTS_AT - timedelta(hours=2))
    address, there = f"/appointments/{appointment.pk}/reschedule", {"start": "2026-10-15T15:30:00-04:00"}

    assert problem(desk.post(address, there | {"by": "patient"})) == (422, "choice_required")
    assert problem(desk.post(address, there | {"by": "patient", "charge_fee": False})) == (422, "reason_required")
    assert problem(desk.post(address, there | {"by": "clinic", "charge_fee": True})) == (422, "fee_not_available")
    less = {"minor": 2500, "currency": "USD"}
    said = desk.post(address, there | {"by": "patient", "charge_fee": True, "amount": less, "fee_reason": "Called ahead"}).json()

    assert (said["status"], said["start"], said["fee"]["state"], said["fee"]["amount"]) == ("booked", there["start"], "charging", less)
    assert said["fee"]["offered"] is False


def test_a_late_arrival_is_checked_in_and_its_fee_decided(
    desk: Caller, silas: Member, juniper: House, hour: Callable[[datetime], None]
) -> None:
    step = Step(kinds=(Kind.LATE_ARRIVAL,), from_minutes=10, pays=Sum(minor=1500))
    terms = flat(7500, late_minutes=30)
    terms = terms.model_copy(update={"rows": (Row(steps=(*terms.rows[0].steps, step)),)})
    publish(description="d", authorization_text="a", terms=terms, currency="USD", by=silas, at=BOOKED_AT)
    visit = accepted(book(juniper), card_of(juniper.patients[0]))
    hour(STARTS_AT + timedelta(minutes=12))

    said = desk.post(f"/appointments/{visit.pk}/check-in", {}).json()
    assert (said["status"], said["fee"]["state"], said["fee"]["offered"]) == ("arrived", "undecided", True)
    assert said["actions"]["fee.charge"]["allowed"] is True
    spared = desk.post(f"/appointments/{visit.pk}/fee", {"action": "spare", "fee_reason": "Traffic"}).json()

    assert (spared["status"], spared["fee"]["state"]) == ("arrived", "spared")


# Moving


def test_moving_answers_with_the_appointment(desk: Caller, juniper: House, appointment: Appointment) -> None:
    priya = juniper.providers["Priya Ramsethi"]

    answer = desk.post(f"/appointments/{appointment.pk}/reschedule", {"by": "patient", "start": NEXT_DAY, "provider": str(priya.pk)})

    said = answer.json()
    assert (answer.status_code, said["start"], said["end"]) == (200, NEXT_DAY, "2026-10-15T16:30:00-04:00")
    assert (said["provider"]["name"], said["policy"] is not None, said["resources"]) == ("Priya Ramsethi", True, [])
    assert said == desk.get(f"/appointments/{appointment.pk}").json()


@pytest.mark.usefixtures("all_rounders")
def test_to_another_room(desk: Caller, juniper: House) -> None:
    facial = book(juniper, service="PRP facial")
    where = {"by": "clinic", "start": "2026-10-14T15:30:00-04:00", "resources": [str(room("Room 2").pk)]}

    said = desk.post(f"/appointments/{facial.pk}/reschedule", where).json()

    assert said["resources"] == [{"id": str(room("Room 2").pk), "name": "Room 2"}]


def test_a_time_that_is_taken_changes_nothing(desk: Caller, juniper: House, appointment: Appointment) -> None:
    rival = book(juniper, patient=juniper.patients[1], starts_at=STARTS_AT + DAY)

    answer = desk.post(f"/appointments/{appointment.pk}/reschedule", {"by": "patient", "start": NEXT_DAY})

    assert problem(answer) == (409, "slot_taken")
    said = answer.json()
    assert (said["taken_by"], said["until"], said["errors"][0]["field"]) == (str(rival.pk), "2026-10-15T16:35:00-04:00", "start")
    assert Appointment.objects.get(pk=appointment.pk).starts_at == STARTS_AT


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ({"by": "patient"}, 422, "invalid"),
        ({"start": NEXT_DAY}, 422, "invalid"),
        ({"by": "patient", "start": "2027-03-14T02:30:00-05:00"}, 422, "invalid"),
        ({"by": "patient", "start": "2026-10-14T15:30:00-04:00"}, 422, "invalid"),
        ({"by": "patient", "start": "2026-10-12T15:30:00-04:00"}, 422, "invalid"),
        ({"by": "patient", "start": NEXT_DAY, "provider": "nonsense"}, 404, "not_found"),
        ({"by": "patient", "start": NEXT_DAY, "resources": ["nonsense"]}, 404, "not_found"),
        ({"by": "patient", "start": NEXT_DAY, "version": 1000}, 409, "stale_version"),
        ({"by": "patient", "start": NEXT_DAY, "double_book": True}, 403, "not_permitted"),
    ],
)
def test_what_does_not_move_it(desk: Caller, appointment: Appointment, sent: dict[str, Any], status: int, code: str) -> None:
    assert problem(desk.post(f"/appointments/{appointment.pk}/reschedule", sent)) == (status, code)
    assert Appointment.objects.get(pk=appointment.pk).starts_at == STARTS_AT


@pytest.mark.parametrize(("call", "sent"), [("cancel", {}), ("reschedule", {"start": NEXT_DAY})])
def test_another_practices_is_as_unknown(
    caller: Callable[..., Caller], hana: Member, appointment: Appointment, call: str, sent: dict[str, Any]
) -> None:
    theirs = caller(hana)

    hidden, unknown = (theirs.post(f"/appointments/{id_}/{call}", {"by": "clinic"} | sent) for id_ in (appointment.pk, "0" * 32))

    assert problem(hidden) == (404, "not_found")
    assert hidden.content == unknown.content


# Booking with a room, and at a price


@pytest.mark.usefixtures("all_rounders")
def test_booking_takes_the_room_that_is_named(desk: Caller, juniper: House, wish: dict[str, Any]) -> None:
    facial = wish | {"services": [str(juniper.services["PRP facial"].pk)]}

    first = desk.post("/appointments", facial | {"resources": [str(room("Room 2").pk)]}).json()
    second = desk.post("/appointments", facial | {"provider": str(juniper.providers["Priya Ramsethi"].pk)}).json()
    third = desk.post("/appointments", facial | {"provider": str(juniper.providers["Mateo Quillaro"].pk)})

    assert [each["resources"][0]["name"] for each in (first, second)] == ["Room 2", "Room 1"]
    assert problem(third) == (409, "slot_taken")
    assert third.json()["errors"] == [
        {"field": "resources", "message": "Room 1 is taken until 11:15 AM. Marguerite Sloane is in it with Priya Ramsethi."}
    ]


@pytest.mark.parametrize(
    ("name", "clinic", "expected"),
    [
        ("Room 3", "Elm Street", (422, "invalid")),
        ("Laser", "Harbor Point", (422, "invalid")),
        ("Sala 1", "Príncipe Real", (404, "not_found")),
    ],
)
def test_a_room_that_does_not_fit(
    desk: Caller, quinta: House, wish: dict[str, Any], name: str, clinic: str, expected: tuple[int, str]
) -> None:
    with outside(), scope(quinta.practice.pk, actor="test"):
        theirs = {each.name: each.pk for each in Resource.objects.all()}
    id_ = theirs[name] if clinic == "Príncipe Real" else Resource.objects.get(name=name, clinic__name=clinic).pk

    assert problem(desk.post("/appointments", wish | {"resources": [str(id_)]})) == expected


def test_a_price_of_its_own(desk: Caller, wish: dict[str, Any]) -> None:
    said = desk.post("/appointments", wish | {"price": {"minor": 50_000, "currency": "USD"}}).json()

    assert said["price"] == {"minor": 50_000, "currency": "USD"}


@pytest.mark.parametrize(
    "price", [{"minor": -1, "currency": "USD"}, {"minor": 100, "currency": "EUR"}, {"minor": 2**31, "currency": "USD"}, 100]
)
def test_a_price_that_is_none(desk: Caller, wish: dict[str, Any], price: Any) -> None:
    assert problem(desk.post("/appointments", wish | {"price": price})) == (422, "invalid")


def test_for_nothing(desk: Caller, wish: dict[str, Any]) -> None:
    assert desk.post("/appointments", wish | {"price": {"minor": 0, "currency": "USD"}}).json()["price"]["minor"] == 0
