"""GET /appointments/{id} and what is done with it: each call answers with the appointment as its GET shows it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from kept.api.tests.conftest import Caller, problem
from kept.billing.models import Charge
from kept.events.models import Access
from kept.noshows.models import Fee
from kept.ops.cast import House
from kept.patients.models import Card
from kept.practice.models import Member, Settings
from kept.scheduling.models import Appointment
from tests.kit.checks import queued
from tests.kit.visits import MIDNIGHT_AT_THE_CLINIC, QUARTER_PAST, STARTS_AT, book

BOOKED = "It is Booked."
NO_FEE_YET = "It is Booked, so there is no fee to decide."
USD_75 = {"minor": 7500, "currency": "USD"}

FROM_A_QUARTER_PAST = {"chargeable_from": "2026-10-14T15:45:00-04:00", "proposal": None}


def test_i9_what_was_accepted_in_full_and_that_it_was_read(desk: Caller, appointment: Appointment) -> None:
    accepted = appointment.acceptance
    assert accepted is not None

    said = desk.get(f"/appointments/{appointment.pk}/acceptance").json()

    assert said == {
        "version": 3,
        "accepted_at": "2026-10-05T10:20:00-04:00",
        "channel": "link",
        "text_hash": accepted.text_hash,
        "fee": USD_75,
        "text": accepted.text,
        "fees": {kind: {"minor": minor, "currency": "USD"} for kind, minor in accepted.fees.items() if minor},
        "free_until": accepted.free_until.astimezone(appointment.clinic.zone).isoformat(),
        "card": {"brand": "visa", "last4": "4242", "exp_month": 4, "exp_year": 2031},
        "address": "203.0.113.24",
        "agent": "Mozilla/5.0 (Linux; Android 15) Mobile",
        "locale": "en",
        "earlier": [],
    }
    assert list(Access.objects.values_list("what", "patient_id")) == [("acceptance opened", appointment.patient_id)]


def test_without_an_acceptance_there_is_none_to_read(desk: Caller, appointment_without_card: Appointment) -> None:
    assert problem(desk.get(f"/appointments/{appointment_without_card.pk}/acceptance")) == (404, "not_found")


def test_an_appointment_as_a_whole(desk: Caller, appointment: Appointment) -> None:
    whole = desk.get(f"/appointments/{appointment.pk}").json()

    (line,) = desk.get("/appointments").json()["items"]
    assert {name: whole[name] for name in line} == line
    assert {name: value for name, value in whole.items() if name not in line} == {
        "version": 2,
        "zone": "America/New_York",
        "local_date": "2026-10-14",
        "price": {"minor": 65000, "currency": "USD"},
        "resources": [],
        "note": "",
        "card_on_file": {"brand": "visa", "last4": "4242", "exp_month": 4, "exp_year": 2031},
        "policy": {
            "version": 3,
            "accepted_at": "2026-10-05T14:20:00Z",
            "channel": "link",
            "text_hash": appointment.acceptance.text_hash if appointment.acceptance else "",
            "fee": USD_75,
        },
        "card_due": None,
        "fee": {
            "state": None,
            "offered": True,
            "amount": USD_75,
            "reason": None,
            "chargeable_from": "2026-10-14T15:45:00-04:00",
            "proposal": None,
        },
        "fees": [],
        "deposit": None,
        "invoices": [],
        "attendance": {"visits": 0, "missed": 0, "last_missed": None},
        "recorded_afterwards": False,
        "imported": False,
        "actions": {
            "check-in": {"allowed": True, "reason": None},
            "undo-check-in": {"allowed": False, "reason": BOOKED},
            "start-treatment": {"allowed": False, "reason": BOOKED},
            "undo-start-treatment": {"allowed": False, "reason": BOOKED},
            "complete": {"allowed": True, "reason": None},
            "reopen": {"allowed": False, "reason": BOOKED},
            "confirm": {"allowed": True, "reason": None},
            "reschedule": {"allowed": True, "reason": None},
            "cancel": {"allowed": False, "reason": "It has started, so it can’t be cancelled. Mark it as a no-show."},
            "no-show": {"allowed": True, "reason": None},
            "restore": {"allowed": False, "reason": "It is Booked, so there is nothing to restore."},
            "card-link": {"allowed": False, "reason": "The policy is accepted already, with a card."},
            "accept-again": {"allowed": False, "reason": "The policy can be accepted again until a booked appointment starts."},
            "manage-link": {"allowed": True, "reason": None},
            "fee.charge": {"allowed": False, "reason": NO_FEE_YET},
            "fee.charge_now": {"allowed": False, "reason": NO_FEE_YET},
            "fee.spare": {"allowed": False, "reason": NO_FEE_YET},
            "fee.unspare": {"allowed": False, "reason": NO_FEE_YET},
            "refund-deposit": {
                "allowed": False,
                "reason": "The front desk can’t refund here. An owner or manager does it, or allows it in Settings.",
            },
            "entered-in-error": {"allowed": True, "reason": None},
        },
    }


def test_reading_one_costs_as_many_queries_as_it_has_parts(
    desk: Caller, appointment: Appointment, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(24):
        desk.get(f"/appointments/{appointment.pk}")


def test_before_its_day_the_actions_say_when_they_open(desk: Caller, appointment: Appointment, hour: Callable[[datetime], None]) -> None:
    hour(MIDNIGHT_AT_THE_CLINIC - timedelta(seconds=1))

    actions = desk.get(f"/appointments/{appointment.pk}").json()["actions"]

    opens = {"allowed": False, "reason": "Opens on the day of the appointment, Wed, Oct 14."}
    assert [actions[name] for name in ("no-show", "check-in", "complete")] == [opens] * 3


@pytest.mark.parametrize("status", ["booked", "fulfilled", "noshow", "entered-in-error"])
def test_what_actions_allow_a_call_does(desk: Caller, appointment_that_is: Callable[[str], Appointment], status: str) -> None:
    """A version that does not fit lets each call come as far as its checks of status."""
    appointment = appointment_that_is(status)
    Settings.objects.update(front_desk_refund_limit_minor=10_000)
    actions = desk.get(f"/appointments/{appointment.pk}").json()["actions"]

    needed = {"cancel": {"by": "patient"}, "reschedule": {"by": "patient", "start": "2026-10-20T10:00:00-04:00"}}
    for name, action in actions.items():
        call, _dot, act = name.partition(".")
        sent = {"version": appointment.version + 1000} | ({"action": act} if act else needed.get(call, {}))
        answer = desk.post(f"/appointments/{appointment.pk}/{call}", sent)
        assert problem(answer) == (409, "stale_version" if action["allowed"] else "wrong_status"), name


def test_without_a_card_the_fee_says_why_not(desk: Caller, appointment_without_card: Appointment) -> None:
    whole = desk.get(f"/appointments/{appointment_without_card.pk}").json()

    assert whole["fee"] == {"state": None, "offered": False, "amount": None, "reason": "no_card", "chargeable_from": None, "proposal": None}
    assert (whole["policy"], whole["card_on_file"]) == (None, None)


def test_a_card_without_consent_is_shown_and_not_offered(desk: Caller, appointment: Appointment, juniper: House) -> None:
    later = book(juniper, patient=juniper.patients[0], starts_at=STARTS_AT + timedelta(days=2))

    whole = desk.get(f"/appointments/{later.pk}").json()

    assert (whole["policy"], whole["card_on_file"]["last4"], whole["fee"]["reason"]) == (None, "4242", "no_consent")


def test_marking_with_the_fee(desk: Caller, appointment: Appointment, odette: Member) -> None:
    sent = {"charge_fee": True, "reason": "Did not answer", "note": "Called twice."}

    answer = desk.post(f"/appointments/{appointment.pk}/no-show", sent)

    charge = Charge.objects.get()
    assert (answer.status_code, answer.json()) == (200, desk.get(f"/appointments/{appointment.pk}").json())
    assert (answer.json()["status"], answer.json()["fee_state"]) == ("noshow", "charging")
    fee = {
        "state": "charging",
        "offered": False,
        "amount": USD_75,
        "reason": None,
        "chargeable_from": "2026-10-14T15:45:00-04:00",
        "proposal": None,
    }
    assert answer.json()["fee"] == fee
    assert answer.json()["attendance"] == {"visits": 1, "missed": 1, "last_missed": "2026-10-14T19:30:00Z"}
    appointment.refresh_from_db()
    assert (appointment.outcome_reason, appointment.outcome_note) == ("Did not answer", "Called twice.")
    assert (charge.state, charge.amount_minor, queued("billing.send_charge")) == ("due", 7500, {str(charge.id)})


def test_marked_early_the_fee_waits(desk: Caller, appointment: Appointment, hour: Callable[[datetime], None]) -> None:
    hour(STARTS_AT + timedelta(minutes=5))

    fee = desk.post(f"/appointments/{appointment.pk}/no-show", {"charge_fee": True}).json()["fee"]

    assert (fee["state"], fee["chargeable_from"]) == ("waiting", "2026-10-14T15:45:00-04:00")


def test_a_lowered_fee_needs_its_reason(desk: Caller, appointment: Appointment) -> None:
    path, sent = f"/appointments/{appointment.pk}/no-show", {"charge_fee": True, "amount": {"minor": 5000, "currency": "USD"}}

    refused = desk.post(path, sent)
    marked = desk.post(path, sent | {"fee_reason": "First time"})

    assert problem(refused) == (422, "reason_required")
    assert refused.json()["errors"] == [{"field": "fee_reason", "message": "Say why the fee is lower."}]
    assert marked.json()["fee"]["amount"] == {"minor": 5000, "currency": "USD"}


def test_spared(desk: Caller, appointment: Appointment) -> None:
    fee = desk.post(f"/appointments/{appointment.pk}/no-show", {"charge_fee": False}).json()["fee"]

    assert (fee["state"], fee["offered"], fee["amount"], Charge.objects.count()) == ("spared", True, USD_75, 0)


def test_a_provider_marks_and_leaves_the_fee_to_others(caller: Callable[..., Caller], tess: Member, appointment: Appointment) -> None:
    provider = caller(tess)

    refused = provider.post(f"/appointments/{appointment.pk}/no-show", {"charge_fee": True})
    marked = provider.post(f"/appointments/{appointment.pk}/no-show")

    assert problem(refused) == (403, "not_permitted")
    assert marked.json()["fee_state"] == "undecided"


REFUSED_MARKS = [
    ({}, 422, "choice_required"),
    ({"charge_fee": True, "amount": {"minor": 7501, "currency": "USD"}}, 422, "fee_exceeds_policy"),
    ({"charge_fee": True, "amount": {"minor": 7500, "currency": "EUR"}}, 422, "wrong_currency"),
    ({"charge_fee": False, "version": 1}, 409, "stale_version"),
    ({"charge_fee": "yes"}, 422, "invalid"),
    ({"charge_fee": False, "reason": "x" * 201}, 422, "invalid"),
    ({"charge_fee": False, "note": "x" * 501}, 422, "invalid"),
    ({"charge_fee": False, "note": "\x00"}, 422, "invalid"),
    ({"charge_fee": False, "version": "2"}, 422, "invalid"),
    ({"charge_fee": False, "notify": "yes"}, 422, "invalid"),
]


@pytest.mark.parametrize(("sent", "status", "code"), REFUSED_MARKS)
def test_a_refused_mark_changes_nothing(desk: Caller, appointment: Appointment, sent: dict[str, Any], status: int, code: str) -> None:
    assert problem(desk.post(f"/appointments/{appointment.pk}/no-show", sent)) == (status, code)

    appointment.refresh_from_db()
    assert (appointment.status, appointment.version, Fee.objects.count()) == ("booked", 2, 0)


def test_without_a_card_nothing_can_be_charged(
    desk: Caller, appointment_without_card: Appointment, hour: Callable[[datetime], None]
) -> None:
    hour(QUARTER_PAST + timedelta(days=1))
    path = f"/appointments/{appointment_without_card.pk}/no-show"

    refused, marked = desk.post(path, {"charge_fee": True}), desk.post(path)

    assert problem(refused) == (422, "fee_not_available")
    assert refused.json()["reason"] == "no_card"
    assert (marked.json()["fee_state"], marked.json()["fee"]["reason"]) == ("not_offered", "no_card")


def test_too_early_says_from_when(desk: Caller, appointment: Appointment, hour: Callable[[datetime], None]) -> None:
    hour(MIDNIGHT_AT_THE_CLINIC - timedelta(seconds=1))

    answer = desk.post(f"/appointments/{appointment.pk}/no-show", {"charge_fee": False})

    assert problem(answer) == (409, "too_early")
    assert answer.json()["opens_on"] == "2026-10-14"


def test_marked_twice_the_second_is_told_who_and_when(desk: Caller, appointment: Appointment) -> None:
    first, second = (desk.post(f"/appointments/{appointment.pk}/no-show", {"charge_fee": False}) for _ in range(2))

    assert first.status_code == 200
    assert second.json() == {
        "type": "urn:kept:wrong_status",
        "title": "Conflict",
        "status": 409,
        "detail": "Already No-show: Odette Farnley marked it on Wed, Oct 14, 3:45 PM.",
        "code": "wrong_status",
        "by": "Odette Farnley",
        "at": QUARTER_PAST.isoformat(),
    }


def test_restored(desk: Caller, appointment: Appointment) -> None:
    desk.post(f"/appointments/{appointment.pk}/no-show", {"charge_fee": True})

    answer = desk.post(f"/appointments/{appointment.pk}/restore")

    whole = answer.json()
    assert whole == desk.get(f"/appointments/{appointment.pk}").json()
    assert (whole["status"], whole["start"], whole["fee_state"]) == ("booked", "2026-10-14T15:30:00-04:00", None)
    assert (whole["policy"]["version"], whole["card_on_file"]["last4"]) == (3, "4242")
    assert Charge.objects.get().state == "canceled"


def test_restored_and_checked_in(desk: Caller, appointment_that_is: Callable[[str], Appointment]) -> None:
    appointment = appointment_that_is("noshow")

    assert desk.post(f"/appointments/{appointment.pk}/restore", {"check_in": True}).json()["display"] == "arrived"


def test_restored_over_what_was_booked_meanwhile(
    desk: Caller, appointment_that_is: Callable[[str], Appointment], wish: dict[str, Any]
) -> None:
    path = f"/appointments/{appointment_that_is('noshow').pk}/restore"
    rival = desk.post("/appointments", wish | {"start": "2026-10-14T16:00:00-04:00"}).json()

    refused = desk.post(path)
    moved = desk.post(path, {"start": "2026-10-14T18:00:00-04:00"})

    assert problem(refused) == (409, "slot_taken")
    assert refused.json()["taken_by"] == rival["id"]
    assert (moved.json()["status"], moved.json()["start"]) == ("booked", "2026-10-14T18:00:00-04:00")


def test_restored_side_by_side(desk: Caller, appointment_that_is: Callable[[str], Appointment], wish: dict[str, Any]) -> None:
    """Its time is past, so the right to restore suffices."""
    path = f"/appointments/{appointment_that_is('noshow').pk}/restore"
    desk.post("/appointments", wish | {"start": "2026-10-14T16:00:00-04:00"})

    assert desk.post(path, {"double_book": True}).json()["status"] == "booked"


def test_restored_with_another_provider(
    desk: Caller, appointment_that_is: Callable[[str], Appointment], juniper: House, quinta: House
) -> None:
    path = f"/appointments/{appointment_that_is('noshow').pk}/restore"
    priya, oskar = (str(juniper.providers[name].pk) for name in ("Priya Ramsethi", "Oskar Tamsin"))
    hers = str(quinta.providers["Leonel Arrábida"].pk)

    refused = [desk.post(path, {"provider": id_}) for id_ in (oskar, hers, "nobody")]
    moved = desk.post(path, {"provider": priya})

    assert [problem(answer) for answer in refused] == [(404, "not_found")] * 3
    assert moved.json()["provider"]["name"] == "Priya Ramsethi"


@pytest.mark.parametrize("start", ["2026-10-14T18:00:00", "2027-03-14T02:30:00-05:00"])
def test_restored_to_a_time_that_clocks_show(desk: Caller, appointment_that_is: Callable[[str], Appointment], start: str) -> None:
    answer = desk.post(f"/appointments/{appointment_that_is('noshow').pk}/restore", {"start": start})

    assert problem(answer) == (422, "invalid")
    assert answer.json()["errors"][0]["field"] == "start"


def test_a_refund_with_the_restore_is_for_those_who_may(desk: Caller, appointment_that_is: Callable[[str], Appointment]) -> None:
    appointment = appointment_that_is("noshow")

    assert problem(desk.post(f"/appointments/{appointment.pk}/restore", {"refund": True})) == (403, "not_permitted")
    appointment.refresh_from_db()
    assert appointment.status == "noshow"


def test_a_visit_from_arrival_to_completion_and_back(desk: Caller, appointment: Appointment) -> None:
    acts = ["confirm", "check-in", "start-treatment", "undo-start-treatment", "undo-check-in", "complete", "reopen", "entered-in-error"]

    shown = [desk.post(f"/appointments/{appointment.pk}/{act}").json()["display"] for act in acts]

    assert shown == ["confirmed", "arrived", "in_treatment", "arrived", "confirmed", "completed", "confirmed", "cancelled"]


NOT_FROM_BOOKED = ["undo-check-in", "start-treatment", "undo-start-treatment", "reopen", "restore"]


@pytest.mark.parametrize("act", NOT_FROM_BOOKED)
def test_an_act_that_does_not_fit_its_status(desk: Caller, appointment: Appointment, act: str) -> None:
    assert problem(desk.post(f"/appointments/{appointment.pk}/{act}")) == (409, "wrong_status")

    appointment.refresh_from_db()
    assert (appointment.status, appointment.version) == ("booked", 2)


@pytest.mark.parametrize("act", ["check-in", "complete", "confirm", "entered-in-error"])
def test_an_act_decided_on_an_older_version(desk: Caller, appointment: Appointment, act: str) -> None:
    assert problem(desk.post(f"/appointments/{appointment.pk}/{act}", {"version": 1})) == (409, "stale_version")
    assert desk.post(f"/appointments/{appointment.pk}/{act}", {"version": 2}).status_code == 200


def test_a_card_link(desk: Caller, appointment_without_card: Appointment) -> None:
    answer = desk.post(f"/appointments/{appointment_without_card.pk}/card-link")

    said = answer.json()
    assert answer.status_code == 200
    assert said.keys() == {"url", "qr", "expires_at"}
    assert said["url"].startswith("http://testserver/card/")
    assert said["qr"].startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    assert said["expires_at"] == "2026-10-15T15:30:00-04:00"


def test_a_card_link_sent_again_with_its_key_is_the_same(desk: Caller, appointment_without_card: Appointment) -> None:
    path = f"/appointments/{appointment_without_card.pk}/card-link"

    first, again, other = desk.post(path, key="k1"), desk.post(path, key="k1"), desk.post(path)

    assert first.json()["url"] == again.json()["url"] != other.json()["url"]


def test_no_card_link_where_none_helps(desk: Caller, appointment: Appointment, appointment_without_card: Appointment) -> None:
    accepted, stale = f"/appointments/{appointment.pk}/card-link", f"/appointments/{appointment_without_card.pk}/card-link"

    assert problem(desk.post(accepted)) == (409, "wrong_status")
    assert problem(desk.post(stale, {"version": 7})) == (409, "stale_version")
    assert Card.objects.count() == 1
