"""Who comes in: a token names its practice and acts as its member, narrowed to its scopes; each call is one scope."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError

from kept.api import door
from kept.api.tests.conftest import Caller, problem
from kept.events.models import Event
from kept.ops.cast import House
from kept.practice.models import ApiKey, Member
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.visits import BOOKED_AT, QUARTER_PAST

NOT_VALID = ["", "Bearer", "Bearer ", "Basic b2RldHRlOnB3", "Bearer secret", "Bearer .secret", "Bearer nohex.secret", "Bearer \x00.\x00"]


@pytest.mark.parametrize("header", NOT_VALID)
def test_without_a_token_nobody_comes_in(juniper: House, header: str) -> None:
    answer = Browser().get("/api/v1/clinics", headers={"Authorization": header})

    assert problem(answer) == (401, "not_authenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_wrong_secret_an_unknown_practice_and_another_practice_are_told_the_same(desk: Caller, quinta: House) -> None:
    practice, secret = desk.token.split(".")
    tokens = [f"{practice}.{secret}x", f"{'0' * 32}.{secret}", f"{quinta.practice.id.hex}.{secret}"]

    answers = [Browser().get("/api/v1/clinics", headers={"Authorization": f"Bearer {token}"}) for token in tokens]

    assert [problem(answer) for answer in answers] == [(401, "not_authenticated")] * 3
    assert len({answer.content for answer in answers}) == 1


def test_a_token_ends_when_it_expires(caller: Callable[..., Caller], odette: Member) -> None:
    assert caller(odette, expires_at=QUARTER_PAST + timedelta(seconds=1)).get("/clinics").status_code == 200
    assert problem(caller(odette, expires_at=QUARTER_PAST).get("/clinics")) == (401, "not_authenticated")


def test_a_token_ends_when_it_is_revoked(desk: Caller) -> None:
    ApiKey.objects.update(revoked_at=BOOKED_AT)

    assert problem(desk.get("/clinics")) == (401, "not_authenticated")


def test_a_token_ends_with_its_members_seat(desk: Caller, odette: Member) -> None:
    Member.objects.filter(pk=odette.pk).update(active=False)

    assert problem(desk.get("/clinics")) == (401, "not_authenticated")


def test_what_it_does_is_recorded_as_the_keys_and_its_members(desk: Caller, appointment: Appointment, odette: Member) -> None:
    desk.post(f"/appointments/{appointment.pk}/check-in")

    key = ApiKey.objects.get()
    event = Event.objects.get(kind="appointment.arrived")
    assert (event.actor, event.source, event.by_id) == (f"key:{key.pk}", "api 127.0.0.1", odette.pk)
    last = appointment.history.order_by("pgh_id").last()
    assert (last.pgh_actor, last.pgh_source) == (f"key:{key.pk}", "api 127.0.0.1")


def test_answers_are_not_stored_on_the_way(desk: Caller) -> None:
    assert desk.get("/clinics").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("scopes", "reads", "writes"),
    [([], True, True), (["write"], True, True), (["read"], True, False), (["unheard-of"], False, False)],
)
def test_scopes_narrow_a_token(
    caller: Callable[..., Caller], odette: Member, appointment: Appointment, scopes: list[str], reads: bool, writes: bool
) -> None:
    program = caller(odette, *scopes)

    read = program.get(f"/appointments/{appointment.pk}")
    written = program.post(f"/appointments/{appointment.pk}/check-in")

    assert read.status_code == 200 if reads else problem(read) == (403, "not_permitted")
    assert written.status_code == 200 if writes else problem(written) == (403, "not_permitted")


def test_a_website_may_book_and_read_what_it_needs_for_it(caller: Callable[..., Caller], odette: Member, wish: dict[str, Any]) -> None:
    website = caller(odette, "consent")

    assert [website.get(path).status_code for path in ("/clinics", "/providers", "/services", "/policies")] == [200] * 4
    assert website.post("/appointments", wish).status_code == 201
    assert Appointment.objects.get().channel == Appointment.Channel.ONLINE


def test_r16_a_website_books_no_time_that_has_passed(caller: Callable[..., Caller], odette: Member, wish: dict[str, Any]) -> None:
    passed = wish | {"start": "2026-10-14T09:00:00-04:00"}

    refused = caller(odette, "consent").post("/appointments", passed)

    assert (problem(refused), refused.json()["errors"][0]["field"]) == ((422, "invalid"), "start")
    assert caller(odette).post("/appointments", passed).status_code == 201


def test_a_website_may_do_nothing_else(caller: Callable[..., Caller], odette: Member, appointment: Appointment) -> None:
    website = caller(odette, "consent", "write")
    paths = [
        "/appointments",
        f"/appointments/{appointment.pk}",
        "/patients",
        "/no-shows",
        "/no-shows/summary",
        "/no-shows.csv",
        "/invoices",
    ]
    acts = ["no-show", "restore", "check-in", "complete", "confirm", "entered-in-error", "card-link"]

    read = [problem(website.get(path)) for path in paths]
    done = [problem(website.post(f"/appointments/{appointment.pk}/{act}")) for act in acts]

    assert read + done == [(403, "not_permitted")] * (len(paths) + len(acts))
    appointment.refresh_from_db()
    assert appointment.status == "booked"


class Clash(Exception):
    """As psycopg says it."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


def _clashing(times: int, sqlstate: str, run: door.Call) -> tuple[door.Call, list[int]]:
    tried: list[int] = []

    def clash(*args: Any, **kwargs: Any) -> Any:
        tried.append(len(tried))
        if len(tried) <= times:
            raise OperationalError("locks") from Clash(sqlstate)
        return run(*args, **kwargs)

    return clash, tried


@pytest.mark.parametrize("sqlstate", ["40P01", "40001", "55P03"])
def test_a_clash_of_locks_repeats_the_whole_call(
    desk: Caller, appointment: Appointment, monkeypatch: pytest.MonkeyPatch, sqlstate: str
) -> None:
    clash, tried = _clashing(2, sqlstate, door._unit)
    monkeypatch.setattr(door, "_unit", clash)

    answer = desk.post(f"/appointments/{appointment.pk}/check-in")

    assert (answer.status_code, len(tried)) == (200, 3)


def test_after_three_clashes_the_caller_is_asked_to_come_again(desk: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    clash, tried = _clashing(9, "40P01", door._unit)
    monkeypatch.setattr(door, "_unit", clash)

    answer = desk.get("/clinics")

    assert problem(answer) == (503, "busy")
    assert (answer.headers["Retry-After"], len(tried)) == ("1", 3)


def test_a_crash_of_ours_is_a_problem_without_particulars(desk: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    clash, tried = _clashing(1, "57014", door._unit)
    monkeypatch.setattr(door, "_unit", clash)
    desk.browser.raise_request_exception = False

    answer = desk.get("/clinics")

    assert problem(answer) == (500, "internal")
    assert (b"locks" in answer.content, len(tried)) == (False, 1)
