"""What somebody did at the gateway itself: found by its reports or by the nightly look, and the book says the same in the end."""

from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
import stripe
from django.urls import reverse

import kept.billing.transitions.refunding as refunding
import kept.noshows.transitions.attendance as noshows
from kept.billing import reports
from kept.billing.models import Charge, GatewayEvent, Refund
from kept.billing.queries import attention
from kept.billing.tests.conftest import Due, now
from kept.billing.tests.test_webhook import event, report
from kept.events.models import Event
from kept.foundation.money import Money
from kept.foundation.refusals import Refusal
from kept.foundation.scope import outside
from kept.noshows.queries import fee_of
from kept.ops.audit import audit
from kept.ops.cast import House
from kept.ops.people import JUNIPER
from kept.practice.models import Member
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.gateway import Double, clock_at, do_jobs
from tests.kit.html import words
from tests.kit.size import LONG
from tests.kit.visits import QUARTER_PAST, accepted, book

LATER = QUARTER_PAST + timedelta(minutes=2)
LONG_AGO = QUARTER_PAST - timedelta(days=3650)  # the double's clock is the real one


@pytest.fixture
def dashboard(gateway: Double) -> stripe.StripeClient:
    """The clinic's own account, used by somebody beside Kept."""
    return stripe.StripeClient(JUNIPER.gateway_key, base_addresses={"api": gateway.url})


Told = Callable[..., None]


@pytest.fixture
def told(browser: Browser) -> Told:
    """`told("refund.created", "re_1", payment_intent="pi_1")`: the gateway reports it, and its job is done."""
    numbers = iter(range(1000))

    def tell(kind: str, about: str, **more: Any) -> None:
        assert report(browser, event(kind, about, event_id=f"evt_{next(numbers)}", **more)).status_code == 200
        do_jobs(at=LATER)

    return tell


def refund_there(dashboard: stripe.StripeClient, charge: Charge, minor: int) -> stripe.Refund:
    return dashboard.v1.refunds.create({"payment_intent": str(now(charge).gateway_intent_id), "amount": minor})


def money(charge: Charge) -> tuple[int, int, int]:
    """Captured, reserved, refunded."""
    found = now(charge)
    return found.captured_minor, found.refund_reserved_minor, found.refunded_minor


def refunds(charge: Charge) -> list[tuple[int, str, bool]]:
    return list(Refund.objects.filter(charge=charge).order_by("created_at", "id").values_list("amount_minor", "state", "external"))


def looked_at(charge: Charge) -> None:
    """That payment is asked for, before any other job runs."""
    intent_id = str(now(charge).gateway_intent_id)
    with clock_at(LATER), outside():
        reports.look_at_payment(str(charge.practice_id), intent_id)


def reconciled(charge: Charge) -> list[str]:
    with clock_at(LATER), outside():
        return list(reports.reconcile(str(charge.practice_id), since=LONG_AGO))


def broken() -> list[str]:
    with outside():
        return [f"{invariant.code} {invariant.what}" for invariant, found in audit(at=LATER) if found]


# Refunds made there (I6)


def test_i6_a_refund_made_at_the_gateway_is_recorded(paid: Charge, dashboard: stripe.StripeClient, told: Told) -> None:
    made = refund_there(dashboard, paid, 2500)

    told("refund.created", made.id, payment_intent=now(paid).gateway_intent_id)
    told("charge.refunded", "ch_1", payment_intent=now(paid).gateway_intent_id)

    assert (money(paid), refunds(paid)) == ((7500, 0, 2500), [(2500, "succeeded", True)])
    assert Event.objects.filter(kind__startswith="refund.").order_by("id").values_list("kind", flat=True)[0] == "refund.found"
    assert broken() == []


def test_i6_what_we_had_reserved_gives_way_to_it(paid: Charge, silas: Member, dashboard: stripe.StripeClient) -> None:
    ours = refunding.refund(paid, Money(6000, "USD"), reason="Goodwill", by=silas, at=QUARTER_PAST)
    refund_there(dashboard, paid, 5000)

    looked_at(paid)

    assert (money(paid), refunds(paid)) == ((7500, 0, 5000), [(6000, "failed", False), (5000, "succeeded", True)])
    assert (Refund.objects.get(pk=ours.pk).failure, now(paid).flag) == ("Refunded at the payment provider meanwhile.", "refund_failed")
    do_jobs(at=LATER)
    assert (money(paid), broken()) == ((7500, 0, 5000), [])


