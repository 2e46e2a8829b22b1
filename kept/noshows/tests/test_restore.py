"""Restore: the patient came after all (R9 to R12), and what a second mark may still charge (R5)."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import stripe
from django.urls import reverse
from django.utils.html import escape

import kept.billing.transitions.charging as charging
import kept.billing.transitions.refunding as refunding
from kept.billing.gateways.facts import IntentFacts
from kept.billing.models import Charge, CreditNote, Refund
from kept.billing.tasks import follow_up
from kept.events.models import Event
from kept.foundation.money import Money
from kept.foundation.scope import outside
from kept.noshows.models import Fee
from kept.noshows.offers import fee_offer
from kept.noshows.queries import fee_of, taken_by
from kept.noshows.transitions.attendance import mark, restore
from kept.ops.cast import House
from kept.ops.people import JUNIPER
from kept.practice.models import Clinic, Member, Settings
from kept.scheduling.models import Appointment, Claim
from kept.scheduling.queries import day_book
from kept.scheduling.transitions.blocking import block_time
from tests.kit.browser import Browser
from tests.kit.checks import queued, refused
from tests.kit.gateway import Double, clock_at, do_jobs
from tests.kit.visits import BOOKED_AT, MIDNIGHT_AT_THE_CLINIC, QUARTER_PAST, STARTS_AT, accepted, book

FEE = Money(7500, "USD")
LATER = QUARTER_PAST + timedelta(minutes=30)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

Visit = Callable[..., Appointment]


def now(appointment: Appointment) -> Appointment:
    found = Appointment.objects.select_related("practice", "clinic", "provider", "patient", "acceptance__card", "acceptance__version")
    return found.get(pk=appointment.pk)


def fee_state(appointment: Appointment, at: datetime = LATER) -> str | None:
    fee = fee_of(now(appointment), at=at)
    return fee.state if fee else None


@pytest.fixture
def visit(juniper: House, gateway: Double) -> Visit:
    """`visit("visa")`: an appointment with the policy accepted and such a card, chargeable at the gateway."""

    def booked(kind: str = "visa") -> Appointment:
        return accepted(book(juniper), gateway.card(juniper.patients[0], kind))

    return booked


@pytest.fixture
def missed(visit: Visit, odette: Member) -> Visit:
    """`missed("visa")`: the same, marked as a no-show, its fee charged as far as that card goes."""

    def marked(kind: str = "visa") -> Appointment:
        appointment = mark(visit(kind), charge_fee=True, by=odette, at=QUARTER_PAST)
        do_jobs(at=QUARTER_PAST)
        return now(appointment)

    return marked


# Back on the book (R9)


def test_r9_it_returns_to_its_own_time_with_card_policy_notes_and_history(odette: Member, appointment: Appointment) -> None:
    Appointment.objects.filter(pk=appointment.pk).update(note="Prefers mornings")
    before = now(appointment)
    mark(appointment, charge_fee=False, reason="Forgot", note="Called", by=odette, at=QUARTER_PAST)

    restore(appointment, by=odette, at=LATER)

    restored = now(appointment)
    kept = ("starts_at", "ends_at", "provider", "acceptance", "booking_no", "note", "booked_at", "number")
    assert [getattr(restored, name) for name in kept] == [getattr(before, name) for name in kept]
    assert (restored.status, restored.outcome_reason, restored.outcome_note, restored.status_by) == ("booked", "", "", odette)
    assert list(restored.claims.values_list("live", "lane")) == [(True, 0)]
    assert list(day_book(odette, restored.clinic, restored.local_date)) == [restored]
    assert restored.history.count() == restored.version


def test_r9_the_answer_says_when_and_shows_the_way(
    htmx: Callable[[Member], Browser], odette: Member, appointment_that_is: Callable[[str], Appointment]
) -> None:
    appointment = appointment_that_is("noshow")

    with clock_at(LATER):
        answer = htmx(odette).post(reverse("noshows:restore", args=[appointment.id]), {"version": now(appointment).version})

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Restored to Wed, Oct 14, 3:30 PM." in page
    assert escape(f"{reverse('desk:day')}?date=2026-10-14&clinic={appointment.clinic_id}") in page


def test_with_check_in_the_patient_is_here_in_the_same_step(odette: Member, appointment_that_is: Callable[[str], Appointment]) -> None:
    appointment = appointment_that_is("noshow")

    restore(appointment, check_in=True, by=odette, at=LATER)

    assert (now(appointment).status, now(appointment).arrived_at) == ("arrived", LATER)


@pytest.mark.parametrize("status", ["booked", "arrived", "fulfilled", "entered-in-error"])
def test_only_what_left_the_book_can_be_restored(odette: Member, appointment_that_is: Callable[[str], Appointment], status: str) -> None:
    appointment = appointment_that_is(status)

    with refused("wrong_status"):
        restore(appointment, by=odette, at=LATER)

    assert now(appointment).status == status


def test_restoring_twice_restores_once(odette: Member, silas: Member, appointment_that_is: Callable[[str], Appointment]) -> None:
    appointment = appointment_that_is("noshow")
    restore(appointment, by=odette, at=LATER)

    with refused("wrong_status"):
        restore(appointment, by=silas, at=LATER)

    assert Event.objects.filter(kind="appointment.restored").count() == 1


def test_a_page_that_shows_an_older_state_restores_nothing(odette: Member, appointment_that_is: Callable[[str], Appointment]) -> None:
    appointment = appointment_that_is("noshow")

    with refused("stale_version"):
        restore(appointment, version=appointment.version - 1, by=odette, at=LATER)


@pytest.mark.parametrize("who", ["benedikt", "philomena"])
def test_billing_and_auditor_do_not_restore(
    request: pytest.FixtureRequest, appointment_that_is: Callable[[str], Appointment], who: str
) -> None:
    appointment = appointment_that_is("noshow")

    with refused("not_permitted"):
        restore(appointment, by=request.getfixturevalue(who), at=LATER)


def test_another_practice_finds_nothing(
    htmx: Callable[[Member], Browser], hana: Member, appointment_that_is: Callable[[str], Appointment]
) -> None:
    appointment = appointment_that_is("noshow")

    assert htmx(hana).post(reverse("noshows:restore", args=[appointment.id])).status_code == 404


# The money (R10)


def test_r10_restoring_refunds_nothing_by_itself(odette: Member, missed: Visit, gateway: Double) -> None:
    appointment = missed()

    restore(appointment, by=odette, at=LATER)
    do_jobs(at=LATER)

    charge = Charge.objects.get()
    assert (charge.state, charge.captured, charge.refunded, charge.live, charge.flag) == ("succeeded", FEE, Money(0, "USD"), True, "")
    assert (fee_state(appointment), Refund.objects.count(), gateway.ledger()["refunds"]) == ("paid", 0, [])


def test_r10_and_it_says_so_with_a_link_to_the_invoice(htmx: Callable[[Member], Browser], silas: Member, missed: Visit) -> None:
    appointment = missed()

    with clock_at(LATER):
        page = htmx(silas).get(reverse("noshows:restore", args=[appointment.id])).content.decode()

    assert "The patient is not refunded automatically." in page
    assert reverse("billing:invoice", args=[Charge.objects.get().invoice_id]) in page
    assert "Refund $75.00 now" in page
    assert "checked" not in page  # a separate choice, unticked


def test_r10_with_the_refund_the_whole_rest_goes_back(silas: Member, missed: Visit, gateway: Double) -> None:
    appointment = missed()

    restore(appointment, refund=True, by=silas, at=LATER)
    do_jobs(at=LATER)

    (refund,) = gateway.ledger()["refunds"]
    assert (refund["amount"], Charge.objects.get().refunded, now(appointment).status) == (7500, FEE, "booked")
    assert Refund.objects.values_list("state", "why").get() == ("succeeded", "Appointment restored")


def test_r10_of_a_part_refunded_fee_only_the_rest_goes_back(silas: Member, missed: Visit, gateway: Double) -> None:
    appointment = missed()
    refunding.refund(Charge.objects.get(), Money(2500, "USD"), reason="Goodwill", by=silas, at=LATER)
    do_jobs(at=LATER)

    restore(appointment, refund=True, by=silas, at=LATER + MINUTE)
    do_jobs(at=LATER + MINUTE)

    assert sorted(refund["amount"] for refund in gateway.ledger()["refunds"]) == [2500, 5000]


def test_r10_who_may_not_refund_restores_nothing_with_it(odette: Member, missed: Visit) -> None:
    appointment = missed()

    with refused("not_permitted"):
        restore(appointment, refund=True, by=odette, at=LATER)

    assert now(appointment).status == "noshow"


@pytest.mark.parametrize("decision", ["spared", "undecided"])
def test_r10_a_fee_that_was_never_charged_is_closed(odette: Member, tess: Member, appointment: Appointment, decision: str) -> None:
    mark(appointment, charge_fee=False if decision == "spared" else None, by=odette if decision == "spared" else tess, at=QUARTER_PAST)

    restore(appointment, by=odette, at=LATER)

    assert (fee_state(appointment), Fee.objects.get().open) == (None, False)


# The time was taken meanwhile (R11)


@pytest.fixture
def taken(juniper: House, odette: Member, appointment: Appointment) -> Appointment:
    """Who took the time of `appointment`, called off in the morning: Bram Holloway-Lin, from 4:00 PM."""
    mark(appointment, charge_fee=False, by=odette, at=MIDNIGHT_AT_THE_CLINIC)
    return book(juniper, patient=juniper.patients[2], service="Consultation", starts_at=STARTS_AT + MINUTE * 30)


def test_r11_the_row_says_by_whom(appointment: Appointment, taken: Appointment) -> None:
    assert taken_by([now(appointment)]) == {appointment.pk: taken.claims.get()}


def test_r11_or_by_what(juniper: House, odette: Member, elm: Clinic, appointment: Appointment) -> None:
    mark(appointment, charge_fee=False, by=odette, at=MIDNIGHT_AT_THE_CLINIC)
    tess = appointment.provider.resource
    block = block_time(tess, elm, starts_at=STARTS_AT, ends_at=STARTS_AT + HOUR, why="Lunch", by=odette, at=MIDNIGHT_AT_THE_CLINIC)

    with refused("slot_taken") as refusal:
        restore(appointment, by=odette, at=LATER)

    assert taken_by([now(appointment)]) == {appointment.pk: block.claims.get()}
    assert refusal.value.sentence == "Tess Marrowby is blocked until 4:30 PM: Lunch"
    assert refusal.value.facts == {"blocked_by": str(block.pk), "until": "2026-10-14T16:30:00-04:00"}


@pytest.mark.usefixtures("all_rounders")
def test_r11_or_in_its_room(juniper: House, odette: Member, elm: Clinic) -> None:
    """Of the two rooms that do for it, the one it had: nothing is moved unasked."""
    missed = book(juniper, service="PRP facial")
    mark(missed, charge_fee=None, by=odette, at=MIDNIGHT_AT_THE_CLINIC)
    room = missed.claims.exclude(resource=missed.provider.resource).get().resource
    block = block_time(room, elm, starts_at=STARTS_AT, ends_at=STARTS_AT + HOUR, why="", by=odette, at=MIDNIGHT_AT_THE_CLINIC)

    with refused("slot_taken") as refusal:
        restore(missed, by=odette, at=LATER)

    assert taken_by([now(missed)]) == {missed.pk: block.claims.get()}
    assert (refusal.value.field, refusal.value.sentence) == ("resources", "Room 1 is blocked until 4:30 PM.")


@pytest.mark.parametrize("at", [MIDNIGHT_AT_THE_CLINIC, LATER])
def test_r11_nothing_changes_until_one_is_chosen(odette: Member, appointment: Appointment, taken: Appointment, at: datetime) -> None:
    before = now(appointment).version

    with refused("slot_taken") as refusal:
        restore(appointment, by=odette, at=at)

    assert refusal.value.sentence == "Bram Holloway-Lin has that time with Tess Marrowby. Choose another."
    assert refusal.value.facts == {"taken_by": str(taken.id), "until": "2026-10-14T16:30:00-04:00"}
    assert (now(appointment).status, now(appointment).version, Fee.objects.get().open) == ("noshow", before, True)


def test_r11_the_dialog_asks_where_it_should_go(
    htmx: Callable[[Member], Browser], odette: Member, appointment: Appointment, taken: Appointment
) -> None:
    with clock_at(LATER):
        answer = htmx(odette).post(reverse("noshows:restore", args=[appointment.id]), {"version": now(appointment).version})

    assert (answer.status_code, now(appointment).status) == (422, "noshow")
    assert "Bram Holloway-Lin, 4:00 PM–4:30 PM with Tess Marrowby." in answer.content.decode()
    assert "Choose where it should go." in answer.content.decode()


def test_r11_side_by_side_both_stand_on_the_book(silas: Member, appointment: Appointment, taken: Appointment) -> None:
    restore(appointment, double_book=True, by=silas, at=MIDNIGHT_AT_THE_CLINIC)

    assert list(day_book(silas, appointment.clinic, appointment.local_date)) == [now(appointment), taken]
    assert set(Claim.objects.values_list("appointment", "live", "lane")) == {(appointment.pk, True, 1), (taken.pk, True, 0)}


def test_r11_side_by_side_at_a_time_to_come_needs_the_right_to_it(odette: Member, appointment: Appointment, taken: Appointment) -> None:
    with refused("not_permitted"):
        restore(appointment, double_book=True, by=odette, at=STARTS_AT - MINUTE)

    assert now(appointment).status == "noshow"


def test_r11_side_by_side_at_a_time_already_past_needs_only_the_right_to_restore(
    odette: Member, appointment: Appointment, taken: Appointment
) -> None:
    restore(appointment, double_book=True, by=odette, at=LATER)

    assert now(appointment).status == "booked"


def test_r11_another_time_is_a_move(odette: Member, appointment: Appointment, taken: Appointment) -> None:
    restore(appointment, starts_at=STARTS_AT + HOUR, by=odette, at=MIDNIGHT_AT_THE_CLINIC)

    moved = now(appointment)
    assert (moved.status, moved.starts_at, moved.ends_at, moved.booking_no, moved.acceptance) == (
        "booked",
        STARTS_AT + HOUR,
        STARTS_AT + 2 * HOUR,
        2,
        appointment.acceptance,
    )
    (claim,) = moved.claims.all()
    assert (claim.live, claim.lane, claim.during.lower, claim.during.upper) == (
        True,
        0,
        STARTS_AT + HOUR,
        STARTS_AT + 2 * HOUR + 5 * MINUTE,
    )


def test_r11_or_another_provider(odette: Member, juniper: House, appointment: Appointment, taken: Appointment) -> None:
    priya = juniper.providers["Priya Ramsethi"]

    restore(appointment, provider=priya, by=odette, at=LATER)

    moved = now(appointment)
    assert (moved.status, moved.provider, moved.starts_at, moved.claims.get().resource_id) == (
        "booked",
        priya,
        STARTS_AT,
        priya.resource_id,
    )


def test_r11_a_provider_who_does_not_work_there_is_none(
    odette: Member, juniper: House, appointment: Appointment, taken: Appointment
) -> None:
    with refused("invalid"):
        restore(appointment, provider=juniper.providers["Petra Lindvall"], by=odette, at=LATER)


def test_r11_another_time_that_is_taken_too_is_refused_whole(odette: Member, appointment: Appointment, taken: Appointment) -> None:
    with refused("slot_taken"):
        restore(appointment, starts_at=STARTS_AT + 15 * MINUTE, by=odette, at=LATER)

    assert (now(appointment).status, now(appointment).starts_at, now(appointment).claims.get().live) == ("noshow", STARTS_AT, False)


def test_r5_another_time_is_another_fee(odette: Member, missed: Visit, gateway: Double) -> None:
    appointment = missed()
    restore(appointment, starts_at=STARTS_AT + timedelta(days=1), by=odette, at=LATER)

    mark(appointment, charge_fee=True, by=odette, at=QUARTER_PAST + timedelta(days=1))
    do_jobs(at=QUARTER_PAST + timedelta(days=1))

    assert list(Charge.objects.order_by("id").values_list("booking_no", "state", "live")) == [
        (1, "succeeded", True),
        (2, "succeeded", True),
    ]
    assert len(gateway.ledger()["payments"]) == 2


# A charge in flight is never lost (R12)


def _ended(appointment: Appointment) -> tuple[str, str, bool, str | None]:
    charge = Charge.objects.get()
    return now(appointment).status, charge.state, charge.live, fee_state(appointment)


def test_r12_a_waiting_charge_ends_and_its_job_finds_nothing_to_do(odette: Member, visit: Visit, gateway: Double) -> None:
    Settings.objects.update(breathing_space_minutes=120)
    appointment = mark(visit(), charge_fee=True, by=odette, at=QUARTER_PAST)

    restore(appointment, by=odette, at=LATER)
    do_jobs(at=LATER + 3 * HOUR)

    assert _ended(appointment) == ("booked", "canceled", False, None)
    assert (gateway.ledger()["intents"], gateway.ledger()["payments"]) == ([], [])


def test_r12_an_unsent_charge_ends_the_same(odette: Member, visit: Visit, gateway: Double) -> None:
    appointment = mark(visit(), charge_fee=True, by=odette, at=QUARTER_PAST)

    restore(appointment, by=odette, at=QUARTER_PAST)
    do_jobs(at=LATER)

    assert _ended(appointment) == ("booked", "canceled", False, None)
    assert gateway.ledger()["intents"] == []


def _follow_up(appointment: Appointment, at: datetime) -> None:
    """The minute's look at what was left behind, and the jobs that it queues."""
    with clock_at(at), outside():
        follow_up(str(appointment.practice_id))
    do_jobs(at=at)


