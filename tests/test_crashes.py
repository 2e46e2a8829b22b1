"""A worker is killed at each point of sending money. What it left behind is found, ended, and happens exactly once (I4, I5, I6, R22)."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

import kept.billing.transitions.charging as charging
import kept.billing.transitions.paying as paying
from kept.billing import reports, sending
from kept.billing.models import Charge, GatewayEvent, Invoice, Kind, Payment, Refund
from kept.billing.tasks import follow_up
from kept.billing.transitions.refunding import refund
from kept.foundation import clock
from kept.foundation.money import Money
from kept.foundation.scope import scope
from kept.ops.audit import audit
from kept.ops.cast import House
from kept.ops.people import JUNIPER
from kept.ops.server import APP
from kept.practice.rules import Role
from tests.kit.database import Cloned
from tests.kit.gateway import Double, clock_at, do_jobs
from tests.kit.people import seen
from tests.kit.visits import accepted, book

ROOT = Path(__file__).resolve().parents[1]
FEE = Money(7500, "USD")
SET_UP = "import sys, django; django.setup(); "
RUN = SET_UP + "from procrastinate.contrib.django import app; app.tasks[sys.argv[1]].func(*sys.argv[2:])"
PAY = SET_UP + "from kept.billing import sending; sending.pay(*sys.argv[1:3], __import__('uuid').UUID(sys.argv[3]), return_url='http://x')"


@pytest.fixture(autouse=True)
def holds(committed: Cloned) -> Iterator[None]:
    """Whatever was killed, in the end every invariant holds."""
    yield
    assert [breach for _invariant, found in audit(at=clock.now()) for breach in found] == []


def killed_at(point: str, program: str, arguments: list[object], database: Cloned, gateway: Double) -> int:
    """A process of its own runs that and dies at that point; how it ended."""
    environment = os.environ | {
        "DATABASE_URL": database.server.url(APP, database.name),
        "STRIPE_API_BASE": gateway.url,
        "KEPT_CRASH_AT": point,
    }
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def followed_up(house: House) -> None:
    """Two minutes later its lease is over, and the minute's look finds what it left."""
    later = clock.now() + timedelta(minutes=2)
    with clock_at(later):
        follow_up(str(house.practice.id))
    do_jobs(at=later)


def charge_due(house: House, gateway: Double) -> Charge:
    """A visit missed an hour ago, its fee due now."""
    at = clock.now()
    card = gateway.card(house.patients[0])
    with scope(house.practice.id, actor="test"):
        appointment = accepted(book(house, starts_at=at - timedelta(hours=1)), card)
        return charging.open_charge(appointment, Kind.NO_SHOW, FEE, due_at=at, by=house.members[Role.FRONT_DESK], at=at)


@pytest.mark.parametrize(
    ("point", "left"),
    [
        ("charge.begun", ("sending", False, 0)),  # before the first call
        ("charge.accepted", ("sending", False, 0)),  # the payment exists there, its id was not committed
        ("charge.created", ("sending", True, 0)),  # its id is committed, it was not confirmed
        ("charge.confirmed", ("sending", True, 1)),  # the patient has paid, and we do not know
    ],
)
def test_i5_a_charge_whose_worker_was_killed_is_paid_once(
    committed: Cloned, gateway: Double, point: str, left: tuple[str, bool, int]
) -> None:
    house = seen(JUNIPER)
    charge = charge_due(house, gateway)

    died_of = killed_at(point, RUN, ["billing.send_charge", house.practice.id, charge.id], committed, gateway)
    with scope(house.practice.id, actor="test"):
        found = Charge.objects.get()
    meanwhile = found.state, found.gateway_intent_id is not None, len(gateway.ledger()["payments"])
    followed_up(house)

    assert (died_of, meanwhile) == (-signal.SIGKILL, left)
    (intent,), (payment,) = gateway.ledger()["intents"], gateway.ledger()["payments"]
    with scope(house.practice.id, actor="test"):
        charge = Charge.objects.get()
        assert (charge.state, charge.captured, charge.gateway_intent_id) == ("succeeded", FEE, intent["id"])
        assert (payment["amount"], Payment.objects.get().gateway_charge_id) == (7500, payment["id"])
        assert (Invoice.objects.get().number, Invoice.objects.get().status) == (10001, "balanced")