def test_i6_of_several_reserved_only_what_does_not_fit_gives_way(paid: Charge, silas: Member, dashboard: stripe.StripeClient) -> None:
    small, large = (refunding.refund(paid, Money(minor, "USD"), reason="Goodwill", by=silas, at=QUARTER_PAST) for minor in (1000, 4000))
    refund_there(dashboard, paid, 6000)

    looked_at(paid)
    meanwhile = money(paid)
    do_jobs(at=LATER)

    assert (meanwhile, money(paid)) == ((7500, 1000, 6000), (7500, 0, 7000))
    assert [Refund.objects.get(pk=each.pk).state for each in (small, large)] == ["succeeded", "failed"]
    assert broken() == []


def test_i6_one_that_was_given_up_and_made_after_all_counts(
    paid: Charge, silas: Member, gateway: Double, dashboard: stripe.StripeClient, told: Told
) -> None:
    gateway.fault("POST /v1/refunds", "cut_after")
    ours = refunding.refund(paid, Money(3000, "USD"), reason="Goodwill", by=silas, at=QUARTER_PAST)
    do_jobs(at=QUARTER_PAST)
    refunding.give_up(ours.pk, why="By mistake", at=QUARTER_PAST)
    assert money(paid) == (7500, 0, 0)

    told("refund.created", "re_1", payment_intent=now(paid).gateway_intent_id)

    assert (money(paid), refunds(paid), now(paid).flag) == ((7500, 0, 3000), [(3000, "succeeded", False)], "")
    assert broken() == []


@pytest.mark.parametrize("outcome", ["succeeded", "failed"])
def test_i6_one_on_its_way_reserves_until_it_ends(
    paid: Charge, gateway: Double, dashboard: stripe.StripeClient, told: Told, outcome: str
) -> None:
    gateway.fault("POST /v1/refunds", "pending")
    made = refund_there(dashboard, paid, 2500)
    intent = now(paid).gateway_intent_id
    told("refund.created", made.id, payment_intent=intent)
    meanwhile = money(paid)

    gateway.ask("POST", "settle", {"id": made.id, "outcome": outcome})
    told("refund.updated", made.id, payment_intent=intent)

    assert (meanwhile, money(paid)) == ((7500, 2500, 0), (7500, 0, 2500 if outcome == "succeeded" else 0))
    assert broken() == []


REPORTED = ["payment_intent.created", "payment_intent.succeeded", "charge.refunded", "refund.failed", "charge.dispute.created"]
ORDERS = list(permutations(REPORTED))


@pytest.mark.parametrize("order", ORDERS if LONG else ORDERS[::5])
def test_i12_reports_in_any_order_around_our_own_answer_end_in_the_gateways_state(
    due: Due, gateway: Double, dashboard: stripe.StripeClient, told: Told, order: tuple[str, ...]
) -> None:
    """The answer to our confirm is lost; meanwhile somebody refunds twice there, one of these fails days later, and the bank disputes."""
    charge = due()
    gateway.fault("POST /v1/payment_intents/*/confirm", "cut_after")
    do_jobs(at=QUARTER_PAST)
    kept, lost = refund_there(dashboard, charge, 2500), refund_there(dashboard, charge, 1000)
    gateway.ask("POST", "settle", {"id": lost.id, "outcome": "failed"})
    gateway.ask("POST", "disputes", {"charge": dashboard.v1.payment_intents.retrieve(str(now(charge).gateway_intent_id)).latest_charge})

    for kind in order * 2:
        about = str(now(charge).gateway_intent_id) if kind.startswith("payment_intent") else kept.id
        told(kind, about, payment_intent=now(charge).gateway_intent_id)

    assert (now(charge).state, money(charge), now(charge).dispute) == ("succeeded", (7500, 0, 2500), "open")
    assert broken() == []


# Reports that are about nothing here


def test_i12_what_is_somebody_elses_is_left_alone_and_what_should_be_ours_is_parked(
    paid: Charge, dashboard: stripe.StripeClient, told: Told
) -> None:
    foreign = dashboard.v1.payment_intents.create({"amount": 999, "currency": "usd"})
    lost = dashboard.v1.payment_intents.create({"amount": 999, "currency": "usd", "metadata": {"installation": "tests", "charge": "gone"}})

    for intent in (foreign, lost):
        told("payment_intent.created", intent.id)
    told("payment_intent.succeeded", str(now(paid).gateway_intent_id))

    assert list(GatewayEvent.objects.order_by("id").values_list("state", flat=True)) == ["foreign", "parked", "applied"]
    assert broken() == ["I12 Every report of a payment that this installation made found it in the book"]


# The nightly look, both ways


