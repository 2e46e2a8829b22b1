"""A POST with an Idempotency-Key is one act, however often it is sent."""

import json
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connections
from django.http import HttpResponse
from django.test import Client

from kept.api.tests.conftest import Caller, problem
from kept.foundation.scope import scope
from kept.ops.people import JUNIPER
from kept.patients.models import Patient
from kept.practice.models import Idempotency, Member
from kept.practice.rules import Role
from kept.scheduling.models import Appointment
from tests.kit.database import Cloned
from tests.kit.people import seen
from tests.kit.visits import QUARTER_PAST

RENATA = {"first_name": "Renata", "last_name": "Twice"}


def _twice(named: str = "Twice") -> int:
    return Patient.objects.filter(last_name=named).count()


def test_sent_again_it_is_answered_as_the_first_time(desk: Caller) -> None:
    first, again = (desk.post("/patients", RENATA, key="k1") for _ in range(2))

    assert (first.status_code, again.status_code, _twice()) == (201, 201, 1)
    assert again.content == first.content
    assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert ("Idempotent-Replayed" in first.headers, again.headers["Idempotent-Replayed"]) == (False, "true")


def test_without_a_key_it_is_done_again(desk: Caller) -> None:
    for _ in range(2):
        desk.post("/patients", RENATA)

    assert (_twice(), Idempotency.objects.count()) == (2, 0)


def test_the_answer_lies_sealed(desk: Caller) -> None:
    desk.post("/patients", RENATA, key="k1")

    assert b"Twice" not in bytes(Idempotency.objects.get().body or b"")


def test_the_same_key_with_another_body_is_refused(desk: Caller) -> None:
    desk.post("/patients", RENATA, key="k1")

    answer = desk.post("/patients", RENATA | {"phone": "555 0199"}, key="k1")

    assert problem(answer) == (409, "idempotency_conflict")
    assert _twice() == 1


def test_the_same_key_at_another_address_is_refused(desk: Caller, appointment: Appointment) -> None:
    desk.post(f"/appointments/{appointment.pk}/confirm", key="k1")

    assert problem(desk.post(f"/appointments/{appointment.pk}/check-in", key="k1")) == (409, "idempotency_conflict")


def test_a_refusal_keeps_nothing(desk: Caller, appointment: Appointment) -> None:
    path = f"/appointments/{appointment.pk}/undo-check-in"
    refused = [problem(desk.post(path, key="k1")) for _ in range(2)]
    desk.post(f"/appointments/{appointment.pk}/check-in")

    done = desk.post(path, key="k1")

    assert refused == [(409, "wrong_status")] * 2
    assert (done.status_code, done.json()["status"]) == (200, "booked")


def test_what_can_not_be_read_keeps_nothing(desk: Caller) -> None:
    assert problem(desk.post("/patients", {}, key="k1")) == (422, "invalid")

    assert desk.post("/patients", RENATA, key="k1").status_code == 201


def test_two_tokens_may_choose_the_same_key(desk: Caller, caller: Callable[..., Caller], silas: Member) -> None:
    desk.post("/patients", RENATA, key="k1")

    assert caller(silas).post("/patients", RENATA | {"phone": "555 0199"}, key="k1").status_code == 201


@pytest.mark.parametrize(("later", "done"), [(timedelta(hours=24, seconds=-1), 1), (timedelta(hours=24), 2)])
def test_after_a_day_the_key_is_free_again(desk: Caller, hour: Callable[[datetime], None], later: timedelta, done: int) -> None:
    desk.post("/patients", RENATA, key="k1")

    hour(QUARTER_PAST + later)
    desk.post("/patients", RENATA, key="k1")

    assert (_twice(), Idempotency.objects.count()) == (done, 1)


@pytest.mark.parametrize(("length", "status"), [(255, 201), (256, 422)])
def test_a_key_has_its_length(desk: Caller, length: int, status: int) -> None:
    assert desk.post("/patients", RENATA, key="k" * length).status_code == status


def test_a_get_takes_no_key(desk: Caller) -> None:
    desk.browser.get("/api/v1/clinics", headers={"Authorization": f"Bearer {desk.token}", "Idempotency-Key": "k1"})

    assert Idempotency.objects.count() == 0


def test_twins_at_the_same_moment_are_one_act(committed: Cloned, caller: Callable[..., Caller]) -> None:
    house = seen(JUNIPER)
    program = caller(house.members[Role.FRONT_DESK])
    gate, answers = threading.Barrier(8), []

    def send() -> None:
        gate.wait()
        try:
            answers.append(_sent(program))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 7
    with scope(house.practice.id, actor="test"):
        assert _twice() == 1


def _sent(program: Caller) -> HttpResponse:
    """From a thread of its own: the kit's browser is for tests that stand in a practice."""
    headers = {"Authorization": f"Bearer {program.token}", "Idempotency-Key": "k1"}
    return Client().post("/api/v1/patients", json.dumps(RENATA), content_type="application/json", headers=headers)
