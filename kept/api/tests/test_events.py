"""GET /events: the journal."""

from collections.abc import Callable

import pytest

from kept.api.tests.conftest import Caller, problem
from kept.events.models import Access, Event
from kept.noshows.transitions.attendance import mark
from kept.ops.cast import House
from kept.patients.transitions import add_note
from kept.practice.models import Member, MemberClinic
from kept.practice.rules import Role
from kept.scheduling.models import Appointment
from tests.kit.visits import QUARTER_PAST, STARTS_AT, book


@pytest.fixture
def owner(caller: Callable[..., Caller], leonora: Member) -> Caller:
    return caller(leonora)


def test_what_was_done_by_whom_newest_first(owner: Caller, odette: Member, appointment: Appointment) -> None:
    mark(appointment, charge_fee=False, by=odette, at=QUARTER_PAST)
    event = Event.objects.get(kind="appointment.noshow")

    newest = next(each for each in owner.get("/events").json()["items"] if each["kind"] == "appointment.noshow")

    assert newest == {
        "id": str(event.pk),
        "kind": "appointment.noshow",
        "subject_kind": "appointment",
        "subject": str(appointment.pk),
        "at": "2026-10-14T19:45:00Z",
        "by": {"id": str(odette.pk), "name": odette.name},
        "actor": event.actor,
        "source": event.source,
        "particulars": event.particulars,
    }
    assert Access.objects.filter(what="journal read").count() == 1


def test_filters(owner: Caller, juniper: House, odette: Member, appointment: Appointment) -> None:
    other = juniper.patients[1]
    add_note(other, "Parks at the back.", by=odette, at=QUARTER_PAST)

    def kinds(**asked: object) -> set[str]:
        return {each["kind"] for each in owner.get("/events", **asked).json()["items"]}

    assert kinds(patient=str(other.pk)) >= {"patient.noted"}
    assert "patient.noted" not in kinds(patient=str(appointment.patient_id))
    assert "appointment.booked" in kinds(patient=str(appointment.patient_id))
    assert kinds(kind="appointment.booked") == {"appointment.booked"}
    assert kinds(subject=str(other.pk), by=str(odette.pk)) == {"patient.noted"}
    assert kinds(subject_kind="appointment", subject=str(other.pk)) == set()
    assert kinds(since=QUARTER_PAST.isoformat()) == {"patient.noted"}
    assert "patient.noted" not in kinds(before=QUARTER_PAST.isoformat())
    assert kinds(patient="nobody") == kinds(by="nobody") == set()


def test_pages_are_followed_in_both_orders(owner: Caller, juniper: House) -> None:
    book(juniper)

    def walk(order: str) -> list[str]:
        ids, cursor = [], ""
        while cursor is not None:
            said = owner.get("/events", limit=1, order=order, kind="appointment.booked", **({"cursor": cursor} if cursor else {})).json()
            ids += [each["id"] for each in said["items"]]
            cursor = said["next"]
        return ids

    book(juniper, patient=juniper.patients[1], starts_at=STARTS_AT.replace(day=15))

    assert walk("newest") == walk("oldest")[::-1]
    assert len(walk("oldest")) == Event.objects.filter(kind="appointment.booked").count() >= 2


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.PROVIDER, Role.BILLING])
def test_it_is_for_owner_manager_and_auditor(caller: Callable[..., Caller], juniper: House, role: Role) -> None:
    assert problem(caller(juniper.members[role]).get("/events")) == (403, "not_permitted")


def test_r24_a_clinic_she_was_not_given_stays_out(caller: Callable[..., Caller], juniper: House, appointment: Appointment) -> None:
    manager = juniper.members[Role.MANAGER]
    elsewhere = next(clinic for clinic in juniper.clinics.values() if clinic.pk != appointment.clinic_id)
    MemberClinic.objects.create(practice=juniper.practice, member=manager, clinic=elsewhere)

    found = caller(manager).get("/events", subject=str(appointment.pk)).json()["items"]

    assert found == []


def test_another_practice_finds_nothing(caller: Callable[..., Caller], quinta: House, appointment: Appointment) -> None:
    foreign = caller(quinta.members[Role.OWNER])

    asked = [{"subject": str(appointment.pk)}, {"patient": str(appointment.patient_id)}]

    assert [foreign.get("/events", **each).json()["items"] for each in asked] == [[], []]