def test_r12_a_charge_being_sent_is_followed_and_ends(odette: Member, visit: Visit, gateway: Double) -> None:
    appointment = mark(visit(), charge_fee=True, by=odette, at=QUARTER_PAST)
    charging.begin(Charge.objects.get().pk, at=QUARTER_PAST)  # and the worker dies

    restore(appointment, by=odette, at=QUARTER_PAST + MINUTE / 2)
    meanwhile = now(appointment).status, Charge.objects.get().state, Charge.objects.get().cancel_requested
    _follow_up(appointment, LATER)

    assert meanwhile == ("booked", "sending", True)
    assert _ended(appointment) == ("booked", "canceled", False, None)
    assert (gateway.ledger()["payments"], CreditNote.objects.get().why) == ([], "Appointment restored")


@pytest.mark.parametrize("do", ["cut_before", "error409", "error500"])
def test_r12_an_unknown_charge_that_was_not_accepted_ends(odette: Member, visit: Visit, gateway: Double, do: str) -> None:
    appointment = visit()
    gateway.fault("POST /v1/payment_intents/*/confirm", do)
    mark(appointment, charge_fee=True, by=odette, at=QUARTER_PAST)
    do_jobs(at=QUARTER_PAST)

    restore(appointment, by=odette, at=QUARTER_PAST + MINUTE / 2)
    meanwhile = now(appointment).status, Charge.objects.get().state, Charge.objects.get().cancel_requested
    _follow_up(appointment, LATER)

    assert meanwhile == ("booked", "unknown", True)
    assert _ended(appointment) == ("booked", "canceled", False, None)
    assert gateway.ledger()["payments"] == []


