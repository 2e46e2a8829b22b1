"""Blocked time: a provider, room or device that nobody books for a while (R16)."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from kept.events.models import Event
from kept.ops.cast import House
from kept.practice.models import Clinic, Member, MemberClinic, Resource
from kept.scheduling.models import LONGEST, Appointment, Block
from kept.scheduling.queries import blocks_of_day
from kept.scheduling.transitions.blocking import block_time, lift_block
from kept.scheduling.transitions.moving import reschedule
from tests.kit.checks import refused
from tests.kit.visits import BOOKED_AT, STARTS_AT, book

pytestmark = pytest.mark.usefixtures("all_rounders")

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

Blocked = Callable[..., Block]


@pytest.fixture
def blocked(juniper: House, odette: Member) -> Blocked:
    """`blocked("Tess Marrowby")`: for lunch, from half past three on Wednesday, for an hour."""

    def make(
        name: str = "Tess Marrowby",
        *,
        starts_at: datetime = STARTS_AT,
        ends_at: datetime = STARTS_AT + HOUR,
        why: str = "Lunch",
        clinic: str = "Elm Street",
        by: Member = odette,
        at: datetime = BOOKED_AT,
    ) -> Block:
        resource = (
            juniper.providers[name].resource if name in juniper.providers else Resource.objects.get(name=name, clinic__name="Elm Street")
        )
        return block_time(resource, juniper.clinics[clinic], starts_at=starts_at, ends_at=ends_at, why=why, by=by, at=at)

    return make


def test_it_holds_the_time_by_a_claim_and_is_recorded(blocked: Blocked, odette: Member) -> None:
    block = blocked(why=" Lunch ")

    claim = block.claims.get()
    assert (block.why, block.by, claim.starts_at, claim.ends_at, claim.live, claim.lane) == (
        "Lunch",
        odette,
        STARTS_AT,
        STARTS_AT + HOUR,
        True,
        0,
    )
    event = Event.objects.get(kind="block.made")
    assert (event.subject_id, event.by_id, event.particulars) == (
        block.pk,
        odette.pk,
        {"resource": str(block.resource_id), "start": "2026-10-14T19:30:00+00:00", "end": "2026-10-14T20:30:00+00:00"},
    )
    assert block.history.count() == 1


def test_r16_nobody_books_it(blocked: Blocked, juniper: House) -> None:
    block = blocked()

    with refused("slot_taken") as refusal:
        book(juniper)

    assert refusal.value.sentence == "Tess Marrowby is blocked until 4:30 PM: Lunch"
    assert (refusal.value.field, refusal.value.facts) == ("start", {"blocked_by": str(block.pk), "until": "2026-10-14T16:30:00-04:00"})
    assert book(juniper, starts_at=STARTS_AT + HOUR).status == "booked"


def test_r16_nor_is_anything_moved_into_it(blocked: Blocked, odette: Member, appointment: Appointment) -> None:
    blocked(starts_at=STARTS_AT + DAY, ends_at=STARTS_AT + DAY + HOUR, why="")

    with refused("slot_taken") as refusal:
        reschedule(appointment, starts_at=STARTS_AT + DAY, by=odette, at=BOOKED_AT)

    assert refusal.value.sentence == "Tess Marrowby is blocked until 4:30 PM."


def test_of_days_it_says_until_which(blocked: Blocked, juniper: House) -> None:
    blocked(ends_at=STARTS_AT + 3 * DAY)

    with refused("slot_taken") as refusal:
        book(juniper, starts_at=STARTS_AT + DAY)

    assert refusal.value.sentence == "Tess Marrowby is blocked until Sat, Oct 17, 3:30 PM: Lunch"


def test_a_provider_of_two_clinics_is_blocked_at_both(blocked: Blocked, juniper: House, odette: Member) -> None:
    blocked("Joanna Veltmoor", clinic="Harbor Point")

    with refused("slot_taken"):
        blocked("Joanna Veltmoor", clinic="Elm Street")


# Over what is there


def test_appointments_are_never_pushed_aside(blocked: Blocked, appointment: Appointment) -> None:
    with refused("slot_taken") as refusal:
        blocked(starts_at=STARTS_AT - HOUR, ends_at=STARTS_AT + HOUR)

    assert refusal.value.sentence == "Renata Solbrook has that time with Tess Marrowby. Choose another."
    assert (refusal.value.facts["taken_by"], Block.objects.count()) == (str(appointment.pk), 0)


def test_nor_is_other_blocked_time(blocked: Blocked) -> None:
    blocked()

    with refused("slot_taken"):
        blocked(starts_at=STARTS_AT + HOUR / 2)
    assert blocked(starts_at=STARTS_AT + HOUR, ends_at=STARTS_AT + 2 * HOUR).why == "Lunch"


def test_a_room(blocked: Blocked, juniper: House) -> None:
    blocked("Laser", why="Repair")

    with refused("slot_taken") as refusal:
        book(juniper, service="Laser resurfacing")

    assert (refusal.value.field, refusal.value.sentence) == ("resources", "Laser is blocked until 4:30 PM: Repair")


# What does not fit


@pytest.mark.parametrize(
    ("name", "how", "field", "sentence"),
    [
        ("Petra Lindvall", {}, "resource", "Petra Lindvall does not work at Elm Street."),
        ("Laser", {"clinic": "Harbor Point"}, "resource", "Laser is not at Harbor Point."),
        ("Tess Marrowby", {"ends_at": STARTS_AT}, "end", "The end is not after the start."),
        ("Tess Marrowby", {"ends_at": STARTS_AT + LONGEST + HOUR}, "end", "Block at most 31 days at once."),
        ("Tess Marrowby", {"at": STARTS_AT + HOUR}, "end", "That time is past."),
    ],
)
def test_what_does_not_fit(blocked: Blocked, name: str, how: dict[str, object], field: str, sentence: str) -> None:
    with refused("invalid") as refusal:
        blocked(name, **how)

    assert (refusal.value.field, refusal.value.sentence) == (field, sentence)


def test_a_month_is_not_too_long(blocked: Blocked) -> None:
    assert blocked(ends_at=STARTS_AT + LONGEST).ends_at == STARTS_AT + LONGEST


def test_what_is_out_of_use_needs_no_block(blocked: Blocked) -> None:
    Resource.objects.filter(name="Laser").update(active=False)

    with refused("invalid"):
        blocked("Laser")


# Lifted


def test_lifted_its_time_is_free_and_it_stays_on_record(blocked: Blocked, juniper: House, odette: Member) -> None:
    block = lift_block(blocked(), by=odette, at=BOOKED_AT + HOUR)

    assert (block.lifted_at, block.claims.get().live, book(juniper).status) == (BOOKED_AT + HOUR, False, "booked")
    event = Event.objects.get(kind="block.lifted")
    assert (event.subject_id, event.by_id, event.at) == (block.pk, odette.pk, BOOKED_AT + HOUR)


def test_twice_is_once(blocked: Blocked, odette: Member) -> None:
    block = blocked()
    lift_block(block, by=odette, at=BOOKED_AT)

    with refused("wrong_status") as refusal:
        lift_block(block, by=odette, at=BOOKED_AT + HOUR)

    assert refusal.value.sentence == "It was lifted already."


# Who


@pytest.mark.parametrize("who", ["benedikt", "philomena"])
def test_billing_and_auditor_do_not(request: pytest.FixtureRequest, blocked: Blocked, who: str) -> None:
    member, block = request.getfixturevalue(who), blocked("Laser")

    with refused("not_permitted"):
        blocked(by=member)
    with refused("not_permitted"):
        lift_block(block, by=member, at=BOOKED_AT)


def test_a_provider_blocks_her_own_time(blocked: Blocked, tess: Member) -> None:
    others = [blocked("Laser"), blocked("Priya Ramsethi")]

    assert lift_block(blocked(by=tess), by=tess, at=BOOKED_AT).lifted_at
    for name in ("Priya Ramsethi", "Room 1"):
        with refused("not_permitted"):
            blocked(name, by=tess)
    for block in others:
        with refused("not_permitted"):
            lift_block(block, by=tess, at=BOOKED_AT)


def test_r24_a_member_of_another_clinic_does_not(blocked: Blocked, juniper: House, odette: Member) -> None:
    block = blocked()
    MemberClinic.objects.create(practice=juniper.practice, member=odette, clinic=juniper.clinics["Harbor Point"])
    limited = Member.objects.get(pk=odette.pk)

    with refused("not_permitted"):
        blocked("Laser", by=limited)
    with refused("not_permitted"):
        lift_block(block, by=limited, at=BOOKED_AT)


# A day of them


def test_a_day_shows_what_is_blocked_in_some_part_of_it(blocked: Blocked, elm: Clinic, odette: Member, tess: Member) -> None:
    over_days = blocked("Laser", starts_at=STARTS_AT - 2 * DAY, ends_at=STARTS_AT + 2 * DAY)
    lunch = blocked()
    lift_block(blocked("Priya Ramsethi"), by=odette, at=BOOKED_AT)
    blocked(starts_at=STARTS_AT + DAY, ends_at=STARTS_AT + DAY + HOUR)
    blocked("Joanna Veltmoor", clinic="Harbor Point")
    on = elm.local_date(STARTS_AT)

    assert list(blocks_of_day(odette, elm, on)) == [over_days, lunch]
    assert list(blocks_of_day(tess, elm, on)) == [lunch]
