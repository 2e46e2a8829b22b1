"""What becomes of a deposit: back in time, put to a fee first, standing again, credited (R4, R5, R10, R14)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

import kept.billing.transitions.refunding as refunding
import kept.noshows.transitions.attendance as attendance
import kept.noshows.transitions.cancelling as cancelling
import kept.policies.transitions as policies
import kept.scheduling.transitions.attendance as book_of_visits
from kept.api.appointments import whole
from kept.billing.models import Charge, Invoice
from kept.billing.transitions import cards
from kept.foundation.money import Money
from kept.foundation.scope import outside
from kept.noshows.deposits import held, says
from kept.noshows.models import Fee
from kept.noshows.transitions import depositing, fees
from kept.ops.cast import House
from kept.policies.document import Ask, Deposit, Deposits, Document, HoursBefore, Row, Share, Step, Sum
from kept.practice.models import Member
from kept.scheduling.models import Appointment
from kept.scheduling.transitions.managing import manage_token
from tests.kit.browser import Browser
from tests.kit.checks import refused
from tests.kit.gateway import Double, clock_at, do_jobs, on_the_gateways_page
from tests.kit.html import fields, words
from tests.kit.visits import BOOKED_AT, QUARTER_PAST, STARTS_AT, book

IN_TIME, LATE = STARTS_AT - timedelta(hours=30), STARTS_AT - timedelta(hours=2)
PATIENT, CLINIC = Appointment.Asked.PATIENT, Appointment.Asked.CLINIC
FEE = Sum(minor=7500)
BACK = "http://testserver/back"
WithDeposit = Callable[..., Appointment]


def document(deposit: int, fee: Sum | Share | Deposit, **deposits: str) -> Document:
    """The fee for missing it, or cancelling less than 24 hours before; what is asked at booking, and what becomes of it."""
    steps = (Step(kinds=("late_cancel",), notice=HoursBefore(hours=24), pays=fee), Step(kinds=("no_show",), pays=fee))
    asks = (Ask(deposit=Sum(minor=deposit)),)
    return Document(rows=(Row(steps=steps),), asks=asks, deposits=Deposits.model_validate(deposits), free_hours=0)


@pytest.fixture
def with_deposit(juniper: House, leonora: Member, gateway: Double) -> WithDeposit:
    """A visit whose deposit was paid on the gateway's page: `with_deposit(2500, Sum(minor=7500), late_or_missed="kept")`."""

    def paid(deposit: int = 2500, fee: Sum | Share | Deposit = FEE, **deposits: str) -> Appointment:
        with clock_at(BOOKED_AT):
            terms = document(deposit, fee, **deposits)
            version = policies.publish(description="d", authorization_text="a", terms=terms, currency="USD", by=leonora, at=BOOKED_AT)
            visit = book(juniper)
            capture = cards.begin(visit, version_id=str(version.pk), origin=cards.Origin(None, ""), at=BOOKED_AT)
            with outside():
                practice = str(juniper.practice.pk)
                on_the_gateways_page(cards.leave_for_the_card_page(practice, str(capture.pk), success_url=BACK, cancel_url=BACK))
                cards.finish(practice, str(capture.pk))
        return Appointment.objects.select_related("acceptance__card", "acceptance__version", "clinic", "patient").get(pk=visit.pk)

    return paid


def money(gateway: Double) -> list[tuple[int, int]]:
    """What the gateway took, and of it gave back; the first payment first."""
    return [(payment["amount"], payment["refunded"]) for payment in reversed(gateway.ledger()["payments"])]


def fee_of(visit: Appointment, *, at: datetime) -> Fee:
    return Fee.objects.with_state(at).select_related("charge").get(appointment=visit)  # type: ignore[attr-defined,no-any-return]


def of_the_deposit(visit: Appointment) -> str:
    deposit = held(visit)
    return says(deposit, Appointment.objects.get(pk=visit.pk)) if deposit else ""


