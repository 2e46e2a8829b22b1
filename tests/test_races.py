"""What happens at the same moment: really committed, with threads and connections of their own. One wins, the others are told why."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any, TypeVar

import pytest
from django.db import connections
from django.http import QueryDict

import kept.billing.transitions.cards as cards
import kept.billing.transitions.charging as charging
import kept.billing.transitions.paying as paying
import kept.billing.transitions.recording as recording
import kept.booking.transitions as online_booking
import kept.scheduling.transitions.attendance as attendance
import kept.scheduling.transitions.booking as booking
from kept.billing import reports, sending
from kept.billing.gateways.facts import IntentFacts
from kept.billing.models import Charge, Invoice, Payment
from kept.billing.tasks import follow_up
from kept.billing.transitions.cards import Origin
from kept.booking.offer import Choice
from kept.foundation.refusals import Refusal
from kept.foundation.scope import scope
from kept.noshows.models import Fee
from kept.noshows.transitions import fees
from kept.noshows.transitions.attendance import mark, restore
from kept.noshows.transitions.booking import book as book_anew
from kept.ops.cast import House
from kept.ops.people import JUNIPER
from kept.patients.models import Card
from kept.policies import queries as policies
from kept.policies.document import Ask, Chance, Sum, flat
from kept.policies.models import Acceptance
from kept.policies.transitions import publish
from kept.practice.models import Member, Provider, Resource, ServiceProvider
from kept.practice.rules import Role
from kept.practice.tries import tried
from kept.scheduling import claims
from kept.scheduling.models import Appointment, Claim
from kept.scheduling.transitions.blocking import block_time
from kept.scheduling.transitions.cancelling import cancel
from kept.scheduling.transitions.moving import reschedule
from tests.kit.database import Cloned
from tests.kit.gateway import Double, clock_at, do_jobs, on_the_gateways_page
from tests.kit.people import seen
from tests.kit.together import together, told
from tests.kit.visits import BOOKED_AT, QUARTER_PAST, STARTS_AT, accepted, card_of
from tests.kit.visits import book as book_for

T = TypeVar("T")
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def house(committed: Cloned) -> House:
    """Juniper, read once; nobody stands in it."""
    return seen(JUNIPER)


@pytest.fixture
def all_rounders(house: House) -> House:
    """The same, where every provider performs every service."""
    with scope(house.practice.id, actor="test"):
        ServiceProvider.objects.all().delete()
    return house


def desk(house: House) -> Member:
    return house.members[Role.FRONT_DESK]


def in_scope(house: House, act: Callable[[], T]) -> T:
    """The act as the door does it: in a transaction of its own, committed or taken back whole."""
    with scope(house.practice.id, actor=f"user:{desk(house).user_id}", source="race"):
        return act()


def book(house: House, place: int, service: str, starts_at: datetime, *, provider: str = "Tess Marrowby") -> Appointment:
    """A booking of the slot by one of many."""
    return booking.book(
        clinic=house.clinics["Elm Street"],
        provider=house.providers[provider],
        patient=house.patients[place],
        services=[house.services[service]],
        starts_at=starts_at,
        by=desk(house),
        at=BOOKED_AT,
    )


def at_elm(house: House) -> list[Provider]:
    """Who works there."""
    return [person for name, person in house.providers.items() if name not in ("Petra Lindvall", "Oskar Tamsin")]


def resource_of(house: House, provider: str) -> Resource:
    """What is claimed of that provider."""
    return in_scope(house, lambda: Resource.objects.get(providers=house.providers[provider]))


def overlaps(house: House) -> list[tuple[Claim, Claim]]:
    """Live claims of one resource that lie over each other."""
    with scope(house.practice.id, actor="test"):
        claims = sorted(Claim.objects.filter(live=True), key=lambda claim: (str(claim.resource_id), claim.during.lower))
    return [(a, b) for a, b in pairwise(claims) if a.resource_id == b.resource_id and b.during.lower < a.during.upper]


# Marking (R2, R5, I3)


def test_of_fifty_who_mark_and_charge_at_once_one_does_and_the_patient_pays_once(house: House, gateway: Double) -> None:
    card = gateway.card(house.patients[0])
    appointment = in_scope(house, lambda: accepted(book_for(house), card))

    marked = together([lambda: in_scope(house, lambda: mark(appointment, charge_fee=True, by=desk(house), at=QUARTER_PAST))] * 50)
    charge = in_scope(house, lambda: Charge.objects.get())
    with clock_at(QUARTER_PAST):
        sent = together([lambda: sending.send_charge(str(house.practice.id), str(charge.id))] * 10)

    assert told(marked) == {"Appointment": 1, "wrong_status": 49}
    assert told(sent) == {"NoneType": 10}
    with scope(house.practice.id, actor="test"):
        assert [model.objects.count() for model in (Fee, Charge, Invoice, Payment)] == [1, 1, 1, 1]
        assert Charge.objects.values_list("state", "captured_minor", "attempt").get() == ("succeeded", 7500, 1)
        assert Appointment.objects.get().status == "noshow"
    assert [payment["amount"] for payment in gateway.ledger()["payments"]] == [7500]


def test_i10_a_check_in_races_a_no_show_and_one_wins(house: House) -> None:
    for day in range(20):
        at = STARTS_AT + day * DAY
        visit = in_scope(house, partial(book, house, day, "Lip filler", at))

        done = together(
            [
                partial(in_scope, house, partial(attendance.check_in, visit, by=desk(house), at=at)),
                partial(in_scope, house, partial(mark, visit, charge_fee=None, by=desk(house), at=at)),
            ]
        )

        assert told(done) == {"Appointment": 1, "wrong_status": 1}
        winner = next(result for result in done if isinstance(result, Appointment))
        assert in_scope(house, partial(Appointment.objects.get, pk=visit.pk)).status == winner.status


# Deciding later (R7b, R7e)


def accepted_visit(house: House, at: datetime, card: Card | None = None) -> Appointment:
    return accepted(book_for(house, starts_at=at), card or card_of(house.patients[0]))


def send_at(charge: Charge, at: datetime) -> None:
    """As the worker would at that instant."""
    with clock_at(at):
        sending.send_charge(str(charge.practice_id), str(charge.pk))


def test_r7b_a_fee_spared_at_the_instant_it_is_sent_ends_as_one_of_the_two(house: House, gateway: Double) -> None:
    card = gateway.card(house.patients[0])
    ended: Counter[str] = Counter()
    for day in range(50):
        at = STARTS_AT + day * DAY
        visit = in_scope(house, partial(accepted_visit, house, at, card))
        in_scope(house, partial(mark, visit, charge_fee=True, by=desk(house), at=at))
        charge = in_scope(house, partial(Charge.objects.get, appointment=visit))

        spared, _sent = together(
            [
                partial(in_scope, house, partial(fees.spare, visit, fee_reason="Illness", by=desk(house), at=charge.due_at)),
                partial(send_at, charge, charge.due_at),
            ]
        )

        fee = in_scope(house, partial(Fee.objects.select_related("charge").get, appointment=visit))
        paid = [payment for payment in gateway.ledger()["payments"] if payment["intent"] == fee.charge.gateway_intent_id]
        outcome = (type(spared).__name__, fee.decision, fee.charge.state, fee.charge.flag, len(paid))
        assert outcome in {
            ("Fee", "spared", "canceled", "", 0),
            ("Fee", "spared", "succeeded", "refund_or_keep", 1),
            ("Refusal", "charge", "succeeded", "", 1),
        }
        ended[fee.decision] += 1
    assert sum(ended.values()) == 50


def test_a_new_time_that_spares_by_itself_at_the_instant_of_sending_ends_as_one_of_the_two(house: House, gateway: Double) -> None:
    terms = flat(7500).model_copy(update={"new_time": Chance(mode="by_itself", within=1)})
    publishing = partial(publish, description="d", authorization_text="a", terms=terms, currency="USD", at=BOOKED_AT - 90 * DAY)
    in_scope(house, partial(publishing, by=house.members[Role.OWNER]))
    card = gateway.card(house.patients[0])
    for day in range(15):
        at = STARTS_AT + day * DAY
        visit = in_scope(house, partial(accepted_visit, house, at, card))
        in_scope(house, partial(mark, visit, charge_fee=True, by=desk(house), at=at))
        charge = in_scope(house, partial(Charge.objects.get, appointment=visit))
        anew = partial(
            book_anew,
            clinic=house.clinics["Elm Street"],
            provider=house.providers["Tess Marrowby"],
            patient=house.patients[0],
            services=[house.services["Lip filler"]],
            starts_at=at + 30 * DAY,
            by=desk(house),
            at=charge.due_at - MINUTE,
        )

        booked, _sent = together([partial(in_scope, house, anew), partial(send_at, charge, charge.due_at)])

        assert isinstance(booked, Appointment)
        fee = in_scope(house, partial(Fee.objects.select_related("charge").get, appointment=visit))
        paid = [payment for payment in gateway.ledger()["payments"] if payment["intent"] == fee.charge.gateway_intent_id]
        outcome = (fee.decision, fee.charge.state, fee.charge.flag, len(paid))
        assert outcome in {("spared", "canceled", "", 0), ("charge", "succeeded", "", 1)}


def test_r7e_of_two_desks_that_decide_at_once_one_does_and_the_other_is_told(house: House) -> None:
    for day in range(10):
        at = STARTS_AT + day * DAY
        visit = in_scope(house, partial(accepted_visit, house, at))
        in_scope(house, partial(mark, visit, charge_fee=None, by=house.members[Role.PROVIDER], at=at))

        done = together(
            [
                partial(in_scope, house, partial(fees.charge, visit, by=desk(house), at=at + 15 * MINUTE)),
                partial(in_scope, house, partial(fees.charge, visit, by=house.members[Role.BILLING], at=at + 15 * MINUTE)),
            ]
        )

        assert sorted(told(done)) == ["Fee", "charge_in_flight"]
        assert in_scope(house, partial(Charge.objects.filter(appointment=visit).count)) == 1


# Booking (R16, I1)


def test_of_ten_who_book_one_slot_one_has_it(house: House) -> None:
    done = together([partial(in_scope, house, partial(book, house, place, "Lip filler", STARTS_AT)) for place in range(10)])

    assert told(done) == {"Appointment": 1, "slot_taken": 9}
    with scope(house.practice.id, actor="test"):
        assert list(Claim.objects.values_list("live", "lane")) == [(True, 0)]


def test_of_ten_who_book_overlapping_spans_one_has_it(all_rounders: House) -> None:
    house = all_rounders
    services = ["Wrinkle relaxer", "Lip filler", "Microneedling", "Full-face filler", "Laser resurfacing"]
    wishes = [(services[place % 5], STARTS_AT + 4 * place * MINUTE) for place in range(10)]  # all are busy at 4:10 PM

    done = together([partial(in_scope, house, partial(book, house, place, *wish)) for place, wish in enumerate(wishes)])

    assert told(done) == {"Appointment": 1, "slot_taken": 9}


def test_whoever_books_holds_up_nobody_but_those_who_want_the_same_provider(all_rounders: House) -> None:
    """Each in one transaction for all of them, in which every next booking is begun while the others' are not committed."""
    house, visits = all_rounders, 3
    elm = [person.name for person in at_elm(house)]
    gate = threading.Barrier(len(elm))

    def day(name: str, place: int) -> list[int]:
        booked = []
        for turn in range(visits):
            gate.wait(timeout=20)
            booked.append(book(house, place, "Lip filler", STARTS_AT + turn * 2 * HOUR, provider=name).number)
        return booked

    done = together([partial(in_scope, house, partial(day, name, place)) for place, name in enumerate(elm)])

    numbers = [number for booked in done if isinstance(booked, list) for number in booked]
    assert len(set(numbers)) == len(elm) * visits


