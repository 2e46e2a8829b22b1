"""A missed visit's time is booked again: Kept proposes to spare or lower the fee, or spares it by itself; it never charges (R7c)."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from django.urls import reverse

import kept.billing.transitions.charging as charging
import kept.scheduling.transitions.attendance as attendance
from kept.billing.models import Charge
from kept.events.models import Event
from kept.noshows.models import Fee
from kept.noshows.proposals import proposal_for
from kept.noshows.queries import fee_of
from kept.noshows.refilling import filled_by
from kept.noshows.transitions import fees, moving, refilling
from kept.noshows.transitions.attendance import mark, restore
from kept.noshows.transitions.booking import book
from kept.noshows.transitions.cancelling import cancel
from kept.ops.cast import House
from kept.practice.models import Member, Settings
from kept.practice.rules import Role
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.checks import refused
from tests.kit.gateway import Double, clock_at, do_jobs
from tests.kit.html import words
from tests.kit.money import answered, marked
from tests.kit.visits import MIDNIGHT_AT_THE_CLINIC, QUARTER_PAST, STARTS_AT

EARLY = STARTS_AT - timedelta(hours=2)  # she rang: she will not come
HALF_AN_HOUR = timedelta(minutes=30)
NEXT_DAY = STARTS_AT + timedelta(days=1)
BEFORE_IT = NEXT_DAY - timedelta(hours=2)
CLINIC = Appointment.Asked.CLINIC


@pytest.fixture(autouse=True)
def a_quarter_past() -> Iterator[None]:
    with clock_at(QUARTER_PAST):
        yield


def practice_does(what: str, *, waits: int = 0) -> None:
    """When a time is filled; the fee waits so many minutes."""
    Settings.objects.update(when_filled=what, breathing_space_minutes=waits)


@pytest.fixture
def fill(juniper: House) -> Callable[..., Appointment]:
    """`fill(starts_at, service)`: another patient takes a time with the provider of the missed visit."""

    def one(
        starts_at: datetime = STARTS_AT, service: str = "Lip filler", *, by: Role = Role.FRONT_DESK, at: datetime = EARLY
    ) -> Appointment:
        return book(
            clinic=juniper.clinics["Elm Street"],
            provider=juniper.providers["Tess Marrowby"],
            patient=juniper.patients[5],
            services=[juniper.services[service]],
            starts_at=starts_at,
            by=Member.objects.select_related("practice").get(pk=juniper.members[by].pk),
            at=at,
        )

    return one


def now(appointment: Appointment) -> Appointment:
    return Appointment.objects.select_related("practice", "clinic", "patient", "provider", "acceptance__card").get(pk=appointment.pk)


def fee(appointment: Appointment, at: datetime = EARLY) -> Fee:
    found = fee_of(now(appointment), at=at)
    assert found is not None
    return found


def proposed(appointment: Appointment, at: datetime = EARLY) -> bool | None:
    """Whether something is proposed: True for a refund, False for sparing, None for nothing."""
    found = proposal_for(now(appointment), fee(appointment, at))
    return found and found.paid


# When a time counts as booked again


@pytest.mark.parametrize(
    ("starts", "counts"),
    [(timedelta(0), True), (HALF_AN_HOUR, True), (HALF_AN_HOUR + timedelta(minutes=15), False), (-HALF_AN_HOUR, True)],
    ids=["all of it", "the second half", "a quarter", "the first half"],
)
def test_r7c_half_of_it_is_enough(
    odette: Member, appointment: Appointment, fill: Callable[..., Appointment], starts: timedelta, counts: bool
) -> None:
    mark(appointment, charge_fee=True, by=odette, at=EARLY)

    rival = fill(STARTS_AT + starts)

    assert filled_by([now(appointment)]) == ({appointment.pk: rival} if counts else {})


def test_r7c_a_double_booking_that_stood_before_is_none(juniper: House, odette: Member, silas: Member, appointment: Appointment) -> None:
    beside = {"clinic": appointment.clinic, "provider": appointment.provider, "patient": juniper.patients[5]}
    book(**beside, services=[juniper.services["Lip filler"]], starts_at=STARTS_AT, double_book=True, by=silas, at=EARLY)

    mark(appointment, charge_fee=True, by=odette, at=EARLY)

    assert filled_by([now(appointment)]) == {}


def test_r7c_when_the_other_visit_is_off_again_nothing_is_proposed(
    odette: Member, appointment: Appointment, fill: Callable[..., Appointment]
) -> None:
    mark(appointment, charge_fee=True, by=odette, at=EARLY)
    rival = fill()
    before = proposed(appointment)

    attendance.enter_in_error(rival, by=odette, at=EARLY)

    assert (before, proposed(appointment)) == (False, None)


# Proposed


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [("due", False), ("declined", False), ("needs_patient", False), ("failed", False), ("sending", None), ("paid", True)],
)
def test_r7c_what_is_proposed_depends_on_the_fee(
    odette: Member, appointment: Appointment, fill: Callable[..., Appointment], outcome: str, expected: bool | None
) -> None:
    Settings.objects.update(breathing_space_minutes=60 if outcome == "due" else 0)
    marked(Appointment.objects.locked(appointment), outcome, by=odette)

    fill(at=QUARTER_PAST + timedelta(minutes=1), starts_at=STARTS_AT)

    assert proposed(appointment, QUARTER_PAST) is expected


def test_r7c_a_practice_may_want_no_proposals(odette: Member, appointment: Appointment, fill: Callable[..., Appointment]) -> None:
    practice_does("nothing")
    mark(appointment, charge_fee=True, by=odette, at=EARLY)

    fill()

    assert proposed(appointment) is None


def test_r7c_kept_on_purpose_it_is_not_proposed_again(odette: Member, appointment: Appointment, fill: Callable[..., Appointment]) -> None:
    mark(appointment, charge_fee=True, by=odette, at=EARLY)
    fill()

    refilling.keep(appointment, by=odette, at=EARLY)

    assert (proposed(appointment), fee(appointment).state) == (None, "waiting")
    assert Event.objects.filter(kind="fee.kept", by_id=odette.pk).exists()


def test_r7c_only_who_may_charge_keeps_it(tess: Member, odette: Member, appointment: Appointment) -> None:
    mark(appointment, charge_fee=True, by=odette, at=EARLY)

    with refused("not_permitted"):
        refilling.keep(appointment, by=tess, at=EARLY)


def test_r7c_the_panel_and_the_list_propose_it_with_the_reason_filled_in(
    odette: Member, appointment: Appointment, fill: Callable[..., Appointment], signed_in: Callable[[Member], Browser]
) -> None:
    Settings.objects.update(breathing_space_minutes=240)
    mark(now(appointment), charge_fee=True, by=odette, at=EARLY)
    fill()
    desk = signed_in(odette)

    panel = words(desk.get(reverse("desk:panel", args=[appointment.pk])))
    dialog = desk.get(reverse("noshows:fee", args=[appointment.pk, "spare"]), {"fee_reason": "The time was booked again"})

    assert "The time was booked again Another visit has it, 3:30–4:30 PM. The fee may be spared, or lowered. Spare it" in panel
    assert "Keep the fee" in panel
    assert 'value="The time was booked again"' in dialog.content.decode()
    assert "Time booked again" in words(desk.get(reverse("noshows:list")))

    desk.post(reverse("noshows:keep-fee", args=[appointment.pk]))

    assert "The time was booked again" not in words(desk.get(reverse("desk:panel", args=[appointment.pk])))


# By itself


@pytest.mark.parametrize("by", [Role.FRONT_DESK, Role.PROVIDER])
def test_r7c_by_itself_it_is_spared_with_the_booking_whoever_books(
    odette: Member, appointment: Appointment, fill: Callable[..., Appointment], by: Role
) -> None:
    practice_does("spare")
    mark(appointment, charge_fee=True, by=odette, at=EARLY)

    fill(by=by)

    spared = fee(appointment)
    assert (spared.state, spared.fee_reason, spared.by) == ("spared", "The time was booked again", None)
    assert Charge.objects.get().state == "canceled"


def test_r7c_so_it_is_with_a_late_cancellation(odette: Member, appointment: Appointment, fill: Callable[..., Appointment]) -> None:
    Settings.objects.update(breathing_space_minutes=240)
    cancel(appointment, asked=Appointment.Asked.PATIENT, charge_fee=True, by=odette, at=EARLY)

    practice_does("propose")
    rival = fill()
    assert (filled_by([now(appointment)]), proposed(appointment)) == ({appointment.pk: rival}, False)

    attendance.enter_in_error(rival, by=odette, at=EARLY)
    practice_does("spare")
    fill()
    assert (fee(appointment).state, fee(appointment).fee_reason) == ("spared", "The time was booked again")


def test_r7c_a_move_into_the_time_spares_it_too(
    juniper: House, odette: Member, appointment: Appointment, fill: Callable[..., Appointment]
) -> None:
    practice_does("spare")
    other = fill(STARTS_AT + timedelta(days=1))
    mark(appointment, charge_fee=True, by=odette, at=EARLY)

    moving.reschedule(other, starts_at=STARTS_AT, by=Member.objects.select_related("practice").get(pk=odette.pk), at=EARLY)

    assert fee(appointment).state == "spared"


@pytest.mark.parametrize("outcome", ["sending", "unknown", "paid"])
def test_r7c_what_was_sent_or_paid_stays(odette: Member, appointment: Appointment, fill: Callable[..., Appointment], outcome: str) -> None:
    practice_does("spare")
    charge = marked(appointment, outcome, by=odette)

    fill(at=QUARTER_PAST + timedelta(minutes=1), starts_at=STARTS_AT)
    if outcome != "paid":
        answered(charge, "paid", at=QUARTER_PAST)

    assert (fee(appointment, QUARTER_PAST).state, Charge.objects.get().flag) == ("paid", "")
    assert proposed(appointment, QUARTER_PAST) is True


def test_r7c_a_booking_that_is_refused_spares_nothing(odette: Member, appointment: Appointment, fill: Callable[..., Appointment]) -> None:
    practice_does("spare")
    mark(appointment, charge_fee=True, by=odette, at=EARLY)
    restore(appointment, by=odette, at=EARLY)
    mark(now(appointment), charge_fee=True, by=odette, at=EARLY)
    fill(STARTS_AT + HALF_AN_HOUR + timedelta(minutes=15))

    with refused("slot_taken"):
        fill(STARTS_AT + HALF_AN_HOUR)

    assert fee(appointment).state == "waiting"


def test_r7c_spared_by_itself_it_stays_so_when_the_other_is_off_and_can_be_undone(
    odette: Member, appointment: Appointment, fill: Callable[..., Appointment]
) -> None:
    practice_does("spare")
    mark(appointment, charge_fee=True, by=odette, at=EARLY)
    attendance.enter_in_error(fill(), by=odette, at=EARLY)
    before = fee(appointment).state

    fees.unspare(now(appointment), by=odette, at=EARLY)

    assert (before, fee(appointment).state) == ("spared", "undecided")


def test_r7c_the_worker_that_comes_late_finds_nothing_to_charge(
    gateway: Double, odette: Member, appointment: Appointment, fill: Callable[..., Appointment]
) -> None:
    practice_does("spare")
    mark(appointment, charge_fee=True, by=odette, at=MIDNIGHT_AT_THE_CLINIC)
    fill()

    do_jobs(at=QUARTER_PAST + timedelta(hours=1))

    assert gateway.ledger()["payments"] == []
    assert fee(appointment, QUARTER_PAST).state == "spared"


# The time that a late move left


@pytest.fixture
def moved(odette: Member, appointment: Appointment) -> Appointment:
    """Moved to the next day, two hours before its start, at the patient's wish; the fee waits four hours."""
    Settings.objects.update(breathing_space_minutes=240)
    return moving.reschedule(appointment, starts_at=NEXT_DAY, charge_fee=True, by=odette, at=EARLY)


