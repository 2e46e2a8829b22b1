"""Children of a program: started, watched, and all stopped at the end, whatever became of each."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

PATIENCE = 10.0


class ChildTrouble(RuntimeError):
    """A child did not start or did not answer; the text names it and the end of its log."""


class Children:
    """Named processes, each the head of a group of its own: Ctrl-C reaches this program alone, which then stops them in turn."""

    def __init__(self, logs: Path) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self._logs = logs
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._again: dict[str, Callable[[], None]] = {}
        self._told: set[str] = set()

    def start(self, name: str, command: Sequence[str | Path], environment: Mapping[str, str], cwd: Path) -> None:
        """What it says goes to its log."""
        self._again[name] = partial(self.start, name, command, environment, cwd)
        with self.log(name).open("ab") as log:
            self._running[name] = subprocess.Popen(
                command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    @property
    def pids(self) -> dict[str, int]:
        """Of those that run."""
        return {name: child.pid for name, child in self._running.items() if child.poll() is None}

    def wait_until(self, name: str, answers: Callable[[], bool], *, seconds: float = 30) -> None:
        """Return when that child answers. Raises ChildTrouble when it ended or stays silent."""
        end = time.monotonic() + seconds
        while not answers():
            if self._running[name].poll() is not None or time.monotonic() > end:
                raise ChildTrouble(self._last_words(f"The {name} did not start.", name))
            time.sleep(0.05)

    def ends_within(self, name: str, *, seconds: float) -> bool:
        with suppress(subprocess.TimeoutExpired):
            self._running[name].wait(seconds)
        return self._running[name].poll() is not None

    def finish(self, name: str, *, seconds: float = 300) -> None:
        """Return when that child has ended well; it is forgotten then. Raises ChildTrouble when it failed or takes too long."""
        with suppress(subprocess.TimeoutExpired):
            if self._running[name].wait(seconds) == 0:
                del self._running[name]
                return
        raise ChildTrouble(self._last_words(f"The {name} failed.", name))

    def _last_words(self, sentence: str, name: str) -> str:
        said = self.log(name).read_text(errors="replace").strip().splitlines()[-12:]
        return "\n".join([f"{sentence} Its log, {self.log(name)}, ends with:", *said])

    def restart(self, name: str) -> None:
        """Stop it and start it as before."""
        self._end(self._running[name])
        self._told.discard(name)
        self._again[name]()

    def ended(self) -> Iterator[tuple[str, str]]:
        """Those that ended since last asked, and how: `SIGKILL`, `code 0`."""
        for name, child in self._running.items():
            if name not in self._told and child.poll() is not None:
                self._told.add(name)
                how = signal.Signals(-child.returncode).name if child.returncode < 0 else f"code {child.returncode}"
                yield name, how

    def stop(self) -> None:
        """All of them, the last started first: asked, and after ten seconds killed."""
        for child in reversed(self._running.values()):
            _signal_group(child, signal.SIGTERM)
        for child in reversed(self._running.values()):
            self._end(child)
        self._running.clear()

    def _end(self, child: "subprocess.Popen[bytes]") -> None:
        _signal_group(child, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            child.wait(PATIENCE)
        _signal_group(child, signal.SIGKILL)  # what its head left behind
        child.wait()


@contextmanager
def children(logs: Path) -> Iterator[Children]:
    """Children for the block; none outlives it."""
    started = Children(logs)
    try:
        yield started
    finally:
        started.stop()


def _signal_group(child: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(child.pid, number)