def test_r12_an_unknown_charge_that_was_accepted_is_put_before_staff(odette: Member, visit: Visit, gateway: Double) -> None:
    appointment = visit()
    gateway.fault("POST /v1/payment_intents/*/confirm", "cut_after")
    mark(appointment, charge_fee=True, by=odette, at=QUARTER_PAST)
    do_jobs(at=QUARTER_PAST)

    restore(appointment, by=odette, at=QUARTER_PAST + MINUTE / 2)
    _follow_up(appointment, LATER)

    charge = Charge.objects.get()
    assert (now(appointment).status, charge.state, charge.captured, charge.flag) == ("booked", "succeeded", FEE, "refund_or_keep")
    assert (len(gateway.ledger()["payments"]), gateway.ledger()["refunds"]) == (1, [])  # never refunded by itself


@pytest.mark.parametrize(("kind", "was"), [("chargeDeclinedInsufficientFunds", "declined"), ("authenticationRequired", "needs_patient")])
def test_r12_a_charge_that_was_not_paid_is_cancelled_at_the_gateway_first(
    odette: Member, missed: Visit, gateway: Double, kind: str, was: str
) -> None:
    appointment = missed(kind)
    before = Charge.objects.get().state

    restore(appointment, by=odette, at=LATER)
    do_jobs(at=LATER)

    (intent,) = gateway.ledger()["intents"]
    assert (before, intent["status"]) == (was, "canceled")
    assert _ended(appointment) == ("booked", "canceled", False, None)
    assert Charge.objects.get().invoice.status == "cancelled"


