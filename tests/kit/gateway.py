"""The outside world: the Stripe double as a program of its own, spoken to over HTTP; and the jobs that speak to it."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import Settings

from kept.foundation import clock
from kept.foundation.scope import outside
from kept.ops import consent
from kept.ops.people import JUNIPER
from kept.patients.models import Card, Patient
from tests.kit.visits import BOOKED_AT

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Double:
    """The running double."""

    url: str

    def ask(self, method: str, path: str, said: object = None) -> Any:
        """What only a double has, under /_double: `ask("POST", "reset")`."""
        body = None if said is None else json.dumps(said).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}/_double/{path}", body, method=method), timeout=10) as answer:
            return json.load(answer)

    def ledger(self) -> dict[str, list[dict[str, Any]]]:
        """What really happened: payments, refunds, intents, customers, sessions of all accounts, newest first."""
        found: dict[str, list[dict[str, Any]]] = self.ask("GET", "ledger")
        return found

    def fault(self, match: str, do: str, *, times: int = 1, seconds: float = 0.5) -> None:
        """Plan one: `fault("POST /v1/refunds", "cut_after")`."""
        self.ask("POST", "faults", [{"match": match, "do": do, "times": times, "seconds": seconds}])

    def card(self, patient: Patient, kind: str = "visa", *, key: str = JUNIPER.gateway_key) -> Card:
        """A test card on the patient's file, there and with us."""
        with outside():
            return consent.give_card(patient, kind, gateway_key=key, at=BOOKED_AT)


@pytest.fixture(scope="session")
def double() -> Iterator[Double]:
    """The double, started for the session."""
    with started_double() as running:
        yield running


@contextmanager
def started_double(*arguments: str) -> Iterator[Double]:
    """A double on a free port, until the end of the block."""
    command = [sys.executable, "-m", "double", "--port", "0", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ) as program:
        try:
            assert program.stdout is not None
            ready = program.stdout.readline()
            assert ready.startswith("Ready on "), f"the double did not start: {ready}"
            yield Double(ready.removeprefix("Ready on ").strip())
        finally:
            program.terminate()


@pytest.fixture
def gateway(double: Double, settings: Settings) -> Double:
    """The practice's gateway for this test: the double, empty at first. Nothing is charged until `run_jobs()`."""
    double.ask("POST", "reset")
    settings.STRIPE_API_BASE = double.url
    return double


@contextmanager
def clock_at(at: datetime) -> Iterator[None]:
    """Views and jobs read this instant."""
    with clock.standing_at(at):
        yield


@pytest.fixture
def run_jobs() -> Callable[..., list[str]]:
    """`run_jobs(at=...)`: do what waits and is due by then (without `at`: now), in this process, until nothing is left; their names."""
    return do_jobs


def do_jobs(*, at: datetime | None = None) -> list[str]:
    """Each job runs outside of any practice and opens its own scope. An error rises; periodic tasks are not started."""
    done: list[str] = []
    with clock_at(at or clock.now()), outside():
        while job := _next(clock.now()):
            app.tasks[job.task_name].func(**job.args)
            _finished(job.id)
            done.append(job.task_name)
    return done


def of_money(done: list[str]) -> list[str]:
    """Those of the jobs that are about money."""
    return [task for task in done if task.startswith("billing.")]


def _next(at: datetime) -> ProcrastinateJob | None:
    waiting = ProcrastinateJob.objects.filter(status="todo").exclude(scheduled_at__gt=at)
    return waiting.order_by("-priority", "id").first()


def _finished(job_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("update procrastinate_jobs set status = 'succeeded' where id = %s", [job_id])


def on_the_gateways_page(address: str, number: str = "4242 4242 4242 4242") -> str:
    """The patient types that card on the gateway's page; the path that it leads her back to."""
    return _sent(address, {"number": number, "expiry": "04/31", "cvc": "123", "name": "Renata Solbrook"})


def on_her_banks_page(address: str, *, confirms: bool = True) -> str:
    """The patient answers her bank's question; the path that it leads her back to."""
    return _sent(address, {"outcome": "confirm" if confirms else "refuse"})


def _sent(address: str, form: dict[str, str]) -> str:
    opener = urllib.request.build_opener(_Unfollowed)
    with pytest.raises(urllib.error.HTTPError) as answered:
        opener.open(address, urlencode(form).encode(), timeout=10)
    assert answered.value.code in (302, 303)
    return str(answered.value.headers["Location"]).removeprefix("http://testserver")


class _Unfollowed(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None
