"""The ways in which letters leave. Each has `post(message, written)`: returns once the service took it, or raises one of these."""


class TryAgain(Exception):
    """It was not taken, and may be later."""


class Refused(Exception):
    """It was not taken and never will be, in the service's word `code`. `stopped`: who has that number wants no text messages."""

    def __init__(self, why: str, *, code: str = "", stopped: bool = False) -> None:
        super().__init__(why)
        self.why, self.code, self.stopped = why, code, stopped


class Unknown(Exception):
    """It was handed over, and no answer came. Sent again, it may arrive twice."""
