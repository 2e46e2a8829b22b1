"""Booking: a provider sees one patient at a time, buffers included, unless somebody who may decides otherwise (R16, I1)."""

import re
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from psycopg.types.range import Range

import kept.scheduling.transitions.attendance as attendance
from kept.events.models import Event
from kept.foundation.ids import new_id
from kept.foundation.money import Money
from kept.ops.cast import House
from kept.policies.transitions import switch_fees
from kept.practice.models import Member, MemberClinic, Service, Settings
from kept.scheduling.models import Appointment, Claim
from kept.scheduling.rules import display
from kept.scheduling.transitions.booking import book
from tests.kit.checks import refused
from tests.kit.visits import BOOKED_AT, STARTS_AT

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

Wish = Callable[..., Appointment]


@pytest.fixture
def wish(juniper: House, odette: Member) -> Wish:
    """`wish(starts_at, "Consultation")`: booked at the desk with Tess Marrowby, by the next patient."""
    patients = iter(juniper.patients)

    def booked(
        starts_at: datetime = STARTS_AT,
        *services: str,
        by: Member = odette,
        provider: str = "Tess Marrowby",
        clinic: str = "Elm Street",
        at: datetime = BOOKED_AT,
        double_book: bool = False,
        note: str = "",
    ) -> Appointment:
        return book(
            clinic=juniper.clinics[clinic],
            provider=juniper.providers[provider],
            patient=next(patients),
            services=[juniper.services[name] for name in services or ["Lip filler"]],
            starts_at=starts_at,
            by=by,
            at=at,
            double_book=double_book,
            note=note,
        )

    return booked


def lanes() -> list[tuple[bool, int]]:
    return list(Claim.objects.order_by("id").values_list("live", "lane"))


# What is booked


def test_a_booking_and_what_is_written_with_it(wish: Wish, odette: Member) -> None:
    appointment = wish(STARTS_AT, "Consultation", "Lip filler", note=" Prefers mornings ")

    kept = Appointment.objects.get()
    assert (kept, kept.status, kept.starts_at, kept.ends_at, kept.booked_at, kept.channel, kept.note) == (
        appointment,
        "booked",
        STARTS_AT,
        STARTS_AT + 90 * MINUTE,
        BOOKED_AT,
        "desk",
        "Prefers mornings",
    )
    assert (kept.booking_no, kept.version, kept.recorded_afterwards, kept.status_by) == (1, 1, False, odette)
    lines = kept.lines.values_list("position", "name", "minutes", "price_minor", "currency")
    assert list(lines) == [(0, "Consultation", 30, 6000, "USD"), (1, "Lip filler", 60, 65000, "USD")]
    assert kept.price == Money(71000, "USD")
    event = Event.objects.get(kind="appointment.booked")
    assert (event.subject_id, event.by_id, event.at, event.particulars) == (
        kept.id,
        odette.id,
        BOOKED_AT,
        {"channel": "desk", "double_booked": False},
    )


def test_it_keeps_the_price_and_length_of_the_booking(wish: Wish) -> None:
    appointment = wish()

    Service.objects.update(price_minor=1, minutes=5)

    kept = Appointment.objects.get()
    assert (kept.price, kept.minutes, kept) == (Money(65000, "USD"), 60, appointment)


def test_its_number_is_short_and_its_own(wish: Wish) -> None:
    numbers = {str(wish(STARTS_AT + place * 2 * HOUR)) for place in range(3)}

    assert len(numbers) == 3
    assert all(re.fullmatch(r"A-[1-9]\d{6}", number) for number in numbers)


def test_a_number_that_is_taken_is_drawn_again(wish: Wish, monkeypatch: pytest.MonkeyPatch) -> None:
    first = wish()
    drawn = iter([first.number, first.number, 1_234_567])
    monkeypatch.setattr(secrets, "choice", lambda numbers: next(drawn))

    assert str(wish(STARTS_AT + 2 * HOUR)) == "A-1234567"


def test_while_a_policy_is_in_use_a_card_is_wanted(wish: Wish, silas: Member) -> None:
    first = wish()
    switch_fees(on=False, by=silas, at=BOOKED_AT)
    second = wish(STARTS_AT + 2 * HOUR)

    assert [(each.card_wanted, display(each, at=BOOKED_AT)) for each in (first, second)] == [(True, "awaiting_card"), (False, "booked")]


# Never two at once (R16)