@pytest.mark.parametrize(
    ("starts", "counts"),
    [(timedelta(0), True), (HALF_AN_HOUR, True), (HALF_AN_HOUR + timedelta(minutes=15), False)],
    ids=["all of it", "the second half", "a quarter"],
)
def test_r7c_half_of_the_time_that_a_late_move_left_is_enough(
    moved: Appointment, fill: Callable[..., Appointment], starts: timedelta, counts: bool
) -> None:
    before = proposed(moved)

    fill(STARTS_AT + starts)

    assert (before, proposed(moved), fee(moved).state) == (None, False if counts else None, "waiting")


def test_r7c_the_panel_of_a_late_move_says_which_time(
    odette: Member, moved: Appointment, fill: Callable[..., Appointment], htmx: Callable[[Member], Browser]
) -> None:
    fill()
    desk = htmx(odette)

    panel = words(desk.get(reverse("desk:panel", args=[moved.pk])))
    assert "The time was booked again Another visit has it, Wed, Oct 14, 3:30–4:30 PM. The fee may be spared, or lowered." in panel

    desk.post(reverse("noshows:keep-fee", args=[moved.pk]))

    assert (proposed(moved), fee(moved).state) == (None, "waiting")


def test_r7c_by_itself_a_late_moves_fee_is_spared_with_the_booking(moved: Appointment, fill: Callable[..., Appointment]) -> None:
    practice_does("spare", waits=240)

    fill()

    spared = fee(moved)
    assert (spared.kind, spared.state, spared.fee_reason, spared.by) == ("late_reschedule", "spared", "The time was booked again", None)
    assert (now(moved).status, Charge.objects.get().state) == ("booked", "canceled")