def test_r12_what_the_patient_paid_meanwhile_stays_paid_and_flagged(odette: Member, missed: Visit, gateway: Double) -> None:
    appointment = missed("chargeDeclinedInsufficientFunds")
    restore(appointment, by=odette, at=LATER)
    (intent,) = gateway.ledger()["intents"]
    _pays_with_another_card(gateway, intent["id"])

    do_jobs(at=LATER)

    charge = Charge.objects.get()
    assert (now(appointment).status, charge.state, charge.flag) == ("booked", "succeeded", "refund_or_keep")


def _pays_with_another_card(gateway: Double, intent_id: str) -> None:
    client = stripe.StripeClient(JUNIPER.gateway_key, base_addresses={"api": gateway.url})
    client.v1.payment_intents.confirm(intent_id, {"payment_method": "pm_card_visa"})


# Missed after all: what a second mark may charge (R5)


def test_r5_a_fee_that_was_paid_before_the_restore_stands(odette: Member, missed: Visit, gateway: Double) -> None:
    appointment = missed()
    restore(appointment, by=odette, at=LATER)

    with refused("already_charged") as refusal:
        mark(appointment, charge_fee=True, by=odette, at=LATER)
    mark(appointment, charge_fee=None, by=odette, at=LATER)
    do_jobs(at=LATER)

    fee = fee_of(now(appointment), at=LATER)
    assert refusal.value.sentence == "Not charged: the fee for this appointment was already charged on INV-10001."
    assert fee is not None
    assert (fee.state, fee.amount, fee.why_not, fee.charge) == ("paid", FEE, "already_charged", Charge.objects.get())
    assert len(gateway.ledger()["payments"]) == 1


