"""Moving a visit: to another time, provider or room, whole or not at all (R14, R16)."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

import kept.scheduling.transitions.attendance as attendance
from kept.events.models import Event
from kept.ops.cast import House
from kept.practice.models import Clinic, Member, MemberClinic, Provider, Resource, ServiceProvider
from kept.scheduling.models import Appointment, Claim
from kept.scheduling.rules import display
from kept.scheduling.transitions.blocking import block_time
from kept.scheduling.transitions.moving import reschedule
from tests.kit.checks import refused
from tests.kit.visits import BOOKED_AT, MIDNIGHT_AT_THE_CLINIC, QUARTER_PAST, STARTS_AT, accepted, book, card_of

pytestmark = pytest.mark.usefixtures("all_rounders")

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MOVED_AT = BOOKED_AT + DAY


@pytest.fixture
def priya(juniper: House) -> Provider:
    return juniper.providers["Priya Ramsethi"]


def now(appointment: Appointment) -> Appointment:
    return Appointment.objects.select_related("provider").get(pk=appointment.pk)


def room(name: str) -> Resource:
    return Resource.objects.get(name=name, clinic__name="Elm Street")


def claimed(appointment: Appointment) -> list[tuple[str, datetime, datetime, bool, int]]:
    claims = Claim.objects.filter(appointment=appointment).order_by("resource__name")
    return list(claims.values_list("resource__name", "starts_at", "ends_at", "live", "lane"))


# What changes


def test_another_time_is_claimed_and_the_old_one_free(odette: Member, juniper: House, appointment: Appointment) -> None:
    attendance.confirm(appointment, by=odette, at=MOVED_AT)

    reschedule(appointment, starts_at=STARTS_AT + DAY, by=odette, at=MOVED_AT)

    moved = now(appointment)
    assert (moved.status, moved.starts_at, moved.ends_at, moved.provider) == (
        "booked",
        STARTS_AT + DAY,
        STARTS_AT + DAY + HOUR,
        appointment.provider,
    )
    assert (moved.booking_no, moved.confirmed_at, moved.recorded_afterwards, display(moved, at=MOVED_AT)) == (2, None, False, "booked")
    assert claimed(moved) == [("Tess Marrowby", STARTS_AT + DAY, STARTS_AT + DAY + HOUR + 5 * MINUTE, True, 0)]
    assert book(juniper, patient=juniper.patients[5]).starts_at == STARTS_AT


def test_r14a_what_was_accepted_stays(odette: Member, juniper: House) -> None:
    visit = accepted(book(juniper), card_of(juniper.patients[0]))

    moved = reschedule(visit, starts_at=STARTS_AT + DAY, by=odette, at=MOVED_AT)

    assert moved.acceptance == visit.acceptance


def test_r23_it_is_recorded_from_where_to_where_and_who_asked(odette: Member, appointment: Appointment, priya: Provider) -> None:
    reschedule(appointment, starts_at=STARTS_AT + DAY, provider=priya, asked=Appointment.Asked.CLINIC, by=odette, at=MOVED_AT)

    event = Event.objects.get(kind="appointment.moved")
    assert (event.subject_id, event.by_id, event.at) == (appointment.pk, odette.pk, MOVED_AT)
    assert event.particulars == {
        "asked": "clinic",
        "double_booked": False,
        "before": {"start": "2026-10-14T19:30:00+00:00", "provider": str(appointment.provider_id), "resources": []},
        "after": {"start": "2026-10-15T19:30:00+00:00", "provider": str(priya.pk), "resources": []},
    }


def test_another_provider_at_the_same_time_is_the_same_booked_time(odette: Member, appointment: Appointment, priya: Provider) -> None:
    """What was confirmed and, once missed, charged, is the time (R5)."""
    attendance.confirm(appointment, by=odette, at=MOVED_AT)

    moved = reschedule(appointment, starts_at=STARTS_AT, provider=priya, by=odette, at=MOVED_AT)

    assert (moved.provider, moved.booking_no, moved.confirmed_at) == (priya, 1, MOVED_AT)
    assert [name for name, *_rest in claimed(moved)] == ["Priya Ramsethi"]


def test_over_its_own_old_time(odette: Member, appointment: Appointment) -> None:
    moved = reschedule(appointment, starts_at=STARTS_AT + 15 * MINUTE, by=odette, at=MOVED_AT)

    assert claimed(moved) == [("Tess Marrowby", STARTS_AT + 15 * MINUTE, STARTS_AT + 80 * MINUTE, True, 0)]


def test_buffers_and_length_are_those_of_the_booking(odette: Member, juniper: House, appointment: Appointment) -> None:
    service = juniper.services["Lip filler"]
    service.minutes, service.buffer_after = 90, 30
    service.save()

    moved = reschedule(appointment, starts_at=STARTS_AT + DAY, by=odette, at=MOVED_AT)

    assert (moved.minutes, claimed(moved)[0][2]) == (60, STARTS_AT + DAY + 65 * MINUTE)


# Rooms


@pytest.fixture
def facial(juniper: House) -> Appointment:
    """A PRP facial, which takes Room 1 or Room 2; it has Room 1."""
    return book(juniper, service="PRP facial")


def rooms(appointment: Appointment) -> list[str]:
    return [name for name, *_rest in claimed(appointment) if name.startswith("Room")]


def test_its_room_moves_along(odette: Member, facial: Appointment) -> None:
    moved = reschedule(facial, starts_at=STARTS_AT + DAY, by=odette, at=MOVED_AT)

    assert claimed(moved)[0][:3] == ("Room 1", STARTS_AT + DAY - 10 * MINUTE, STARTS_AT + DAY + 75 * MINUTE)


def test_its_own_room_before_others(odette: Member, facial: Appointment) -> None:
    reschedule(facial, starts_at=STARTS_AT, resources=[room("Room 2")], by=odette, at=MOVED_AT)

    assert rooms(reschedule(facial, starts_at=STARTS_AT + DAY, by=odette, at=MOVED_AT)) == ["Room 2"]


def test_where_its_room_is_taken_another_that_does(odette: Member, elm: Clinic, facial: Appointment) -> None:
    start = STARTS_AT + DAY
    block_time(room("Room 1"), elm, starts_at=start, ends_at=start + HOUR, why="", by=odette, at=BOOKED_AT)

    assert rooms(reschedule(facial, starts_at=start, by=odette, at=MOVED_AT)) == ["Room 2"]


def test_r16_a_room_that_is_named_and_taken_is_refused(odette: Member, elm: Clinic, facial: Appointment) -> None:
    block_time(room("Room 2"), elm, starts_at=STARTS_AT, ends_at=STARTS_AT + HOUR, why="", by=odette, at=BOOKED_AT)
    before = claimed(facial)

    with refused("slot_taken") as refusal:
        reschedule(facial, starts_at=STARTS_AT, resources=[room("Room 2")], by=odette, at=MOVED_AT)

    assert (refusal.value.field, claimed(facial)) == ("resources", before)


# Refused, it changes nothing


def test_r16_a_time_that_is_taken(odette: Member, juniper: House, appointment: Appointment, priya: Provider) -> None:
    rival = book(juniper, patient=juniper.patients[1], starts_at=STARTS_AT + DAY)
    version, before = now(appointment).version, claimed(appointment)

    with refused("slot_taken") as refusal:
        reschedule(appointment, starts_at=STARTS_AT + DAY, by=odette, at=MOVED_AT)

    assert (refusal.value.field, refusal.value.facts["taken_by"]) == ("start", str(rival.pk))
    assert (now(appointment).version, now(appointment).starts_at, claimed(appointment)) == (version, STARTS_AT, before)


def test_r16_deliberately_beside_another(odette: Member, silas: Member, juniper: House, appointment: Appointment) -> None:
    book(juniper, patient=juniper.patients[1], starts_at=STARTS_AT + DAY)

    with refused("not_permitted"):
        reschedule(appointment, starts_at=STARTS_AT + DAY, double_book=True, by=odette, at=MOVED_AT)
    reschedule(appointment, starts_at=STARTS_AT + DAY, double_book=True, by=silas, at=MOVED_AT)

    assert claimed(appointment)[0][4] == 1
    assert Event.objects.get(kind="appointment.moved").particulars["double_booked"] is True


def test_where_it_is_already(odette: Member, facial: Appointment) -> None:
    for how in ({}, {"provider": facial.provider}, {"resources": [room("Room 1")]}):
        with refused("invalid") as refusal:
            reschedule(facial, starts_at=STARTS_AT, by=odette, at=MOVED_AT, **how)  # type: ignore[arg-type]
        assert refusal.value.field == "start"


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("arrived", "The patient is checked in. Undo the check-in to move it."),
        ("fulfilled", "It is completed. Reopen it to move it."),
        ("noshow", "It was missed. Restore it, at another time if you like."),
        ("cancelled", "It was cancelled. Restore it, at another time if you like."),
        ("entered-in-error", "It was entered in error and stands on the book no more."),
    ],
)
def test_only_what_is_booked_moves(odette: Member, appointment_that_is: Callable[[str], Appointment], status: str, sentence: str) -> None:
    appointment = appointment_that_is(status)

    with refused("wrong_status") as refusal:
        reschedule(appointment, starts_at=STARTS_AT + DAY, by=odette, at=QUARTER_PAST)

    assert refusal.value.sentence == sentence
    assert (now(appointment).starts_at, now(appointment).booking_no) == (STARTS_AT, 1)


def test_a_page_that_shows_an_older_state(odette: Member, appointment: Appointment) -> None:
    attendance.confirm(appointment, by=odette, at=MOVED_AT)

    with refused("stale_version"):
        reschedule(appointment, starts_at=STARTS_AT + DAY, version=1, by=odette, at=MOVED_AT)


def test_a_provider_elsewhere_or_who_does_not_perform_it(odette: Member, juniper: House, appointment: Appointment) -> None:
    ServiceProvider.objects.create(practice=juniper.practice, service=juniper.services["Lip filler"], provider=appointment.provider)

    for name in ("Petra Lindvall", "Priya Ramsethi"):
        with refused("invalid") as refusal:
            reschedule(appointment, starts_at=STARTS_AT, provider=juniper.providers[name], by=odette, at=MOVED_AT)
        assert refusal.value.field == "provider"


# Who


@pytest.mark.parametrize("who", ["benedikt", "philomena"])
def test_billing_and_auditor_do_not_move(request: pytest.FixtureRequest, appointment: Appointment, who: str) -> None:
    with refused("not_permitted"):
        reschedule(appointment, starts_at=STARTS_AT + DAY, by=request.getfixturevalue(who), at=MOVED_AT)


def test_a_provider_moves_her_own_and_to_nobody_else(tess: Member, appointment: Appointment, priya: Provider) -> None:
    with refused("not_permitted"):
        reschedule(appointment, starts_at=STARTS_AT + DAY, provider=priya, by=tess, at=MOVED_AT)

    assert reschedule(appointment, starts_at=STARTS_AT + DAY, by=tess, at=MOVED_AT).starts_at == STARTS_AT + DAY


def test_r24_a_member_of_another_clinic_does_not(odette: Member, juniper: House, appointment: Appointment) -> None:
    MemberClinic.objects.create(practice=juniper.practice, member=odette, clinic=juniper.clinics["Harbor Point"])

    with refused("not_permitted"):
        reschedule(appointment, starts_at=STARTS_AT + DAY, by=Member.objects.get(pk=odette.pk), at=MOVED_AT)


# Afterwards (R16)


def test_r16_earlier_today_sets_the_record_right(odette: Member, appointment: Appointment) -> None:
    moved = reschedule(appointment, starts_at=STARTS_AT - 30 * MINUTE, by=odette, at=QUARTER_PAST)

    assert (moved.recorded_afterwards, claimed(moved)[0][3]) == (True, True)


def test_r16_and_so_it_does_on_its_own_day_later(odette: Member, appointment: Appointment) -> None:
    moved = reschedule(appointment, starts_at=STARTS_AT + HOUR, by=odette, at=STARTS_AT + 3 * DAY)

    assert moved.recorded_afterwards is True


def test_r16_another_day_that_is_past_is_none(odette: Member, appointment: Appointment) -> None:
    with refused("invalid") as refusal:
        reschedule(appointment, starts_at=STARTS_AT - DAY, by=odette, at=MIDNIGHT_AT_THE_CLINIC)

    assert (refusal.value.field, refusal.value.sentence) == (
        "start",
        "That day is past. Choose another, or book the visit again as recorded afterwards.",
    )


def test_from_a_time_that_is_past_to_one_that_is_not(odette: Member, appointment: Appointment) -> None:
    """The patient is late and takes the next free hour."""
    moved = reschedule(appointment, starts_at=STARTS_AT + HOUR, by=odette, at=QUARTER_PAST)

    assert (moved.recorded_afterwards, display(moved, at=QUARTER_PAST)) == (False, "booked")