@pytest.mark.parametrize(
    ("asked", "rule", "back"),
    [(PATIENT, "returned", 2500), (PATIENT, "kept", 0), (CLINIC, "kept", 2500)],
)
def test_r14_cancelled_in_time_it_goes_back_as_the_policy_says(
    with_deposit: WithDeposit, gateway: Double, odette: Member, asked: Appointment.Asked, rule: str, back: int
) -> None:
    visit = with_deposit(cancelled_in_time=rule)

    cancelling.cancel(visit, asked=asked, by=odette, at=IN_TIME)
    do_jobs(at=IN_TIME)

    assert money(gateway) == [(2500, back)]
    assert of_the_deposit(visit) == ("Refunded." if back else "$25.00 stays with the clinic unless you refund it.")


@pytest.mark.parametrize(
    ("deposit", "fee", "rule", "charged", "said"),
    [
        (2500, Sum(minor=7500), "applied", [(2500, 0), (5000, 0)], "$25.00 put to the fee."),
        (2500, Sum(minor=7500), "kept", [(2500, 0), (7500, 0)], "$25.00 stays with the clinic unless you refund it."),
        (2500, Deposit(), "applied", [(2500, 0)], "$25.00 put to the fee."),
        (2500, Deposit(), "kept", [(2500, 0)], "$25.00 put to the fee."),
        (7500, Sum(minor=7500), "applied", [(7500, 0)], "$75.00 put to the fee."),
        (9000, Sum(minor=7500), "applied", [(9000, 0)], "$75.00 put to the fee. $15.00 stays with the clinic unless you refund it."),
        (7480, Sum(minor=7500), "applied", [(7480, 0)], "$74.80 put to the fee."),
    ],
)
def test_r4_it_pays_the_fee_first_and_only_the_rest_is_charged(
    with_deposit: WithDeposit,
    gateway: Double,
    odette: Member,
    deposit: int,
    fee: Sum | Deposit,
    rule: str,
    charged: list[tuple[int, int]],
    said: str,
) -> None:
    visit = with_deposit(deposit, fee, late_or_missed=rule)

    attendance.mark(visit, charge_fee=True, by=odette, at=QUARTER_PAST)
    do_jobs(at=QUARTER_PAST)

    assert money(gateway) == charged
    assert of_the_deposit(visit) == said
    assert fee_of(visit, at=QUARTER_PAST).state == "paid"


def test_r6a_the_fees_bill_has_the_deposit_taken_off(with_deposit: WithDeposit, odette: Member) -> None:
    visit = with_deposit()

    attendance.mark(visit, charge_fee=True, by=odette, at=QUARTER_PAST)
    do_jobs(at=QUARTER_PAST)

    bill = Invoice.objects.get(kind="no_show")
    assert [(line.text, line.amount_minor) for line in bill.lines.all()] == [
        ("Appointment Cancellation/Rescheduling Charges", 7500),
        ("Deposit applied", -2500),
    ]
    assert (bill.status, bill.total) == ("balanced", Money(5000, "USD"))


def test_r14_cancelled_late_it_pays_the_fee_first(with_deposit: WithDeposit, gateway: Double, odette: Member) -> None:
    visit = with_deposit()

    cancelling.cancel(visit, asked=PATIENT, charge_fee=True, by=odette, at=LATE)
    do_jobs(at=LATE)

    assert money(gateway) == [(2500, 0), (5000, 0)]