def test_r7c_a_visit_that_moves_into_the_time_of_a_late_move_spares_it_too(
    odette: Member, appointment: Appointment, fill: Callable[..., Appointment]
) -> None:
    practice_does("spare", waits=240)
    other = fill(STARTS_AT + timedelta(days=2))
    moved = moving.reschedule(appointment, starts_at=NEXT_DAY, charge_fee=True, by=odette, at=EARLY)

    moving.reschedule(other, starts_at=STARTS_AT, by=Member.objects.select_related("practice").get(pk=odette.pk), at=EARLY)

    assert fee(moved).state == "spared"


def test_r7c_a_double_booking_that_stood_before_the_move_is_none(
    juniper: House, odette: Member, silas: Member, appointment: Appointment
) -> None:
    practice_does("spare", waits=240)
    beside = {"clinic": appointment.clinic, "provider": appointment.provider, "services": [juniper.services["Lip filler"]]}
    book(**beside, patient=juniper.patients[5], starts_at=NEXT_DAY, by=odette, at=EARLY)
    second = moving.reschedule(appointment, starts_at=NEXT_DAY, double_book=True, asked=CLINIC, by=silas, at=EARLY)

    moved = moving.reschedule(second, starts_at=NEXT_DAY + timedelta(days=1), charge_fee=True, by=odette, at=BEFORE_IT)

    assert (proposed(moved, BEFORE_IT), fee(moved, BEFORE_IT).state) == (None, "waiting")