@pytest.mark.parametrize(
    ("offset", "service"),
    [
        (timedelta(0), "Lip filler"),
        (-59 * MINUTE, "Lip filler"),
        (59 * MINUTE, "Consultation"),
        (30 * MINUTE, "Two-week check"),
        (-30 * MINUTE, "Full-face filler"),
    ],
)
def test_r16_a_provider_is_never_double_booked(wish: Wish, offset: timedelta, service: str) -> None:
    first = wish()  # busy for an hour and its buffer of five minutes

    with refused("slot_taken") as refusal:
        wish(STARTS_AT + offset, service)

    assert refusal.value.sentence == "Renata Solbrook has that time with Tess Marrowby. Choose another."
    assert refusal.value.field == "start"
    assert refusal.value.facts == {"taken_by": str(first.id), "until": "2026-10-14T16:35:00-04:00"}
    assert (Appointment.objects.count(), lanes()) == (1, [(True, 0)])


@pytest.mark.parametrize("offset", [60 * MINUTE, 64 * MINUTE])
def test_r16_nor_booked_within_a_buffer_and_that_is_said(wish: Wish, offset: timedelta) -> None:
    first = wish()

    with refused("slot_taken") as refusal:
        wish(STARTS_AT + offset, "Consultation")

    assert refusal.value.sentence == "The time from 4:30 PM to 4:35 PM is kept free after Renata Solbrook’s visit with Tess Marrowby."
    assert refusal.value.facts == {"taken_by": str(first.id), "until": "2026-10-14T16:35:00-04:00"}


@pytest.mark.parametrize(("offset", "service"), [(65 * MINUTE, "Consultation"), (-30 * MINUTE, "Consultation")])
def test_r16_back_to_back_is_no_overlap(wish: Wish, offset: timedelta, service: str) -> None:
    wish()

    wish(STARTS_AT + offset, service)

    assert lanes() == [(True, 0), (True, 0)]


@pytest.mark.usefixtures("all_rounders")
@pytest.mark.parametrize(("gap", "taken"), [(25 * MINUTE, False), (24 * MINUTE, True)])
def test_r16_buffers_before_and_after_are_busy(wish: Wish, gap: timedelta, taken: bool) -> None:
    wish(STARTS_AT, "PRP facial")  # 15 minutes after, and 10 before the next

    if taken:
        with refused("slot_taken"):
            wish(STARTS_AT + HOUR + gap, "PRP facial")
    else:
        assert wish(STARTS_AT + HOUR + gap, "PRP facial").status == "booked"


@pytest.mark.usefixtures("all_rounders")
def test_r16_of_several_services_the_outer_buffers_count(wish: Wish) -> None:
    wish(STARTS_AT, "PRP facial", "Lip filler")

    busy = Claim.objects.values_list("starts_at", "ends_at").distinct()
    assert list(busy) == [(STARTS_AT - 10 * MINUTE, STARTS_AT + 120 * MINUTE + 5 * MINUTE)]


def test_another_provider_is_free(wish: Wish) -> None:
    wish()

    assert wish(provider="Priya Ramsethi").status == "booked"


def test_a_provider_of_two_clinics_is_one_person(wish: Wish) -> None:
    wish(provider="Joanna Veltmoor")

    with refused("slot_taken"):
        wish(provider="Joanna Veltmoor", clinic="Harbor Point")


@pytest.mark.parametrize("status", ["noshow", "entered-in-error"])
def test_the_time_of_who_left_the_book_is_free(wish: Wish, odette: Member, status: str) -> None:
    gone = wish()
    if status == "noshow":
        attendance.mark_noshow(gone, reason="", note="", by=odette, at=STARTS_AT)
    else:
        attendance.enter_in_error(gone, by=odette, at=BOOKED_AT)

    wish()

    assert lanes() == [(False, 0), (True, 0)]


def test_i1_the_database_itself_refuses_a_second_claim(wish: Wish) -> None:
    first, second = wish(), wish(STARTS_AT + 2 * HOUR)
    claim = first.claims.get()

    with pytest.raises(IntegrityError, match="claim_once"), transaction.atomic():
        second.claims.update(during=claim.during)


@pytest.mark.parametrize("span", [(STARTS_AT, STARTS_AT), (None, STARTS_AT), (STARTS_AT, None)])
def test_i1_nor_does_it_take_an_empty_or_endless_one(wish: Wish, span: tuple[datetime | None, datetime | None]) -> None:
    appointment = wish()

    with pytest.raises(IntegrityError, match="claim_bounded"), transaction.atomic():
        appointment.claims.update(during=Range(*span))


# Deliberately two at once