@pytest.mark.parametrize(("fee", "paid"), [(Deposit(), [(2500, 0)]), (Sum(minor=7500), [(2500, 0), (5000, 0)])])
def test_r9_restored_it_stands_again_and_a_second_mark_charges_nothing_twice(
    with_deposit: WithDeposit, gateway: Double, odette: Member, fee: Sum | Deposit, paid: list[tuple[int, int]]
) -> None:
    visit = with_deposit(2500, fee)
    attendance.mark(visit, charge_fee=True, by=odette, at=QUARTER_PAST)
    do_jobs(at=QUARTER_PAST)

    attendance.restore(visit, by=odette, at=QUARTER_PAST)
    restored = of_the_deposit(visit)
    again = None if isinstance(fee, Sum) else True
    attendance.mark(Appointment.objects.get(pk=visit.pk), charge_fee=again, by=odette, at=QUARTER_PAST)
    do_jobs(at=QUARTER_PAST)

    assert restored == ("$25.00 put to the fee." if isinstance(fee, Sum) else "$25.00 to be credited at the till.")
    assert of_the_deposit(visit) == "$25.00 put to the fee."
    assert money(gateway) == paid


def test_r10_a_waiting_fee_that_is_restored_leaves_the_deposit_whole(with_deposit: WithDeposit, gateway: Double, odette: Member) -> None:
    visit = with_deposit()
    attendance.mark(visit, charge_fee=True, by=odette, at=STARTS_AT)  # the charge waits for the late minutes

    attendance.restore(visit, by=odette, at=STARTS_AT)
    do_jobs(at=QUARTER_PAST)

    assert of_the_deposit(visit) == "$25.00 to be credited at the till."
    assert money(gateway) == [(2500, 0)]


def test_r7e_spared_it_is_put_to_nothing(with_deposit: WithDeposit, odette: Member) -> None:
    visit = with_deposit()

    attendance.mark(visit, charge_fee=False, fee_reason="Ill", by=odette, at=QUARTER_PAST)

    assert of_the_deposit(visit) == "$25.00 stays with the clinic unless you refund it."


def test_a_kept_visit_has_it_credited(with_deposit: WithDeposit, odette: Member) -> None:
    visit = with_deposit()

    book_of_visits.check_in(visit, by=odette, at=QUARTER_PAST)
    book_of_visits.complete(Appointment.objects.get(pk=visit.pk), by=odette, at=QUARTER_PAST)

    assert of_the_deposit(visit) == "$25.00 credited at the till."


def test_r7a_a_fee_that_is_the_deposit_is_gone_with_it(with_deposit: WithDeposit, gateway: Double, odette: Member, leonora: Member) -> None:
    visit = with_deposit(2500, Deposit())
    refunding.refund(Charge.objects.get(), None, reason="Goodwill", by=leonora, at=IN_TIME)
    do_jobs(at=IN_TIME)

    attendance.mark(visit, charge_fee=None, by=odette, at=QUARTER_PAST)

    assert (fee_of(visit, at=QUARTER_PAST).state, fee_of(visit, at=QUARTER_PAST).why_not) == ("not_offered", "exempt")


def test_the_dialog_and_the_panel_say_it_in_money(with_deposit: WithDeposit, odette: Member, signed_in: Any) -> None:
    visit, desk = with_deposit(), signed_in(odette)

    with clock_at(QUARTER_PAST):
        dialog = words(desk.get(f"/appointments/{visit.pk}/no-show/"))
        panel = words(desk.get(f"/appointments/{visit.pk}/"))
        attendance.mark(visit, charge_fee=True, by=odette, at=QUARTER_PAST)
        do_jobs(at=QUARTER_PAST)
        after = words(desk.get(f"/appointments/{visit.pk}/"))

    assert "$75.00 fee, $25.00 deposit applied, $50.00 charged to Visa ••4242 now." in dialog
    assert "Deposit $25.00 $25.00 to be credited at the till." in panel
    assert "Deposit of $25.00 paid with Visa ••4242" in panel
    assert "Of the $75.00 fee the deposit pays $25.00." in after
    assert "$25.00 of the deposit put to the fee" in after


