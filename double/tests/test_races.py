"""Many at once: money moves once, and never back twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import requests
import stripe

Api = Callable[..., requests.Response]


def at_once(count: int, ask: Callable[[int], requests.Response]) -> list[int]:
    with ThreadPoolExecutor(count) as all_of_them:
        return sorted(answer.status_code for answer in all_of_them.map(ask, range(count)))


def test_of_many_confirms_one_charges(client: stripe.StripeClient, api: Api, intent: Callable[..., stripe.PaymentIntent]) -> None:
    created = intent()

    answers = at_once(10, lambda _: api("POST", f"/v1/payment_intents/{created.id}/confirm", {"off_session": "true"}))

    assert answers == [200] + [400] * 9
    assert len(client.v1.charges.list({"payment_intent": created.id}).data) == 1


def test_many_refunds_give_back_what_was_paid_and_no_more(
    client: stripe.StripeClient, api: Api, paid: Callable[[], stripe.PaymentIntent]
) -> None:
    intent = paid()

    answers = at_once(10, lambda _: api("POST", "/v1/refunds", {"payment_intent": intent.id, "amount": 1500}))

    assert answers == [200] * 5 + [400] * 5
    assert sum(refund.amount for refund in client.v1.refunds.list({"payment_intent": intent.id}).data) == 7500


def test_many_cancels_and_confirms_have_one_outcome(api: Api, intent: Callable[..., stripe.PaymentIntent]) -> None:
    created = intent()
    acts: list[tuple[str, dict[str, str]]] = [("confirm", {"off_session": "true"}), ("cancel", {})]

    def ask(turn: int) -> requests.Response:
        verb, data = acts[turn % 2]
        return api("POST", f"/v1/payment_intents/{created.id}/{verb}", data)

    assert at_once(8, ask) == [200] + [400] * 7
