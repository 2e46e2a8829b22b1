"""The command: the book against the gateway's list, and what it prints."""

import json
from io import StringIO

import pytest
import stripe
from django.core.management import CommandError, call_command

from kept.foundation.scope import outside
from kept.ops.cast import House
from kept.ops.people import JUNIPER
from tests.kit.gateway import Double


def said(*options: str) -> str:
    out = StringIO()
    with outside():
        call_command("reconcile", *options, stdout=out)
    return out.getvalue()


def test_nothing_differs(juniper: House, gateway: Double) -> None:
    assert said() == "ok   juniper\nok   quinta\n"
    assert json.loads(said("--json"))["practices"] == {"juniper": [], "quinta": []}


def test_what_differs_is_listed_and_it_fails(juniper: House, gateway: Double) -> None:
    account = stripe.StripeClient(JUNIPER.gateway_key, base_addresses={"api": gateway.url})
    lost = account.v1.payment_intents.create({"amount": 999, "currency": "usd", "metadata": {"installation": "tests", "charge": "gone"}})

    out = StringIO()
    with outside(), pytest.raises(SystemExit) as ended:
        call_command("reconcile", stdout=out)

    assert ended.value.code == 1
    assert f"NOT  juniper\n       Payment {lost.id} was made by this installation, and the book does not know it" in out.getvalue()


def test_a_silent_gateway_is_no_answer(juniper: House, gateway: Double) -> None:
    gateway.fault("GET /v1/payment_intents", "cut_before", times=2)

    with pytest.raises(CommandError, match="run this again"):
        said()
