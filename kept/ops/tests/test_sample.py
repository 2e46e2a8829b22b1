"""The sample, told once for this file: a fee in every state that lasts, nothing impossible, and the rest by jobs that may be cut off."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import Count, F
from pytest_django import DjangoDbBlocker

from kept.billing.models import Charge, CreditNote, Invoice, Refund
from kept.events.models import Event
from kept.foundation.scope import scope
from kept.messaging.models import Message
from kept.noshows.models import Fee
from kept.ops import sample
from kept.ops.people import JUNIPER, NEWCOMER, PLANS, QUINTA
from kept.patients.models import Card, Note, Patient
from kept.practice.models import Practice
from kept.scheduling.models import Appointment, Claim, Status
from kept.scheduling.rules import display
from tests.kit.database import Cloned
from tests.kit.gateway import Double, do_jobs
from tests.kit.visits import STARTS_AT

NOW = STARTS_AT  # 3:30 PM at Elm Street, half past noon at Harbor Point, half past eight in the evening in Lisbon
LASTING = {*sample.STATES, "waiting"}


@pytest.fixture(scope="module")
def told(cloned_database: Cloned, django_db_blocker: DjangoDbBlocker, double: Double) -> Iterator[Double]:
    """Both practices of the sample as they are at Ready, and their worker's jobs of a few days more. Nobody stands in a practice."""
    double.ask("POST", "reset")
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "STRIPE_API_BASE", double.url)
        patch.setattr(sample, "OTHER_DAYS", (2, -9, -2, 8))
        for plan in PLANS:
            sample.open_book(plan, now=NOW)
        assert not any(map(sample.is_full, PLANS))
        do_jobs(at=NOW)
        yield double
    cloned_database.renew()


@pytest.fixture
def juniper_told(told: Double) -> Iterator[Double]:
    """The test stands in Juniper, in a transaction of its own."""
    with scope(Practice.objects.get(slug=JUNIPER.slug).id, actor="test"):
        yield told


def test_a_fee_is_in_every_state_that_lasts(told: Double) -> None:
    assert set(sample.states(JUNIPER, at=NOW)) == LASTING
    assert "waiting" in sample.states(QUINTA, at=NOW)


def test_the_last_days_job_says_that_it_is_full(told: Double) -> None:
    assert all(map(sample.is_full, PLANS))


def test_told_again_nothing_is_there_twice(told: Double) -> None:
    before = _numbers()

    for plan in PLANS:
        house = sample._house(plan)
        for clinic in house.clinics.values():
            for offset in (-9, -1, 0, 8):
                sample._keep(house, clinic, offset, now=NOW)

    assert _numbers() == before


def test_today_shows_every_display_but_the_rare_ones(juniper_told: Double) -> None:
    today = Appointment.objects.filter(starts_at__gte=NOW - timedelta(hours=12), starts_at__lt=NOW + timedelta(hours=9))
    shown = Counter(display(each, at=NOW) for each in today)

    wanted = {"completed", "in_treatment", "arrived", "needs_outcome", "awaiting_card", "confirmed", "booked", "noshow", "cancelled"}
    assert wanted <= set(shown), wanted - set(shown)
    assert Appointment.objects.filter(patient__first_name=NEWCOMER.split()[0], acceptance=None, status=Status.BOOKED).count() == 1


def test_bookings_moves_and_walk_ins(juniper_told: Double) -> None:
    booked = Appointment.objects.all()

    assert booked.filter(recorded_afterwards=True, status=Status.FULFILLED).count() == 1
    assert booked.filter(booking_no=2).exists()
    assert set(booked.filter(status=Status.CANCELLED).values_list("cancelled_for", flat=True)) >= {"patient"}
    assert list(Claim.objects.filter(lane=1, live=True).values_list("appointment__patient__last_name", flat=True)) == ["Santamar"]
    assert 0.6 < booked.exclude(acceptance=None).count() / booked.count() < 0.8
    assert Card.objects.values("patient").annotate(cards=Count("pk")).filter(cards=2, patient__last_name="Ostrander").exists()


