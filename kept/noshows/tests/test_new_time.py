"""Who takes a new time within the hours of the accepted version: her fee is spared, or proposed to be. It never charges."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from django.urls import reverse

import kept.scheduling.transitions.attendance as attendance
from kept.billing.models import Charge
from kept.noshows.models import Fee
from kept.noshows.proposals import Proposal, proposal_for
from kept.noshows.queries import fee_of
from kept.noshows.transitions import refilling
from kept.noshows.transitions.attendance import mark, restore
from kept.noshows.transitions.booking import book
from kept.noshows.transitions.cancelling import cancel
from kept.noshows.transitions.fees import unspare
from kept.ops.cast import House
from kept.patients.models import Patient
from kept.policies.document import Chance, flat
from kept.policies.transitions import publish
from kept.practice.models import Member, Settings
from kept.scheduling.models import Appointment
from tests.kit import visits
from tests.kit.browser import Browser
from tests.kit.gateway import Double, clock_at, do_jobs
from tests.kit.html import words
from tests.kit.money import marked
from tests.kit.visits import BOOKED_AT, QUARTER_PAST, STARTS_AT, accepted, card_of

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LAST = STARTS_AT + 48 * HOUR  # Fri, Oct 16, 2026, 3:30 PM
NEXT = STARTS_AT + 6 * DAY  # Tue, Oct 20, 2026, 3:30 PM
LATE = STARTS_AT - 2 * HOUR
PATIENT = Appointment.Asked.PATIENT

Under = Callable[..., Appointment]
Anew = Callable[..., Appointment]


@pytest.fixture(autouse=True)
def a_quarter_past() -> Iterator[None]:
    with clock_at(QUARTER_PAST):
        yield


@pytest.fixture
def under(juniper: House, silas: Member) -> Under:
    """`under("propose")`: Renata's visit under terms that give a new time within 48 hours that chance; the fee waits four hours."""
    Settings.objects.update(breathing_space_minutes=240)

    def booked(mode: str) -> Appointment:
        terms = flat(7500).model_copy(update={"new_time": Chance.model_validate({"mode": mode, "within": 48})})
        publish(description="d", authorization_text="a", terms=terms, currency="USD", by=silas, at=BOOKED_AT)
        return accepted(visits.book(juniper), card_of(juniper.patients[0]))

    return booked


@pytest.fixture
def anew(juniper: House, odette: Member) -> Anew:
    """`anew(at)`: she takes a new time, six days later."""

    def one(at: datetime = QUARTER_PAST, *, patient: Patient | None = None, starts_at: datetime = NEXT) -> Appointment:
        return book(
            clinic=juniper.clinics["Elm Street"],
            provider=juniper.providers["Tess Marrowby"],
            patient=patient or juniper.patients[0],
            services=[juniper.services["Lip filler"]],
            starts_at=starts_at,
            by=Member.objects.select_related("practice").get(pk=odette.pk),
            at=at,
        )

    return one


def now(appointment: Appointment) -> Appointment:
    return Appointment.objects.select_related("practice", "clinic", "patient", "provider", "acceptance__card").get(pk=appointment.pk)


def fee(appointment: Appointment, at: datetime = QUARTER_PAST) -> Fee:
    found = fee_of(now(appointment), at=at)
    assert found is not None
    return found


def proposed(appointment: Appointment) -> Proposal | None:
    return proposal_for(now(appointment), fee(appointment))


# Proposed


def test_a_new_time_is_proposed_to_the_desk_in_its_own_words(under: Under, anew: Anew, odette: Member) -> None:
    missed = mark(under("propose"), charge_fee=True, by=odette, at=QUARTER_PAST)

    anew()

    found = proposed(missed)
    assert found
    assert (found.why, found.paid) == ("new_time", False)
    assert found.text == "Tue, Oct 20, 3:30 PM, taken within 48 h. Her terms propose to spare the fee."
    assert fee(missed).state == "waiting"


@pytest.mark.parametrize(("at", "counts"), [(LAST, True), (LAST + MINUTE, False)], ids=["at 48 hours", "a minute after"])
@pytest.mark.parametrize(("mode", "state"), [("propose", "undecided"), ("by_itself", "spared")])
def test_a_new_time_counts_up_to_the_last_instant_of_its_hours(
    under: Under, anew: Anew, tess: Member, mode: str, state: str, at: datetime, counts: bool
) -> None:
    missed = mark(under(mode), charge_fee=None, by=tess, at=QUARTER_PAST)

    anew(at)

    assert (fee(missed).state, proposed(missed) is not None) == (state if counts else "undecided", counts and mode == "propose")


@pytest.mark.parametrize(("at", "counts"), [(LATE + 48 * HOUR, True), (LATE + 48 * HOUR + MINUTE, False)])
def test_a_late_cancellations_hours_run_from_the_cancellation(under: Under, anew: Anew, tess: Member, at: datetime, counts: bool) -> None:
    gone = cancel(under("by_itself"), asked=PATIENT, charge_fee=None, by=tess, at=LATE)

    anew(at)

    assert fee(gone, LATE).state == ("spared" if counts else "undecided")


def test_said_before_the_start_that_she_will_not_come_it_counts_from_then(under: Under, anew: Anew, odette: Member) -> None:
    missed = mark(under("propose"), charge_fee=True, by=odette, at=LATE)

    anew(LATE + MINUTE)

    assert proposed(missed)


@pytest.mark.parametrize("mode", ["propose", "by_itself"])
def test_what_was_booked_before_or_by_another_is_no_new_time(under: Under, anew: Anew, juniper: House, odette: Member, mode: str) -> None:
    visit = under(mode)
    anew(LATE)
    missed = mark(visit, charge_fee=True, by=odette, at=QUARTER_PAST)

    anew(patient=juniper.patients[5], starts_at=NEXT + DAY)

    assert (fee(missed).state, proposed(missed)) == ("waiting", None)


