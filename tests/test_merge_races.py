"""Two records of one patient become one while others write for her: really committed, with connections of their own. Whatever the order,
all that was hers is in one place, and no one waits in a circle."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import TypeVar

import pytest
from django.apps import apps

from kept.billing import sending
from kept.billing.models import Charge
from kept.foundation.scope import scope
from kept.noshows.transitions.attendance import mark
from kept.ops.audit import audit
from kept.ops.cast import House
from kept.ops.people import JUNIPER
from kept.patients.models import Merge, Patient
from kept.patients.transitions import add_note, change_patient, keep_card
from kept.practice.models import Member
from kept.practice.rules import Role
from kept.rights.merging import merge, undo
from kept.rights.transitions import erase
from kept.scheduling.models import Appointment
from kept.scheduling.transitions.cancelling import cancel
from tests.kit.database import Cloned
from tests.kit.gateway import Double, clock_at, do_jobs
from tests.kit.people import seen
from tests.kit.together import together, told
from tests.kit.visits import QUARTER_PAST, STARTS_AT, accepted, book

T = TypeVar("T")
LATER = QUARTER_PAST + timedelta(hours=4)
DAY = timedelta(days=1)
MOVED = ["scheduling.Appointment", "patients.Note", "patients.Card", "billing.Charge", "billing.Invoice", "messaging.Message"]


@pytest.fixture
def house(committed: Cloned) -> House:
    """Juniper, read once; nobody stands in it."""
    return seen(JUNIPER)


def owner(house: House) -> Member:
    return house.members[Role.OWNER]


def desk(house: House) -> Member:
    return house.members[Role.FRONT_DESK]


def alone(house: House, act: Callable[[], T]) -> T:
    """The act as the door does it: in a transaction of its own, committed or taken back whole."""
    with scope(house.practice.id, actor=f"user:{owner(house).user_id}", source="race"):
        return act()


def merging(house: House, kept: Patient, gone: Patient) -> Callable[[], Merge]:
    return lambda: alone(house, lambda: merge(kept, gone, by=owner(house), at=LATER))


def astray(house: House) -> list[tuple[str, object]]:
    """Rows that belong to a record which was merged into another."""
    with scope(house.practice.id, actor="test"):
        found = [(name, apps.get_model(name)._default_manager.filter(patient__merged_into__isnull=False)) for name in MOVED]
        return [(name, row) for name, rows in found for row in rows]


def breaches(house: House) -> list[object]:
    return [breach for _invariant, found in audit(at=LATER) for breach in found if breach.practice == house.practice.slug]


def test_of_many_merges_of_one_record_one_wins(house: House) -> None:
    gone, *others = house.patients[:5]
    alone(house, lambda: book(house, patient=gone))

    results = together([merging(house, kept, gone) for kept in others] * 4)

    assert told(results) == {"Merge": 1, "wrong_status": 15}
    assert astray(house) == []
    with scope(house.practice.id, actor="test"):
        made = Merge.objects.get()
        assert Appointment.objects.get().patient_id == made.kept_id == Patient.objects.get(pk=gone.pk).merged_into_id


def test_two_records_merged_into_each_other_at_once_become_one(house: House) -> None:
    for first in range(0, 16, 2):
        one, other = house.patients[first], house.patients[first + 1]

        results = together([merging(house, one, other), merging(house, other, one)])

        assert told(results) == {"Merge": 1, "wrong_status": 1}
    with scope(house.practice.id, actor="test"):
        assert Patient.objects.filter(merged_into=None, pk__in=[each.pk for each in house.patients[:16]]).count() == 8


def test_what_is_written_for_the_record_that_goes_lands_where_it_went(house: House, gateway: Double) -> None:
    """Booked, cancelled, noted, changed, given a card, marked and charged, while it is merged."""
    for turn in range(6):
        kept, gone = house.patients[2 * turn], house.patients[2 * turn + 1]
        card = gateway.card(gone)
        day = STARTS_AT + turn * DAY
        missed = alone(
            house, partial(lambda patient, card, at: accepted(book(house, patient=patient, starts_at=at), card), gone, card, day)
        )
        dropped = alone(house, partial(book, house, patient=gone, starts_at=day + timedelta(hours=1, minutes=30)))
        after = day + timedelta(minutes=15)
        acts: list[Callable[[], object]] = [
            partial(book, house, patient=gone, starts_at=day - timedelta(hours=2)),
            partial(cancel, dropped, asked=Appointment.Asked.CLINIC, by=desk(house), at=after),
            partial(add_note, gone, "Parks at the back.", by=desk(house), at=after),
            partial(change_patient, gone, phone="(555) 010-0199", by=desk(house), at=after),
            partial(
                keep_card, gone, customer_id=card.gateway_customer_id, payment_method_id=f"pm_{turn}", brand="visa", last4="4242",
                exp_month=4, exp_year=2031, at=after,
            ),
            partial(mark, missed, charge_fee=True, by=desk(house), at=after),
        ]  # fmt: skip

        results = together([merging(house, kept, gone), *(partial(alone, house, act) for act in acts)])
        with scope(house.practice.id, actor="test"):
            charge = Charge.objects.filter(appointment=missed).get()
        with clock_at(after):
            together([partial(sending.send_charge, str(house.practice.id), str(charge.pk))] * 2)
        do_jobs(at=after + DAY)

        assert [each for each in results if isinstance(each, Exception)] == []
        assert astray(house) == []
        with scope(house.practice.id, actor="test"):
            assert set(Appointment.objects.filter(patient__in=[kept, gone]).values_list("patient", flat=True)) == {kept.pk}
            assert Charge.objects.values_list("state", "patient").get(pk=charge.pk) == ("succeeded", kept.pk)
    assert len(gateway.ledger()["payments"]) == 6
    assert breaches(house) == []


def test_a_merge_is_undone_once_or_its_record_goes_further(house: House) -> None:
    """Undone twice, merged on and erased at the same moment: one of them holds, and each row is where that says."""
    for turn in range(5):
        kept, gone, further = house.patients[3 * turn : 3 * turn + 3]
        visit = alone(house, partial(book, house, patient=gone, starts_at=STARTS_AT + turn * DAY))
        made = merging(house, kept, gone)()

        undoing = partial(alone, house, partial(undo, made, by=owner(house), at=LATER))
        results = together([undoing, undoing, merging(house, further, kept)])

        with scope(house.practice.id, actor="test"):
            undone = Merge.objects.get(pk=made.pk).undone_at is not None
            holder = Appointment.objects.get(pk=visit.pk).patient_id
        # Merged on first, it can not be undone; undone first, what is left of it still goes on.
        assert told(results) == ({"Merge": 2, "wrong_status": 1} if undone else {"Merge": 1, "wrong_status": 2})
        assert holder == (gone.pk if undone else further.pk)
        assert astray(house) == []
    assert breaches(house) == []


def test_who_is_erased_is_not_merged(house: House) -> None:
    for turn in range(6):
        kept, gone = house.patients[2 * turn], house.patients[2 * turn + 1]

        results = together([merging(house, kept, gone), partial(alone, house, partial(erase, gone, by=owner(house), at=LATER))])

        assert told(results) in ({"Merge": 1, "wrong_status": 1}, {"Patient": 1, "wrong_status": 1})
        with scope(house.practice.id, actor="test"):
            after = Patient.objects.get(pk=gone.pk)
        assert (after.erased_at is None) != (after.merged_into_id is None)
    assert astray(house) == []