def test_staff_know_something_of_some(juniper_told: Double) -> None:
    assert dict(Note.objects.values_list("patient__first_name", "text"))["Renata"] == JUNIPER.notes["Renata Solbrook"]
    assert Patient.objects.get(first_name="Delphine").alert == JUNIPER.alerts["Delphine Okonmar"]


def test_everything_has_its_order_in_time(juniper_told: Double) -> None:
    odd = {
        "booked before the patient was known": Appointment.objects.filter(booked_at__lt=F("patient__created_at")),
        "booked after the start": Appointment.objects.filter(booked_at__gt=F("starts_at"), recorded_afterwards=False),
        "accepted after the start": Appointment.objects.filter(acceptance__accepted_at__gte=F("starts_at")),
        "accepted before the booking": Appointment.objects.filter(acceptance__accepted_at__lt=F("booked_at")),
        "accepted with a card to come": Appointment.objects.filter(acceptance__accepted_at__lt=F("acceptance__card__given_at")),
        "confirmed before the booking": Appointment.objects.filter(confirmed_at__lt=F("booked_at")),
        "completed before it started": Appointment.objects.filter(status=Status.FULFILLED, status_at__lt=F("starts_at")),
        "charged before it was missed": Charge.objects.filter(captured_at__lt=F("appointment__starts_at") + timedelta(minutes=15)),
        "refunded before it was paid": Refund.objects.filter(created_at__lt=F("charge__captured_at")),
        "still to happen": Event.objects.filter(at__gt=NOW),
        "without an event": Appointment.objects.exclude(pk__in=Event.objects.filter(kind="appointment.booked").values("subject_id")),
        "without history": Appointment.objects.filter(history=None),
        "left in the queue": Message.objects.filter(state=Message.State.QUEUED, send_after__lte=NOW),
        "charge in the air": Charge.objects.filter(state__in=["sending", "unknown"]) | Charge.objects.filter(state="due", due_at__lte=NOW),
    }

    assert {name: list(found) for name, found in odd.items() if found.exists()} == {}


def test_nobody_is_in_two_places(juniper_told: Double) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from scheduling_claim a join scheduling_claim b on a.resource_id = b.resource_id and a.id < b.id "
            "and a.live and b.live and a.during && b.during"
        )
        assert cursor.fetchone() == (1,)  # the deliberate double booking
        cursor.execute(
            "select count(*) from scheduling_appointment a join scheduling_appointment b on a.patient_id = b.patient_id and a.id < b.id "
            "and a.status not in ('noshow', 'cancelled') and b.status not in ('noshow', 'cancelled') "
            "and a.starts_at < b.ends_at and b.starts_at < a.ends_at"
        )
        assert cursor.fetchone() == (0,)


def test_r20_invoices_and_credit_notes_have_no_gaps(juniper_told: Double) -> None:
    for model in (Invoice, CreditNote):
        numbers = sorted(model.objects.values_list("number", flat=True))
        assert not numbers or numbers == list(range(numbers[0], numbers[-1] + 1)), model


def test_the_gateway_has_what_the_books_have(told: Double) -> None:
    ledger = {payment["metadata"]["charge"]: (payment["amount"], payment["refunded"]) for payment in told.ledger()["payments"]}
    ours: dict[str, tuple[int, int]] = {}
    for plan in PLANS:
        with scope(Practice.objects.get(slug=plan.slug).id, actor="test"):
            by_card = Charge.objects.filter(captured_minor__gt=0, recording__isnull=True)
            ours |= {str(charge.pk): (charge.captured_minor, charge.refunded_minor) for charge in by_card}
            assert not Fee.objects.filter(charge__captured_minor__gt=F("amount_minor")).exists()

    assert ledger == ours


def _numbers() -> list[int]:
    found = []
    for plan in PLANS:
        with scope(Practice.objects.get(slug=plan.slug).id, actor="test"):
            found += [model.objects.count() for model in (Appointment, Claim, Charge, Invoice, Message, Card, Event)]
    return found
