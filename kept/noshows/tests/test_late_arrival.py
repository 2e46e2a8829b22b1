"""Coming late and its fee: offered at check-in, from the accepted minutes on, decided then or later, and undone with the check-in."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.urls import reverse

from kept.billing.models import Charge
from kept.foundation.money import Money
from kept.noshows.models import Fee
from kept.noshows.queries import fee_of
from kept.noshows.transitions.arriving import check_in, undo_check_in
from kept.noshows.transitions.attendance import mark
from kept.ops.cast import House
from kept.policies.document import ForEach, Kind, Row, Step, flat
from kept.policies.transitions import publish
from kept.practice.models import Member
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.checks import refused
from tests.kit.gateway import clock_at
from tests.kit.html import words
from tests.kit.visits import BOOKED_AT, STARTS_AT, accepted, book, card_of

pytestmark = pytest.mark.usefixtures("all_rounders")

MINUTE = timedelta(minutes=1)
TEN, TWELVE, TWENTY = (STARTS_AT + minutes * MINUTE for minutes in (10, 12, 20))


@pytest.fixture
def visit(juniper: House, silas: Member) -> Appointment:
    """Its patient accepted $15.00 for each quarter of an hour, from 10 minutes on; at 30 she counts as missed."""
    per_quarter = Step(kinds=(Kind.LATE_ARRIVAL,), from_minutes=10, pays=ForEach(unit="quarter_hour", minor=1500))
    terms = flat(7500, late_minutes=30)
    row = Row(steps=(*terms.rows[0].steps, per_quarter))
    terms = terms.model_copy(update={"rows": (row,)})
    publish(description="d", authorization_text="a", terms=terms, currency="USD", by=silas, at=BOOKED_AT)
    return accepted(book(juniper), card_of(juniper.patients[0]))


def fee_state(visit: Appointment) -> str | None:
    fee = fee_of(Appointment.objects.get(pk=visit.pk), at=TWENTY)
    return fee.state if fee else None


@pytest.mark.parametrize(
    ("at", "fee"),
    [(STARTS_AT, None), (TEN, None), (TEN + timedelta(seconds=1), 1500), (STARTS_AT + 15 * MINUTE, 1500), (TWENTY, 3000)],
)
def test_it_is_offered_from_the_accepted_minutes_on_for_each_begun_quarter(
    odette: Member, visit: Appointment, at: datetime, fee: int | None
) -> None:
    arrived = check_in(visit, by=odette, at=at)

    assert arrived.status == "arrived"
    assert list(Fee.objects.values_list("kind", "decision", "amount_minor")) == ([("late_arrival", "undecided", fee)] if fee else [])


def test_later_than_a_no_show_it_costs_no_more_than_was_accepted(odette: Member, visit: Appointment) -> None:
    check_in(visit, by=odette, at=STARTS_AT + 44 * MINUTE)

    assert Fee.objects.get().amount == Money(3000, "USD")


def test_after_its_end_a_check_in_says_nothing_of_when_the_patient_came(odette: Member, visit: Appointment) -> None:
    check_in(visit, by=odette, at=visit.ends_at)

    assert Fee.objects.count() == 0


def test_it_can_be_charged_or_spared_with_the_check_in(odette: Member, visit: Appointment) -> None:
    with refused("reason_required"):
        check_in(visit, charge_fee=False, by=odette, at=TWELVE)
    with refused("fee_not_available"):
        check_in(visit, charge_fee=True, by=odette, at=TEN)

    check_in(visit, charge_fee=True, by=odette, at=TWELVE)

    made = Charge.objects.get()
    assert (made.kind, made.amount, made.due_at) == ("late_arrival", Money(1500, "USD"), TWELVE)


def test_undone_it_ends_and_the_patient_who_never_came_is_a_no_show(odette: Member, visit: Appointment) -> None:
    check_in(visit, charge_fee=True, by=odette, at=TWELVE)

    undone = undo_check_in(visit, by=odette, at=TWENTY)
    assert (fee_state(visit), Charge.objects.get().state) == (None, "canceled")
    mark(undone, charge_fee=True, by=odette, at=STARTS_AT + 30 * MINUTE)

    assert Charge.objects.get(live=True).kind == "no_show"


def test_the_check_in_opens_the_question_and_the_patient_is_in_whatever_is_chosen(
    htmx: Callable[[Member], Browser], odette: Member, visit: Appointment
) -> None:
    desk, url = htmx(odette), reverse("noshows:late-arrival", args=[visit.pk])

    with clock_at(TWELVE):
        opened = desk.post(reverse("desk:act", args=[visit.pk, "check-in"]))
        unchosen = desk.post(url, {"version": ""})
        unsaid = desk.post(url, {"charge_fee": "no"})

    assert (opened["HX-Retarget"], opened["HX-Reswap"], opened["HX-Trigger"]) == ("#dialog", "innerHTML", "appointment-changed")
    said = words(opened)
    assert "is checked in, 12 min late" in said
    assert "Charge the $15.00 fee to Visa ••4242" in said
    assert "12 min late, and it is free up to 10 min. Policy v4, row 1." in said
    assert "is free for the full" in said
    assert (unchosen.status_code, unsaid.status_code, fee_state(visit)) == (422, 422, "undecided")

    with clock_at(TWENTY):
        charged = desk.post(url, {"charge_fee": "yes"})
        over = desk.post(url, {"charge_fee": "yes"})

    assert (charged.status_code, over.status_code, Charge.objects.get().amount) == (200, 409, Money(1500, "USD"))


def test_it_says_how_much_of_the_visit_is_left_before_the_next(
    htmx: Callable[[Member], Browser], odette: Member, juniper: House, visit: Appointment
) -> None:
    book(juniper, patient=juniper.patients[1], starts_at=visit.ends_at + 15 * MINUTE)

    with clock_at(TWENTY):
        said = words(htmx(odette).post(reverse("desk:act", args=[visit.pk, "check-in"])))

    assert "is free until" in said
    assert "minutes are left." in said


def test_who_may_not_charge_checks_in_without_a_question(htmx: Callable[[Member], Browser], tess: Member, visit: Appointment) -> None:
    with clock_at(TWELVE):
        done = htmx(tess).post(reverse("desk:act", args=[visit.pk, "check-in"]))

    assert (done.status_code, fee_state(visit)) == (204, "undecided")
