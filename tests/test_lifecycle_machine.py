"""One appointment through everything that can happen to it, in any order; after each step the invariants hold (I1, I3, I6, I7, R5)."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

import kept.scheduling.transitions.attendance as attendance
from kept.billing.models import Charge, Payment, Refund
from kept.billing.tasks import follow_up
from kept.billing.transitions import charging, refunding
from kept.events.models import Event
from kept.foundation.money import Money
from kept.foundation.refusals import Refusal
from kept.foundation.scope import outside
from kept.noshows.models import Fee
from kept.noshows.queries import fee_of
from kept.noshows.transitions.attendance import mark, restore
from kept.ops.cast import House
from kept.policies.document import flat
from kept.policies.transitions import publish
from kept.practice.rules import Role
from kept.scheduling.models import ON_THE_BOOK, Appointment, Block, Claim, Status
from kept.scheduling.transitions.blocking import block_time, lift_block
from kept.scheduling.transitions.cancelling import cancel
from kept.scheduling.transitions.moving import reschedule
from tests.kit.gateway import Double, clock_at, do_jobs
from tests.kit.size import size, tell
from tests.kit.visits import QUARTER_PAST, accepted, book

KINDS = ["visa", "visa", "chargeDeclinedInsufficientFunds"]
CALLS = ["POST /v1/payment_intents", "POST /v1/payment_intents/*/confirm", "POST /v1/refunds"]
FAULTS = ["cut_before", "cut_after", "error429", "error409", "error500", "pending"]
STATUS_EVENTS = {
    "appointment.arrived",
    "appointment.arrival_undone",
    "appointment.fulfilled",
    "appointment.reopened",
    "appointment.noshow",
    "appointment.cancelled",
    "appointment.restored",
}


class Lifecycle(RuleBasedStateMachine):
    """Staff do what they like; refusals are fine, broken invariants are not."""

    house: House
    gateway: Double
    steps = 0

    def __init__(self) -> None:
        super().__init__()
        self.at = QUARTER_PAST
        self.whole = transaction.atomic()
        self.whole._from_testcase = True  # type: ignore[attr-defined]  # it stands for the test's own transaction
        self.whole.__enter__()
        self.gateway.ask("POST", "reset")

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.whole.__exit__(None, None, None)

    @initialize(kind=st.sampled_from(KINDS))
    def booked(self, kind: str) -> None:
        self.visit = accepted(book(self.house), self.gateway.card(self.house.patients[0], kind))
        self._look()

    def _now(self) -> Appointment:
        return Appointment.objects.get(pk=self.visit.pk)

    def _act(self, act: Any, **how: Any) -> None:
        """One act at the next minute, as its door does it: whole, or refused and taken back."""
        self.at += timedelta(minutes=1)
        before = self._now().status
        try:
            with transaction.atomic():
                act(self.visit, by=self.house.members[Role.MANAGER], at=self.at, **how)
        except Refusal:
            assert self._now().status == before
        self._look()

    def _look(self) -> None:
        """What the next step may start from."""
        self.status = self._now().status
        self.charge = Charge.objects.order_by("-created_at", "-id").first()

    def _is(self, *statuses: str) -> bool:
        return self.status in statuses

    def _charge_is(self, *states: str) -> bool:
        return self.charge is not None and (not states or self.charge.state in states)

    # What staff do when they can

    @precondition(lambda self: self._is("booked"))
    @rule()
    def mark_and_charge(self) -> None:
        self._act(mark, charge_fee=True)

    @precondition(lambda self: self._is("booked"))
    @rule()
    def mark_and_spare(self) -> None:
        self._act(mark, charge_fee=False)

    @precondition(lambda self: self._is("booked"))
    @rule(later=st.sampled_from([-1, 1, 24]), name=st.sampled_from(["Tess Marrowby", "Priya Ramsethi"]))
    def move(self, later: int, name: str) -> None:
        self._act(reschedule, starts_at=self.at + timedelta(hours=later), provider=self.house.providers[name])

    @precondition(lambda self: self._is("booked"))
    @rule()
    def call_it_off(self) -> None:
        self._act(cancel, asked=Appointment.Asked.PATIENT)

    @precondition(lambda self: self._is("booked"))
    @rule()
    def its_time_comes(self) -> None:
        self.at = max(self.at, self._now().starts_at + timedelta(minutes=15))

    @rule(later=st.integers(0, 30), name=st.sampled_from(["Tess Marrowby", "Priya Ramsethi"]))
    def block(self, later: int, name: str) -> None:
        start, resource = self.at + timedelta(hours=later), self.house.providers[name].resource
        clinic = self.house.clinics["Elm Street"]
        lunch = {"starts_at": start, "ends_at": start + timedelta(hours=1), "why": "Lunch"}
        self._act(lambda visit, **how: block_time(resource, clinic, **lunch, **how))

    @precondition(lambda self: Block.objects.filter(lifted_at=None).exists())
    @rule()
    def lift_a_block(self) -> None:
        block = Block.objects.filter(lifted_at=None).earliest("id")
        self._act(lambda visit, **how: lift_block(block, **how))

    @precondition(lambda self: self._is("noshow", "cancelled"))
    @rule(refund=st.booleans())
    def take_it_back(self, refund: bool) -> None:
        self._act(restore, refund=refund)

    @precondition(lambda self: self._is("arrived", "fulfilled"))
    @rule()
    def undo(self) -> None:
        self._act(attendance.undo_check_in if self._is("arrived") else attendance.reopen)

    @precondition(lambda self: self._charge_is("succeeded"))
    @rule(minor=st.sampled_from([3000, 7500]))
    def give_back(self, minor: int) -> None:
        self._act(lambda visit, **how: refunding.refund(self.charge, Money(minor, "USD"), reason="Goodwill", **how))

    @precondition(lambda self: self._charge_is("declined"))
    @rule()
    def retry(self) -> None:
        self._act(lambda visit, **how: charging.retry(self.charge, **how))

    # And when they can't, or hardly

    @rule(act=st.sampled_from([attendance.check_in, attendance.undo_check_in, attendance.complete, attendance.reopen, restore]))
    def try_anything(self, act: Any) -> None:
        self._act(act)

    @rule(minor=st.sampled_from([5000, 12000]))
    def the_policy_changes(self, minor: int) -> None:
        """What was accepted holds all the same (R2)."""
        words = {"description": "Another", "authorization_text": "Another", "what_changed": "The sum", "currency": "USD"}
        self._act(lambda visit, by, at: publish(**words, terms=flat(minor), by=self.house.members[Role.OWNER], at=at))

    # The gateway and the jobs

    @rule(call=st.sampled_from(CALLS), do=st.sampled_from(FAULTS))
    def the_gateway_falters(self, call: str, do: str) -> None:
        self.gateway.fault(call, do)

    @precondition(lambda self: self._charge_is())
    @rule()
    def jobs_run(self) -> None:
        do_jobs(at=self.at)
        self._look()

    @precondition(lambda self: self._charge_is())
    @rule()
    def a_minute_is_looked_after(self) -> None:
        self.at += timedelta(minutes=2)
        with clock_at(self.at), outside():
            follow_up(str(self.visit.practice_id))
        do_jobs(at=self.at)
        self._look()

    # What holds after each step

    @invariant()
    def a_step_is_counted(self) -> None:
        Lifecycle.steps += 1

    @invariant()
    def each_charge_is_of_the_sum_that_was_accepted(self) -> None:
        assert set(Charge.objects.values_list("amount_minor", flat=True)) <= {7500}

    @invariant()
    def live_claims_follow_the_status(self) -> None:
        visit = self._now()
        assert [claim.live for claim in visit.claims.all()] == [visit.status in ON_THE_BOOK]

    @invariant()
    def no_two_live_claims_of_a_lane_overlap(self) -> None:
        claims = list(Claim.objects.filter(live=True).order_by("resource", "lane", "starts_at"))
        assert not [(a, b) for a, b in pairwise(claims) if (a.resource_id, a.lane) == (b.resource_id, b.lane) and b.starts_at < a.ends_at]
        assert {claim.block_id for claim in claims if claim.block_id} == set(
            Block.objects.filter(lifted_at=None).values_list("pk", flat=True)
        )

    @invariant()
    def of_each_booked_time_at_most_one_charge_is_live_and_at_most_one_holds_money(self) -> None:
        charges = list(Charge.objects.all())
        for booking_no in range(1, self._now().booking_no + 1):
            of_it = [charge for charge in charges if charge.booking_no == booking_no]
            assert sum(charge.live for charge in of_it) <= 1
            assert sum(charge.captured_minor > charge.refunded_minor for charge in of_it) <= 1

    @invariant()
    def never_more_goes_back_than_came_in(self) -> None:
        for charge in Charge.objects.all():
            paid_back = sum(refund.amount_minor for refund in Refund.objects.filter(charge=charge, state="succeeded"))
            assert charge.refund_reserved_minor + charge.refunded_minor <= charge.captured_minor <= 7500
            assert paid_back == charge.refunded_minor

    @invariant()
    def the_books_never_say_more_than_the_gateway_has(self) -> None:
        ledger = self.gateway.ledger()
        taken = {payment["intent"]: payment["amount"] for payment in ledger["payments"]}
        for charge in Charge.objects.filter(captured_minor__gt=0):
            assert taken[charge.gateway_intent_id] == charge.captured_minor
        assert Payment.objects.count() == Charge.objects.filter(state="succeeded").count()
        kept = sum(taken.values()) - sum(refund["amount"] for refund in ledger["refunds"])
        assert kept <= 7500 * self._now().booking_no

    @invariant()
    def a_missed_visit_has_one_open_fee_that_says_what_it_is(self) -> None:
        fee = fee_of(self._now(), at=self.at)
        assert Fee.objects.count() <= self._now().booking_no
        if self._now().status == Status.NOSHOW:
            assert fee is not None
            assert fee.state

    @invariant()
    def every_change_has_its_line_and_every_move_its_event(self) -> None:
        visit = self._now()
        lines = list(visit.history.order_by("pgh_id").values_list("status", "pgh_actor"))
        moves = sum(old != new for (old, _), (new, _) in zip(lines, lines[1:], strict=False))
        events = Event.objects.filter(subject_id=visit.id, kind__in=STATUS_EVENTS)
        assert (len(lines), {actor for _status, actor in lines}) == (visit.version, {"test"})
        assert (events.count(), events.filter(by_id=None).count()) == (moves, 0)


def test_a_life_in_any_order(juniper: House, gateway: Double) -> None:
    Lifecycle.house, Lifecycle.gateway = juniper, gateway
    shape = settings(
        max_examples=size(25, 400),
        stateful_step_count=18,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )

    run_state_machine_as_test(Lifecycle, settings=shape)

    tell(f"machine: {shape.max_examples} lives, {Lifecycle.steps} steps")
    assert not connection.needs_rollback


pytestmark = pytest.mark.django_db
