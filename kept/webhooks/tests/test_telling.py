"""An event is told to the endpoints that want it: put down with the act, signed, tried again after growing pauses, written down."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.db import transaction
from procrastinate.contrib.django.models import ProcrastinateJob
from standardwebhooks import Webhook

import kept.noshows.transitions.attendance as noshows
from kept.foundation.network import NetworkInTransaction
from kept.foundation.scope import outside, scope
from kept.ops.cast import House
from kept.practice.models import Member, MemberClinic
from kept.practice.rules import Role
from kept.scheduling.models import Appointment
from kept.webhooks import posting, transitions
from kept.webhooks.catalogue import LABELS
from kept.webhooks.models import Attempt, Delivery, Endpoint
from kept.webhooks.posting import Answer
from kept.webhooks.tasks import KEPT_FOR, follow_up
from kept.webhooks.tests.conftest import Listener
from tests.kit.checks import queued, refused
from tests.kit.gateway import clock_at
from tests.kit.money import marked
from tests.kit.visits import BOOKED_AT, QUARTER_PAST

Add = Callable[..., tuple[Endpoint, str]]
Jobs = Callable[..., list[str]]
NO = Answer(500, "no", "", 3)
GONE = Answer(410, "", "", 3)
YES = Answer(204, "", "", 3)


def missed(appointment: Appointment, by: Member) -> Delivery:
    noshows.mark(appointment, charge_fee=False, by=by, at=QUARTER_PAST)
    return Delivery.objects.get()


def tried(delivery: Delivery, answer: Answer, at: datetime) -> Delivery:
    """One try of its job, with that answer."""
    assert transitions.begin(delivery.pk, at=at)
    return transitions.settle(delivery.pk, answer, at=at)


def test_i14_an_event_and_its_message_are_one(endpoint: Add, appointment: Appointment, odette: Member) -> None:
    endpoint("appointment.noshow")

    savepoint = transaction.savepoint()
    noshows.mark(appointment, charge_fee=False, by=odette, at=QUARTER_PAST)
    put_down = Delivery.objects.count()
    transaction.savepoint_rollback(savepoint)

    assert (put_down, Delivery.objects.count(), queued("webhooks.send")) == (1, 0, set())
    delivery = missed(Appointment.objects.locked(appointment), odette)
    assert queued("webhooks.send") == {str(delivery.pk)}


def test_it_arrives_signed_and_holds_ids_and_states_alone(
    endpoint: Add, listener: Listener, appointment: Appointment, odette: Member, run_jobs: Jobs
) -> None:
    _endpoint, secret = endpoint("appointment.noshow")
    delivery = missed(appointment, odette)

    with clock_at(datetime.now(QUARTER_PAST.tzinfo)):  # the library that verifies has its own clock
        run_jobs()

    (path, headers, body) = listener.heard[0]
    assert path == "/kept"
    assert headers["webhook-id"] == f"msg_{delivery.event_id.hex}"
    assert Webhook(secret).verify(body, headers) == {
        "type": "appointment.noshow",
        "timestamp": QUARTER_PAST.isoformat(),
        "data": {
            "id": str(appointment.pk),
            "number": str(appointment),
            "status": "noshow",
            "start": "2026-10-14T15:30:00-04:00",
            "end": "2026-10-14T16:30:00-04:00",
            "patient": str(appointment.patient_id),
            "provider": str(appointment.provider_id),
            "clinic": str(appointment.clinic_id),
            "version": appointment.version + 1,
        },
    }
    delivery.refresh_from_db()
    attempt = Attempt.objects.get()
    assert (delivery.state, delivery.tries, attempt.status, attempt.text, attempt.trouble) == ("delivered", 1, 200, "ok", "")


def test_charges_and_refunds_are_told_as_they_stand(endpoint: Add, appointment: Appointment, odette: Member) -> None:
    endpoint(*LABELS)

    charge = marked(appointment, "paid", by=odette)

    bodies = {delivery.kind: json.loads(delivery.body)["data"] for delivery in Delivery.objects.all()}
    assert set(bodies) == {"appointment.noshow", "charge.due", "charge.succeeded"}
    assert bodies["charge.succeeded"] == {
        "id": str(charge.pk),
        "kind": "no_show",
        "state": "succeeded",
        "amount": {"minor": 7500, "currency": "USD"},
        "captured": {"minor": 7500, "currency": "USD"},
        "refunded": {"minor": 0, "currency": "USD"},
        "dispute": None,
        "appointment": str(appointment.pk),
        "invoice": str(charge.invoice_id),
    }


def test_who_wants_other_events_or_is_out_of_use_is_told_nothing(
    endpoint: Add, silas: Member, appointment: Appointment, odette: Member
) -> None:
    endpoint("charge.succeeded")
    off, _secret = endpoint("appointment.noshow")
    transitions.change_endpoint(off, url=off.url, kinds=off.kinds, active=False, by=silas, at=BOOKED_AT)

    noshows.mark(appointment, charge_fee=False, by=odette, at=QUARTER_PAST)

    assert Delivery.objects.count() == 0


def test_r24_another_practices_endpoint_hears_nothing(listener: Listener, quinta: House, appointment: Appointment, odette: Member) -> None:
    with outside(), scope(quinta.practice.pk, actor="test"):
        endpoint_id = appointment.pk
        transitions.add_endpoint(
            url=listener.url,
            kinds=["appointment.noshow"],
            endpoint_id=endpoint_id,
            by=quinta.members[Role.OWNER],
            at=BOOKED_AT,
        )

    noshows.mark(appointment, charge_fee=False, by=odette, at=QUARTER_PAST)

    with outside(), scope(quinta.practice.pk, actor="test"):
        assert Delivery.objects.count() == 0


def test_it_is_tried_again_after_growing_pauses_until_it_is_given_up(endpoint: Add, appointment: Appointment, odette: Member) -> None:
    endpoint("appointment.noshow")
    delivery, at, pauses = missed(appointment, odette), QUARTER_PAST, []

    while delivery.state == "queued":
        delivery = tried(delivery, NO, at)
        pauses.append(delivery.next_at - at)
        at = delivery.next_at

    assert pauses[:-1] == transitions.AGAIN_AFTER
    assert pauses[:-1] == sorted(pauses[:-1])
    assert (delivery.state, Attempt.objects.count(), delivery.ended_at) == ("failed", 11, at)
    assert transitions.begin(delivery.pk, at=at + timedelta(days=9)) is None


def test_one_that_waits_for_its_next_try_holds_up_no_other(endpoint: Add, appointment: Appointment, odette: Member) -> None:
    """Of jobs with one lock the earlier go first, also where their time has not come."""
    endpoint("appointment.noshow")
    delivery = tried(missed(appointment, odette), NO, QUARTER_PAST)

    waiting = ProcrastinateJob.objects.filter(task_name__startswith="webhooks.", scheduled_at__isnull=False)

    assert [(job.task_name, job.lock, job.scheduled_at) for job in waiting] == [("webhooks.try_again", None, delivery.next_at)]


def test_after_its_pause_it_is_sent_again(
    endpoint: Add, listener: Listener, appointment: Appointment, odette: Member, run_jobs: Jobs
) -> None:
    endpoint("appointment.noshow")
    listener.status = 503
    delivery = missed(appointment, odette)
    run_jobs(at=QUARTER_PAST)
    listener.status = 200

    run_jobs(at=QUARTER_PAST + transitions.AGAIN_AFTER[0])

    delivery.refresh_from_db()
    assert ([attempt.status for attempt in delivery.attempts.order_by("id")], delivery.state) == ([503, 200], "delivered")


def test_i13_two_workers_send_it_once_and_a_lost_one_is_followed_up(endpoint: Add, appointment: Appointment, odette: Member) -> None:
    endpoint("appointment.noshow")
    delivery = missed(appointment, odette)

    first, twin = (transitions.begin(delivery.pk, at=QUARTER_PAST) for _each in range(2))
    after_a_crash = transitions.begin(delivery.pk, at=QUARTER_PAST + transitions.LEASE)

    assert (first is not None, twin, after_a_crash is not None) == (True, None, True)
    assert first.headers["webhook-id"] == after_a_crash.headers["webhook-id"]


def test_what_is_lost_with_its_worker_each_time_is_given_up_too(endpoint: Add, appointment: Appointment, odette: Member) -> None:
    endpoint("appointment.noshow")
    delivery, at, begun = missed(appointment, odette), QUARTER_PAST, 0

    while transitions.begin(delivery.pk, at=at):
        at, begun = at + transitions.LEASE, begun + 1

    delivery.refresh_from_db()
    assert (delivery.state, begun) == ("failed", 1 + len(transitions.AGAIN_AFTER))


def test_the_minutely_job_finds_what_was_lost_and_forgets_what_is_old(
    endpoint: Add, appointment: Appointment, odette: Member, run_jobs: Jobs, listener: Listener
) -> None:
    endpoint("appointment.noshow")
    delivery = missed(appointment, odette)
    transitions.begin(delivery.pk, at=QUARTER_PAST)
    later = QUARTER_PAST + transitions.LEASE

    with clock_at(later), outside():
        follow_up(str(delivery.practice_id))
    run_jobs(at=later)
    delivery.refresh_from_db()
    state = delivery.state
    with clock_at(later + KEPT_FOR + timedelta(seconds=1)), outside():
        follow_up(str(delivery.practice_id))

    assert (state, len(listener.heard)) == ("delivered", 1)
    assert (Delivery.objects.count(), Attempt.objects.count()) == (0, 0)


def test_to_which_nothing_arrives_for_five_days_is_turned_off_and_the_owners_are_told(
    endpoint: Add, appointment: Appointment, odette: Member, leonora: Member, run_jobs: Jobs
) -> None:
    found, _secret = endpoint("appointment.noshow")
    delivery = missed(appointment, odette)
    tried(delivery, NO, QUARTER_PAST)
    Delivery.objects.update(next_at=QUARTER_PAST)

    tried(delivery, NO, QUARTER_PAST + transitions.OFF_AFTER)
    run_jobs(at=QUARTER_PAST + transitions.OFF_AFTER + timedelta(days=2))

    found.refresh_from_db()
    delivery.refresh_from_db()
    assert (found.active, found.off_why, delivery.state) == (False, "Nothing arrived for 5 days.", "failed")
    told = [letter for letter in mail.outbox if letter.subject == "A webhook was turned off"]
    assert [letter.to for letter in told] == [[leonora.user.email]]
    assert f"/settings/webhooks/{found.pk}/" in told[0].body


def test_what_arrives_ends_the_failing(endpoint: Add, appointment: Appointment, odette: Member) -> None:
    found, _secret = endpoint("appointment.noshow")
    delivery = tried(missed(appointment, odette), NO, QUARTER_PAST)
    found.refresh_from_db()
    failing = found.failing_since

    tried(delivery, YES, delivery.next_at)

    found.refresh_from_db()
    assert (failing, found.failing_since) == (QUARTER_PAST, None)


def test_one_that_says_it_is_gone_is_turned_off_at_once(endpoint: Add, appointment: Appointment, odette: Member) -> None:
    found, _secret = endpoint("appointment.noshow")

    delivery = tried(missed(appointment, odette), GONE, QUARTER_PAST)

    found.refresh_from_db()
    assert (found.active, found.off_why, delivery.state) == (False, "It answered that it is gone.", "failed")


def test_a_new_secret_signs_beside_the_old_one_for_a_day(endpoint: Add, silas: Member, appointment: Appointment, odette: Member) -> None:
    found, old = endpoint("appointment.noshow")
    new = transitions.renew_secret(found, by=silas, at=QUARTER_PAST)
    delivery = missed(appointment, odette)
    begun = transitions.begin(delivery.pk, at=QUARTER_PAST)
    Delivery.objects.update(state="queued")
    a_day_later = transitions.begin(delivery.pk, at=QUARTER_PAST + transitions.OLD_SECRET_COUNTS)

    signed = [Webhook(secret).sign(delivery.message_id, QUARTER_PAST, delivery.body) for secret in (new, old)]
    assert begun.headers["webhook-signature"] == " ".join(signed)
    assert len(a_day_later.headers["webhook-signature"].split(" ")) == 1


def test_it_is_sent_again_by_hand_with_the_same_id(
    endpoint: Add, listener: Listener, appointment: Appointment, odette: Member, silas: Member, run_jobs: Jobs
) -> None:
    endpoint("appointment.noshow")
    delivery = missed(appointment, odette)
    run_jobs(at=QUARTER_PAST)

    transitions.send_again(delivery, by=silas, at=QUARTER_PAST)
    run_jobs(at=QUARTER_PAST)

    assert len({headers["webhook-id"] for _path, headers, _body in listener.heard}) == 1
    assert (len(listener.heard), Attempt.objects.count()) == (2, 2)


def test_a_test_message_says_nothing(endpoint: Add, silas: Member, listener: Listener, run_jobs: Jobs) -> None:
    found, _secret = endpoint("charge.failed")

    transitions.send_test(found, by=silas, at=QUARTER_PAST)
    run_jobs(at=QUARTER_PAST)

    assert json.loads(listener.heard[0][2]) == {"type": "webhook.test", "timestamp": QUARTER_PAST.isoformat(), "data": {}}


def test_nothing_is_sent_inside_a_transaction() -> None:
    class Block:
        _from_testcase = False

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.db.connection.atomic_blocks", [Block()])
        with pytest.raises(NetworkInTransaction):
            posting.post("https://example.com/", "{}", {})


def test_r24_who_works_at_some_clinics_connects_nothing(endpoint: Add, juniper: House, silas: Member) -> None:
    found, _secret = endpoint("charge.failed")
    MemberClinic.objects.create(practice=juniper.practice, member=silas, clinic=juniper.clinics["Elm Street"])

    with refused("not_permitted"):
        transitions.renew_secret(found, by=Member.objects.get(pk=silas.pk), at=QUARTER_PAST)


@pytest.mark.parametrize("kinds", [[], ["appointment.danced"], ["charge.failed", "patient.changed"]])
def test_only_events_that_there_are_can_be_wanted(endpoint: Add, kinds: list[str]) -> None:
    with refused("invalid"):
        endpoint(*kinds)