def test_of_sixteen_who_book_several_at_a_time_none_is_in_anothers_way_for_ever(all_rounders: House) -> None:
    """Each books two providers in one transaction, of whom one is another's first and one another's second."""
    house = all_rounders
    elm = [person.name for person in sorted(at_elm(house), key=lambda person: person.resource_id)]

    def both(client: int) -> list[int]:
        first = client % (len(elm) - 1)
        pair, at = elm[first : first + 2], STARTS_AT + client * DAY
        return [book(house, client, "Lip filler", at, provider=name).number for name in pair]

    done = together([partial(in_scope, house, partial(both, client)) for client in range(16)])

    assert told(done) == {"list": 16}
    with scope(house.practice.id, actor="test"):
        assert len(set(Appointment.objects.values_list("number", flat=True))) == 32


# Restoring (R11, I2)


def test_i2_a_restore_races_a_booking_and_the_loser_is_told_who_has_the_time(house: House) -> None:
    winners: Counter[str] = Counter()
    for day in range(25):
        at, place = STARTS_AT + day * DAY, day + 1
        visit = in_scope(house, partial(book, house, 0, "Lip filler", at))
        in_scope(house, partial(mark, visit, charge_fee=None, by=desk(house), at=at - 5 * MINUTE))

        done = together(
            [
                partial(in_scope, house, partial(restore, visit, by=desk(house), at=at - MINUTE)),
                partial(in_scope, house, partial(book, house, place, "Wrinkle relaxer", at + 10 * MINUTE)),
            ]
        )

        assert told(done) == {"Appointment": 1, "slot_taken": 1}
        restored = isinstance(done[0], Appointment)
        winners["restore" if restored else "booking"] += 1
        now = in_scope(house, partial(Appointment.objects.get, pk=visit.pk))
        fee = in_scope(house, partial(Fee.objects.get, appointment=visit))
        assert (now.status, fee.open) == (("booked", False) if restored else ("noshow", True))
        loser = done[1] if restored else done[0]
        assert isinstance(loser, Refusal)
        assert str(loser.facts["taken_by"]) == str(next(won.pk for won in done if isinstance(won, Appointment)))
    assert overlaps(house) == []