def test_the_cancel_dialog_says_that_it_goes_back(with_deposit: WithDeposit, odette: Member, signed_in: Any) -> None:
    visit = with_deposit()

    with clock_at(IN_TIME):
        dialog = words(signed_in(odette).get(f"/appointments/{visit.pk}/cancel/"))

    assert "The deposit of $25.00 goes back to Visa ••4242." in dialog


def test_over_the_api_it_stands_with_the_appointment(with_deposit: WithDeposit, odette: Member) -> None:
    visit = with_deposit()

    said = whole(odette, str(visit.pk), IN_TIME).deposit

    assert said is not None
    assert said.invoice is not None
    assert (said.amount.minor, said.refunded.minor, said.left.minor, said.invoice.status) == (2500, 0, 2500, "balanced")


def test_r21_the_manage_page_says_what_becomes_of_it(with_deposit: WithDeposit) -> None:
    visit = with_deposit()

    def asked(at: datetime) -> str:
        with clock_at(at):
            phone = Browser()
            address = phone.get(f"/manage/{manage_token(visit, at=at)}/")["Location"]
            return words(phone.get(f"{address}cancel/"))

    in_time, late = asked(IN_TIME), asked(LATE)

    assert "Your deposit of $25.00 goes back to Visa ••4242." in in_time
    assert "asks for $75.00: $25.00 from your deposit, and $50.00 is charged to Visa ••4242." in late


@pytest.mark.parametrize(("deposit", "charged", "rest"), [(2500, False, 2500), (9000, True, 1500)])
def test_r21_what_no_fee_takes_of_it_is_given_back_by_who_may(
    with_deposit: WithDeposit, gateway: Double, odette: Member, silas: Member, deposit: int, charged: bool, rest: int
) -> None:
    visit = with_deposit(deposit)
    attendance.mark(visit, charge_fee=charged, fee_reason="Ill", by=odette, at=QUARTER_PAST)

    with refused("reason_required"):
        depositing.refund_rest(visit, reason="", by=silas, at=QUARTER_PAST)
    depositing.refund_rest(visit, reason="Goodwill", by=silas, at=QUARTER_PAST)
    do_jobs(at=QUARTER_PAST)

    assert money(gateway) == [(deposit, rest)]
    with refused("wrong_status"):
        depositing.refund_rest(visit, reason="Goodwill", by=silas, at=QUARTER_PAST)


def test_r21_there_is_no_rest_while_the_visit_is_to_come_or_its_fee_undecided(
    with_deposit: WithDeposit, odette: Member, silas: Member, tess: Member
) -> None:
    visit = with_deposit()

    with refused("wrong_status"):
        depositing.refund_rest(visit, reason="Goodwill", by=silas, at=IN_TIME)
    attendance.mark(visit, charge_fee=None, by=tess, at=QUARTER_PAST)
    with refused("wrong_status"):
        depositing.refund_rest(visit, reason="Goodwill", by=silas, at=QUARTER_PAST)
    fees.spare(visit, fee_reason="Ill", by=odette, at=QUARTER_PAST)
    with refused("not_permitted"):
        depositing.refund_rest(visit, reason="Goodwill", by=odette, at=QUARTER_PAST)  # beyond the front desk's limit


def test_r21_the_panel_offers_the_rest_and_the_dialog_opens_with_it(
    with_deposit: WithDeposit, odette: Member, silas: Member, signed_in: Any
) -> None:
    visit = with_deposit(9000)
    attendance.mark(visit, charge_fee=True, by=odette, at=QUARTER_PAST)
    deposit = held(visit)
    assert deposit is not None

    with clock_at(QUARTER_PAST):
        panels = [words(signed_in(member).get(f"/appointments/{visit.pk}/")) for member in (odette, silas)]
        dialog = fields(signed_in(silas).get(f"/sales/{deposit.invoice_id}/refund/?amount=15.00"))

    assert ["Refund $15.00" in panel for panel in panels] == [False, True]
    assert (dialog["how_much"], dialog["amount"]) == ("part", "15.00")
