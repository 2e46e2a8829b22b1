"""A patient is erased: nothing in any table says who she was, and what money and disputes need stays under a pseudonym."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

import kept.billing.transitions.cards as cards
import kept.billing.transitions.charging as charging
import kept.billing.transitions.disputing as disputing
import kept.billing.transitions.refunding as refunding
import kept.noshows.transitions.attendance as noshows
import kept.scheduling.transitions.attendance as attendance
from kept.billing.gateways.facts import DisputeFacts, IntentFacts, RefundFacts
from kept.billing.models import CardCapture, Charge, CustomerErasure, Dispute, GatewayEvent, Invoice, Refund
from kept.billing.reports import reconcile
from kept.billing.tasks import follow_up
from kept.events.models import Event
from kept.foundation import vault
from kept.foundation.ids import new_id
from kept.foundation.money import Money
from kept.foundation.scope import outside
from kept.messaging.models import Letter, Message
from kept.ops.cast import House
from kept.patients.models import Card, Link, Patient
from kept.patients.queries import find
from kept.patients.transitions import add_note, change_patient
from kept.policies.models import Acceptance
from kept.policies.queries import version_in_use
from kept.practice.models import Idempotency, Member
from kept.practice.rules import Role
from kept.rights.transitions import erase
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.checks import refused
from tests.kit.gateway import Double, clock_at
from tests.kit.html import words
from tests.kit.visits import ACCEPTED_AT, BOOKED_AT, QUARTER_PAST, book, card_of

CANARY = "xq7canary"
LATER = QUARTER_PAST.replace(hour=20)
TABLES = """select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'practice_id'
    where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace order by 1"""


def singing() -> set[str]:
    """The tables in which a canary sits, of all that belong to practices, history too."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        tables = [name for (name,) in cursor.fetchall()]
        found = set()
        for table in tables:
            cursor.execute(f"select exists (select from {table} each where each::text ilike %s)", [f"%{CANARY}%"])
            found |= {table} if cursor.fetchone()[0] else set()
    return found


@pytest.fixture
def wren(juniper: House, odette: Member) -> Patient:
    """Everything about her is a canary, with a missed visit whose policy she accepted on her phone."""
    patient = juniper.patients[0]
    Patient.objects.filter(pk=patient.pk).update(gateway_customer_id=f"cus_{CANARY}", external_id=CANARY)
    named = {"first_name": CANARY, "last_name": CANARY, "email": f"{CANARY}@example.com", "alert": CANARY}
    patient = change_patient(patient, by=odette, at=BOOKED_AT, **named)  # type: ignore[arg-type]
    add_note(patient, CANARY, by=odette, at=BOOKED_AT)
    return patient


@pytest.fixture
def visit(juniper: House, odette: Member, wren: Patient) -> Appointment:
    booked = book(juniper, patient=wren)
    Appointment.objects.filter(pk=booked.pk).update(note=CANARY, external_id=CANARY)
    cards.card_link(booked, by=odette, at=BOOKED_AT)
    capture = cards.begin(booked, version_id=_version(), origin=cards.Origin("203.0.113.9", CANARY), at=ACCEPTED_AT)
    CardCapture.objects.update(session_id=f"cs_{CANARY}", payment_method_id=f"pm_{CANARY}")
    card = card_of(wren)
    Card.objects.filter(pk=card.pk).update(payment_method_id=f"pm_{CANARY}", gateway_customer_id=f"cus_{CANARY}")
    cards.accept(capture, card, setup_intent_id=f"seti_{CANARY}", at=ACCEPTED_AT)
    about = {"id": "evt_1", "type": "x", "data": {"object": {"id": "cs_1", "customer": f"cus_{CANARY}", "amount": 1, "name": CANARY}}}
    GatewayEvent.objects.create(practice=juniper.practice, event_id="evt_1", kind="x", body=about, received_at=LATER)
    Message.objects.create(
        practice=juniper.practice, letter=Letter.NO_SHOW, patient=wren, appointment=booked, subject_id=booked.pk, key="letter",
        to=f"{CANARY}@example.com", title=CANARY, text=CANARY, queued_at=LATER, send_after=LATER, why=CANARY, state="sent",
    )  # fmt: skip
    return Appointment.objects.locked(booked)


def _version() -> str:
    version = version_in_use()
    assert version
    return str(version.pk)


