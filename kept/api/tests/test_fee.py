"""POST /appointments/{id}/fee: deciding later, as `actions` names it (R7b to R7e)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from kept.api.tests.conftest import Caller, problem
from kept.billing.models import Charge
from kept.messaging.models import Message
from kept.noshows.transitions.attendance import mark
from kept.practice.models import Member, Settings
from kept.scheduling.models import Appointment
from tests.kit.visits import QUARTER_PAST

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


def test_a_provider_may_not_decide(caller: Callable[..., Caller], tess: Member, undecided: Appointment) -> None:
    answer = decide(caller(tess), undecided, "spare", fee_reason="x")

    assert problem(answer) == (403, "not_permitted")


def test_another_practice_finds_nothing(caller: Callable[..., Caller], hana: Member, undecided: Appointment) -> None:
    assert decide(caller(hana), undecided, "charge").status_code == 404


@pytest.mark.parametrize(("sent", "letters"), [({}, 1), ({"notify": True}, 1), ({"notify": False}, 0), ({"notify": None}, 1)])
def test_r7f_notify(desk: Caller, appointment: Appointment, sent: dict[str, Any], letters: int) -> None:
    desk.post(f"/appointments/{appointment.pk}/no-show", {"charge_fee": False} | sent)

    assert Message.objects.count() == letters