def test_r22_reconciliation_finds_what_no_report_told(paid: Charge, dashboard: stripe.StripeClient) -> None:
    refund_there(dashboard, paid, 2500)

    assert reconciled(paid) == []
    assert money(paid) == (7500, 0, 2500)


def test_r22_a_lost_answer_is_brought_up_to_date(due: Due, gateway: Double) -> None:
    charge = due()
    gateway.fault("POST /v1/payment_intents/*/confirm", "cut_after")
    do_jobs(at=QUARTER_PAST)

    assert (now(charge).state, reconciled(charge), now(charge).state) == ("unknown", [], "succeeded")


def test_r22_a_payment_that_the_book_does_not_know_is_told(paid: Charge, dashboard: stripe.StripeClient) -> None:
    """As after a restored backup."""
    lost = dashboard.v1.payment_intents.create({"amount": 999, "currency": "usd", "metadata": {"installation": "tests", "charge": "gone"}})

    assert reconciled(paid) == [f"Payment {lost.id} was made by this installation, and the book does not know it: requires_payment_method."]


def test_r22_a_payment_that_the_gateway_does_not_know_is_told(paid: Charge, gateway: Double) -> None:
    intent = now(paid).gateway_intent_id
    gateway.ask("POST", "reset")

    assert reconciled(paid) == [f"Charge {paid.pk} has payment {intent}, and the gateway does not know it."]


# Disputes


def dispute_there(gateway: Double, charge: Charge) -> str:
    (payment,) = gateway.ledger()["payments"]
    return str(gateway.ask("POST", "disputes", {"charge": payment["id"]})["id"])


def state_of(charge: Charge) -> str:
    fee = fee_of(Appointment.objects.get(pk=charge.appointment_id), at=LATER)
    assert fee is not None
    return fee.state


@pytest.fixture
def missed(juniper: House, odette: Member, gateway: Double) -> Charge:
    """A missed visit whose fee was charged to a card of the double's."""
    appointment = accepted(book(juniper), gateway.card(juniper.patients[0]))
    noshows.mark(appointment, charge_fee=True, by=odette, at=QUARTER_PAST)
    do_jobs(at=QUARTER_PAST)
    return Charge.objects.get()


@pytest.mark.parametrize(("outcome", "ends_as"), [("won", "paid"), ("lost", "disputed")])
def test_i12_a_dispute_is_told_and_ends_as_the_bank_decides(
    missed: Charge, gateway: Double, silas: Member, told: Told, outcome: str, ends_as: str
) -> None:
    intent = now(missed).gateway_intent_id
    opened = dispute_there(gateway, missed)
    told("charge.dispute.created", opened, payment_intent=intent)
    meanwhile = state_of(missed), [charge.pk for charge in attention(silas, at=LATER)]
    with pytest.raises(Refusal, match="bank disputes this payment") as refused:
        refunding.refund(now(missed), None, reason="Goodwill", by=silas, at=LATER)

    gateway.ask("POST", "settle", {"id": opened, "outcome": outcome})
    told("charge.dispute.closed", opened, payment_intent=intent)
    told("charge.dispute.created", opened, payment_intent=intent)  # late, and again

    assert (meanwhile, refused.value.code) == (("disputed", [missed.pk]), "wrong_status")
    assert (state_of(missed), attention(silas, at=LATER).count()) == (ends_as, 0)
    assert [each.kind for each in Event.objects.filter(kind__startswith="dispute").order_by("id")] == [
        "dispute.opened",
        f"dispute.{outcome}",
    ]
    assert broken() == []


def test_r22_the_nightly_look_finds_a_dispute(missed: Charge, gateway: Double) -> None:
    dispute_there(gateway, missed)

    assert (reconciled(missed), now(missed).dispute) == ([], "open")


def test_a_dispute_is_said_where_people_look(
    missed: Charge, gateway: Double, silas: Member, signed_in: Callable[[Member], Browser]
) -> None:
    dispute_there(gateway, missed)
    looked_at(missed)
    browser = signed_in(silas)

    with clock_at(LATER):
        invoice, panel, flagged = (
            words(browser.get(address))
            for address in (
                reverse("billing:invoice", args=[now(missed).invoice_id]),
                reverse("desk:panel", args=[missed.appointment_id]),
                reverse("billing:attention"),
            )
        )

    assert "The patient’s bank disputes this payment It took $75.00 back" in invoice
    assert "$75.00 disputed by the patient’s bank" in invoice
    assert "$75.00 is disputed The patient’s bank took it back and asks for evidence." in panel
    assert "Disputed by the patient’s bank" in flagged
    assert "Evidence is due by" in flagged