def test_r16_a_deliberate_double_booking_takes_another_lane_and_is_marked(wish: Wish, silas: Member) -> None:
    wish()

    wish(double_book=True, by=silas)
    wish(double_book=True, by=silas)

    assert lanes() == [(True, 0), (True, 1), (True, 2)]
    events = Event.objects.filter(kind="appointment.booked").order_by("id")
    assert [event.particulars["double_booked"] for event in events] == [False, True, True]


def test_r16_who_wants_it_where_nobody_is_takes_the_first_lane(wish: Wish, silas: Member) -> None:
    wish(double_book=True, by=silas)

    assert lanes() == [(True, 0)]


@pytest.mark.parametrize("who", ["odette", "tess"])
def test_r16_it_needs_the_right(request: pytest.FixtureRequest, wish: Wish, who: str) -> None:
    wish()

    with refused("not_permitted"):
        wish(double_book=True, by=request.getfixturevalue(who))


def test_r16_the_front_desk_has_it_where_the_practice_says_so(wish: Wish, odette: Member) -> None:
    Settings.objects.update(front_desk_may_double_book=True)
    wish()

    assert wish(double_book=True, by=odette).status == "booked"


def test_i1_its_time_stays_taken_when_the_first_half_leaves(wish: Wish, silas: Member, odette: Member) -> None:
    first = wish()
    wish(double_book=True, by=silas)
    attendance.enter_in_error(first, by=odette, at=BOOKED_AT)

    with refused("slot_taken"):
        wish()


def test_i1_nor_does_the_database_let_lane_0_over_it(wish: Wish, silas: Member, odette: Member) -> None:
    first = wish()
    second = wish(double_book=True, by=silas)
    attendance.enter_in_error(first, by=odette, at=BOOKED_AT)
    claim = second.claims.get()

    with pytest.raises(IntegrityError, match="taken in another lane"), transaction.atomic():
        Claim.objects.create(
            id=new_id(), practice=first.practice, appointment=first, resource_id=claim.resource_id, during=claim.during, lane=0
        )


# Afterwards


def test_r16_a_past_start_is_recorded_afterwards_and_wants_no_card(wish: Wish) -> None:
    appointment = wish(at=STARTS_AT + MINUTE)

    assert (appointment.recorded_afterwards, appointment.card_wanted, appointment.claims.get().live) == (True, False, True)


def test_r16_at_its_start_it_is_not_past(wish: Wish) -> None:
    assert wish(at=STARTS_AT).recorded_afterwards is False


# Refused


def test_a_provider_who_does_not_work_there(wish: Wish) -> None:
    with refused("invalid") as refusal:
        wish(clinic="Harbor Point")

    assert (refusal.value.field, refusal.value.sentence) == ("provider", "Tess Marrowby does not work at Harbor Point.")


def test_a_service_in_another_currency(juniper: House, odette: Member) -> None:
    service = juniper.services["Lip filler"]
    service.currency = "EUR"

    with refused("invalid") as refusal:
        book(
            clinic=juniper.clinics["Elm Street"],
            provider=juniper.providers["Tess Marrowby"],
            patient=juniper.patients[0],
            services=[juniper.services["Consultation"], service],
            starts_at=STARTS_AT,
            by=odette,
            at=BOOKED_AT,
        )

    assert (refusal.value.field, refusal.value.sentence) == ("services", "That service is not priced in the clinic’s currency.")


def test_without_a_service(juniper: House, odette: Member) -> None:
    with refused("invalid"):
        book(
            clinic=juniper.clinics["Elm Street"],
            provider=juniper.providers["Tess Marrowby"],
            patient=juniper.patients[0],
            services=[],
            starts_at=STARTS_AT,
            by=odette,
            at=BOOKED_AT,
        )


@pytest.mark.parametrize("who", ["benedikt", "philomena"])
def test_billing_and_auditor_do_not_book(request: pytest.FixtureRequest, wish: Wish, who: str) -> None:
    with refused("not_permitted"):
        wish(by=request.getfixturevalue(who))


def test_a_provider_books_herself_only(wish: Wish, tess: Member) -> None:
    assert wish(by=tess).status == "booked"

    with refused("not_permitted"):
        wish(by=tess, provider="Priya Ramsethi")


def test_r24_a_member_of_one_clinic_books_there_only(wish: Wish, juniper: House, odette: Member) -> None:
    MemberClinic.objects.create(practice=juniper.practice, member=odette, clinic=juniper.clinics["Harbor Point"])
    limited = Member.objects.get(pk=odette.pk)

    assert wish(by=limited, provider="Petra Lindvall", clinic="Harbor Point").status == "booked"
    with refused("not_permitted"):
        wish(by=limited)
