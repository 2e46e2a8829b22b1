"""The audit finds what no constraint let in: each breach is forced upon the database by hand, and found by its name."""

import json
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command

import kept.scheduling.transitions.attendance as attendance
from kept.foundation.scope import scope
from kept.ops import server
from kept.ops.audit import INVARIANTS, audit
from kept.ops.people import JUNIPER
from kept.practice.rules import Role
from kept.practice.transitions import issue_key
from tests.kit.database import Cloned
from tests.kit.gateway import clock_at
from tests.kit.money import marked, refunded
from tests.kit.people import seen
from tests.kit.visits import QUARTER_PAST, STARTS_AT, accepted, book, card_of

AN_HOUR = timedelta(hours=1)
SOON = QUARTER_PAST + timedelta(minutes=5)

Force = Callable[[str], None]


@pytest.fixture
def force(committed: Cloned) -> Force:
    """A day's book with money that moved; `force(statement)`: a hand on the database that no trigger or key stops."""
    house = seen(JUNIPER)
    desk, manager = house.members[Role.FRONT_DESK], house.members[Role.MANAGER]
    with scope(house.practice.id, actor="test"):
        paid, declined, came = (
            accepted(book(house, patient=house.patients[n], starts_at=STARTS_AT + n * AN_HOUR * 2), card_of(house.patients[n]))
            for n in range(3)
        )
        refunded(marked(paid, "paid", by=desk), 2500, by=manager, at=QUARTER_PAST)
        marked(declined, "declined", by=desk)
        issue_key(manager, "A program", scopes=[], at=STARTS_AT)
        attendance.check_in(came, by=desk, at=came.starts_at)

    def run(statement: str) -> None:
        with committed.server.connect(server.SUPERUSER, committed.name) as connection:
            connection.execute("set session_replication_role = replica")
            connection.execute(statement.encode())

    return run


def breaches() -> set[tuple[str, str]]:
    return {(invariant.code, breach.practice) for invariant, found in audit(at=SOON) for breach in found}


def test_nothing_speaks_against_what_people_did(force: Force) -> None:
    assert breaches() == set()


@pytest.mark.parametrize(
    ("code", "statement"),
    [
        (
            "I1",
            """alter table scheduling_claim drop constraint claim_once;
            update scheduling_claim set during = (select during from scheduling_claim order by starts_at desc limit 1), live = true
            where lane = 0""",
        ),
        ("I1", "update scheduling_appointment set status = 'booked', version = version + 1 where status = 'noshow'"),
        (
            "I3",
            """drop index charge_live_once;
            insert into billing_charge select (jsonb_populate_record(c, '{"id": "01900000-0000-7000-8000-000000000000",
            "gateway_intent_id": null}')).* from billing_charge c where state = 'declined'""",
        ),
        ("I4", "update billing_charge set gateway_intent_id = null where state = 'succeeded'"),
        ("I5", "update billing_charge set state = 'due', due_at = '2026-10-14T12:00Z' where state = 'declined'"),
        ("I5", "update billing_charge set captured_minor = 7500 where state = 'declined'"),
        ("I5", "update billing_invoice set status = 'issued' where status = 'balanced'"),
        ("I6", "update billing_charge set refunded_minor = 2400 where refunded_minor > 0"),
        ("I6", "update billing_refund set state = 'pending'"),
        ("I7", "update scheduling_appointment set version = 9 where status = 'arrived'"),
        ("I7", "delete from events_event"),
        ("I9", "update policies_acceptance set fees = '{\"no_show\": 7400}'"),
        ("I10", "update scheduling_appointment set status_at = '2026-10-13T12:00Z' where status = 'noshow'"),
        (
            "I12",
            """insert into billing_gatewayevent (id, practice_id, event_id, kind, body, received_at, state) select gen_random_uuid(),
            practice_id, 'evt_1', 'payment_intent.created', '{}', created_at, 'parked' from billing_charge limit 1""",
        ),
        ("I15", "update billing_invoice set number = number + 1 where number = (select max(number) from billing_invoice)"),
        ("I15", "update billing_invoice set status = 'cancelled' where status = 'issued'"),
        ("I17", "update practice_apikey set secret_hash = 'plain'"),
    ],
)
def test_it_finds(force: Force, code: str, statement: str) -> None:
    force(statement)

    assert (code, "juniper") in breaches()


def test_each_invariant_is_forced_above() -> None:
    forced = {mark.args[1][n][0] for mark in test_it_finds.pytestmark for n in range(len(mark.args[1]))}  # type: ignore[attr-defined]

    assert {invariant.code for invariant in INVARIANTS} == forced


def test_the_command_lists_and_fails(force: Force) -> None:
    assert "NOT" not in said()
    force("update billing_charge set refunded_minor = 2400 where refunded_minor > 0")

    answer = json.loads(said("--json", fails=True))

    assert answer["holds"] is False
    assert [each["code"] for each in answer["invariants"] if each["against"]] == ["I6", "I7"]


def said(*options: str, fails: bool = False) -> str:
    """What the command prints a little later."""
    out = StringIO()
    with clock_at(SOON), pytest.raises(SystemExit) if fails else nullcontext():
        call_command("audit_invariants", *options, stdout=out)
    return out.getvalue()
