"""Calling a visit off before its start: its time is free, and it can come back (R13, R14)."""

from collections.abc import Callable
from datetime import timedelta

import pytest

import kept.scheduling.transitions.attendance as attendance
from kept.events.models import Event
from kept.noshows.transitions.attendance import restore
from kept.ops.cast import House
from kept.practice.models import Member, MemberClinic
from kept.scheduling.models import Appointment
from kept.scheduling.rules import display
from kept.scheduling.transitions.cancelling import cancel
from tests.kit.checks import refused
from tests.kit.visits import BOOKED_AT, QUARTER_PAST, STARTS_AT, book

pytestmark = pytest.mark.usefixtures("all_rounders")

SECOND = timedelta(seconds=1)
PATIENT, CLINIC = Appointment.Asked


def now(appointment: Appointment) -> Appointment:
    return Appointment.objects.get(pk=appointment.pk)


@pytest.mark.parametrize("asked", Appointment.Asked)
def test_who_asked_and_why_stand_with_it(odette: Member, appointment: Appointment, asked: Appointment.Asked) -> None:
    cancel(appointment, asked=asked, reason=" Ill ", by=odette, at=STARTS_AT - SECOND)

    gone = now(appointment)
    assert (gone.status, gone.cancelled_for, gone.outcome_reason, gone.late_cancel) == ("cancelled", asked, "Ill", False)
    assert (gone.status_by_id, gone.status_at, display(gone, at=QUARTER_PAST)) == (odette.pk, STARTS_AT - SECOND, "cancelled")
    event = Event.objects.get(kind="appointment.cancelled")
    assert (event.subject_id, event.by_id, event.particulars) == (appointment.pk, odette.pk, {"asked": asked})


def test_its_time_is_free(odette: Member, juniper: House) -> None:
    visit = book(juniper, service="PRP facial")
    cancel(visit, asked=PATIENT, by=odette, at=BOOKED_AT)

    again = book(juniper, patient=juniper.patients[1], service="PRP facial")

    assert [set(each.claims.values_list("live", flat=True)) for each in (visit, again)] == [{False}, {True}]


def test_r13_it_can_be_restored_until_its_start(odette: Member, appointment: Appointment) -> None:
    cancel(appointment, asked=CLINIC, reason="Tess is ill", by=odette, at=BOOKED_AT)

    restore(appointment, by=odette, at=STARTS_AT - SECOND)

    back = now(appointment)
    assert (back.status, back.cancelled_for, back.outcome_reason, back.booking_no) == ("booked", "", "", 1)


def test_r14_from_its_start_on_it_is_a_no_show(odette: Member, appointment: Appointment) -> None:
    with refused("wrong_status") as refusal:
        cancel(appointment, asked=PATIENT, by=odette, at=STARTS_AT)

    assert refusal.value.sentence == "It has started, so it can’t be cancelled. Mark it as a no-show."
    assert now(appointment).status == "booked"


@pytest.mark.parametrize("status", ["arrived", "fulfilled", "noshow", "cancelled", "entered-in-error"])
def test_only_what_is_booked(odette: Member, appointment_that_is: Callable[[str], Appointment], status: str) -> None:
    appointment = appointment_that_is(status)

    with refused("wrong_status"):
        cancel(appointment, asked=PATIENT, by=odette, at=STARTS_AT - SECOND)

    assert now(appointment).status == status


def test_twice_the_second_is_told_who_did_it(odette: Member, silas: Member, appointment: Appointment) -> None:
    cancel(appointment, asked=PATIENT, by=silas, at=BOOKED_AT)

    with refused("wrong_status") as refusal:
        cancel(appointment, asked=PATIENT, by=odette, at=BOOKED_AT)

    assert refusal.value.sentence == "Already Cancelled: Silas Whitcombe marked it on Mon, Oct 5, 10:00 AM."


def test_a_page_that_shows_an_older_state(odette: Member, appointment: Appointment) -> None:
    attendance.confirm(appointment, by=odette, at=BOOKED_AT)

    with refused("stale_version"):
        cancel(appointment, asked=PATIENT, version=1, by=odette, at=BOOKED_AT)


@pytest.mark.parametrize("who", ["benedikt", "philomena"])
def test_billing_and_auditor_do_not(request: pytest.FixtureRequest, appointment: Appointment, who: str) -> None:
    with refused("not_permitted"):
        cancel(appointment, asked=PATIENT, by=request.getfixturevalue(who), at=BOOKED_AT)


def test_a_provider_cancels_her_own(tess: Member, juniper: House, appointment: Appointment) -> None:
    Appointment.objects.filter(pk=appointment.pk).update(provider=juniper.providers["Priya Ramsethi"])
    with refused("not_permitted"):
        cancel(now(appointment), asked=CLINIC, by=tess, at=BOOKED_AT)

    Appointment.objects.filter(pk=appointment.pk).update(provider=tess.provider)
    assert cancel(now(appointment), asked=CLINIC, by=tess, at=BOOKED_AT).status == "cancelled"


def test_r24_a_member_of_another_clinic_does_not(odette: Member, juniper: House, appointment: Appointment) -> None:
    MemberClinic.objects.create(practice=juniper.practice, member=odette, clinic=juniper.clinics["Harbor Point"])

    with refused("not_permitted"):
        cancel(appointment, asked=CLINIC, by=Member.objects.get(pk=odette.pk), at=BOOKED_AT)
