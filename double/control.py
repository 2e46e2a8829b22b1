"""What only a double has, under /_double: the ledger to look at, faults to plan, endpoints to set, endings to choose."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import parse_qs

from double import charges, endpoints, overview, pages, payment_intents, refunds
from double.cards import CARDS
from double.endpoints import Endpoint
from double.errors import Refusal, no_such
from double.exchange import Answer, Request, in_json
from double.faults import Faults
from double.ledger import Books, Call, Ledger
from double.objects import Object

Settle = Callable[[Books, str, str], Object]
ENDINGS: dict[str, Settle] = {"pi": payment_intents.settle, "re": refunds.settle, "du": charges.close_dispute}


class Control:
    """Answers tests, and the person who looks."""

    def __init__(self, ledger: Ledger, faults: Faults, address: str) -> None:
        self.ledger = ledger
        self.faults = faults
        self.address = address
        self._acts: dict[tuple[str, str], Callable[[Request], Answer]] = {
            ("GET", "/_double"): self._overview,
            ("GET", "/_double/ledger"): self._ledger,
            ("GET", "/_double/cards"): self._cards,
            ("GET", "/_double/faults"): self._faults_left,
            ("POST", "/_double/faults"): self._plan_faults,
            ("DELETE", "/_double/faults"): self._clear_faults,
            ("POST", "/_double/webhooks"): self._set_endpoint,
            ("DELETE", "/_double/webhooks"): self._clear_endpoints,
            ("DELETE", "/_double/keys"): self._forget_keys,
            ("POST", "/_double/settle"): self._settle,
            ("POST", "/_double/disputes"): self._dispute,
            ("POST", "/_double/reset"): self._reset,
        }

    def answer(self, request: Request) -> Answer:
        """The answer to one request; 400 with a sentence when its JSON is not understood."""
        act = self._acts.get((request.method, request.path.rstrip("/")))
        if act is None:
            return in_json(404, {"error": f"There is nothing at {request.method} {request.path}."})
        try:
            return act(request)
        except Refusal as refusal:
            return in_json(refusal.status, refusal.body)
        except (ValueError, TypeError, KeyError) as error:
            return in_json(400, {"error": str(error)})

    def _overview(self, request: Request) -> Answer:
        return pages.overview(overview.everything(self.ledger, _account(request), self.address))

    def _ledger(self, request: Request) -> Answer:
        return in_json(200, overview.everything(self.ledger, _account(request), self.address))

    def _cards(self, request: Request) -> Answer:
        return in_json(
            200, [{"number": card.number, "brand": card.brand, "token": f"pm_card_{card.token}", "does": card.does} for card in CARDS]
        )

    def _faults_left(self, request: Request) -> Answer:
        return in_json(200, self.faults.left())

    def _plan_faults(self, request: Request) -> Answer:
        wanted = json.loads(request.body)
        if isinstance(wanted, dict):
            self.faults.follow(wanted)
        else:
            self.faults.plan(wanted)
        return in_json(200, self.faults.left())

    def _clear_faults(self, request: Request) -> Answer:
        self.faults.clear()
        return in_json(200, [])

    def _set_endpoint(self, request: Request) -> Answer:
        endpoint = endpoints.checked(Endpoint(**json.loads(request.body)))
        endpoints.put(self.ledger, endpoint)
        return in_json(200, {"key": endpoint.key, "url": endpoint.url})

    def _clear_endpoints(self, request: Request) -> Answer:
        endpoints.clear(self.ledger)
        return in_json(200, [])

    def _forget_keys(self, request: Request) -> Answer:
        with self.ledger.transaction() as db:
            db.execute("delete from answer")
        return in_json(200, {})

    def _settle(self, request: Request) -> Answer:
        wanted: dict[str, Any] = json.loads(request.body)
        settle = ENDINGS.get(wanted["id"].partition("_")[0])
        if settle is None:
            raise ValueError("`id` is a payment intent's, a refund's or a dispute's.")
        with self._books_of(wanted["id"]) as books:
            return in_json(200, settle(books, wanted["id"], wanted["outcome"]))

    def _dispute(self, request: Request) -> Answer:
        charge_id = json.loads(request.body)["charge"]
        with self._books_of(charge_id) as books:
            return in_json(200, charges.dispute(books, charge_id))

    def _reset(self, request: Request) -> Answer:
        self.faults.clear()
        self.ledger.forget()
        return in_json(200, {})

    def _books_of(self, name: str) -> AbstractContextManager[Books]:
        account = self.ledger.account_of(name)
        if account is None:
            raise no_such("object", name, "id")
        return self.ledger.books(account, Call(self.address))


def _account(request: Request) -> str | None:
    return parse_qs(request.query).get("key", [None])[0]