# Rooms and devices (R16)


@pytest.mark.parametrize(("service", "places"), [("Laser resurfacing", 1), ("PRP facial", 2)])
def test_of_eight_who_book_one_room_with_different_providers_as_many_have_it_as_there_are(
    all_rounders: House, service: str, places: int
) -> None:
    house = all_rounders
    elm = at_elm(house)

    done = together(
        [
            partial(in_scope, house, partial(book, house, place, service, STARTS_AT, provider=elm[place % len(elm)].name))
            for place in range(8)
        ]
    )

    assert told(done) == {"Appointment": places, "slot_taken": 8 - places}
    assert overlaps(house) == []


# Moving, cancelling, blocking (R14, R16)


def test_a_move_races_a_booking_and_one_has_the_time(house: House) -> None:
    winners: Counter[str] = Counter()
    for day in range(15):
        at = STARTS_AT + day * DAY
        visit = in_scope(house, partial(book, house, 0, "Lip filler", at))

        done = together(
            [
                partial(in_scope, house, partial(reschedule, visit, starts_at=at + 2 * HOUR, by=desk(house), at=BOOKED_AT)),
                partial(in_scope, house, partial(book, house, day + 1, "Wrinkle relaxer", at + 2 * HOUR + 10 * MINUTE)),
            ]
        )

        assert told(done) == {"Appointment": 1, "slot_taken": 1}
        moved = isinstance(done[0], Appointment)
        winners["move" if moved else "booking"] += 1
        stands = in_scope(house, partial(Appointment.objects.get, pk=visit.pk))
        assert (stands.starts_at, stands.booking_no) == ((at + 2 * HOUR, 2) if moved else (at, 1))
    assert overlaps(house) == []


