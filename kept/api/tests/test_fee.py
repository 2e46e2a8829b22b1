"""POST /appointments/{id}/fee: deciding later, as `actions` names it (R7b to R7e)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from kept.api.tests.conftest import Caller, problem
from kept.billing.models import Charge
from kept.foundation.ids import new_id
from kept.messaging.models import Message
from kept.noshows.models import Fee
from kept.noshows.transitions.attendance import mark, restore
from kept.noshows.transitions.moving import reschedule
from kept.practice.models import Member, Settings
from kept.scheduling.models import Appointment
from tests.kit.visits import QUARTER_PAST, STARTS_AT

Hour = Callable[[datetime], None]
NAMES = ("fee.charge", "fee.charge_now", "fee.spare", "fee.unspare")


@pytest.fixture
def undecided(tess: Member, appointment: Appointment) -> Appointment:
    return mark(appointment, charge_fee=None, by=tess, at=QUARTER_PAST)


def decide(desk: Caller, appointment: Appointment, action: str, **more: Any) -> Any:
    return desk.post(f"/appointments/{appointment.pk}/fee", {"action": action} | more)


def allowed(answer: Any) -> set[str]:
    return {name for name in NAMES if answer.json()["actions"][name]["allowed"]}


def test_from_undecided_to_spared_to_undecided_to_charged(desk: Caller, undecided: Appointment) -> None:
    assert allowed(desk.get(f"/appointments/{undecided.pk}")) == {"fee.charge", "fee.spare"}

    spared = decide(desk, undecided, "spare", fee_reason="Illness")
    assert (spared.status_code, spared.json()["fee"]["state"], allowed(spared)) == (200, "spared", {"fee.charge", "fee.unspare"})
    undone = decide(desk, undecided, "unspare")
    assert (undone.json()["fee"]["state"], allowed(undone)) == ("undecided", {"fee.charge", "fee.spare"})
    charged = decide(desk, undecided, "charge", amount={"minor": 4000, "currency": "USD"}, fee_reason="Goodwill")
    assert (charged.json()["fee"]["state"], charged.json()["fee"]["amount"]) == ("charging", {"minor": 4000, "currency": "USD"})


def test_r7b_a_waiting_fee_is_charged_now(desk: Caller, odette: Member, appointment: Appointment, hour: Hour) -> None:
    Settings.objects.update(breathing_space_minutes=60)
    mark(appointment, charge_fee=True, by=odette, at=QUARTER_PAST)
    assert desk.get(f"/appointments/{appointment.pk}").json()["fee"]["state"] == "waiting"

    hour(QUARTER_PAST + timedelta(minutes=1))
    answer = decide(desk, appointment, "charge_now")

    assert answer.json()["fee"]["state"] == "charging"
    assert Charge.objects.get().due_at == QUARTER_PAST + timedelta(minutes=1)


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"action": "charge_now"}, 409, "wrong_status"),
    ({"action": "unspare"}, 409, "wrong_status"),
    ({"action": "spare"}, 422, "reason_required"),
    ({"action": "charge", "amount": {"minor": 4000, "currency": "USD"}}, 422, "reason_required"),
    ({"action": "charge", "amount": {"minor": 9000, "currency": "USD"}, "fee_reason": "x"}, 422, "fee_exceeds_policy"),
    ({"action": "charge", "version": 1}, 409, "stale_version"),
    ({"action": "spare", "amount": {"minor": 4000, "currency": "USD"}, "fee_reason": "x"}, 422, "invalid"),
    ({"action": "forgive"}, 422, "invalid"),
    ({}, 422, "invalid"),
]


@pytest.mark.parametrize(("sent", "status", "code"), REFUSED)
def test_a_refused_decision_changes_nothing(desk: Caller, undecided: Appointment, sent: dict[str, Any], status: int, code: str) -> None:
    before = desk.get(f"/appointments/{undecided.pk}").json()

    assert problem(desk.post(f"/appointments/{undecided.pk}/fee", sent)) == (status, code)

    assert desk.get(f"/appointments/{undecided.pk}").json() == before


DAY = timedelta(days=1)


@pytest.fixture
def twice(all_rounders: None, tess: Member, appointment: Appointment, hour: Hour) -> Appointment:
    """Moved late to the next day, then missed; neither fee is decided."""
    moved = reschedule(appointment, starts_at=STARTS_AT + DAY, by=tess, at=STARTS_AT - timedelta(hours=2))
    hour(QUARTER_PAST + DAY)
    return mark(moved, charge_fee=None, by=tess, at=QUARTER_PAST + DAY)


def fees(answer: Any) -> list[tuple[str, str, list[str]]]:
    return [(fee["kind"], fee["state"], fee["acts"]) for fee in answer.json()["fees"]]


def test_r5_each_fee_is_listed_with_what_may_be_done_with_it(desk: Caller, twice: Appointment) -> None:
    acts = ["charge", "spare"]

    answer = desk.get(f"/appointments/{twice.pk}")

    assert fees(answer) == [("no_show", "undecided", acts), ("late_reschedule", "undecided", acts)]
    assert [fee["amount"]["minor"] for fee in answer.json()["fees"]] == [7500, 7500]


def test_r7e_an_act_is_on_the_fee_that_it_names_and_else_on_the_last(desk: Caller, twice: Appointment) -> None:
    _last, first = desk.get(f"/appointments/{twice.pk}").json()["fees"]

    spared = decide(desk, twice, "spare", fee=first["id"], fee_reason="Illness")
    assert fees(spared) == [("no_show", "undecided", ["charge", "spare"]), ("late_reschedule", "spared", ["charge", "unspare"])]
    assert [state for _kind, state, _acts in fees(decide(desk, twice, "unspare", fee=first["id"]))] == ["undecided", "undecided"]
    assert [state for _kind, state, _acts in fees(decide(desk, twice, "charge", fee=first["id"]))] == ["undecided", "charging"]
    assert [state for _kind, state, _acts in fees(decide(desk, twice, "spare", fee_reason="Illness"))] == ["spared", "charging"]


def test_r7e_a_payment_link_is_for_the_fee_that_it_names(desk: Caller, twice: Appointment, hour: Hour) -> None:
    last, first = desk.get(f"/appointments/{twice.pk}").json()["fees"]
    hour(QUARTER_PAST + 90 * DAY)

    asked = desk.post(f"/appointments/{twice.pk}/payment-link", {"fee": first["id"], "notify": False})

    assert (asked.status_code, Charge.objects.get().kind) == (200, "late_reschedule")
    assert [fee["invoice"] for fee in desk.get(f"/appointments/{twice.pk}").json()["fees"]] == [None, str(Charge.objects.get().invoice_id)]
    assert Fee.objects.get(pk=last["id"]).charge is None


@pytest.mark.parametrize("call", ["fee", "payment-link"])
def test_a_fee_that_is_none_of_the_visits_is_not_found(
    desk: Caller, twice: Appointment, appointment_without_card: Appointment, call: str
) -> None:
    elsewhere = Fee.objects.first()
    assert elsewhere is not None
    said = {"action": "spare", "fee_reason": "x"} if call == "fee" else {}

    for visit, fee in ((appointment_without_card, elsewhere.pk), (twice, new_id()), (twice, "none"), (twice, "")):
        answer = desk.post(f"/appointments/{visit.pk}/{call}", said | {"fee": str(fee)})
        assert problem(answer) == (404, "not_found")

    assert set(Fee.objects.values_list("decision", flat=True)) == {"undecided"}


def test_a_fee_that_ended_with_a_restore_is_not_decided(desk: Caller, odette: Member, undecided: Appointment) -> None:
    ended = Fee.objects.get()
    restore(undecided, by=odette, at=QUARTER_PAST)

    answer = decide(desk, undecided, "spare", fee=str(ended.pk), fee_reason="x")

    assert problem(answer) == (409, "wrong_status")


def test_a_provider_may_not_decide(caller: Callable[..., Caller], tess: Member, undecided: Appointment) -> None:
    answer = decide(caller(tess), undecided, "spare", fee_reason="x")

    assert problem(answer) == (403, "not_permitted")


def test_another_practice_finds_nothing(caller: Callable[..., Caller], hana: Member, undecided: Appointment) -> None:
    assert decide(caller(hana), undecided, "charge").status_code == 404


@pytest.mark.parametrize(("sent", "letters"), [({}, 1), ({"notify": True}, 1), ({"notify": False}, 0), ({"notify": None}, 1)])
def test_r7f_notify(desk: Caller, appointment: Appointment, sent: dict[str, Any], letters: int) -> None:
    desk.post(f"/appointments/{appointment.pk}/no-show", {"charge_fee": False} | sent)

    assert Message.objects.count() == letters
