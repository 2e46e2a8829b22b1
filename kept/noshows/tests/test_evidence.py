"""A disputed fee: one page has the evidence in the gateway's own fields, sends it once, or gives it as a ZIP (I9, I16)."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.urls import reverse
from pypdf import PdfReader

import kept.billing.transitions.disputing as disputing
from kept.billing import reports
from kept.billing.gateways.facts import NoAnswer
from kept.billing.models import Charge, Dispute
from kept.billing.queries import attention
from kept.events.models import Access, Event
from kept.foundation.ids import new_id
from kept.foundation.scope import outside
from kept.noshows.evidence import packet
from kept.noshows.transitions.attendance import mark
from kept.ops.cast import House
from kept.policies.models import Acceptance
from kept.practice.models import Member
from kept.scheduling.models import Appointment, Line
from tests.kit.browser import Browser
from tests.kit.checks import refused
from tests.kit.gateway import Double, clock_at, do_jobs
from tests.kit.html import words
from tests.kit.visits import QUARTER_PAST, STARTS_AT, accepted, book


@pytest.fixture
def disputed(gateway: Double, juniper: House, odette: Member) -> Charge:
    """A fee that was charged at the double, and then disputed there."""
    appointment = accepted(book(juniper), gateway.card(juniper.patients[0]))
    mark(appointment, charge_fee=True, by=odette, at=QUARTER_PAST, note="Rash on the left arm", reason="Ill")
    do_jobs(at=QUARTER_PAST)
    charge = Charge.objects.get()
    gateway.ask("POST", "disputes", {"charge": charge.payments.get().gateway_charge_id})
    look_again(charge)
    return Charge.objects.get()


@pytest.fixture(autouse=True)
def a_quarter_past() -> Iterator[None]:
    with clock_at(QUARTER_PAST):
        yield


@pytest.fixture
def desk(odette: Member, signed_in: Callable[[Member], Browser]) -> Browser:
    return signed_in(odette)


def look_again(charge: Charge) -> None:
    with outside():
        reports.look_at_payment(str(charge.practice_id), str(charge.gateway_intent_id))


def dispute() -> Dispute:
    return Dispute.objects.select_related("charge__appointment__clinic").get()


def page(charge: Charge, name: str = "evidence") -> str:
    return reverse(f"noshows:{name}", args=[charge.invoice_id])


def test_it_proves_what_was_accepted_when_and_from_where_and_that_nobody_came(disputed: Charge) -> None:
    found = packet(disputed, dispute()).fields
    acceptance = disputed.appointment.acceptance

    assert found["customer_name"] == "Renata Solbrook"
    assert found["service_date"] == "2026-10-14"
    assert found["customer_purchase_ip"] == acceptance.address
    assert acceptance.text in found["cancellation_policy_disclosure"]
    assert acceptance.text_hash in found["cancellation_policy_disclosure"]
    assert "on Oct 5, 2026, 10:20 AM (America/New_York), from address" in found["cancellation_policy_disclosure"]
    assert "The customer did not come; this was recorded on Oct 14, 2026, 3:45 PM" in found["cancellation_rebuttal"]
    assert "within the $75.00 that the customer accepted" in found["cancellation_rebuttal"]
    assert "Oct 5, 2026, 10:20 AM (America/New_York): Policy accepted and card given by the customer" in found["access_activity_log"]
    assert "Oct 14, 2026, 3:45 PM (America/New_York): Marked as a no-show" in found["access_activity_log"]


def test_i9_what_was_accepted_before_goes_with_it(disputed: Charge) -> None:
    visit, later = disputed.appointment, STARTS_AT - timedelta(days=1)
    first = visit.acceptance
    again = Acceptance.objects.get(pk=first.pk)
    again.pk, again.replaces, again.accepted_at, again.locale, again._state.adding = new_id(), first, later, "es", True
    again.save(force_insert=True)
    visit.acceptance = again

    said = packet(disputed, dispute()).fields["cancellation_policy_disclosure"]

    assert "in the language es, and then gave the card" in said
    assert (
        f"Before that, on Oct 5, 2026, 10:20 AM (America/New_York), the customer had accepted version 3, from address {first.address}"
        in said
    )
    assert said.count(first.text) == 2


def test_i16_it_holds_nothing_of_the_treatment_nor_of_staff_notes(disputed: Charge) -> None:
    everything = json.dumps(packet(disputed, dispute(), added="We called twice.").fields)

    assert Line.objects.get().name not in everything
    assert "Rash" not in everything
    assert "We called twice." in everything


def test_it_says_what_would_make_it_stronger(disputed: Charge) -> None:
    disputed.patient.email = ""

    assert packet(disputed, dispute()).missing == ["The patient has no e-mail address."]


def test_one_press_sends_it_to_the_bank_and_the_page_says_so(gateway: Double, desk: Browser, odette: Member, disputed: Charge) -> None:
    assert disputed in attention(odette, at=QUARTER_PAST)
    before = words(desk.get(page(disputed)))
    answer = desk.post(page(disputed), {"added": "We called twice."})
    do_jobs(at=QUARTER_PAST)

    assert "A bank takes one answer only." in before
    assert answer.status_code == 302
    sent = dispute()
    assert (sent.status, sent.evidence_by_id, sent.evidence_sent_at) == ("under_review", odette.pk, QUARTER_PAST)
    assert "We called twice." in (sent.evidence or {})["uncategorized_text"]
    assert "The bank has it since Oct 14, 2026. The answer is final." in words(desk.get(page(disputed)))
    assert "It has the evidence." in words(desk.get(reverse("billing:invoice", args=[disputed.invoice_id])))
    assert disputed not in attention(odette, at=QUARTER_PAST)
    assert [event.kind for event in Event.objects.filter(kind__in=["dispute.evidence_given", "dispute.answered"]).order_by("id")] == [
        *("dispute.evidence_given", "dispute.answered"),
    ]


def test_it_is_sent_once(gateway: Double, desk: Browser, odette: Member, disputed: Charge) -> None:
    desk.post(page(disputed), {"added": ""})
    again = desk.post(page(disputed), {"added": "More"})

    assert again.status_code == 409
    with refused("wrong_status"):
        disputing.answer(dispute(), {}, by=odette, at=QUARTER_PAST)


@pytest.mark.parametrize("fault", ["cut_before", "cut_after"])
def test_a_lost_answer_is_asked_for_again_with_the_same_key(gateway: Double, desk: Browser, disputed: Charge, fault: str) -> None:
    desk.post(page(disputed), {"added": ""})
    gateway.fault("POST /v1/disputes/*", fault)

    with pytest.raises(NoAnswer):
        do_jobs(at=QUARTER_PAST)
    do_jobs(at=QUARTER_PAST)

    assert dispute().status == "under_review"


def test_what_the_gateway_refuses_is_said_and_can_be_sent_again(gateway: Double, desk: Browser, disputed: Charge) -> None:
    desk.post(page(disputed), {"added": ""})
    Dispute.objects.update(gateway_dispute_id="du_gone")
    do_jobs(at=QUARTER_PAST)

    said = words(desk.get(page(disputed)))

    assert "The payment provider did not take it: No such dispute" in said
    assert "Send to the bank" in said


def test_it_can_be_downloaded_whole(desk: Browser, disputed: Charge) -> None:
    answer = desk.get(page(disputed, "evidence-zip"))

    with zipfile.ZipFile(io.BytesIO(answer.content)) as files:
        names = files.namelist()
        pdf = " ".join(PdfReader(io.BytesIO(files.read("evidence.pdf"))).pages[0].extract_text().split())
        fields = json.loads(files.read("evidence.json"))
    assert answer["Content-Disposition"] == 'attachment; filename="INV-10001-evidence.zip"'
    assert {"evidence.pdf", "INV-10001.pdf", "evidence.json", "fields/cancellation_rebuttal.txt"} <= set(names)
    assert "Renata Solbrook" in pdf
    assert fields == packet(disputed, dispute()).fields


def test_r25_who_reads_or_takes_it_leaves_a_trace(desk: Browser, disputed: Charge) -> None:
    desk.get(page(disputed))
    desk.get(page(disputed, "evidence-zip"))

    assert set(Access.objects.filter(patient_id=disputed.patient_id).values_list("what", flat=True)) >= {
        "evidence opened",
        "evidence exported",
    }


def test_an_auditor_reads_and_cannot_send(philomena: Member, signed_in: Callable[[Member], Browser], disputed: Charge) -> None:
    auditor = signed_in(philomena)

    assert "Send to the bank" not in words(auditor.get(page(disputed)))
    assert auditor.post(page(disputed), {"added": ""}).status_code == 403


def test_a_fee_that_nobody_disputes_has_none(desk: Browser, odette: Member, appointment: Appointment) -> None:
    mark(appointment, charge_fee=False, by=odette, at=QUARTER_PAST)

    assert desk.get(reverse("noshows:evidence", args=[appointment.pk])).status_code == 404