def test_r7c_its_own_new_time_beside_the_old_is_no_other_visit(odette: Member, appointment: Appointment) -> None:
    practice_does("spare", waits=240)

    moved = moving.reschedule(appointment, starts_at=STARTS_AT + HALF_AN_HOUR, charge_fee=True, by=odette, at=EARLY)

    assert (proposed(moved), fee(moved).state) == (None, "waiting")


def test_r7c_a_late_moves_paid_fee_is_proposed_for_refund(
    odette: Member, appointment: Appointment, fill: Callable[..., Appointment]
) -> None:
    practice_does("spare")
    moved = moving.reschedule(appointment, starts_at=NEXT_DAY, charge_fee=True, by=odette, at=EARLY)
    made = Charge.objects.get()
    charging.begin(made.pk, at=EARLY)
    answered(made, "paid", at=EARLY)

    fill()

    assert (fee(moved).state, proposed(moved)) == ("paid", True)


def test_r7c_when_the_visit_in_the_time_that_was_left_is_off_again_nothing_is_proposed(
    odette: Member, moved: Appointment, fill: Callable[..., Appointment]
) -> None:
    rival = fill()
    before = proposed(moved)

    attendance.enter_in_error(rival, by=odette, at=EARLY)

    assert (before, proposed(moved)) == (False, None)