def paid_and_disputed(visit: Appointment, desk: Member, owner: Member) -> Charge:
    """Charged; a part went back; disputed, and answered."""
    at = QUARTER_PAST
    noshows.mark(visit, charge_fee=True, amount=Money(7000, "USD"), fee_reason=CANARY, reason=CANARY, note=CANARY, by=desk, at=at)
    charge = Charge.objects.get()
    charging.begin(charge.pk, at=charge.due_at)
    declined = IntentFacts("pi_of_hers", "requires_payment_method", error_code="x", decline_code="x", error_text=CANARY)
    charging.settle(charge.pk, declined, at=LATER, attempt=1)
    charging.retry(charge, by=desk, at=LATER)
    charging.begin(charge.pk, at=LATER)
    paid = IntentFacts("pi_of_hers", "succeeded", captured_minor=7000, gateway_charge_id="ch_of_hers")
    charging.settle(charge.pk, paid, at=LATER, attempt=2)
    sent = refunding.refund(charge, Money(1000, "USD"), reason=CANARY, note=CANARY, by=owner, at=LATER)
    refunding.settle(sent.pk, RefundFacts("re_of_hers", "succeeded", 1000), at=LATER)
    disputing.found(charge.pk, DisputeFacts("dp_of_hers", "won", "fraudulent", 6000, None), at=LATER)
    evidence = {"customer_name": CANARY, "customer_email_address": CANARY, "uncategorized_text": CANARY, "service_date": "2026-10-14"}
    Dispute.objects.update(evidence=evidence, evidence_trouble=CANARY)
    Charge.objects.filter(pk=charge.pk).update(cancel_why=CANARY, recording={"method": "cash", "note": CANARY})
    told = {"id": "evt_2", "type": "charge", "data": {"object": {"id": "ch_of_hers", "object": "charge", "billing_details": CANARY}}}
    GatewayEvent.objects.create(practice=visit.practice, event_id="evt_2", kind="charge", body=told, received_at=LATER)
    return Charge.objects.get(pk=charge.pk)


def test_nothing_is_left_in_any_table_where_no_money_was_taken(
    juniper: House, odette: Member, leonora: Member, wren: Patient, visit: Appointment, gateway: Double, run_jobs: Callable[..., list[str]]
) -> None:
    noshows.mark(visit, charge_fee=False, reason=CANARY, note=CANARY, by=odette, at=QUARTER_PAST)
    assert singing() >= {
        *("patients_patient", "patients_word", "patients_note", "patients_card", "patients_patienthistory", "patients_cardhistory"),
        *("scheduling_appointment", "scheduling_appointmenthistory", "policies_acceptance", "billing_cardcapture"),
        *("billing_gatewayevent", "messaging_message"),
    }

    erase(wren, by=leonora, at=LATER)

    assert singing() == {"billing_customererasure"}
    run_jobs(at=LATER)
    assert singing() == set()


def test_i9_where_money_was_taken_only_from_where_she_accepted_stays(
    juniper: House, odette: Member, leonora: Member, wren: Patient, visit: Appointment
) -> None:
    charge = paid_and_disputed(visit, odette, leonora)
    before = charge.amount_minor, charge.captured_minor, charge.refunded_minor, charge.gateway_intent_id
    text = Acceptance.objects.get().text
    assert singing() >= {
        "billing_chargehistory",
        "billing_dispute",
        "billing_refund",
        "billing_creditnote",
        "noshows_fee",
        "noshows_feehistory",
    }

    erase(wren, by=leonora, at=LATER)

    assert singing() == {"policies_acceptance", "billing_customererasure"}
    accepted, charge = Acceptance.objects.get(), Charge.objects.get()
    assert (accepted.text, accepted.agent, accepted.address, accepted.setup_intent_id) == (text, CANARY, "203.0.113.9", "")
    assert (charge.amount_minor, charge.captured_minor, charge.refunded_minor, charge.gateway_intent_id) == before
    assert Dispute.objects.get().evidence == {"service_date": "2026-10-14"}
    assert (Invoice.objects.get().patient, Refund.objects.get().amount_minor) == (wren, 1000)
    assert GatewayEvent.objects.get(event_id="evt_2").about["id"] == "ch_of_hers"


def test_what_stays_is_a_pseudonym_that_nobody_finds(juniper: House, leonora: Member, odette: Member, wren: Patient) -> None:
    erased = erase(wren, by=leonora, at=LATER)

    assert erased.name == f"Erased patient {wren.pk.hex[-6:].upper()}"
    assert not find(odette, "Erased").patients.exists()
    assert not find(odette, CANARY).patients.exists()
    assert list(Event.objects.filter(subject_id=wren.pk, kind="patient.erased").values_list("by_id", "at")) == [(leonora.pk, LATER)]
    assert not Link.objects.filter(patient=wren).exists()
    with refused("wrong_status"):
        add_note(erased, "Came back.", by=odette, at=LATER)


def test_an_answer_kept_for_a_repeated_call_is_forgotten(juniper: House, leonora: Member, wren: Patient) -> None:
    body = vault.seal(f'{{"email": "{wren.email}"}}')
    Idempotency.objects.create(practice=juniper.practice, key_id=new_id(), key="k", request_hash="", status=201, body=body, at=LATER)

    erase(wren, by=leonora, at=LATER)

    assert vault.unseal(bytes(Idempotency.objects.get().body or b"")) == "{}"


def test_not_while_something_is_still_to_come(juniper: House, odette: Member, leonora: Member, wren: Patient, visit: Appointment) -> None:
    with refused("wrong_status"):
        erase(wren, by=leonora, at=LATER)

    noshows.mark(visit, charge_fee=True, by=odette, at=QUARTER_PAST)
    with refused("wrong_status"):
        erase(wren, by=leonora, at=LATER)

    wren.refresh_from_db()
    assert wren.first_name == CANARY


