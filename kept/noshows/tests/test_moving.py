"""Moving a visit and taking the move back: the book, and the letter that tells of it or not."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail

import kept.scheduling.transitions.attendance as attendance
import kept.scheduling.transitions.blocking as blocking
from kept.messaging.models import Letter, Message
from kept.noshows.transitions.moving import LONG_ENOUGH_TO_UNDO, move_back, reschedule
from kept.ops.cast import House
from kept.practice.models import Clinic, Member, Provider, Resource, Settings
from kept.scheduling.models import Appointment
from tests.kit.checks import refused
from tests.kit.visits import BOOKED_AT, STARTS_AT, book

pytestmark = pytest.mark.usefixtures("all_rounders")

Jobs = Callable[..., list[str]]
DAY = timedelta(days=1)
MOVED_AT = BOOKED_AT + DAY
SOON = MOVED_AT + timedelta(seconds=6)
LATER = MOVED_AT + 2 * LONG_ENOUGH_TO_UNDO


def now(appointment: Appointment) -> Appointment:
    return Appointment.objects.select_related("provider").get(pk=appointment.pk)


def letters() -> list[tuple[str, str]]:
    return list(Message.objects.order_by("queued_at", "id").values_list("letter", "state"))


def test_the_patient_is_told_of_the_new_time_after_a_minute(odette: Member, appointment: Appointment, run_jobs: Jobs) -> None:
    reschedule(appointment, starts_at=STARTS_AT + DAY, by=odette, at=MOVED_AT)

    run_jobs(at=SOON)
    assert mail.outbox == []
    run_jobs(at=LATER)
    assert [letter.subject for letter in mail.outbox] == ["Your appointment is now on Thu, Oct 15, 3:30 PM"]


@pytest.mark.parametrize(("setting", "notify", "told"), [(True, None, 1), (True, False, 0), (False, None, 0), (False, True, 1)])
def test_whether_the_patient_is_told(odette: Member, appointment: Appointment, setting: bool, notify: bool | None, told: int) -> None:
    Settings.objects.update(tell_patients=setting)

    reschedule(appointment, starts_at=STARTS_AT + DAY, notify=notify, by=odette, at=MOVED_AT)

    assert Message.objects.count() == told


def test_another_provider_at_its_own_time_is_no_news(odette: Member, juniper: House, appointment: Appointment) -> None:
    priya = juniper.providers["Priya Ramsethi"]

    reschedule(appointment, starts_at=STARTS_AT, provider=priya, by=odette, at=MOVED_AT)

    assert (now(appointment).provider, Message.objects.count()) == (priya, 0)


def test_r14a_what_was_accepted_stays(odette: Member, appointment: Appointment) -> None:
    moved = reschedule(appointment, starts_at=STARTS_AT + DAY, by=odette, at=MOVED_AT)

    assert (moved.acceptance_id, moved.charges.count()) == (appointment.acceptance_id, 0)


# Back


def test_back_in_time_nobody_is_told_and_all_is_as_it_was(
    odette: Member, juniper: House, elm: Clinic, appointment: Appointment, run_jobs: Jobs
) -> None:
    confirmed = attendance.confirm(appointment, by=odette, at=BOOKED_AT)
    moved = reschedule(confirmed, starts_at=STARTS_AT + DAY, provider=juniper.providers["Priya Ramsethi"], by=odette, at=MOVED_AT)

    move_back(moved, by=odette, at=SOON, version=moved.version)

    back = now(appointment)
    assert (back.starts_at, back.provider, back.confirmed_at) == (STARTS_AT, appointment.provider, SOON)
    assert letters() == [(Letter.MOVED, Message.State.WITHDRAWN)]
    run_jobs(at=LATER)
    assert mail.outbox == []


def test_back_too_late_it_is_told_once_more(odette: Member, appointment: Appointment, run_jobs: Jobs) -> None:
    moved = reschedule(appointment, starts_at=STARTS_AT + DAY, by=odette, at=MOVED_AT)
    run_jobs(at=LATER)

    move_back(moved, by=odette, at=LATER)

    run_jobs(at=LATER)
    assert [letter.subject[-20:] for letter in mail.outbox] == ["Thu, Oct 15, 3:30 PM", "Wed, Oct 14, 3:30 PM"]


def test_who_was_told_nothing_is_told_nothing_of_the_way_back(odette: Member, appointment: Appointment) -> None:
    moved = reschedule(appointment, starts_at=STARTS_AT + DAY, notify=False, by=odette, at=MOVED_AT)

    move_back(moved, by=odette, at=LATER)

    assert letters() == []


@pytest.mark.parametrize("first_went", [True, False])
def test_back_from_the_second_of_two_moves_the_patient_knows_the_first(
    odette: Member, appointment: Appointment, run_jobs: Jobs, first_went: bool
) -> None:
    moved = reschedule(appointment, starts_at=STARTS_AT + DAY, by=odette, at=MOVED_AT)
    if first_went:
        run_jobs(at=LATER)
    again = reschedule(moved, starts_at=STARTS_AT + 2 * DAY, by=odette, at=LATER)

    move_back(again, by=odette, at=LATER + (SOON - MOVED_AT))

    run_jobs(at=LATER + DAY)
    assert [letter.subject[-20:] for letter in mail.outbox] == ["Thu, Oct 15, 3:30 PM"]


def test_of_two_moves_at_once_the_patient_is_told_the_last(odette: Member, appointment: Appointment, run_jobs: Jobs) -> None:
    moved = reschedule(appointment, starts_at=STARTS_AT + DAY, by=odette, at=MOVED_AT)
    reschedule(moved, starts_at=STARTS_AT + 2 * DAY, by=odette, at=SOON)

    run_jobs(at=LATER + DAY)
    assert [letter.subject[-20:] for letter in mail.outbox] == ["Fri, Oct 16, 3:30 PM"]


def test_back_to_the_room_it_had(odette: Member, juniper: House, elm: Clinic) -> None:
    one, two = (Resource.objects.get(clinic=elm, name=name) for name in ("Room 1", "Room 2"))
    visit = book(juniper, service="PRP facial")
    assert [claim.resource for claim in visit.claims.filter(resource__kind="room").select_related("resource")] == [one]
    blocking.block_time(one, elm, starts_at=STARTS_AT + DAY, ends_at=STARTS_AT + 2 * DAY, why="", by=odette, at=MOVED_AT)

    moved = reschedule(visit, starts_at=STARTS_AT + DAY, by=odette, at=MOVED_AT)
    rooms = [set(visit.claims.values_list("resource", flat=True))]
    move_back(moved, by=odette, at=SOON)
    rooms.append(set(visit.claims.values_list("resource", flat=True)))

    assert ({one.pk, two.pk} & rooms[0], {one.pk, two.pk} & rooms[1]) == ({two.pk}, {one.pk})


def test_not_when_something_else_happened_since(odette: Member, appointment: Appointment) -> None:
    moved = reschedule(appointment, starts_at=STARTS_AT + DAY, by=odette, at=MOVED_AT)
    attendance.confirm(moved, by=odette, at=SOON)

    with refused("wrong_status"):
        move_back(moved, by=odette, at=SOON)

    assert now(appointment).starts_at == STARTS_AT + DAY


def test_not_what_never_moved(odette: Member, appointment: Appointment) -> None:
    with refused("wrong_status"):
        move_back(appointment, by=odette, at=MOVED_AT)


def test_not_by_a_page_that_shows_an_older_state(odette: Member, appointment: Appointment) -> None:
    moved = reschedule(appointment, starts_at=STARTS_AT + DAY, by=odette, at=MOVED_AT)

    with refused("stale_version"):
        move_back(moved, by=odette, at=SOON, version=moved.version - 1)


def test_when_the_old_time_was_taken_meanwhile_it_stays_and_says_by_whom(
    odette: Member, juniper: House, marrowby: Provider, appointment: Appointment
) -> None:
    moved = reschedule(appointment, starts_at=STARTS_AT + DAY, by=odette, at=MOVED_AT)
    book(juniper, patient=juniper.patients[2])

    with refused("slot_taken") as caught:
        move_back(moved, by=odette, at=SOON)

    assert juniper.patients[2].name in caught.value.sentence
    assert (now(appointment).starts_at, letters()) == (STARTS_AT + DAY, [(Letter.MOVED, Message.State.QUEUED)])


def test_a_provider_moves_her_own_alone(tess: Member, juniper: House, philomena: Member, appointment: Appointment) -> None:
    with refused("not_permitted"):
        reschedule(appointment, starts_at=STARTS_AT, provider=juniper.providers["Priya Ramsethi"], by=tess, at=MOVED_AT)
    moved = reschedule(appointment, starts_at=STARTS_AT + DAY, by=tess, at=MOVED_AT)
    with refused("not_permitted"):
        move_back(moved, by=philomena, at=SOON)