def test_r5_a_fee_of_which_a_part_was_refunded_stands_too(odette: Member, silas: Member, missed: Visit) -> None:
    appointment = missed()
    refunding.refund(Charge.objects.get(), Money(7499, "USD"), reason="Goodwill", by=silas, at=LATER)
    do_jobs(at=LATER)
    restore(appointment, by=odette, at=LATER)

    with refused("already_charged"):
        mark(appointment, charge_fee=True, by=odette, at=LATER)


def test_r5_after_a_full_refund_it_may_be_charged_again(
    htmx: Callable[[Member], Browser], odette: Member, silas: Member, missed: Visit, gateway: Double
) -> None:
    appointment = missed()
    restore(appointment, refund=True, by=silas, at=LATER)
    do_jobs(at=LATER)
    with clock_at(LATER):
        page = htmx(odette).get(reverse("noshows:mark", args=[appointment.id])).content.decode()

    mark(appointment, charge_fee=True, by=odette, at=LATER + MINUTE)
    do_jobs(at=LATER + MINUTE)

    assert "$75.00 was charged for it before, and $75.00 refunded." in page
    charges = Charge.objects.order_by("id").values_list("state", "live", "captured_minor", "refunded_minor")
    assert list(charges) == [("succeeded", False, 7500, 7500), ("succeeded", True, 7500, 0)]
    assert sorted(payment["refunded"] for payment in gateway.ledger()["payments"]) == [0, 7500]
    assert fee_state(appointment, LATER + MINUTE) == "paid"