def test_raw_sql_erases_nobody_who_was_not_erased_first(juniper: House, quinta: House, wren: Patient) -> None:
    for who in (wren.pk, quinta.patients[0].pk):
        with pytest.raises(IntegrityError, match="not an erased patient"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("select patient_erased(%s)", [who])


def test_an_owner_types_the_name_and_the_front_desk_may_not(
    juniper: House, leonora: Member, signed_in: Callable[[Member], Browser]
) -> None:
    ada = juniper.patients[1]
    url, owner = reverse("desk:patient-erase", args=[ada.pk]), signed_in(leonora)

    assert signed_in(juniper.members[Role.FRONT_DESK]).post(url, {"name": ada.name}).status_code == 403
    assert f"Type: {ada.name}" in words(owner.post(url, {"name": "Somebody"}))
    assert owner.post(url, {"name": ada.name.upper()})["Location"] == reverse("desk:patient", args=[ada.pk])
    assert "Visits and money stay under a pseudonym" in words(owner.get(reverse("desk:patient", args=[ada.pk])))


def test_a_visit_that_was_kept_is_no_hindrance(juniper: House, odette: Member, leonora: Member) -> None:
    kept = book(juniper)
    attendance.complete(kept, by=odette, at=kept.ends_at)

    assert erase(kept.patient, by=leonora, at=LATER).erased_at == LATER


@pytest.fixture
def customer(gateway: Double, wren: Patient) -> str:
    """She is a customer at the gateway, with a card."""
    found: str = gateway.card(wren).gateway_customer_id
    return found


def there(gateway: Double, customer: str) -> bool:
    return customer in {each["id"] for each in gateway.ledger()["customers"]}


def test_her_customer_at_the_gateway_is_erased_by_a_job(
    gateway: Double,
    customer: str,
    run_jobs: Callable[..., list[str]],
    leonora: Member,
    wren: Patient,
    signed_in: Callable[[Member], Browser],
) -> None:
    erase(wren, by=leonora, at=LATER)
    page = reverse("desk:patient", args=[wren.pk])
    assert there(gateway, customer)
    assert "The payment provider still has the customer" in words(signed_in(leonora).get(page))

    run_jobs(at=LATER)

    assert not there(gateway, customer)
    assert list(CustomerErasure.objects.values_list("done_at", "gateway_customer_id")) == [(LATER, "")] * 2  # and the one of the fixture
    assert Event.objects.filter(subject_id=wren.pk, kind="patient.customer_erased").count() == 2
    assert "The payment provider has erased the customer too" in words(signed_in(leonora).get(page))


@pytest.mark.parametrize("fault", ["cut_before", "cut_after", "error500"])
def test_r22_an_answer_that_never_came_is_asked_for_again(
    gateway: Double, customer: str, run_jobs: Callable[..., list[str]], leonora: Member, wren: Patient, fault: str
) -> None:
    gateway.fault("DELETE /v1/customers/*", fault, times=2)
    erase(wren, by=leonora, at=LATER)
    run_jobs(at=LATER)
    assert set(CustomerErasure.objects.values_list("why", "done_at")) == {("It did not answer.", None)}

    with clock_at(LATER + timedelta(minutes=1)), outside():
        told = list(reconcile(str(wren.practice_id), since=LATER + timedelta(seconds=1)))
    assert any(f"the gateway still has customer {customer}. It did not answer." in each for each in told)

    round_at(LATER + timedelta(minutes=2), wren, run_jobs)

    assert not there(gateway, customer)
    assert not CustomerErasure.objects.filter(done_at=None).exists()


def test_while_a_dispute_is_open_the_gateway_keeps_her(
    gateway: Double,
    customer: str,
    run_jobs: Callable[..., list[str]],
    odette: Member,
    leonora: Member,
    wren: Patient,
    visit: Appointment,
) -> None:
    charge = paid_and_disputed(visit, odette, leonora)
    disputing.found(charge.pk, DisputeFacts("dp_new", "needs_response", "fraudulent", 6000, None), at=LATER)
    erase(wren, by=leonora, at=LATER)
    run_jobs(at=LATER)
    assert there(gateway, customer)
    assert set(CustomerErasure.objects.values_list("why", flat=True)) == {"A dispute is open."}

    disputing.found(charge.pk, DisputeFacts("dp_new", "lost", "fraudulent", 6000, None), at=LATER)
    round_at(LATER + timedelta(hours=2), wren, run_jobs)

    assert not there(gateway, customer)


def round_at(at: datetime, patient: Patient, run_jobs: Callable[..., list[str]]) -> None:
    """The minute's round, and what it asks for."""
    with clock_at(at), outside():
        follow_up(str(patient.practice_id))
    run_jobs(at=at)


def test_a_customer_whom_somebody_else_still_needs_stays(
    gateway: Double, customer: str, juniper: House, leonora: Member, wren: Patient
) -> None:
    Card.objects.filter(patient=juniper.patients[1]).update(gateway_customer_id=customer)
    Patient.objects.filter(pk=juniper.patients[1].pk).update(gateway_customer_id=customer)

    erase(wren, by=leonora, at=LATER)

    assert customer not in CustomerErasure.objects.values_list("gateway_customer_id", flat=True)
