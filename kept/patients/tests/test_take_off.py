"""Taking a card off the profile: nothing new may rely on it, what relies on it still may (R7a)."""

from datetime import UTC, datetime

import pytest

import kept.noshows.transitions.attendance as noshows
from kept.events.models import Event
from kept.noshows.offers import fee_offer
from kept.ops.cast import House
from kept.patients.models import Card
from kept.patients.queries import cards, usable_card
from kept.patients.transitions import keep_card, take_off
from kept.practice.models import Member
from kept.scheduling.models import Appointment
from tests.kit.checks import queued, refused
from tests.kit.visits import QUARTER_PAST, card_of

AT = datetime(2026, 10, 10, 15, tzinfo=UTC)


def test_it_leaves_the_profile_and_the_record_says_who_took_it(juniper: House, odette: Member) -> None:
    renata = juniper.patients[0]
    card = card_of(renata)

    take_off(card, by=odette, at=AT)

    assert list(cards(renata)) == []
    assert usable_card(renata) is None
    event = Event.objects.get(kind="card.taken_off")
    assert (event.subject_id, event.by_id, event.particulars) == (renata.pk, odette.pk, {"card": str(card.pk)})


def test_r7a_what_relies_on_it_can_still_be_charged(odette: Member, appointment: Appointment) -> None:
    card = appointment.patient.cards.get()

    take_off(card, by=odette, at=AT)

    appointment = Appointment.objects.locked(appointment)  # type: ignore[attr-defined]
    assert fee_offer(appointment, at=QUARTER_PAST).offered
    charge = noshows.mark(appointment, charge_fee=True, by=odette, at=QUARTER_PAST).charges.get()  # type: ignore[attr-defined]
    assert (charge.card, charge.state) == (card, "due")
    assert queued("billing.send_charge") == {str(charge.id)}


def test_the_next_visit_knows_no_card(odette: Member, appointment: Appointment, appointment_without_card: Appointment) -> None:
    card = card_of(appointment_without_card.patient)

    take_off(card, by=odette, at=AT)

    assert fee_offer(appointment_without_card, at=appointment_without_card.starts_at).why_not == "no_card"


def test_twice_is_refused(odette: Member, juniper: House) -> None:
    card = card_of(juniper.patients[0])
    take_off(card, by=odette, at=AT)

    with refused("wrong_status"):
        take_off(card, by=odette, at=AT)


def test_given_again_it_is_there_again(odette: Member, juniper: House) -> None:
    renata = juniper.patients[0]
    card = take_off(card_of(renata), by=odette, at=AT)

    again = keep_card(
        renata, customer_id="cus_1", payment_method_id=card.payment_method_id, brand="visa", last4="4242", exp_month=4, exp_year=2031, at=AT
    )

    assert (again.pk, again.state) == (card.pk, "active")
    assert usable_card(renata) == card
    assert Event.objects.filter(kind="card.given", subject_id=renata.pk).count() == 2


def test_one_that_its_bank_will_not_take_can_be_taken_off_too(odette: Member, juniper: House) -> None:
    card = card_of(juniper.patients[0])
    Card.objects.update(state=Card.State.BLOCKED)

    assert take_off(card, by=odette, at=AT).state == "off"


@pytest.mark.parametrize("who", ["benedikt", "philomena"])
def test_who_may_not_take_one_off(juniper: House, request: pytest.FixtureRequest, who: str) -> None:
    card = card_of(juniper.patients[0])

    with refused("not_permitted"):
        take_off(card, by=request.getfixturevalue(who), at=AT)