@pytest.mark.parametrize("mode", ["propose", "by_itself"])
def test_a_visit_recorded_afterwards_is_no_new_time(under: Under, anew: Anew, odette: Member, mode: str) -> None:
    missed = mark(under(mode), charge_fee=True, by=odette, at=QUARTER_PAST)

    anew(starts_at=STARTS_AT - DAY)

    assert (fee(missed).state, proposed(missed)) == ("waiting", None)


def test_a_version_without_that_chance_gives_none_whatever_today_s_says(under: Under, anew: Anew, silas: Member, odette: Member) -> None:
    visit = under("off")
    terms = flat(7500).model_copy(update={"new_time": Chance(mode="by_itself", within=48)})
    publish(description="d", authorization_text="a", terms=terms, currency="USD", by=silas, at=BOOKED_AT)
    missed = mark(visit, charge_fee=True, by=odette, at=QUARTER_PAST)

    anew()

    assert (fee(missed).state, proposed(missed)) == ("waiting", None)


def test_a_paid_fee_is_proposed_for_refund_and_never_touched(under: Under, anew: Anew, odette: Member) -> None:
    Settings.objects.update(breathing_space_minutes=0)
    visit = under("by_itself")
    Settings.objects.update(breathing_space_minutes=0)
    marked(Appointment.objects.locked(visit), "paid", by=odette)

    anew()

    found = proposed(visit)
    assert fee(visit).state == "paid"
    assert found
    assert found.text == "Tue, Oct 20, 3:30 PM, taken within 48 h. By her terms the fee may be refunded on its invoice."


def test_the_new_time_off_again_nothing_is_proposed(under: Under, anew: Anew, odette: Member) -> None:
    missed = mark(under("propose"), charge_fee=True, by=odette, at=QUARTER_PAST)
    new = anew()
    before = proposed(missed)

    cancel(new, asked=PATIENT, by=odette, at=QUARTER_PAST + MINUTE)

    assert (before is not None, proposed(missed)) == (True, None)


def test_kept_on_purpose_it_is_neither_proposed_nor_spared(under: Under, anew: Anew, odette: Member) -> None:
    missed = mark(under("by_itself"), charge_fee=True, by=odette, at=QUARTER_PAST)
    refilling.keep(missed, by=odette, at=QUARTER_PAST)

    anew()

    assert (fee(missed).state, proposed(missed)) == ("waiting", None)


def test_the_panel_and_the_list_propose_it_with_the_reason_filled_in(
    under: Under, anew: Anew, odette: Member, signed_in: Callable[[Member], Browser]
) -> None:
    missed = mark(under("propose"), charge_fee=True, by=odette, at=QUARTER_PAST)
    anew()
    desk = signed_in(odette)

    panel = desk.get(reverse("desk:panel", args=[missed.pk]))

    text = "The patient took a new time Tue, Oct 20, 3:30 PM, taken within 48 h. Her terms propose to spare the fee. Spare it"
    assert text in words(panel)
    assert "fee_reason=The%20patient%20took%20a%20new%20time" in panel.content.decode()
    assert "New time taken" in words(desk.get(reverse("noshows:list")))

    desk.post(reverse("noshows:keep-fee", args=[missed.pk]))

    assert "The patient took a new time" not in words(desk.get(reverse("desk:panel", args=[missed.pk])))


# By itself


def test_by_itself_it_is_spared_with_the_booking(under: Under, anew: Anew, odette: Member) -> None:
    missed = mark(under("by_itself"), charge_fee=True, by=odette, at=QUARTER_PAST)

    anew()

    spared = fee(missed)
    assert (spared.state, spared.fee_reason, spared.by) == ("spared", "The patient took a new time", None)
    assert (Charge.objects.get().state, proposed(missed)) == ("canceled", None)


def test_spared_by_itself_it_stays_so_when_the_new_time_is_off_and_can_be_undone(under: Under, anew: Anew, odette: Member) -> None:
    missed = mark(under("by_itself"), charge_fee=True, by=odette, at=QUARTER_PAST)
    attendance.enter_in_error(anew(), by=odette, at=QUARTER_PAST)
    before = fee(missed).state

    unspare(now(missed), by=odette, at=QUARTER_PAST)

    assert (before, fee(missed).state) == ("spared", "undecided")


def test_a_second_new_time_changes_nothing_more(under: Under, anew: Anew, odette: Member) -> None:
    missed = mark(under("by_itself"), charge_fee=True, by=odette, at=QUARTER_PAST)

    anew()
    first = fee(missed).at
    anew(QUARTER_PAST + MINUTE, starts_at=NEXT + DAY)

    assert (fee(missed).at, Fee.objects.count()) == (first, 1)


def test_restored_the_visit_has_no_fee_that_a_new_time_could_spare(under: Under, anew: Anew, odette: Member) -> None:
    missed = mark(under("by_itself"), charge_fee=True, by=odette, at=QUARTER_PAST)
    restore(missed, by=odette, at=QUARTER_PAST)

    anew()

    assert (now(missed).status, fee_of(now(missed), at=QUARTER_PAST)) == ("booked", None)


def test_the_worker_that_comes_late_finds_nothing_to_charge(gateway: Double, under: Under, anew: Anew, odette: Member) -> None:
    missed = mark(under("by_itself"), charge_fee=True, by=odette, at=QUARTER_PAST)
    anew()

    do_jobs(at=QUARTER_PAST + DAY)

    assert (gateway.ledger()["payments"], fee(missed).state) == ([], "spared")
