"""How a request is refused: Stripe's error object and its HTTP status."""

from typing import Any

from double.objects import Object


class Refusal(Exception):
    """What was begun is taken back and the caller reads why. `kept`: a repeat under the same idempotency key reads the same."""

    def __init__(self, status: int, kind: str, message: str, *, kept: bool = False, **particulars: Any) -> None:
        super().__init__(message)
        self.status = status
        self.kept = kept
        self.body: Object = {"error": {"type": kind, "message": message, **particulars}}


class Declined(Refusal):
    """The bank said no. The attempt was made, so what it wrote stays."""

    def __init__(self, message: str, **particulars: Any) -> None:
        super().__init__(402, "card_error", message, kept=True, **particulars)


def wrong_parameter(message: str, param: str, code: str | None = None) -> Refusal:
    """The request never began, so its idempotency key stays free."""
    return _refused(message, code, kept=False, param=param)


def missing_parameter(param: str) -> Refusal:
    """The request leaves out what it cannot do without."""
    return wrong_parameter(f"Missing required param: {param}.", param, "parameter_missing")


def wrong_state(message: str, code: str | None = None, **particulars: Any) -> Refusal:
    """The request was understood, but the thing it is about does not allow it now."""
    return _refused(message, code, kept=True, **particulars)


def _refused(message: str, code: str | None, *, kept: bool, **particulars: Any) -> Refusal:
    if code:
        particulars["code"] = code
    return Refusal(400, "invalid_request_error", message, kept=kept, **particulars)


def no_such(kind: str, name: str, param: str) -> Refusal:
    """This account has no such object; another account's is not told apart from one that never was."""
    return Refusal(404, "invalid_request_error", f"No such {kind}: '{name}'", code="resource_missing", param=param)
