"""Saying no: a refused act has a stable code and a sentence for the person who tried."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, transaction


class Refusal(Exception):
    """An act that a rule does not allow. The door that opened the scope answers with it, after rolling everything back.

    `code` is one of the API's codes; `sentence` says what is the case and what to do; `facts` go into problem+json beside them.
    """

    STATUS = {"not_found": 404, "not_permitted": 403, "not_authenticated": 401}
    UNPROCESSABLE = {
        "choice_required",
        "fee_not_available",
        "fee_exceeds_policy",
        "wrong_currency",
        "refund_exceeds_captured",
        "reason_required",
        "card_required",
        "payment_due",
        "approval_required",
        "invalid",
    }

    def __init__(self, code: str, sentence: str, *, field: str = "", **facts: Any) -> None:
        super().__init__(sentence)
        self.code, self.sentence, self.field, self.facts = code, sentence, field, facts

    @property
    def status(self) -> int:
        """The HTTP status that goes with the code: 403, 404, 422, or 409 for all that time or another person changed."""
        return self.STATUS.get(self.code, 422 if self.code in self.UNPROCESSABLE else 409)


def refusal_by(check: Callable[[], None]) -> Refusal | None:
    """What that check says against it; None where it says nothing."""
    try:
        check()
    except Refusal as refusal:
        return refusal
    return None


@contextmanager
def refusing(**refusals: Refusal) -> Iterator[None]:
    """A savepoint in which a broken constraint, by its name, becomes the refusal given for it. Other names rise as they are."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        name = broken(error)
        if name in refusals:
            raise refusals[name] from error
        raise


def broken(error: IntegrityError) -> str | None:
    """The name of the constraint that was."""
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
