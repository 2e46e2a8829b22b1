"""The API under /v1: which act answers which address, for whom, and whether it was answered before."""

import base64
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from double import (
    charges,
    checkout,
    customers,
    event_log,
    idempotency,
    own_account,
    payment_intents,
    payment_methods,
    refunds,
    setup_intents,
)
from double.errors import Declined, Refusal
from double.events import API_VERSION
from double.exchange import Answer, Request, in_json
from double.expand import expanded
from double.faults import Fault, Faults
from double.idempotency import KeysInUse
from double.ledger import Books, Call, Ledger
from double.objects import Object, identifier
from double.params import Params

Act = Callable[..., Object]

ROUTES: tuple[tuple[str, str, Act], ...] = (
    ("GET", "/v1/account", own_account.retrieve),
    ("POST", "/v1/customers", customers.create),
    ("GET", "/v1/customers", customers.listed),
    ("GET", "/v1/customers/{}", customers.retrieve),
    ("POST", "/v1/customers/{}", customers.update),
    ("DELETE", "/v1/customers/{}", customers.delete),
    ("GET", "/v1/customers/{}/payment_methods", payment_methods.of_customer),
    ("GET", "/v1/customers/{}/payment_methods/{}", payment_methods.one_of_customer),
    ("POST", "/v1/payment_methods", payment_methods.create),
    ("GET", "/v1/payment_methods", payment_methods.listed),
    ("GET", "/v1/payment_methods/{}", payment_methods.retrieve),
    ("POST", "/v1/payment_methods/{}/attach", payment_methods.attach),
    ("POST", "/v1/payment_methods/{}/detach", payment_methods.detach),
    ("POST", "/v1/setup_intents", setup_intents.create),
    ("GET", "/v1/setup_intents/{}", setup_intents.retrieve),
    ("POST", "/v1/setup_intents/{}/confirm", setup_intents.confirm),
    ("POST", "/v1/setup_intents/{}/cancel", setup_intents.cancel),
    ("POST", "/v1/checkout/sessions", checkout.create),
    ("GET", "/v1/checkout/sessions", checkout.listed),
    ("GET", "/v1/checkout/sessions/{}", checkout.retrieve),
    ("POST", "/v1/checkout/sessions/{}/expire", checkout.expire),
    ("POST", "/v1/payment_intents", payment_intents.create),
    ("GET", "/v1/payment_intents", payment_intents.listed),
    ("GET", "/v1/payment_intents/{}", payment_intents.retrieve),
    ("POST", "/v1/payment_intents/{}", payment_intents.update),
    ("POST", "/v1/payment_intents/{}/confirm", payment_intents.confirm),
    ("POST", "/v1/payment_intents/{}/cancel", payment_intents.cancel),
    ("GET", "/v1/charges", charges.listed),
    ("GET", "/v1/charges/{}", charges.retrieve),
    ("POST", "/v1/refunds", refunds.create),
    ("GET", "/v1/refunds", refunds.listed),
    ("GET", "/v1/refunds/{}", refunds.retrieve),
    ("POST", "/v1/refunds/{}", refunds.update),
    ("GET", "/v1/disputes", charges.listed_disputes),
    ("GET", "/v1/disputes/{}", charges.retrieve_dispute),
    ("POST", "/v1/disputes/{}", charges.answer_dispute),
    ("GET", "/v1/events", event_log.listed),
    ("GET", "/v1/events/{}", event_log.retrieve),
)


@dataclass(frozen=True)
class Task:
    """One request, understood: who asks for which act, with which ids."""

    request: Request
    account: str
    act: Act
    ids: tuple[str, ...]

    @property
    def params(self) -> Params:
        """What a GET carries in its address, and a POST in its body."""
        return Params(self.request.query if self.request.method == "GET" else self.request.body)

    @property
    def key(self) -> str | None:
        """The idempotency key; only a POST has one."""
        return self.request.headers.get("idempotency-key") if self.request.method == "POST" else None


class Api:
    """Answers what the SDK asks."""

    def __init__(self, ledger: Ledger, faults: Faults, address: str) -> None:
        self.ledger = ledger
        self.faults = faults
        self.address = address
        self.keys_in_use = KeysInUse()

    def answer(self, request: Request) -> Answer:
        """The answer to one request. Raises Cut when a fault says that none arrives."""
        request_id = identifier("req", 14)
        try:
            answer = self._answer(understand(request), request_id)
        except Refusal as refusal:
            answer = in_json(refusal.status, refusal.body)
        return answer.with_headers(Request_Id=request_id, Stripe_Version=request.headers.get("stripe-version", API_VERSION))

    def _answer(self, task: Task, request_id: str) -> Answer:
        fault = self.faults.take(f"{task.request.method} {task.request.path}", task.key or "")
        call = Call(self.address, request_id, task.key, stays_pending=fault.do == "pending")
        with self.keys_in_use.held(task.account, task.key):
            fault.before()
            with self.ledger.books(task.account, call) as books:
                answer = answered(books, task, fault)
            fault.after()
        return answer


def understand(request: Request) -> Task:
    """Who asks, and for what. Refused with 401 or 404."""
    account = account_of(request.headers.get("authorization", ""))
    for method, pattern, act in ROUTES:
        found = re.fullmatch(pattern.replace("{}", "([^/]+)"), request.path)
        if found and method == request.method:
            return Task(request, account, act, found.groups())
    raise Refusal(404, "invalid_request_error", f"Unrecognized request URL ({request.method}: {request.path}).")


def account_of(authorization: str) -> str:
    """The API key, given as Bearer or as the user name of Basic."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "basic":
        with suppress(ValueError):
            value = base64.b64decode(value).decode().partition(":")[0]
    if not value.startswith(("sk_test_", "rk_test_")):
        raise Refusal(401, "invalid_request_error", "Invalid API Key provided. The double takes keys that begin with sk_test_.")
    return value


def answered(books: Books, task: Task, fault: Fault) -> Answer:
    """The saved answer of this idempotency key, or a new one that is saved for it together with what it did."""
    if task.key and (before := idempotency.saved(books, task.key, task.request)):
        return before
    answer = fault.instead() or carried_out(books, task)
    if task.key and answer.kept:
        idempotency.save(books, task.key, task.request, answer)
    return answer


def carried_out(books: Books, task: Task) -> Answer:
    """The act is done; what a refusal had begun is taken back, what a decline wrote stays."""
    books.db.execute("savepoint act")
    try:
        return in_json(200, expanded(books, task.act(books, task.params, *task.ids), task.params), kept=True)
    except Declined as declined:
        return in_json(declined.status, declined.body, kept=True)
    except Refusal as refusal:
        books.db.execute("rollback to act")
        return in_json(refusal.status, refusal.body, kept=refusal.kept)
