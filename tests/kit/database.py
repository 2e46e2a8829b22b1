"""The database of tests: a template with the migrations, on it one with the cast, and of that a clone for each process.

Templates are named by a hash of what made them and kept between runs, so a run without changes starts in a tenth of a second."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connections
from pytest_django import DjangoDbBlocker

from kept.ops import cast
from kept.ops.server import Server, running
from tests.kit.environment import DATA

ROOT = Path(__file__).resolve().parents[2]
MAKERS = ("django", "procrastinate", "django-allauth", "django-pghistory", "django-pgtrigger")
ONE_AT_A_TIME = 4711  # an advisory lock: of processes that start together, one builds
IN_USE = 4712
OPENED = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)


@dataclass(slots=True)
class Cloned:
    """This process's own database."""

    server: Server
    template: str
    name: str

    def renew(self) -> None:
        """As it was at first: the cast and nothing else. Costs about a tenth of a second."""
        _leave()
        self.server.drop_database(self.name)
        self.server.clone_database(self.template, self.name)


@pytest.fixture(scope="session")
def cloned_database(django_db_blocker: DjangoDbBlocker) -> Iterator[Cloned]:
    """A clone of the template with the cast. Django's connections lead there."""
    name = f"kept_test_{os.getpid()}_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
    with running(DATA) as server, django_db_blocker.unblock(), server.connect() as admin:
        admin.execute("select pg_advisory_lock(%s)", [ONE_AT_A_TIME])
        template = _template(server)
        admin.execute("select pg_advisory_lock_shared(%s, hashtext(%s))", [IN_USE, template])  # until this process ends
        server.clone_database(template, name)
        admin.execute("select pg_advisory_unlock(%s)", [ONE_AT_A_TIME])
        try:
            with _named(name):
                yield Cloned(server, template, name)
        finally:
            server.drop_database(name)


@pytest.fixture(scope="session")
def django_db_setup(cloned_database: Cloned) -> None:
    """In place of pytest-django's: the app role may create and flush nothing."""


@pytest.fixture
def committed(cloned_database: Cloned, django_db_blocker: DjangoDbBlocker) -> Iterator[Cloned]:
    """Changes are really committed, for races, crashes and other processes; afterwards the database is as it was.

    Nobody stands in a practice here: open a `scope`. Threads close their connections themselves.
    """
    with django_db_blocker.unblock():
        try:
            yield cloned_database
        finally:
            cloned_database.renew()


def _template(server: Server) -> str:
    """The template with the cast, made unless it is there. Those of older code, and databases of killed runs, go."""
    schema = f"kept_schema_{_hash([*ROOT.glob('kept/*/migrations/*.py'), ROOT / 'kept/foundation/walls.py'])}"
    peopled = f"kept_cast_{_hash(path for path in ROOT.glob('kept/**/*.py') if 'tests' not in path.parts)}"
    if not server.has_database(peopled):
        _clear(server, {schema, peopled})
        if not server.has_database(schema):
            server.create_database(f"{schema}_new")
            with _named(f"{schema}_new"):
                call_command("migrate", database="owner", verbosity=0)
            _rename(server, schema)
        server.clone_database(schema, f"{peopled}_new")
        with _named(f"{peopled}_new"):
            cast.open_all(at=OPENED)
        _rename(server, peopled)
    return peopled


def _hash(files: Iterator[Path] | list[Path]) -> str:
    made = hashlib.sha256(repr([version(maker) for maker in MAKERS]).encode())
    for file in sorted(files):
        made.update(file.read_bytes())
    return made.hexdigest()[:12]


def _rename(server: Server, name: str) -> None:
    with server.connect() as admin:
        admin.execute(f'alter database "{name}_new" rename to "{name}"'.encode())


def _clear(server: Server, needed: set[str]) -> None:
    """Drop what no run needs: its own database while its process lives, the template that a run has locked."""
    with server.connect() as admin:
        found = [str(name) for (name,) in admin.execute("select datname from pg_database where datname like 'kept\\_%'")]
        for name in set(found) - needed:
            owner = name.split("_")[2] if name.startswith("kept_test_") else ""
            free = admin.execute("select pg_try_advisory_lock(%s, hashtext(%s))", [IN_USE, name]).fetchone() == (True,)
            if free and not (owner and Path(f"/proc/{owner}").exists()):
                server.drop_database(name)


@contextmanager
def _named(database: str) -> Iterator[None]:
    """Django's connections lead to that database."""
    before = {alias: connections[alias].settings_dict["NAME"] for alias in connections}
    _leave()
    for alias in before:
        connections[alias].settings_dict["NAME"] = database
    try:
        yield
    finally:
        _leave()
        for alias, name in before.items():
            connections[alias].settings_dict["NAME"] = name


def _leave() -> None:
    for alias in connections:
        connections[alias].close()
