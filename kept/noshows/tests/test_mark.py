"""Mark As No-Show: the patient did not come (R1 to R5, R7). The book, the fee, its charge and its job are one."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

import kept.policies.transitions as policies
from kept.billing.models import Charge, Invoice, Kind
from kept.events.models import Event
from kept.foundation.ids import new_id
from kept.foundation.money import Money
from kept.noshows.models import Fee
from kept.noshows.offers import WHY_NOT, fee_offer
from kept.noshows.queries import fee_of
from kept.noshows.transitions.attendance import mark
from kept.ops.cast import House
from kept.patients.models import Card
from kept.policies.document import Document, Nothing, Row, Step, flat
from kept.policies.models import Policy
from kept.practice.models import GatewayAccount, Member, Settings
from kept.scheduling.models import Appointment, Claim
from kept.scheduling.queries import day_book
from tests.kit.browser import Browser
from tests.kit.checks import queued, refused
from tests.kit.gateway import clock_at
from tests.kit.visits import BOOKED_AT, MIDNIGHT_AT_THE_CLINIC, QUARTER_PAST, STARTS_AT, accepted, book, card_of

FEE = Money(7500, "USD")
SECOND = timedelta(seconds=1)


def now(appointment: Appointment) -> Appointment:
    return Appointment.objects.get(pk=appointment.pk)


# When (R1)


def test_r1_not_before_the_clinics_own_day(odette: Member, appointment: Appointment) -> None:
    with refused("too_early") as refusal:
        mark(appointment, charge_fee=False, by=odette, at=MIDNIGHT_AT_THE_CLINIC - SECOND)

    assert refusal.value.sentence == "Opens on the day of the appointment, Wed, Oct 14."
    assert refusal.value.facts == {"opens_on": "2026-10-14"}
    assert now(appointment).status == "booked"


@pytest.mark.parametrize("at", [MIDNIGHT_AT_THE_CLINIC, STARTS_AT, STARTS_AT + timedelta(days=20)])
def test_r1_from_the_first_instant_of_that_day_on(odette: Member, appointment: Appointment, at: datetime) -> None:
    mark(appointment, charge_fee=False, by=odette, at=at)

    assert now(appointment).status == "noshow"


# From where (R2)


@pytest.mark.parametrize("status", ["arrived", "fulfilled", "cancelled", "noshow", "entered-in-error"])
def test_r2_only_a_booked_appointment_can_be_missed(odette: Member, appointment_that_is: Callable[[str], Appointment], status: str) -> None:
    appointment = appointment_that_is(status)

    with refused("wrong_status"):
        mark(appointment, charge_fee=False, by=odette, at=QUARTER_PAST)

    assert now(appointment).status == status


def test_r2_the_second_desk_is_told_who_marked_it_and_when(odette: Member, silas: Member, appointment: Appointment) -> None:
    mark(appointment, charge_fee=True, by=odette, at=QUARTER_PAST)

    with refused("wrong_status") as refusal:
        mark(appointment, charge_fee=True, by=silas, at=QUARTER_PAST + SECOND)

    assert refusal.value.sentence == "Already No-show: Odette Farnley marked it on Wed, Oct 14, 3:45 PM."
    assert refusal.value.facts == {"by": "Odette Farnley", "at": "2026-10-14T19:45:00+00:00"}
    assert Charge.objects.count() == 1


def test_a_page_that_shows_an_older_state_decides_nothing(odette: Member, appointment: Appointment) -> None:
    with refused("stale_version"):
        mark(appointment, charge_fee=True, version=appointment.version - 1, by=odette, at=QUARTER_PAST)

    assert now(appointment).status == "booked"


# Whether a fee is offered, and why not (R3, R7a)


def test_r3_without_a_card_at_booking_nothing_can_be_charged(odette: Member, appointment_without_card: Appointment) -> None:
    at = QUARTER_PAST + timedelta(days=1)

    with refused("fee_not_available") as refusal:
        mark(appointment_without_card, charge_fee=True, by=odette, at=at)

    assert refusal.value.sentence == ("No fee can be charged: no card was given for this appointment.")
    assert now(appointment_without_card).status == "booked"


def test_r3_the_no_show_itself_needs_no_card(odette: Member, appointment_without_card: Appointment) -> None:
    at = QUARTER_PAST + timedelta(days=1)

    mark(appointment_without_card, charge_fee=None, by=odette, at=at)

    fee = fee_of(appointment_without_card, at=at)
    assert (now(appointment_without_card).status, fee and (fee.state, fee.why_not, fee.charge)) == (
        "noshow",
        ("not_offered", "no_card", None),
    )


def _imported(appointment: Appointment) -> None:
    Appointment.objects.filter(pk=appointment.pk).update(channel="import")


def _withdrawn(appointment: Appointment) -> None:
    Card.objects.update(state=Card.State.GONE)


def _blocked(appointment: Appointment) -> None:
    Card.objects.update(state=Card.State.BLOCKED)


def _fees_off(appointment: Appointment) -> None:
    Policy.objects.update(fees_on=False)


def _no_account(appointment: Appointment) -> None:
    GatewayAccount.objects.all().delete()


SPOILT: dict[str, tuple[str, Callable[[Appointment], None], datetime]] = {
    "an imported visit": ("imported", _imported, QUARTER_PAST),
    "a card withdrawn at the gateway": ("card_gone", _withdrawn, QUARTER_PAST),
    "a card its bank will not take again": ("card_gone", _blocked, QUARTER_PAST),
    "fees switched off": ("policy_off", _fees_off, QUARTER_PAST),
    "no account at a gateway": ("payments_off", _no_account, QUARTER_PAST),
    "more than thirty days later": ("too_late", lambda appointment: None, STARTS_AT + timedelta(days=30, seconds=1)),
}


@pytest.mark.parametrize("case", SPOILT)
def test_r7a_the_one_reason_why_no_fee_can_be_charged_is_said(odette: Member, appointment: Appointment, case: str) -> None:
    why_not, spoil, at = SPOILT[case]
    spoil(appointment)

    with refused("fee_not_available") as refusal:
        mark(appointment, charge_fee=True, by=odette, at=at)
    mark(appointment, charge_fee=None, by=odette, at=at)

    fee = fee_of(now(appointment), at=at)
    assert refusal.value.facts == {"reason": why_not}
    assert refusal.value.sentence == f"No fee can be charged: {WHY_NOT[why_not]}"
    assert fee is not None
    assert (fee.state, fee.why_not, fee.charge) == ("not_offered", why_not, None)


def test_r7a_a_card_on_file_is_no_consent_for_this_appointment(odette: Member, appointment_without_card: Appointment) -> None:
    card_of(appointment_without_card.patient)

    with refused("fee_not_available") as refusal:
        mark(appointment_without_card, charge_fee=True, by=odette, at=QUARTER_PAST + timedelta(days=1))

    assert refusal.value.facts == {"reason": "no_consent"}


def test_r7a_a_visit_that_the_policy_takes_nothing_for_is_exempt(odette: Member, silas: Member, juniper: House) -> None:
    free = Document(rows=(Row(steps=(Step(kinds=(Kind.NO_SHOW,), pays=Nothing()),)),))
    policies.publish(description="d", authorization_text="a", terms=free, currency="USD", by=silas, at=BOOKED_AT)
    appointment = accepted(book(juniper), card_of(juniper.patients[0]))

    with refused("fee_not_available") as refusal:
        mark(appointment, charge_fee=True, by=odette, at=QUARTER_PAST)

    assert refusal.value.facts == {"reason": "exempt"}


def test_r7a_each_reason_is_proved_somewhere() -> None:
    here = {why_not for why_not, _spoil, _at in SPOILT.values()} | {"no_card", "no_consent", "exempt"}

    assert set(WHY_NOT) - here == {"already_charged", "forgiven"}  # test_restore.py, test_forgiving.py


def test_r7a_an_expired_card_is_offered_with_a_warning(appointment: Appointment) -> None:
    Card.objects.update(exp_year=2026, exp_month=9)

    offer = fee_offer(Appointment.objects.select_related("acceptance__card").get(pk=appointment.pk), at=QUARTER_PAST)

    assert (offer.offered, offer.card_expired, offer.amount) == (True, True, FEE)


def test_r7e_thirty_days_later_to_the_second_it_can_still_be_charged(odette: Member, appointment: Appointment) -> None:
    mark(appointment, charge_fee=True, by=odette, at=STARTS_AT + timedelta(days=30))

    assert Charge.objects.get().amount == FEE


# How much (R4)


def test_r4_the_fee_is_that_of_the_accepted_version_never_of_todays(odette: Member, silas: Member, appointment: Appointment) -> None:
    policies.publish(
        description="Dearer.",
        authorization_text="I authorize it.",
        terms=flat(9000, late_minutes=60),
        currency="USD",
        by=silas,
        at=STARTS_AT - timedelta(days=1),
    )

    mark(appointment, charge_fee=True, by=odette, at=QUARTER_PAST)

    charge = Charge.objects.get()
    assert (charge.amount, charge.due_at) == (FEE, QUARTER_PAST)


def test_r4_staff_may_lower_it_and_say_why(odette: Member, appointment: Appointment) -> None:
    mark(appointment, charge_fee=True, amount=Money(5000, "USD"), fee_reason=" First time ", by=odette, at=QUARTER_PAST)

    fee = Fee.objects.get()
    assert (fee.amount, fee.fee_reason, Charge.objects.get().amount) == (Money(5000, "USD"), "First time", Money(5000, "USD"))


@pytest.mark.parametrize(
    ("amount", "why", "code"),
    [
        (Money(7499, "USD"), "  ", "reason_required"),
        (Money(7501, "USD"), "Dearer now", "fee_exceeds_policy"),
        (Money(5000, "EUR"), "In euros", "wrong_currency"),
        (Money(0, "USD"), "Nothing", "invalid"),
        (Money(-100, "USD"), "Less than nothing", "invalid"),
    ],
)
def test_r4_never_raised_nor_lowered_without_a_reason(odette: Member, appointment: Appointment, amount: Money, why: str, code: str) -> None:
    with refused(code):
        mark(appointment, charge_fee=True, amount=amount, fee_reason=why, by=odette, at=QUARTER_PAST)

    assert (now(appointment).status, Charge.objects.count(), Fee.objects.count()) == ("booked", 0, 0)


@pytest.mark.parametrize(("minor", "currency"), [(7501, "USD"), (7500, "EUR")])
def test_r4_the_database_itself_refuses_more_than_was_accepted(appointment: Appointment, minor: int, currency: str) -> None:
    with pytest.raises(IntegrityError, match="a fee above what was accepted"), transaction.atomic():
        _written_past_the_code(appointment, minor, currency)


def test_r3_the_database_refuses_a_charge_without_an_acceptance(appointment: Appointment, appointment_without_card: Appointment) -> None:
    with pytest.raises(IntegrityError, match="a fee above what was accepted"), transaction.atomic():
        _written_past_the_code(appointment_without_card, 100, "USD")


def _written_past_the_code(appointment: Appointment, minor: int, currency: str) -> None:
    Charge.objects.create(
        practice_id=appointment.practice_id,
        appointment=appointment,
        patient=appointment.patient,
        card=Card.objects.get(),
        kind=Kind.NO_SHOW,
        booking_no=1,
        amount_minor=minor,
        currency=currency,
        created_at=QUARTER_PAST,
        due_at=QUARTER_PAST,
        create_key=f"create:{new_id()}",
    )


# Who decides


def test_who_may_charge_must_choose(odette: Member, appointment: Appointment) -> None:
    with refused("choice_required"):
        mark(appointment, charge_fee=None, by=odette, at=QUARTER_PAST)

    assert now(appointment).status == "booked"


def test_not_charging_spares_the_fee(odette: Member, appointment: Appointment) -> None:
    mark(appointment, charge_fee=False, fee_reason="Was ill", by=odette, at=QUARTER_PAST)

    fee = fee_of(appointment, at=QUARTER_PAST)
    assert fee is not None
    assert (fee.state, fee.amount, fee.fee_reason, fee.charge) == ("spared", FEE, "Was ill", None)
    assert queued("billing.send_charge") == set()


def test_r7e_a_provider_marks_and_leaves_the_fee_to_decide(tess: Member, appointment: Appointment) -> None:
    mark(appointment, charge_fee=None, by=tess, at=QUARTER_PAST)

    fee = fee_of(appointment, at=QUARTER_PAST)
    assert fee is not None
    assert (fee.state, fee.amount, fee.by, fee.charge) == ("undecided", FEE, tess, None)


def test_a_provider_may_not_charge(tess: Member, appointment: Appointment) -> None:
    with refused("not_permitted"):
        mark(appointment, charge_fee=True, by=tess, at=QUARTER_PAST)

    assert (now(appointment).status, Fee.objects.count()) == ("booked", 0)


def test_a_provider_marks_her_own_appointments_only(tess: Member, juniper: House, appointment: Appointment) -> None:
    Appointment.objects.filter(pk=appointment.pk).update(provider=juniper.providers["Priya Ramsethi"])

    with refused("not_permitted"):
        mark(now(appointment), charge_fee=None, by=tess, at=QUARTER_PAST)


@pytest.mark.parametrize("who", ["benedikt", "philomena"])
def test_billing_and_auditor_do_not_mark(request: pytest.FixtureRequest, appointment: Appointment, who: str) -> None:
    with refused("not_permitted") as refusal:
        mark(appointment, charge_fee=False, by=request.getfixturevalue(who), at=QUARTER_PAST)

    assert refusal.value.sentence == "You can’t mark or restore no-shows. That is for: owner, manager, front desk, provider."


# When it is charged (R7b, R7d)


def test_r7d_marked_early_it_waits_for_the_start_and_the_late_minutes(odette: Member, appointment: Appointment) -> None:
    mark(appointment, charge_fee=True, by=odette, at=MIDNIGHT_AT_THE_CLINIC)

    fee, job = fee_of(appointment, at=QUARTER_PAST - SECOND), ProcrastinateJob.objects.get(task_name="billing.send_charge")
    assert fee is not None
    assert (fee.state, fee.charge.due_at, job.scheduled_at) == ("waiting", QUARTER_PAST, QUARTER_PAST)


def test_r7d_marked_after_the_late_minutes_it_is_due_at_once(odette: Member, appointment: Appointment) -> None:
    mark(appointment, charge_fee=True, by=odette, at=QUARTER_PAST + SECOND)

    fee, job = fee_of(appointment, at=QUARTER_PAST + SECOND), ProcrastinateJob.objects.get(task_name="billing.send_charge")
    assert fee is not None
    assert (fee.state, fee.charge.due_at, job.scheduled_at) == ("charging", QUARTER_PAST + SECOND, None)


@pytest.mark.parametrize(
    ("at", "due"),
    [(QUARTER_PAST, QUARTER_PAST + timedelta(hours=2)), (STARTS_AT - timedelta(hours=12), QUARTER_PAST)],
)
def test_r7b_a_breathing_space_puts_it_off(odette: Member, appointment: Appointment, at: datetime, due: datetime) -> None:
    Settings.objects.update(breathing_space_minutes=120)

    mark(appointment, charge_fee=True, by=odette, at=at)

    assert Charge.objects.get().due_at == due


# What is written with it, and what is not


def test_the_no_show_the_charge_and_its_job_are_one(odette: Member, appointment: Appointment) -> None:
    mark(appointment, charge_fee=True, reason="Forgot", note="Called twice", by=odette, at=QUARTER_PAST)

    marked, charge, fee = now(appointment), Charge.objects.get(), Fee.objects.get()
    assert (marked.status, marked.outcome_reason, marked.outcome_note, marked.status_by, marked.status_at) == (
        "noshow",
        "Forgot",
        "Called twice",
        odette,
        QUARTER_PAST,
    )
    assert (charge.state, charge.amount, charge.kind, charge.booking_no, charge.live, charge.card) == (
        "due",
        FEE,
        "no_show",
        1,
        True,
        appointment.acceptance.card,
    )
    assert (fee.decision, fee.amount, fee.charge, fee.by, fee.at, fee.open) == ("charge", FEE, charge, odette, QUARTER_PAST, True)
    assert queued("billing.send_charge") == {str(charge.id)}
    assert Invoice.objects.count() == 0  # R6a: not before its first attempt


def test_what_is_rolled_back_leaves_neither_no_show_nor_charge_nor_job(odette: Member, appointment: Appointment) -> None:
    with transaction.atomic():
        mark(appointment, charge_fee=True, by=odette, at=QUARTER_PAST)
        transaction.set_rollback(True)

    assert now(appointment).status == "booked"
    assert (Charge.objects.count(), Fee.objects.count(), queued("billing.send_charge")) == (0, 0, set())
    assert not Event.objects.filter(kind__in=["appointment.noshow", "charge.due", "fee.decided"]).exists()


def test_i7_each_change_has_its_event_and_its_line_of_history(odette: Member, appointment: Appointment) -> None:
    mark(appointment, charge_fee=True, by=odette, at=QUARTER_PAST)

    events = Event.objects.filter(at=QUARTER_PAST).order_by("id")
    assert [(event.kind, event.by_id, event.actor, event.particulars) for event in events] == [
        ("appointment.noshow", odette.id, "test", {}),
        ("charge.due", odette.id, "test", {"minor": 7500, "due_at": QUARTER_PAST.isoformat()}),
        ("fee.decided", odette.id, "test", {"decision": "charge", "minor": 7500, "currency": "USD"}),
        ("letter.queued", odette.id, "test", {"letter": "no_show", "channel": "email", "send_after": "2026-10-14T19:55:00+00:00"}),
    ]
    history = now(appointment).history.order_by("pgh_id").values_list("pgh_label", "status", "version", "pgh_actor", "pgh_reason")
    assert list(history) == [
        ("insert", "booked", 1, "test", "a test"),
        ("update", "booked", 2, "test", "a test"),
        ("update", "noshow", 3, "test", "a test"),
    ]


# The time is free (R7)


def test_r7_it_leaves_the_day_book(odette: Member, appointment: Appointment) -> None:
    before = list(day_book(odette, appointment.clinic, appointment.local_date))

    mark(appointment, charge_fee=False, by=odette, at=QUARTER_PAST)

    assert (before, list(day_book(odette, appointment.clinic, appointment.local_date))) == ([appointment], [])


def test_r7_its_time_can_be_booked_again_at_once(odette: Member, juniper: House, appointment: Appointment) -> None:
    mark(appointment, charge_fee=False, by=odette, at=MIDNIGHT_AT_THE_CLINIC)

    another = book(juniper, patient=juniper.patients[2])

    claims = Claim.objects.order_by("id").values_list("appointment", "live", "lane")
    assert list(claims) == [(appointment.pk, False, 0), (another.pk, True, 0)]


# Through the door


def test_the_dialog_offers_the_fee_and_chooses_nothing(htmx: Callable[[Member], Browser], odette: Member, appointment: Appointment) -> None:
    with clock_at(QUARTER_PAST):
        answer = htmx(odette).get(reverse("noshows:mark", args=[appointment.id]))

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Charge the $75.00 cancellation fee to Visa ••4242" in page
    assert "Renata accepted policy v3 on Mon, Oct 5 at 10:20 AM: ‘A missed appointment is charged $75.00.’" in page
    assert re.findall(r'<input type="radio"[^>]* checked', page) == []


def test_a_form_without_a_choice_comes_back(htmx: Callable[[Member], Browser], odette: Member, appointment: Appointment) -> None:
    with clock_at(QUARTER_PAST):
        answer = htmx(odette).post(reverse("noshows:mark", args=[appointment.id]), {"reason": "Forgot"})

    assert (answer.status_code, now(appointment).status) == (422, "booked")
    assert "Choose whether to charge the fee." in answer.content.decode()


def test_confirmed_it_is_marked_and_the_result_takes_the_dialogs_place(
    htmx: Callable[[Member], Browser], odette: Member, appointment: Appointment
) -> None:
    with clock_at(QUARTER_PAST):
        answer = htmx(odette).post(reverse("noshows:mark", args=[appointment.id]), {"charge_fee": "yes", "version": appointment.version})

    assert (answer.status_code, answer["HX-Trigger"], now(appointment).status) == (200, "appointment-changed", "noshow")
    assert "Charging $75.00 to Visa ••4242" in answer.content.decode()


@pytest.mark.parametrize("asks", ["htmx", "signed_in"])
def test_a_refusal_is_a_notice_and_changes_nothing(
    request: pytest.FixtureRequest, odette: Member, appointment: Appointment, asks: str
) -> None:
    open_for: Callable[[Member], Browser] = request.getfixturevalue(asks)

    with clock_at(MIDNIGHT_AT_THE_CLINIC - SECOND):
        answer = open_for(odette).post(reverse("noshows:mark", args=[appointment.id]), {"charge_fee": "no"})

    assert (answer.status_code, now(appointment).status) == (409, "booked")
    assert "Opens on the day of the appointment, Wed, Oct 14." in answer.content.decode()


@pytest.mark.parametrize("asks", ["htmx", "signed_in"])
def test_another_practice_finds_nothing(request: pytest.FixtureRequest, hana: Member, appointment: Appointment, asks: str) -> None:
    open_for: Callable[[Member], Browser] = request.getfixturevalue(asks)

    assert open_for(hana).post(reverse("noshows:mark", args=[appointment.id])).status_code == 404