def test_r5_a_fee_that_ended_unpaid_may_be_charged_anew(odette: Member, visit: Visit, gateway: Double) -> None:
    appointment = mark(visit(), charge_fee=True, by=odette, at=QUARTER_PAST)
    restore(appointment, by=odette, at=QUARTER_PAST)

    mark(appointment, charge_fee=True, by=odette, at=LATER)
    do_jobs(at=LATER)

    assert list(Charge.objects.order_by("id").values_list("state", "live")) == [("canceled", False), ("succeeded", True)]
    assert len(gateway.ledger()["payments"]) == 1


@pytest.mark.parametrize("kind", ["visa", "chargeDeclinedInsufficientFunds"])
def test_r5_while_the_first_is_followed_up_no_second_is_charged(odette: Member, visit: Visit, gateway: Double, kind: str) -> None:
    appointment = visit(kind)
    gateway.fault("POST /v1/payment_intents/*/confirm", "cut_after")
    mark(appointment, charge_fee=True, by=odette, at=QUARTER_PAST)
    do_jobs(at=QUARTER_PAST)
    restore(appointment, by=odette, at=LATER)

    with refused("charge_in_flight"):
        mark(appointment, charge_fee=True, by=odette, at=LATER)

    assert (now(appointment).status, Charge.objects.count()) == ("booked", 1)