def test_two_that_are_moved_into_each_others_time_are_both_refused_and_none_waits_for_ever(house: House) -> None:
    tess, priya = (house.providers[name] for name in ("Tess Marrowby", "Priya Ramsethi"))
    for day in range(15):
        at = STARTS_AT + day * DAY
        first = in_scope(house, partial(book, house, 0, "Lip filler", at))
        second = in_scope(house, partial(book, house, 1, "Lip filler", at + 3 * HOUR, provider=priya.name))

        done = together(
            [
                partial(in_scope, house, partial(reschedule, first, starts_at=at + 3 * HOUR, provider=priya, by=desk(house), at=BOOKED_AT)),
                partial(in_scope, house, partial(reschedule, second, starts_at=at, provider=tess, by=desk(house), at=BOOKED_AT)),
            ]
        )

        assert told(done) == {"slot_taken": 2}


def test_a_time_that_is_being_freed_is_booked_or_not_but_never_twice(house: House) -> None:
    for day in range(15):
        at = STARTS_AT + day * DAY
        visit = in_scope(house, partial(book, house, 0, "Lip filler", at))

        done = together(
            [
                partial(in_scope, house, partial(cancel, visit, asked=Appointment.Asked.PATIENT, by=desk(house), at=BOOKED_AT)),
                partial(in_scope, house, partial(book, house, 1, "Lip filler", at)),
                partial(in_scope, house, partial(book, house, 2, "Lip filler", at)),
            ]
        )

        assert isinstance(done[0], Appointment)
        assert told(done[1:])["Appointment"] <= 1
        assert in_scope(house, partial(Appointment.objects.get, pk=visit.pk)).status == "cancelled"
    assert overlaps(house) == []