@pytest.mark.parametrize(
    ("point", "left", "ending"),
    [
        ("charge.begun", ("sending", False, 0), "needs_patient"),
        ("charge.accepted", ("sending", False, 0), "needs_patient"),
        ("charge.created", ("sending", True, 0), "needs_patient"),
        ("charge.confirmed", ("sending", True, 1), "succeeded"),  # she has paid, and we do not know
    ],
)
def test_i4_what_was_cut_while_the_patient_paid_is_never_paid_without_her_and_never_twice(
    committed: Cloned, gateway: Double, point: str, left: tuple[str, bool, int], ending: str
) -> None:
    house = seen(JUNIPER)
    at, desk = clock.now(), house.members[Role.FRONT_DESK]
    card = gateway.card(house.patients[0])
    with scope(house.practice.id, actor="test"):
        appointment = accepted(book(house, starts_at=at - timedelta(hours=1)), card)
        charge = paying.open_for_link(appointment, Kind.NO_SHOW, FEE, instead_of=None, by=desk, at=at)
        paying.payment_link(charge, by=desk, at=at)

    died_of = killed_at(point, PAY, [house.practice.id, charge.id, card.id], committed, gateway)
    with scope(house.practice.id, actor="test"):
        found = Charge.objects.get()
    meanwhile = found.state, found.gateway_intent_id is not None, len(gateway.ledger()["payments"])
    followed_up(house)
    with scope(house.practice.id, actor="test"):
        after = Charge.objects.get().state
    if ending == "needs_patient":  # she presses again
        sending.pay(str(house.practice.id), str(charge.id), card.id, return_url="http://testserver/")

    assert (died_of, meanwhile, after) == (-signal.SIGKILL, left, ending)
    assert (len(gateway.ledger()["intents"]), [payment["amount"] for payment in gateway.ledger()["payments"]]) == (1, [7500])
    with scope(house.practice.id, actor="test"):
        assert (Charge.objects.get().state, Payment.objects.count(), Invoice.objects.get().status) == ("succeeded", 1, "balanced")


@pytest.mark.parametrize(
    ("point", "left"),
    [
        ("refund.begun", ("sending", 0)),  # before the call
        ("refund.accepted", ("sending", 1)),  # the money is on its way back, and we do not know
    ],
)
def test_i6_a_refund_whose_worker_was_killed_goes_back_once(committed: Cloned, gateway: Double, point: str, left: tuple[str, int]) -> None:
    house = seen(JUNIPER)
    charge = charge_due(house, gateway)
    do_jobs()
    with scope(house.practice.id, actor="test"):
        sent = refund(charge, Money(3000, "USD"), reason="Goodwill", by=house.members[Role.MANAGER], at=clock.now())

    died_of = killed_at(point, RUN, ["billing.send_refund", house.practice.id, sent.id], committed, gateway)
    with scope(house.practice.id, actor="test"):
        meanwhile = Refund.objects.get().state, len(gateway.ledger()["refunds"])
    followed_up(house)

    assert (died_of, meanwhile) == (-signal.SIGKILL, left)
    (there,) = gateway.ledger()["refunds"]
    with scope(house.practice.id, actor="test"):
        charge, sent = Charge.objects.get(), Refund.objects.get()
        assert (there["amount"], sent.state, sent.gateway_refund_id) == (3000, "succeeded", there["id"])
        assert (charge.captured_minor, charge.refunded_minor, charge.refund_reserved_minor) == (7500, 3000, 0)


@pytest.mark.parametrize("point", ["report.begun", "report.applied"])
def test_i12_a_report_whose_worker_was_killed_is_applied_by_the_next(committed: Cloned, gateway: Double, point: str) -> None:
    house = seen(JUNIPER)
    charge = charge_due(house, gateway)
    gateway.fault("POST /v1/payment_intents/*/confirm", "cut_after")
    do_jobs()
    intent_id = gateway.ledger()["intents"][0]["id"]
    with scope(house.practice.id, actor="test"):
        body = {"data": {"object": {"id": intent_id}}}
        told = {"practice": house.practice, "event_id": "evt_1", "kind": "payment_intent.succeeded", "body": body}
        event = GatewayEvent.objects.create(**told, received_at=clock.now())

    died_of = killed_at(point, RUN, ["billing.apply_event", house.practice.id, event.id], committed, gateway)
    with scope(house.practice.id, actor="test"):
        meanwhile = GatewayEvent.objects.get().state
    reports.apply_event(str(house.practice.id), str(event.id))  # as the job that is found stalled

    assert (died_of, meanwhile) == (-signal.SIGKILL, "stored")
    with scope(house.practice.id, actor="test"):
        assert (GatewayEvent.objects.get().state, Charge.objects.get(pk=charge.pk).state, Payment.objects.count()) == (
            "applied",
            "succeeded",
            1,
        )
