"""What happened to a visit, in words: where it was moved from and to, and who asked for it."""

from datetime import timedelta

import pytest

from kept.billing import timeline
from kept.noshows.transitions.attendance import mark, restore
from kept.ops.cast import House
from kept.practice.models import Member, Resource
from kept.scheduling.models import Appointment
from kept.scheduling.transitions.cancelling import cancel
from kept.scheduling.transitions.moving import reschedule
from tests.kit.queries import queries
from tests.kit.visits import BOOKED_AT, MIDNIGHT_AT_THE_CLINIC, STARTS_AT, book

DAY = timedelta(days=1)
ASKED = Appointment.Asked


def told(appointment: Appointment) -> list[tuple[str, str, str]]:
    found = Appointment.objects.select_related("clinic").get(pk=appointment.pk)
    return [(entry.text, entry.by, entry.detail) for entry in timeline.of_appointment(found)]


def test_a_move(odette: Member, juniper: House, appointment: Appointment) -> None:
    priya = juniper.providers["Priya Ramsethi"]
    reschedule(appointment, starts_at=STARTS_AT + DAY, by=odette, at=BOOKED_AT + DAY)
    reschedule(appointment, starts_at=STARTS_AT, provider=priya, asked=ASKED.CLINIC, by=odette, at=BOOKED_AT + 2 * DAY)
    reschedule(appointment, starts_at=STARTS_AT, provider=appointment.provider, by=odette, at=BOOKED_AT + 3 * DAY)

    assert told(appointment)[:3] == [
        ("Moved to Tess Marrowby", "Odette Farnley", "the patient asked"),
        ("Moved from Thu, Oct 15, 3:30 PM to Wed, Oct 14, 3:30 PM, Priya Ramsethi", "Odette Farnley", "the clinic asked"),
        ("Moved from Wed, Oct 14, 3:30 PM to Thu, Oct 15, 3:30 PM", "Odette Farnley", "the patient asked"),
    ]


@pytest.mark.usefixtures("all_rounders")
def test_into_another_room(odette: Member, juniper: House) -> None:
    facial = book(juniper, service="PRP facial")
    reschedule(facial, starts_at=STARTS_AT, resources=[Resource.objects.get(name="Room 2")], by=odette, at=BOOKED_AT + DAY)

    assert told(facial)[0][0] == "Moved to Room 2"


def test_a_cancellation_and_its_restore(odette: Member, appointment: Appointment) -> None:
    cancel(appointment, asked=ASKED.CLINIC, by=odette, at=BOOKED_AT + DAY)
    restore(appointment, by=odette, at=BOOKED_AT + 2 * DAY)

    assert told(appointment)[:2] == [("Restored", "Odette Farnley", ""), ("Cancelled", "Odette Farnley", "the clinic asked")]


def test_a_restore_to_another_time(odette: Member, appointment: Appointment) -> None:
    mark(appointment, charge_fee=False, by=odette, at=MIDNIGHT_AT_THE_CLINIC)
    restore(appointment, starts_at=STARTS_AT + DAY, by=odette, at=MIDNIGHT_AT_THE_CLINIC + timedelta(hours=1))

    assert told(appointment)[0][0] == "Restored from Wed, Oct 14, 3:30 PM to Thu, Oct 15, 3:30 PM"


def test_names_cost_a_query_however_many_moves(odette: Member, juniper: House, appointment: Appointment) -> None:
    found = Appointment.objects.select_related("clinic").get(pk=appointment.pk)
    with queries(3):
        timeline.of_appointment(found)

    for day in range(3):
        reschedule(appointment, starts_at=STARTS_AT + (day + 1) * DAY, by=odette, at=BOOKED_AT)
    with queries(4):
        timeline.of_appointment(found)
