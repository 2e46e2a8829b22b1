"""The folder of one demo: its secret, its letters, its logs, the double's books, and demo.json, which says all that a user needs."""

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class DemoTrouble(RuntimeError):
    """The demo can't start; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class DataFolder:
    path: Path

    @property
    def seed(self) -> Path:
        """Who may sign in, with tokens. Written last when seeding, so its absence means starting over."""
        return self.path / "seed.json"

    @property
    def schema(self) -> Path:
        """What the database was last brought up to date with."""
        return self.path / "schema"

    @property
    def facts(self) -> Path:
        return self.path / "demo.json"

    @property
    def mail(self) -> Path:
        return self.path / "mail"

    @property
    def texts(self) -> Path:
        return self.path / "texts"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def double(self) -> Path:
        return self.path / "double.sqlite"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One demo per folder. Raises DemoTrouble when another has it, or when it can't be written."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = (self.path / "demo.lock").open("w")
        except OSError as refused:
            raise DemoTrouble(f"{self.path} can’t be written: {refused.strerror}. Choose another: bin/demo --data DIR") from refused
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as held:
                raise DemoTrouble(f"A demo runs on {self.path} already. Stop it, or choose another: bin/demo --data DIR") from held
            yield

    def empty(self) -> None:
        """Only what we put there goes; the database is made anew, since there is no seed."""
        for folder in (self.logs, self.mail):
            shutil.rmtree(folder, ignore_errors=True)
        for file in (self.seed, self.schema, self.facts, self.path / "secret-key", *self.path.glob(f"{self.double.name}*")):
            file.unlink(missing_ok=True)

    def secret(self) -> str:
        """KEPT_SECRET_KEY of this data: sessions and sealed secrets live as long as it does."""
        file = self.path / "secret-key"
        if not file.exists():
            write_private(file, secrets.token_urlsafe(48))
        return file.read_text()

    def write_facts(self, facts: dict[str, Any]) -> None:
        """It holds passwords and tokens, so nobody else may read it."""
        write_private(self.facts, json.dumps(facts, indent=2, ensure_ascii=False))


def write_private(file: Path, text: str) -> None:
    """The whole file or none, mode 0600."""
    fresh = file.with_name(f"{file.name}.new")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as made:
        made.write(text)
    fresh.rename(file)
