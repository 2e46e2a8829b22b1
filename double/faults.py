"""Faults: answers that come late, broken or never, planned by a test."""

import re
import threading
import time
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
        """Whether it is about this request; `*` stands for anything but a slash."""
        return re.fullmatch("[^/]*".join(map(re.escape, self.match.split("*"))), what) is not None

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


class Faults:
    """The plan: the first fault that matches is used up before the second."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._plan: list[Fault] = []

    def plan(self, wanted: list[dict[str, Any]]) -> None:
        """These faults are added. Raises ValueError for one that cannot be."""
        faults = [Fault(**one) for one in wanted]
        for fault in faults:
            if fault.do not in KINDS:
                raise ValueError(f"`do` is one of {', '.join(KINDS)}, not {fault.do}.")
        with self._lock:
            self._plan += faults

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        with self._lock:
            self._plan.clear()

    def take(self, what: str) -> Fault:
        """The fault for this request, one time less to come; or `NONE`."""
        with self._lock:
            for fault in self._plan:
                if fault.times > 0 and fault.meets(what):
                    fault.times -= 1
                    return fault
        return NONE

    def left(self) -> list[dict[str, Any]]:
        """What is still to come."""
        with self._lock:
            return [dict(vars(fault)) for fault in self._plan if fault.times > 0]
