"""Attendance: what became of a visit, on its own day or later (R1), by the moves there are (R2), and who did it when (R23)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

import kept.scheduling.transitions.attendance as attendance
from kept.events.models import Event
from kept.ops.cast import House
from kept.practice.models import Member
from kept.scheduling.models import MOVES, Appointment, Status
from kept.scheduling.queries import day_book
from kept.scheduling.rules import display
from tests.kit.checks import refused
from tests.kit.visits import BOOKED_AT, MIDNIGHT_AT_THE_CLINIC, QUARTER_PAST, STARTS_AT

SECOND = timedelta(seconds=1)
That = Callable[[str], Appointment]
Ready = Callable[[str, str], Appointment]
Act = Callable[..., Appointment]

# Each act: from where it is done, where it leads, and what it is called in the journal.
ACTS: dict[str, tuple[Act, set[str], str, str]] = {
    "check in": (attendance.check_in, {"booked"}, "arrived", "appointment.arrived"),
    "undo check-in": (attendance.undo_check_in, {"arrived"}, "booked", "appointment.arrival_undone"),
    "start treatment": (attendance.start_treatment, {"arrived"}, "arrived", "appointment.treatment_started"),
    "undo start of treatment": (attendance.undo_start_treatment, {"arrived"}, "arrived", "appointment.treatment_undone"),
    "confirm": (attendance.confirm, {"booked"}, "booked", "appointment.confirmed"),
    "complete": (attendance.complete, {"booked", "arrived"}, "fulfilled", "appointment.fulfilled"),
    "reopen": (attendance.reopen, {"fulfilled"}, "booked", "appointment.reopened"),
    "enter in error": (attendance.enter_in_error, {"booked"}, "entered-in-error", "appointment.entered_in_error"),
}
ALLOWED = [(name, status) for name, (_act, sources, _to, _kind) in ACTS.items() for status in sorted(sources)]
REFUSED = [(name, status.value) for name, (_act, sources, _to, _kind) in ACTS.items() for status in Status if status not in sources]


def now(appointment: Appointment) -> Appointment:
    return Appointment.objects.get(pk=appointment.pk)


@pytest.fixture
def ready(odette: Member, appointment_that_is: That) -> Ready:
    """`ready("check in", "booked")`: an appointment in that status, with which that can be done."""

    def prepared(name: str, status: str) -> Appointment:
        appointment = appointment_that_is(status)
        return attendance.start_treatment(appointment, by=odette, at=STARTS_AT) if name.startswith("undo start") else appointment

    return prepared


# The moves there are (R2)


@pytest.mark.parametrize(("name", "status"), ALLOWED)
def test_r2_it_leads_where_it_should_and_is_told_by_whom(odette: Member, ready: Ready, name: str, status: str) -> None:
    act, _sources, to, kind = ACTS[name]
    appointment = ready(name, status)

    answered = act(appointment, by=odette, at=QUARTER_PAST)

    event = Event.objects.get(kind=kind, at=QUARTER_PAST)
    assert (now(appointment).status, answered.status, answered.version) == (to, to, now(appointment).version)
    assert (event.subject_id, event.by_id, event.actor) == (appointment.id, odette.id, "test")
    if to != status:
        assert (now(appointment).status_by, now(appointment).status_at) == (odette, QUARTER_PAST)


@pytest.mark.parametrize(("name", "status"), REFUSED)
def test_r2_from_elsewhere_it_is_refused_and_nothing_changes(odette: Member, appointment_that_is: That, name: str, status: str) -> None:
    act, appointment = ACTS[name][0], appointment_that_is(status)
    before = now(appointment).version

    with refused("wrong_status"):
        act(appointment, by=odette, at=QUARTER_PAST)

    assert (now(appointment).status, now(appointment).version) == (status, before)


@pytest.mark.parametrize(("old", "new"), [(old.value, new.value) for old in Status for new in Status if old != new])
def test_i7_the_database_has_the_same_table_of_moves(appointment_that_is: That, old: str, new: str) -> None:
    appointment = appointment_that_is(old)

    if new in MOVES.get(old, ()):
        Appointment.objects.filter(pk=appointment.pk).update(status=new)
        assert now(appointment).status == new
    else:
        with pytest.raises(IntegrityError, match="no such move|no move from"), transaction.atomic():
            Appointment.objects.filter(pk=appointment.pk).update(status=new)


def test_r2_the_refusal_names_who_and_when(odette: Member, silas: Member, appointment: Appointment) -> None:
    attendance.check_in(appointment, by=odette, at=STARTS_AT)

    with refused("wrong_status") as refusal:
        attendance.check_in(appointment, by=silas, at=QUARTER_PAST)

    assert refusal.value.sentence == "Already Arrived: Odette Farnley marked it on Wed, Oct 14, 3:30 PM."
    assert refusal.value.facts == {"by": "Odette Farnley", "at": "2026-10-14T19:30:00+00:00"}


def test_r2_also_where_another_status_stands_in_the_way(odette: Member, silas: Member, appointment: Appointment) -> None:
    attendance.check_in(appointment, by=odette, at=STARTS_AT)

    with refused("wrong_status") as refusal:
        attendance.mark_noshow(appointment, reason="", note="", by=silas, at=QUARTER_PAST)

    assert refusal.value.sentence == "It is Arrived since Wed, Oct 14, 3:30 PM, marked by Odette Farnley, so it can’t become No-show."


@pytest.mark.parametrize(("name", "status"), ALLOWED)
def test_a_page_that_shows_an_older_state_changes_nothing(odette: Member, ready: Ready, name: str, status: str) -> None:
    appointment = ready(name, status)
    shown = now(appointment).version

    with refused("stale_version"):
        ACTS[name][0](appointment, version=shown - 1, by=odette, at=QUARTER_PAST)

    assert ACTS[name][0](appointment, version=shown, by=odette, at=QUARTER_PAST).version == shown + 1


# On its own day or later (R1)


@pytest.mark.parametrize("name", ["check in", "complete"])
def test_r1_not_before_its_own_day(odette: Member, appointment: Appointment, name: str) -> None:
    act, _sources, to, _kind = ACTS[name]

    with refused("too_early") as refusal:
        act(appointment, by=odette, at=MIDNIGHT_AT_THE_CLINIC - SECOND)
    act(appointment, by=odette, at=MIDNIGHT_AT_THE_CLINIC)

    assert (refusal.value.sentence, refusal.value.facts) == (
        "Opens on the day of the appointment, Wed, Oct 14.",
        {"opens_on": "2026-10-14"},
    )
    assert now(appointment).status == to


@pytest.mark.parametrize("name", ["confirm", "enter in error"])
def test_r1_what_is_not_attendance_may_come_before(odette: Member, appointment: Appointment, name: str) -> None:
    assert ACTS[name][0](appointment, by=odette, at=BOOKED_AT).status == ACTS[name][2]


def test_r1_it_may_be_settled_weeks_later(odette: Member, appointment: Appointment) -> None:
    assert attendance.complete(appointment, by=odette, at=STARTS_AT + timedelta(days=60)).status == "fulfilled"


# Stamps, and how they are taken back


def test_checking_in_stamps_the_arrival_and_undoing_it_takes_all_stamps(odette: Member, appointment: Appointment) -> None:
    attendance.check_in(appointment, by=odette, at=STARTS_AT)
    attendance.start_treatment(appointment, by=odette, at=QUARTER_PAST)
    before = now(appointment).arrived_at, now(appointment).treatment_at

    attendance.undo_check_in(appointment, by=odette, at=QUARTER_PAST)

    assert (before, now(appointment).arrived_at, now(appointment).treatment_at) == ((STARTS_AT, QUARTER_PAST), None, None)


def test_reopened_it_is_where_it_came_from(odette: Member, appointment: Appointment) -> None:
    seen = []
    for arrives in (False, True):
        if arrives:
            attendance.check_in(appointment, by=odette, at=STARTS_AT)
        attendance.complete(appointment, by=odette, at=STARTS_AT)
        attendance.reopen(appointment, by=odette, at=QUARTER_PAST)
        seen.append(now(appointment).status)

    assert seen == ["booked", "arrived"]


STAMPS: dict[str, tuple[list[tuple[Act, datetime]], datetime, str]] = {
    "accepted": ([], STARTS_AT, "booked"),
    "confirmed": ([(attendance.confirm, BOOKED_AT)], STARTS_AT, "confirmed"),
    "past its end": ([(attendance.confirm, BOOKED_AT)], STARTS_AT + timedelta(hours=1), "needs_outcome"),
    "here": ([(attendance.check_in, STARTS_AT)], STARTS_AT, "arrived"),
    "treated": ([(attendance.check_in, STARTS_AT), (attendance.start_treatment, STARTS_AT)], STARTS_AT, "in_treatment"),
    "done": ([(attendance.check_in, STARTS_AT), (attendance.complete, STARTS_AT)], STARTS_AT, "completed"),
    "a mistake": ([(attendance.enter_in_error, BOOKED_AT)], STARTS_AT, "cancelled"),
}


@pytest.mark.parametrize("case", STAMPS)
def test_what_a_screen_shows(odette: Member, appointment: Appointment, case: str) -> None:
    acts, at, shown = STAMPS[case]

    for act, when in acts:
        act(appointment, by=odette, at=when)

    assert display(now(appointment), at=at) == shown


@pytest.mark.parametrize(("status", "stands"), [("booked", True), ("arrived", True), ("fulfilled", True), ("entered-in-error", False)])
def test_what_stands_on_the_book(odette: Member, appointment_that_is: That, status: str, stands: bool) -> None:
    appointment = appointment_that_is(status)

    assert (appointment in day_book(odette, appointment.clinic, appointment.local_date), appointment.claims.get().live) == (stands, stands)


# Who


@pytest.mark.parametrize("who", ["benedikt", "philomena"])
@pytest.mark.parametrize(("name", "status"), ALLOWED)
def test_billing_and_auditor_change_nothing(
    request: pytest.FixtureRequest, appointment_that_is: That, who: str, name: str, status: str
) -> None:
    appointment = appointment_that_is(status)

    with refused("not_permitted"):
        ACTS[name][0](appointment, by=request.getfixturevalue(who), at=QUARTER_PAST)


def test_a_provider_settles_her_own_only(tess: Member, juniper: House, appointment: Appointment) -> None:
    attendance.check_in(appointment, by=tess, at=STARTS_AT)
    Appointment.objects.filter(pk=appointment.pk).update(provider=juniper.providers["Priya Ramsethi"])

    with refused("not_permitted"):
        attendance.complete(now(appointment), by=tess, at=STARTS_AT)


# Once


@pytest.mark.parametrize("name", ["start treatment", "undo start of treatment"])
def test_a_stamp_is_set_once_and_taken_back_once(odette: Member, ready: Ready, name: str) -> None:
    appointment = ready(name, "arrived")
    ACTS[name][0](appointment, by=odette, at=QUARTER_PAST)

    with refused("wrong_status"):
        ACTS[name][0](appointment, by=odette, at=QUARTER_PAST)


# The record (R23)


def test_i7_history_has_a_line_for_every_change(odette: Member, appointment: Appointment) -> None:
    before = now(appointment).history.count()

    for act in (attendance.confirm, attendance.check_in, attendance.start_treatment, attendance.complete, attendance.reopen):
        act(appointment, by=odette, at=STARTS_AT)

    lines = now(appointment).history.order_by("pgh_id").values_list("status", "version", "pgh_actor", "pgh_reason", "pgh_source")[before:]
    assert list(lines) == [
        (status, before + place + 1, "test", "a test", "test")
        for place, status in enumerate(["booked", "arrived", "arrived", "fulfilled", "arrived"])
    ]


@pytest.mark.parametrize("statement", ["update", "delete"])
def test_i7_the_record_is_never_edited(appointment: Appointment, statement: str) -> None:
    history: Any = appointment.history.all()

    with pytest.raises(Exception, match="permission denied"), transaction.atomic():
        history.update(status="fulfilled") if statement == "update" else history._raw_delete("default")


def test_i7_no_appointment_is_deleted(appointment: Appointment) -> None:
    with pytest.raises(IntegrityError, match="appointments are never deleted"), transaction.atomic():
        Appointment.objects.filter(pk=appointment.pk)._raw_delete("default")
