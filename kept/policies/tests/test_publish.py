"""Publishing a policy: the next version for bookings from now on; what was published or accepted never changes (R4, I9, R23)."""

import pytest
from django.db import ProgrammingError, connection, transaction

from kept.events.models import Event
from kept.foundation.money import Money
from kept.ops.cast import House
from kept.policies import queries
from kept.policies.document import flat
from kept.policies.models import Policy, PolicyVersion
from kept.policies.transitions import publish, switch_fees
from kept.practice.models import Member
from kept.scheduling.models import Appointment
from tests.kit.checks import refused
from tests.kit.visits import ACCEPTED_AT, BOOKED_AT, STARTS_AT, accepted, book, card_of

DEARER = {
    "description": " We hold your time. ",
    "authorization_text": " I authorize it. ",
    "terms": flat(9000, window_hours=48, late_minutes=20),
    "currency": "USD",
    "what_changed": "Fee raised to $90.00",
}


def test_the_next_version_is_in_use_from_now_on(silas: Member) -> None:
    version = publish(**DEARER, by=silas, at=BOOKED_AT)

    assert queries.version_in_use() == version
    kept = ("number", "description", "authorization_text", "terms", "currency", "published_at", "published_by")
    assert [getattr(PolicyVersion.objects.get(pk=version.pk), name) for name in kept] == [
        4,
        "We hold your time.",
        "I authorize it.",
        flat(9000, window_hours=48, late_minutes=20),
        "USD",
        BOOKED_AT,
        silas,
    ]


def test_it_is_told_by_whom_and_when(silas: Member) -> None:
    publish(**DEARER, by=silas, at=BOOKED_AT)

    event = Event.objects.get(kind="policy.published", at=BOOKED_AT)
    assert (event.by_id, event.actor, event.particulars) == (silas.id, "test", {"version": 4})


def test_the_older_ones_can_still_be_read(silas: Member) -> None:
    before = list(queries.versions())

    publish(**DEARER, by=silas, at=BOOKED_AT)

    assert list(queries.versions())[1:] == before
    assert [(version.number, version.terms) for version in queries.versions()] == [
        (4, DEARER["terms"]),
        (3, flat(7500)),
        (2, flat(6000)),
        (1, flat(5000)),
    ]


# Bookings made before keep theirs (R4)


def test_r4_what_was_accepted_stays_as_it_was(silas: Member, appointment: Appointment) -> None:
    before = {field.attname: getattr(appointment.acceptance, field.attname) for field in appointment.acceptance._meta.fields}

    publish(**DEARER, by=silas, at=ACCEPTED_AT)

    after = Appointment.objects.get(pk=appointment.pk).acceptance
    assert {field.attname: getattr(after, field.attname) for field in after._meta.fields} == before
    assert (after.fee, after.late_minutes, after.version.number) == (Money(7500, "USD"), 15, 3)


def test_r4_what_is_accepted_from_now_on_is_the_new_one(silas: Member, juniper: House) -> None:
    publish(**DEARER, by=silas, at=BOOKED_AT)

    acceptance = accepted(book(juniper), card_of(juniper.patients[0])).acceptance

    assert (acceptance.fee, acceptance.late_minutes, acceptance.version.number) == (Money(9000, "USD"), 20, 4)


# A published one never changes (I9)


@pytest.mark.parametrize("change", ["document = '{}'", "description = 'Free'", "number = 9"])
def test_i9_not_even_in_sql(juniper: House, change: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"update policies_policyversion set {change}")


@pytest.mark.parametrize("statement", ["delete from policies_policyversion", "truncate policies_policyversion cascade"])
def test_i9_nor_goes_away(juniper: House, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


# Refused


def test_what_was_not_on_screen_is_not_replaced(silas: Member, leonora: Member) -> None:
    publish(**DEARER, based_on=3, by=leonora, at=BOOKED_AT)

    with refused("stale_version") as refusal:
        publish(**DEARER, based_on=3, by=silas, at=BOOKED_AT)

    assert refusal.value.sentence == "Version 4 was published meanwhile. Look at it, then publish yours."
    assert PolicyVersion.objects.count() == 4


@pytest.mark.parametrize("missing", [{"authorization_text": "  "}])
def test_without_an_authorization_it_is_none(silas: Member, missing: dict[str, object]) -> None:
    with refused("invalid"):
        publish(**DEARER | missing, by=silas, at=BOOKED_AT)


@pytest.mark.parametrize("who", ["odette", "tess", "benedikt", "philomena"])
def test_only_owner_and_manager_publish_and_switch(request: pytest.FixtureRequest, who: str) -> None:
    member: Member = request.getfixturevalue(who)

    with refused("not_permitted"):
        publish(**DEARER, by=member, at=BOOKED_AT)
    with refused("not_permitted"):
        switch_fees(on=False, by=member, at=BOOKED_AT)


# On and off


def test_switched_off_no_version_is_in_use_and_none_is_lost(silas: Member) -> None:
    switch_fees(on=False, by=silas, at=BOOKED_AT)
    off = queries.version_in_use(), queries.policy_in_use().current.number

    switch_fees(on=True, by=silas, at=BOOKED_AT)

    assert (off, queries.version_in_use().number) == ((None, 3), 3)


def test_switching_to_what_it_is_writes_nothing(silas: Member) -> None:
    switch_fees(on=True, by=silas, at=STARTS_AT)

    assert not Event.objects.filter(kind="policy.switched", at=STARTS_AT).exists()


def test_before_a_first_version_fees_cannot_be_on(silas: Member) -> None:
    Policy.objects.update(fees_on=False, current=None)

    with refused("invalid"):
        switch_fees(on=True, by=silas, at=BOOKED_AT)


def test_i7_history_keeps_what_was_in_use(silas: Member) -> None:
    before = Policy.objects.get().history.count()

    publish(**DEARER, by=silas, at=BOOKED_AT)
    switch_fees(on=False, by=silas, at=BOOKED_AT)

    lines = Policy.objects.get().history.order_by("pgh_id").values_list("current__number", "fees_on", "pgh_actor")[before:]
    assert list(lines) == [(4, True, "test"), (4, False, "test")]