def test_r16_a_time_that_is_freed_between_two_looks_at_it_is_booked_as_a_free_one(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    visit = in_scope(house, partial(book, house, 0, "Lip filler", STARTS_AT))
    look = claims.holders

    def freed() -> None:
        in_scope(house, partial(cancel, visit, asked=Appointment.Asked.PATIENT, by=desk(house), at=BOOKED_AT))
        connections.close_all()

    def freed_meanwhile(*asked: Any, **more: Any) -> list[Claim]:
        elsewhere = threading.Thread(target=freed)
        elsewhere.start()
        elsewhere.join()
        return look(*asked, **more)

    monkeypatch.setattr(claims, "holders", freed_meanwhile)
    booked = in_scope(house, partial(book, house, 1, "Lip filler", STARTS_AT))

    assert in_scope(house, lambda: set(Claim.objects.filter(appointment=booked).values_list("live", "lane"))) == {(True, 0)}


def test_a_block_races_a_booking_and_one_has_the_time(house: House) -> None:
    elm, tess = house.clinics["Elm Street"], resource_of(house, "Tess Marrowby")
    for day in range(15):
        at = STARTS_AT + day * DAY
        lunch = {"starts_at": at, "ends_at": at + HOUR, "why": "Lunch", "by": desk(house), "at": BOOKED_AT}

        done = together(
            [
                partial(in_scope, house, partial(block_time, tess, elm, **lunch)),
                partial(in_scope, house, partial(book, house, day, "Lip filler", at + 30 * MINUTE)),
            ]
        )

        assert told(done) in ({"Block": 1, "slot_taken": 1}, {"Appointment": 1, "slot_taken": 1})
    assert overlaps(house) == []


# Whoever waited for a lock finds what is there then


def meanwhile(house: House, lock: Callable[[], object], change: Callable[[], object], then: Callable[[], T]) -> T:
    """One takes the lock and changes; another asked for it in between, and says what it found."""
    locked = threading.Event()

    def first() -> None:
        lock()
        locked.set()
        time.sleep(0.2)  # the other waits for the lock now
        change()

    def second() -> T:
        locked.wait()
        return then()

    _none, found = together([partial(in_scope, house, first), partial(in_scope, house, second)])
    if isinstance(found, Exception):
        raise found
    assert found is not None
    return found


def test_an_appointment_moved_meanwhile_to_another_provider_is_still_found(house: House) -> None:
    visit, priya = in_scope(house, partial(book, house, 0, "Lip filler", STARTS_AT)), house.providers["Priya Ramsethi"]

    found = meanwhile(
        house,
        lock=lambda: Appointment.objects.locked(visit),
        change=lambda: Appointment.objects.filter(pk=visit.pk).update(provider=priya),
        then=lambda: Appointment.objects.locked(visit),
    )

    assert found.provider == priya


def test_r3_a_policy_accepted_meanwhile_counts(house: House) -> None:
    visit = in_scope(house, partial(book, house, 0, "Lip filler", STARTS_AT))

    found = meanwhile(
        house,
        lock=lambda: Appointment.objects.locked(visit),
        change=lambda: accepted(visit, card_of(visit.patient)),
        then=lambda: Appointment.objects.locked(visit),
    )

    assert found.acceptance is not None


def test_r20_a_fee_settled_while_its_invoice_is_issued_has_one_invoice(house: House) -> None:
    visit = in_scope(house, lambda: accepted(book(house, 0, "Lip filler", STARTS_AT), card_of(house.patients[0])))
    in_scope(house, partial(mark, visit, charge_fee=True, by=desk(house), at=QUARTER_PAST))
    charge = in_scope(house, Charge.objects.get)
    paid = IntentFacts("pi_1", "succeeded", captured_minor=7500, gateway_charge_id="ch_1")

    settled = meanwhile(
        house,
        lock=lambda: charging.locked(charge.pk),
        change=lambda: charging.begin(charge.pk, at=QUARTER_PAST),
        then=lambda: charging.settle(charge.pk, paid, at=QUARTER_PAST),
    )

    assert in_scope(house, lambda: [(invoice.number, invoice.status) for invoice in Invoice.objects.all()]) == [(10001, "balanced")]
    assert settled.invoice_id == in_scope(house, Payment.objects.get).invoice_id


# Money by several ways at once (I4, R22): one payment, or cash and none

PAYS: tuple[str, list[int]] = ("succeeded", [7500])
CASH: tuple[str, list[int]] = ("canceled", [])


def unpaid(house: House, gateway: Double, place: int, *, link: bool) -> Charge:
    """A fee that a card did not pay; with `link` it waits for the patient, whose other card would."""
    at = STARTS_AT + place * DAY
    card = gateway.card(house.patients[0], "chargeCustomerFail")
    visit = in_scope(house, lambda: accepted(book(house, 0, "Lip filler", at), card))
    in_scope(house, partial(mark, visit, charge_fee=True, by=desk(house), at=at + 15 * MINUTE))
    do_jobs(at=at + 15 * MINUTE)
    charge = in_scope(house, partial(Charge.objects.get, appointment=visit))
    if link:
        in_scope(house, partial(paying.payment_link, charge, by=desk(house), at=at + 16 * MINUTE))
    return charge


def ended(house: House, gateway: Double, charge: Charge, at: datetime) -> tuple[str, list[int]]:
    """Where the charge stands once all jobs are done, and what was taken for it at the gateway."""
    for turn in range(3):
        later = at + turn * 2 * MINUTE
        with clock_at(later):
            follow_up(str(house.practice.id))
        do_jobs(at=later)
    now = in_scope(house, partial(Charge.objects.get, pk=charge.pk))
    payments = in_scope(house, lambda: list(Payment.objects.filter(charge=charge)))
    assert len(payments) == 1
    return now.state, [each["amount"] for each in gateway.ledger()["payments"] if each["intent"] == now.gateway_intent_id]


def test_one_desk_records_cash_while_another_tries_the_card_again(house: House, gateway: Double) -> None:
    for place in range(8):
        charge, at = unpaid(house, gateway, place, link=False), STARTS_AT + place * DAY + 20 * MINUTE
        good = gateway.card(house.patients[0])
        in_scope(house, partial(Charge.objects.filter(pk=charge.pk).update, card=good))  # it has its money by now

        with clock_at(at):
            done = together(
                [
                    partial(in_scope, house, partial(recording.record_payment, charge, method="cash", by=desk(house), at=at)),
                    partial(_tries_again, house, charge, at),
                ]
            )

        assert set(told(done)) <= {"Charge", "NoneType", "wrong_status", "charge_in_flight"}
        cash = isinstance(done[0], Charge)
        assert ended(house, gateway, charge, at) == (CASH if cash else PAYS)


def _tries_again(house: House, charge: Charge, at: datetime) -> None:
    in_scope(house, partial(charging.retry, charge, by=desk(house), at=at))
    sending.send_charge(str(house.practice.id), str(charge.pk))


def test_the_patient_pays_by_her_link_while_a_desk_records_cash(house: House, gateway: Double) -> None:
    for place in range(8):
        charge, at = unpaid(house, gateway, place, link=True), STARTS_AT + place * DAY + 20 * MINUTE
        good = gateway.card(house.patients[0])
        pay = partial(sending.pay, str(house.practice.id), str(charge.pk), good.pk, return_url="http://testserver/")

        with clock_at(at):
            done = together(
                [partial(in_scope, house, partial(recording.record_payment, charge, method="cash", by=desk(house), at=at)), pay]
            )

        assert told(done) in ({"Charge": 1, "wrong_status": 1}, {"str": 1, "charge_in_flight": 1}, {"str": 1, "wrong_status": 1})
        assert ended(house, gateway, charge, at) == (CASH if isinstance(done[0], Charge) else PAYS)


def test_the_patient_presses_pay_ten_times_while_a_desk_tries_again(house: House, gateway: Double) -> None:
    charge, at = unpaid(house, gateway, 0, link=True), STARTS_AT + 20 * MINUTE
    good = gateway.card(house.patients[0])
    pay = partial(sending.pay, str(house.practice.id), str(charge.pk), good.pk, return_url="http://testserver/")

    with clock_at(at):
        done = together([pay] * 10 + [partial(_tries_again, house, charge, at)] * 2)

    assert told(done)["str"] == 1
    assert set(told(done)) <= {"str", "charge_in_flight", "wrong_status"}
    assert ended(house, gateway, charge, at) == PAYS


# All at once


def test_a_storm_of_all_that_takes_and_frees_time_ends_without_deadlock_or_overlap(all_rounders: House) -> None:
    house, chance = all_rounders, random.Random(7)
    tess, priya, elm = house.providers["Tess Marrowby"], house.providers["Priya Ramsethi"], house.clinics["Elm Street"]
    hers = resource_of(house, tess.name)
    services = ["Consultation", "PRP facial"]
    visits = [in_scope(house, partial(book, house, place, services[place % 2], STARTS_AT + place * 90 * MINUTE)) for place in range(6)]
    later = {"by": desk(house), "at": QUARTER_PAST + DAY}
    acts: list[Callable[[], object]] = []
    for place in range(150):
        visit, start = chance.choice(visits), STARTS_AT + chance.randrange(12) * 15 * MINUTE
        act = chance.choice(
            [
                partial(mark, visit, charge_fee=None, **later),
                partial(cancel, visit, asked=Appointment.Asked.CLINIC, by=desk(house), at=BOOKED_AT),
                partial(restore, visit, **later),
                partial(restore, visit, starts_at=start, **later),
                partial(restore, visit, provider=priya, **later),
                partial(reschedule, visit, starts_at=start, provider=chance.choice([tess, priya]), **later),
                partial(book, house, 6 + place % 50, chance.choice(["Wrinkle relaxer", "PRP facial"]), start, provider=priya.name),
                partial(block_time, hers, elm, starts_at=start, ends_at=start + 20 * MINUTE, why="", by=desk(house), at=BOOKED_AT),
            ]
        )
        acts.append(partial(in_scope, house, act))

    done = together(acts)

    assert set(told(done)) <= {"Appointment", "Block", "slot_taken", "wrong_status", "invalid"}
    assert overlaps(house) == []
    with scope(house.practice.id, actor="test"):
        live = set(Claim.objects.exclude(appointment=None).values_list("appointment", "live"))
        assert live == {(visit.pk, visit.status == "booked") for visit in Appointment.objects.all()}


def test_r16_of_many_patients_online_and_the_desk_one_gets_the_last_time(house: House) -> None:
    def online() -> object:
        asked = QueryDict(mutable=True)
        asked.update({"services": str(house.services["Lip filler"].pk), "start": STARTS_AT.isoformat()})
        asked["provider"] = str(house.providers[house.members[Role.PROVIDER].name].pk)
        return in_scope(house, lambda: _booked_online(house, asked))

    acts: list[Callable[[], object]] = [online] * 7
    results = together([*acts, lambda: in_scope(house, lambda: book_for(house))])

    assert (len(results), told(results)["slot_taken"], overlaps(house)) == (8, 7, [])


def _booked_online(house: House, asked: QueryDict) -> object:
    who = {"first_name": "Perpetua", "last_name": "Nightshade", "email": "p@example.com", "phone": "(555) 010-0199"}
    choice = Choice(house.clinics["Elm Street"], asked, BOOKED_AT)
    version = str(policies.version_in_use().pk)  # type: ignore[union-attr]
    return online_booking.book(choice, who, version_id=version, origin=Origin("192.0.2.1", "test"), in_place_of=(), at=BOOKED_AT)


# Strangers


def test_tries_that_come_at_once_are_counted_one_by_one(house: House) -> None:
    def one() -> int:
        with scope(house.practice.pk, actor="test"):
            return tried(house.practice.pk, "link", "203.0.113.9", at=QUARTER_PAST)

    assert sorted(map(str, together([one] * 8))) == [str(each) for each in range(1, 9)]


def test_i4_a_deposit_that_is_told_by_all_at_once_is_one_payment(house: House, gateway: Double) -> None:
    practice = str(house.practice.pk)
    visit, capture = deposit_paid(house)
    (intent,) = gateway.ledger()["intents"]
    coming_back = partial(cards.finish, practice, capture)
    reported = partial(reports.look_at_payment, practice, intent["id"])

    with clock_at(BOOKED_AT):
        results = together([coming_back, reported] * 5)

    assert told(results) == Counter({"NoneType": 10})
    with scope(practice, actor="test"):
        assert [(each.kind, each.state, each.captured_minor, each.refund_reserved_minor) for each in Charge.objects.all()] == [
            ("deposit", "succeeded", 2500, 0)
        ]
        assert (Payment.objects.count(), Invoice.objects.count(), Acceptance.objects.count()) == (1, 1, 1)
        assert Appointment.objects.get(pk=visit.pk).acceptance_id


def deposit_paid(house: House) -> tuple[Appointment, str]:
    """A visit whose deposit of $25.00 was just paid on the gateway's page, and the capture by which it was."""
    terms = flat(7500).model_copy(update={"asks": (Ask(deposit=Sum(minor=2500)),)})
    owner = house.members[Role.OWNER]

    def begun() -> tuple[Appointment, str]:
        version = publish(description="d", authorization_text="a", terms=terms, currency="USD", by=owner, at=BOOKED_AT)
        visit = book_for(house)
        return visit, str(cards.begin(visit, version_id=str(version.pk), origin=Origin(None, ""), at=BOOKED_AT).pk)

    with clock_at(BOOKED_AT):
        visit, capture = in_scope(house, begun)
        back = "http://testserver/back"
        on_the_gateways_page(cards.leave_for_the_card_page(str(house.practice.pk), capture, success_url=back, cancel_url=back))
    return visit, capture
