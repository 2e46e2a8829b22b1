"""Faults: answers that come late, broken or never, planned by a test."""

import hashlib
import re
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from double.errors import Refusal
from double.exchange import Answer, Cut, in_json

KINDS = ("error500", "error429", "error409", "cut_before", "cut_after", "slow", "slow_after", "pending", "never", "twice")


@dataclass
class Fault:
    """What is done to the next `times` requests that match, such as `POST /v1/refunds` or `EVENT charge.*`."""

    match: str
    do: str
    times: int = 1
    seconds: float = 1.0

    def meets(self, what: str) -> bool:
        """Whether it is about this request; `*` stands for anything but a slash, `**` for anything."""
        parts = ("[^/]*".join(map(re.escape, part.split("*"))) for part in self.match.split("**"))
        return re.fullmatch(".*".join(parts), what) is not None

    def before(self) -> None:
        """What happens instead of the work, or before it."""
        if self.do == "cut_before":
            raise Cut
        if self.do == "slow":
            time.sleep(self.seconds)
        if self.do == "error429":
            raise Refusal(429, "invalid_request_error", "Too many requests hit the API too quickly.", code="rate_limit")
        if self.do == "error409":
            raise Refusal(409, "idempotency_error", "Another request uses this Idempotent Key.", code="idempotency_key_in_use")

    def instead(self) -> Answer | None:
        """The answer that takes the place of the work, saved for its idempotency key like any other."""
        if self.do == "error500":
            return in_json(500, {"error": {"type": "api_error", "message": "An unknown error occurred."}}, kept=True)
        return None

    def after(self) -> None:
        """What happens when the work is done and the answer is ready."""
        if self.do == "cut_after":
            raise Cut
        if self.do == "slow_after":
            time.sleep(self.seconds)


NONE = Fault(match="", do="nothing")


@dataclass(frozen=True)
class Chance:
    """A fault that meets a share of the requests that match, from 0 to 1, for as long as the plan holds."""

    match: str
    do: str
    share: float
    seconds: float = 1.0

    def drawn(self, seed: int, what: str, key: str, turn: int) -> bool:
        """Whether it meets the turn-th request of that kind and idempotency key. Decided by these alone, so the same seed and the same
        calls have the same faults, in whatever order they arrive."""
        drawn = hashlib.sha256(f"{seed} {self.match} {self.do} {what} {key} {turn}".encode()).digest()
        return int.from_bytes(drawn[:8], "big") < self.share * 2**64


class Faults:
    """The plan: the first fault that matches is used up before the second."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._plan: list[Fault] = []
        self._seed, self._chances = 0, list[Chance]()
        self._turns: Counter[tuple[str, str]] = Counter()

    def plan(self, wanted: list[dict[str, Any]]) -> None:
        """These faults are added. Raises ValueError for one that cannot be."""
        faults = [Fault(**one) for one in wanted]
        for fault in faults:
            if fault.do not in KINDS:
                raise ValueError(f"`do` is one of {', '.join(KINDS)}, not {fault.do}.")
        with self._lock:
            self._plan += faults

    def follow(self, wanted: dict[str, Any]) -> None:
        """From now on by that plan: `{"seed": 7, "faults": [{"match": "POST /v1/*", "do": "cut_after", "share": 0.1}]}`. Raises ValueError
        for one that cannot be."""
        try:
            chances = [Chance(**one) for one in wanted.get("faults", [])]
            known = all(chance.do in KINDS and 0 <= chance.share <= 1 for chance in chances)
        except TypeError as wrong:
            raise ValueError(f"A fault of a plan has match, do, share and perhaps seconds: {wrong}") from wrong
        if not known:
            raise ValueError(f"`do` is one of {', '.join(KINDS)}, and `share` lies between 0 and 1.")
        with self._lock:
            self._seed, self._chances = int(wanted.get("seed", 0)), chances
            self._turns.clear()

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        with self._lock:
            self._plan.clear()
            self._chances.clear()

    def take(self, what: str, key: str = "") -> Fault:
        """The fault for this request, one time less to come; or one that is drawn; or `NONE`."""
        with self._lock:
            for fault in self._plan:
                if fault.times > 0 and fault.meets(what):
                    fault.times -= 1
                    return fault
            if self._chances:
                self._turns[what, key] += 1
                turn = self._turns[what, key]
                for chance in self._chances:
                    fault = Fault(chance.match, chance.do, seconds=chance.seconds)
                    if fault.meets(what) and chance.drawn(self._seed, what, key, turn):
                        return fault
        return NONE

    def left(self) -> list[dict[str, Any]]:
        """What is still to come."""
        with self._lock:
            return [dict(vars(fault)) for fault in self._plan if fault.times > 0]
