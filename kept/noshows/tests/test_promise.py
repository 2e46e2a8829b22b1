"""The promise at the desk: the card is given in time, or the visit goes on the call list, or its time is given free."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail

import kept.billing.transitions.cards as cards
import kept.messaging.transitions as messaging
import kept.noshows.transitions.attendance as noshows
import kept.practice.transitions as practice
import kept.scheduling.transitions.moving as moving
from kept.events.models import Event
from kept.foundation import clock
from kept.messaging import delivering
from kept.messaging.models import Letter, Message
from kept.noshows import listing, queries
from kept.noshows.transitions import calling
from kept.ops import consent
from kept.ops.cast import House
from kept.practice.models import Member
from kept.scheduling.models import Appointment
from kept.scheduling.rules import card_due, card_reminder
from kept.scheduling.transitions import promising
from tests.kit.checks import refused
from tests.kit.visits import BOOKED_AT, STARTS_AT, book, card_of

DUE = BOOKED_AT + timedelta(hours=24)
NEW_YORK = ZoneInfo("America/New_York")
Jobs = Callable[..., list[str]]


@pytest.fixture
def visit(juniper: House) -> Appointment:
    """Booked at the desk on Monday at 10 AM; the link was shown at once."""
    visit = book(juniper)
    cards.card_link(visit, by=juniper.members["front_desk"], at=BOOKED_AT)  # type: ignore[index]
    return visit


@pytest.fixture
def releases(silas: Member) -> None:
    """The practice gives a time free by itself."""
    practice.set_awaited_cards(within_hours=24, before_hours=4, without_card="release", by=silas, at=BOOKED_AT)


def now(visit: Appointment) -> Appointment:
    return Appointment.objects.select_related("practice", "clinic", "patient", "provider", "acceptance").get(pk=visit.pk)


def on_the_list(by: Member, at: datetime, *calls: str) -> list[str]:
    first, last = listing.ahead(by.given_clinics[0].local_date(at))
    return [str(each) for each in queries.to_call(by, queries.Filter(first, last, calls=calls), at=at)]


@pytest.mark.parametrize(
    ("ahead", "due"),
    [
        (timedelta(days=9), timedelta(hours=24)),
        (timedelta(hours=20), timedelta(hours=16)),
        (timedelta(hours=2), timedelta(0)),
    ],
)
def test_the_card_is_due_in_a_day_and_some_hours_before_the_start(ahead: timedelta, due: timedelta) -> None:
    said = card_due(BOOKED_AT, BOOKED_AT + ahead, within=timedelta(hours=24), before=timedelta(hours=4))

    assert said == BOOKED_AT + due


@pytest.mark.parametrize(
    ("asked", "reminded"),
    [
        (datetime(2026, 10, 5, 20, 0, tzinfo=UTC), datetime(2026, 10, 6, 12, 0, tzinfo=UTC)),  # 4 AM would be in the night: 8 AM
        (datetime(2026, 10, 5, 4, 30, tzinfo=UTC), datetime(2026, 10, 5, 16, 30, tzinfo=UTC)),
    ],
)
def test_she_is_reminded_half_way_and_never_at_night(asked: datetime, reminded: datetime) -> None:
    assert card_reminder(asked, asked + timedelta(hours=24), NEW_YORK) == reminded


def test_there_is_no_reminder_where_the_morning_comes_too_late() -> None:
    in_the_evening = datetime(2026, 10, 6, 1, 0, tzinfo=UTC)

    assert card_reminder(in_the_evening, in_the_evening + timedelta(hours=6), NEW_YORK) is None


def test_the_night_ends_at_eight_on_the_day_the_clocks_change() -> None:
    night = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)

    assert clock.awake(night, NEW_YORK) == datetime(2026, 11, 1, 13, 0, tzinfo=UTC)


def test_r3a_the_visit_stays_booked_and_goes_on_the_call_list(odette: Member, visit: Appointment, run_jobs: Jobs) -> None:
    run_jobs(at=DUE)

    assert (now(visit).status, on_the_list(odette, DUE)) == ("booked", [str(visit)])
    assert on_the_list(odette, DUE - timedelta(minutes=1)) == []
    assert on_the_list(odette, DUE - timedelta(minutes=1), "waiting") == [str(visit)]
    assert queries.calls_due(odette, at=DUE) == 1


def test_the_list_needs_no_job_to_be_punctual(odette: Member, visit: Appointment) -> None:
    assert on_the_list(odette, DUE) == [str(visit)]


def test_she_is_reminded_once_with_a_link_that_works(visit: Appointment, run_jobs: Jobs) -> None:
    run_jobs(at=BOOKED_AT + timedelta(hours=22))  # half-way is 10 PM: it waits for 8 AM

    assert [letter.subject for letter in mail.outbox] == ["A card is still missing for Wed, Oct 14, 3:30 PM"]
    assert "by Tue, Oct 6, 10:00 AM" in mail.outbox[0].body
    assert f"/card/{visit.practice_id.hex}." in mail.outbox[0].body


def test_no_reminder_once_the_card_is_there(visit: Appointment, run_jobs: Jobs) -> None:
    consent.accept(now(visit), card_of(visit.patient), at=BOOKED_AT + timedelta(hours=1))

    run_jobs(at=DUE)

    assert [letter.subject for letter in mail.outbox if "missing" in letter.subject] == []


def test_no_reminder_where_patients_are_not_told(visit: Appointment, run_jobs: Jobs) -> None:
    practice.Settings.objects.update(tell_patients=False)

    run_jobs(at=DUE)

    assert not Message.objects.filter(letter=Letter.CARD_REMINDER).exists()


@pytest.mark.usefixtures("releases")
def test_the_time_is_given_free_where_the_practice_says_so(visit: Appointment, run_jobs: Jobs) -> None:
    run_jobs(at=DUE - timedelta(hours=1))
    run_jobs(at=DUE)

    found = now(visit)
    assert (found.status, found.outcome_reason, found.cancelled_for, found.late_cancel) == (
        "cancelled",
        promising.RELEASED,
        "clinic",
        False,
    )
    event = Event.objects.get(kind="appointment.cancelled")
    assert (event.by_id, event.actor, event.particulars) == (None, "job:card_due", {"asked": "clinic", "why": "no_card"})
    assert not found.claims.filter(live=True).exists()
    assert not found.fees.exists()
    told = [letter.subject for letter in mail.outbox]
    assert told == ["A card is still missing for Wed, Oct 14, 3:30 PM", "Your time on Wed, Oct 14, 3:30 PM is free again"]


@pytest.mark.usefixtures("releases")
def test_whoever_looks_for_the_time_finds_it_free_before_the_job_ran(juniper: House, visit: Appointment) -> None:
    other = book(juniper, patient=juniper.patients[1], at=DUE)

    assert (now(visit).status, other.starts_at) == ("cancelled", visit.starts_at)


@pytest.mark.usefixtures("releases")
def test_a_card_given_meanwhile_keeps_the_time(visit: Appointment, run_jobs: Jobs) -> None:
    consent.accept(now(visit), card_of(visit.patient), at=DUE - timedelta(seconds=1))

    run_jobs(at=DUE)

    assert now(visit).status == "booked"


@pytest.mark.usefixtures("releases")
def test_a_job_of_an_earlier_promise_does_nothing(odette: Member, visit: Appointment, run_jobs: Jobs) -> None:
    calling.called(now(visit), "reached", by=odette, at=DUE - timedelta(hours=1))

    run_jobs(at=DUE)

    assert (now(visit).status, now(visit).card_due_at) == ("booked", DUE + timedelta(hours=23))


@pytest.mark.usefixtures("releases")
def test_a_time_is_never_given_free_without_a_link_to_keep_it(juniper: House, odette: Member, run_jobs: Jobs) -> None:
    never_asked = book(juniper)

    run_jobs(at=DUE)

    assert (now(never_asked).status, on_the_list(odette, DUE)) == ("booked", [str(never_asked)])


@pytest.mark.usefixtures("releases")
def test_a_time_is_never_given_free_in_the_last_hours_before_it(odette: Member, visit: Appointment, run_jobs: Jobs) -> None:
    soon = DUE + timedelta(hours=4)
    moving.reschedule(now(visit), starts_at=soon, by=odette, at=BOOKED_AT + timedelta(hours=1))

    run_jobs(at=DUE)

    assert (now(visit).status, on_the_list(odette, DUE)) == ("booked", [str(visit)])


@pytest.mark.usefixtures("releases")
def test_what_staff_put_back_is_not_given_free_again(odette: Member, visit: Appointment, run_jobs: Jobs) -> None:
    run_jobs(at=DUE)
    noshows.restore(now(visit), by=odette, at=DUE + timedelta(hours=1))

    promising.release_overdue(at=DUE + timedelta(hours=2))

    assert (now(visit).status, on_the_list(odette, DUE + timedelta(hours=2))) == ("booked", [str(visit)])


@pytest.mark.usefixtures("releases")
def test_a_card_that_came_while_the_time_was_given_free_takes_it_back(visit: Appointment, run_jobs: Jobs) -> None:
    before = now(visit)
    version = cards.policies.version_in_use()
    assert version
    capture = cards.begin(before, version_id=str(version.id), origin=consent.HER_PHONE, at=DUE - timedelta(minutes=2))
    run_jobs(at=DUE)

    cards.accept(capture, card_of(visit.patient), setup_intent_id="", at=DUE + timedelta(minutes=1))

    assert (now(visit).status, now(visit).acceptance is not None, now(visit).outcome_reason) == ("booked", True, "")


def test_her_time_begins_with_a_first_link_that_comes_later(juniper: House, odette: Member) -> None:
    visit, later = book(juniper), BOOKED_AT + timedelta(hours=5)

    cards.card_link(visit, by=odette, at=later)
    cards.card_link(visit, by=odette, at=later + timedelta(hours=3))

    assert now(visit).card_due_at == later + timedelta(hours=24)


def test_no_answer_leaves_it_on_the_list_with_the_call(odette: Member, visit: Appointment) -> None:
    calling.called(now(visit), "no_answer", by=odette, at=DUE)

    assert on_the_list(odette, DUE) == [str(visit)]
    assert queries.last_calls([visit])[visit.pk].particulars == {"result": "no_answer"}


def test_who_takes_the_link_once_more_gets_it_and_the_whole_time(odette: Member, visit: Appointment) -> None:
    calling.called(now(visit), "link", by=odette, at=DUE)

    assert (on_the_list(odette, DUE), now(visit).card_due_at) == ([], DUE + timedelta(hours=24))
    assert Message.objects.get(letter=Letter.CARD_LINK).queued_by == odette


def test_a_visit_kept_without_a_card_needs_a_reason(odette: Member, visit: Appointment) -> None:
    with refused("reason_required"):
        calling.called(now(visit), "without", by=odette, at=DUE)

    calling.called(now(visit), "without", why="known", by=odette, at=DUE)

    found = now(visit)
    assert (found.status, found.card_wanted, found.card_due_at, on_the_list(odette, DUE)) == ("booked", False, None, [])
    assert Event.objects.get(kind="card.waived").particulars == {"why": "known"}


def test_a_call_about_a_card_that_is_there_is_refused(odette: Member, appointment: Appointment) -> None:
    with refused("wrong_status"):
        calling.called(appointment, "reached", by=odette, at=DUE)


def test_a_letter_that_tells_of_the_free_time_does_not_go_once_it_is_restored(
    odette: Member, visit: Appointment, releases: None, run_jobs: Jobs
) -> None:
    promising.release_overdue(at=DUE)
    message = messaging.queue(Letter.RELEASED, now(visit), wanted=True, by=None, at=DUE)
    assert message
    noshows.restore(now(visit), by=odette, at=DUE)

    assert delivering.begin(message.pk, at=DUE) is None
    assert Message.objects.get(pk=message.pk).why == "It is on the book again."


def test_the_practice_says_how_long_and_what_then(silas: Member, odette: Member) -> None:
    kept = practice.set_awaited_cards(within_hours=48, before_hours=2, without_card="release", by=silas, at=BOOKED_AT)

    assert (kept.card_within, kept.card_before, kept.without_card) == (timedelta(hours=48), timedelta(hours=2), "release")
    for wrong in ({"within_hours": 0}, {"before_hours": 400}, {"without_card": "forget"}):
        said = {"within_hours": 24, "before_hours": 4, "without_card": "call"} | wrong
        with refused("invalid"):
            practice.set_awaited_cards(**said, by=silas, at=BOOKED_AT)  # type: ignore[arg-type]
    with refused("not_permitted"):
        practice.set_awaited_cards(within_hours=24, before_hours=4, without_card="call", by=odette, at=BOOKED_AT)


def test_the_start_is_the_end_of_the_list(odette: Member, visit: Appointment) -> None:
    assert on_the_list(odette, STARTS_AT) == []