def test_r7a_missed_again_meanwhile_it_says_that_the_first_is_followed_up(odette: Member, visit: Visit, gateway: Double) -> None:
    appointment = visit()
    gateway.fault("POST /v1/payment_intents/*/confirm", "cut_after")
    mark(appointment, charge_fee=True, by=odette, at=QUARTER_PAST)
    do_jobs(at=QUARTER_PAST)
    restore(appointment, by=odette, at=LATER)

    mark(appointment, charge_fee=None, by=odette, at=LATER)

    assert fee_offer(now(appointment), at=LATER).reason_sentence.startswith("an earlier charge for it is still being followed up")
    assert fee_state(appointment) == "checking"


def _ended_by_the_restore(appointment: Appointment, by: Member) -> None:
    restore(appointment, by=by, at=LATER)


def _refused_by_the_gateway(appointment: Appointment, by: Member) -> None:
    charge = charging.begin(Charge.objects.get().pk, at=QUARTER_PAST)
    assert charge is not None
    charging.fail(charge.pk, why="No such card", code="resource_missing", at=QUARTER_PAST)
    restore(appointment, by=by, at=LATER)


@pytest.mark.parametrize(("end", "state"), [(_ended_by_the_restore, "canceled"), (_refused_by_the_gateway, "failed")])
def test_r5_money_that_came_late_for_an_ended_fee_is_not_charged_twice(
    odette: Member, appointment: Appointment, end: Callable[[Appointment, Member], None], state: str
) -> None:
    mark(appointment, charge_fee=True, by=odette, at=QUARTER_PAST)
    end(appointment, odette)
    was = Charge.objects.get().state
    charging.settle(Charge.objects.get().pk, IntentFacts("pi_late", "succeeded", captured_minor=7500), at=LATER)

    with refused("already_charged"):
        mark(appointment, charge_fee=True, by=odette, at=LATER)
    mark(appointment, charge_fee=False, by=odette, at=LATER)

    assert (was, Charge.objects.get().flag, fee_state(appointment)) == (state, "refund_or_keep", "paid")


# A cancelled one (R13)


def test_r13_a_cancelled_appointment_is_restored_the_same(odette: Member, appointment_that_is: Callable[[str], Appointment]) -> None:
    appointment = appointment_that_is("cancelled")

    restore(appointment, by=odette, at=BOOKED_AT)

    assert (now(appointment).status, now(appointment).claims.get().live) == ("booked", True)


# Queued with it


def test_what_was_sent_is_ended_by_a_job_of_the_same_transaction(odette: Member, missed: Visit) -> None:
    appointment = missed("chargeDeclinedInsufficientFunds")

    restore(appointment, by=odette, at=LATER)

    assert queued("billing.end_charge") == {str(Charge.objects.get().id)}


def test_i7_the_restore_is_told_by_who_did_it(odette: Member, appointment_that_is: Callable[[str], Appointment]) -> None:
    appointment = appointment_that_is("noshow")

    restore(appointment, by=odette, at=LATER)

    event = Event.objects.get(kind="appointment.restored")
    assert (event.subject_id, event.by_id, event.at, event.actor) == (appointment.id, odette.id, LATER, "test")
