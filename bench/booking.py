"""Sixteen clients who book: each her own slot, and all of them the same one."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection
from psycopg.types.range import Range

from bench.measure import SET, Bench, Figure
from bench.seed import AHEAD_DAYS, TODAY
from kept.foundation.ids import new_id
from kept.foundation.refusals import Refusal
from kept.foundation.scope import scope
from kept.ops.server import APP
from kept.patients.models import Patient
from kept.practice.doors import seat
from kept.practice.models import Clinic, Provider, Service
from kept.scheduling.transitions.booking import book

CLIENTS, EACH, ROUNDS = 16, 15, 5
FIRST_FREE = TODAY + timedelta(days=AHEAD_DAYS + 2)
HOUR = timedelta(hours=1)

INSERT = """with visit as (
  insert into scheduling_appointment (id, practice_id, number, patient_id, provider_id, clinic_id, status, starts_at, ends_at, booked_at,
    channel, booking_no, version, card_wanted, note, outcome_reason, outcome_note, cancelled_for, late_cancel, recorded_afterwards)
  values (%s, %s, %s, %s, %s, %s, 'booked', %s, %s, %s, 'desk', 1, 1, false, '', '', '', '', false, false) returning id)
insert into scheduling_claim (id, practice_id, resource_id, appointment_id, lane, during, live)
select %s, %s, %s, visit.id, 0, %s, true from visit returning id"""


def distinct_slots(bench: Bench) -> None:
    """Bookings a second, all checks, history and the journal included, against bare inserts of visit and claim."""
    ours, control = [], []
    numbers = _unused(bench)
    for _ in range(ROUNDS):
        ours.append(_rate(bench, lambda place: _book(bench, next(numbers))))
        control.append(_rate(bench, lambda place: _insert(bench, next(numbers))))
    mine, other = median(ours), median(control)
    bench.note(
        Figure(
            f"Booking, distinct slots of {len(bench.town.providers)} providers, 16 clients",
            ours_ms=round(1000 / mine, 2),
            control_ms=round(1000 / other, 2),
            control="bare inserts",
            ratio=round(other / mine, 2),
            goal="6.7",
            runs=ROUNDS,
            facts={"bookings a second": round(mine), "inserts a second": round(other)},
        )
    )


def one_slot(bench: Bench) -> None:
    """The same slot for all: one has it, the others are told, nobody waits in vain."""
    told: Counter[str] = Counter()
    waits: dict[str, list[float]] = {"won": [], "lost": []}
    numbers = _unused(bench)
    for _ in range(ROUNDS * 4):
        slot = next(numbers)
        barrier = threading.Barrier(CLIENTS)

        def race(place: int, slot: int = slot, barrier: threading.Barrier = barrier) -> str:
            barrier.wait()
            start = time.perf_counter()
            outcome = _book(bench, slot)
            waits["won" if outcome == "booked" else "lost"].append(time.perf_counter() - start)
            return outcome

        outcomes = Counter(_clients(bench, race, each=1))
        bench.must(outcomes["booked"] == 1, f"one winner a slot, not {outcomes['booked']}")
        told += outcomes
    bench.must(set(told) <= {"booked", "slot_taken"}, f"losers are told slot_taken, not {set(told)}")
    won, lost = median(waits["won"]) * 1000, median(waits["lost"]) * 1000
    facts = {"races": ROUNDS * 4, **told}
    bench.note(
        Figure("Booking, one slot, 16 clients: a loser", round(lost, 2), round(won, 2), "the winner", round(lost / won, 2), "", 1, facts)
    )


def _rate(bench: Bench, act: Callable[[int], str]) -> float:
    """How many a second."""
    start = time.perf_counter()
    done = _clients(bench, act)
    bench.must(set(done) == {"booked"}, f"who books a slot of her own has it, not {set(done)}")
    return len(done) / (time.perf_counter() - start)


def _clients(bench: Bench, act: Callable[[int], str], *, each: int = EACH) -> list[str]:
    """What the clients were told, each with a thread and a connection of its own, opened before the first one begins."""

    def client(place: int) -> list[str]:
        try:
            return [act(place) for _ in range(each)]
        finally:
            connection.close()

    with ThreadPoolExecutor(CLIENTS) as pool:
        return list(itertools.chain.from_iterable(pool.map(client, range(CLIENTS))))


def _unused(bench: Bench) -> Iterator[int]:
    """The numbers of slots that no run has taken."""
    with bench.raw() as ask:
        query = "select max(starts_at) from scheduling_appointment where practice_id = %s and starts_at >= %s"
        ((last,),) = ask(query, (bench.town.practice_id, FIRST_FREE))
    return itertools.count(((last - FIRST_FREE) // HOUR + 1) * len(bench.town.providers) if last else 0)


def _slot(bench: Bench, number: int) -> tuple[UUID, UUID, datetime]:
    """The number-th slot after all that were seeded, of one provider after another; nights are as good as days."""
    hour, turn = divmod(number, len(bench.town.providers))
    return *bench.town.providers[turn], FIRST_FREE + hour * HOUR


def _book(bench: Bench, number: int) -> str:
    town = bench.town
    provider_id, _resource_id, start = _slot(bench, number)
    try:
        with scope(town.practice_id, actor="bench", source="bench"):
            book(
                clinic=Clinic.objects.get(pk=town.clinic_id),
                provider=Provider.objects.get(pk=provider_id),
                patient=Patient.objects.get(pk=town.patient_ids[number % len(town.patient_ids)]),
                services=[Service.objects.get(pk=town.service_id)],
                starts_at=start,
                by=seat(town.user_id),
                at=TODAY,
            )
    except Refusal as refusal:
        return refusal.code
    return "booked"


LOCAL = threading.local()


def _raw_connection(bench: Bench) -> Any:
    if not hasattr(LOCAL, "connection"):
        LOCAL.connection = psycopg.connect(bench.server.url(APP, bench.database), autocommit=True)
    return LOCAL.connection


def _insert(bench: Bench, number: int) -> str:
    """The least that would hold the slot: a visit and its claim, under the same walls, constraint and triggers."""
    town = bench.town
    provider_id, resource_id, start = _slot(bench, number)
    end = start + timedelta(minutes=45)
    raw = _raw_connection(bench)
    with raw.transaction():
        raw.execute(SET, [str(town.practice_id)])
        patient = town.patient_ids[number % len(town.patient_ids)]
        raw.execute(
            INSERT,
            [new_id(), town.practice_id, 10_000_000 + number, patient, provider_id, town.clinic_id, start, end, TODAY]
            + [new_id(), town.practice_id, resource_id, Range(start, end)],
        )
    return "booked"


ALL: dict[str, Callable[[Bench], None]] = {"booking distinct slots": distinct_slots, "booking one slot": one_slot}
