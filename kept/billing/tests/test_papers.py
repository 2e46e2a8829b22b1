"""Papers of the books: credit notes for what went back (I15), and receipts, invoices and credit notes as PDF."""

from collections.abc import Callable
from io import BytesIO

import pytest
from django.http import HttpResponse
from django.urls import reverse
from pypdf import PdfReader

import kept.billing.transitions.recording as recording
import kept.billing.transitions.refunding as refunding
from kept.billing import paper
from kept.billing.gateways.facts import RefundFacts
from kept.billing.models import Charge, CreditNote, Refund
from kept.billing.tests.test_reports import broken
from kept.foundation.money import Money
from kept.practice.models import Clinic, Member
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.money import marked, refunded
from tests.kit.visits import QUARTER_PAST


@pytest.fixture
def paid(odette: Member, appointment: Appointment) -> Charge:
    return marked(appointment, "paid", by=odette)


def notes() -> list[tuple[int, int, bool]]:
    """Of each credit note: number, amount, and whether it reverses another."""
    return [(note.number, note.amount_minor, note.reverses_id is not None) for note in CreditNote.objects.order_by("number")]


def text(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


# Credit notes for what went back


def test_i15_each_refund_that_went_back_has_its_note(paid: Charge, silas: Member) -> None:
    refunded(paid, 2500, by=silas, at=QUARTER_PAST)
    refunded(paid, 5000, by=silas, at=QUARTER_PAST)

    assert notes() == [(1, 2500, False), (2, 5000, False)]
    assert (CreditNote.objects.first().invoice.status, broken()) == ("balanced", [])


def test_i15_while_a_refund_is_on_its_way_there_is_none(paid: Charge, silas: Member) -> None:
    refunding.refund(paid, Money(2500, "USD"), reason="Goodwill", by=silas, at=QUARTER_PAST)

    assert notes() == []


def test_i15_one_that_fails_days_later_has_its_note_answered(paid: Charge, silas: Member) -> None:
    refund = refunded(paid, 2500, by=silas, at=QUARTER_PAST)

    for _told_twice in range(2):
        refunding.settle(refund.pk, RefundFacts("re_1", "failed", 2500, failure="expired_or_canceled_card"), at=QUARTER_PAST)

    assert notes() == [(1, 2500, False), (2, 2500, True)]
    assert (Refund.objects.get().state, broken()) == ("failed", [])


def test_i15_what_is_given_back_by_hand_has_one_too(odette: Member, silas: Member, appointment: Appointment) -> None:
    charge = marked(appointment, "failed", by=odette)
    recording.record_payment(charge, method="cash", by=odette, at=QUARTER_PAST)

    refunding.refund(Charge.objects.get(pk=charge.pk), None, reason="Goodwill", by=silas, at=QUARTER_PAST)

    assert (notes(), broken()) == ([(1, 7500, False)], [])


# As PDF


def test_a_receipt_says_what_was_paid_and_what_went_back_and_never_the_treatment(paid: Charge, silas: Member) -> None:
    refunded(paid, 2500, by=silas, at=QUARTER_PAST)

    said = text(paper.receipt(Charge.objects.get().invoice))

    assert "Juniper Skin Studio" in said
    for words in (
        "Receipt INV-10001",
        "Billed to Renata Solbrook",
        "Appointment Cancellation/Rescheduling Charges",
        "Paid with Visa",
        "Credit note CN-1, Oct 14, 2026 −$25.00",
        "Refunded, Oct 14, 2026 $25.00",
        "Balance $0.00",
    ):
        assert words in said, said
    assert "filler" not in said.lower()


def test_an_unpaid_invoice_is_one(odette: Member, appointment: Appointment) -> None:
    charge = marked(appointment, "declined", by=odette)

    said = text(paper.receipt(charge.invoice))

    assert "Invoice INV-10001" in said
    assert "Balance $75.00" in said


def test_a_credit_note_names_its_invoice(paid: Charge, silas: Member) -> None:
    refunded(paid, 2500, by=silas, at=QUARTER_PAST)

    said = text(paper.credit_note(CreditNote.objects.get()))

    assert "Credit note CN-1" in said
    assert "Invoice INV-10001 of Oct 14, 2026" in said
    assert "Total −$25.00" in said


@pytest.mark.parametrize("name", ["#panic()", "*bold* _it_ $x$ @ref <label>", "\\ ] [ {", "中文 ع 🙂", "x" * 200])
def test_what_people_wrote_is_text_whatever_it_is(paid: Charge, name: str) -> None:
    Clinic.objects.update(address=name)
    invoice = Charge.objects.get().invoice

    pdf = paper.receipt(invoice)

    assert pdf.startswith(b"%PDF")
    if name.isascii() and len(name) < 100:
        assert name in text(pdf)


@pytest.fixture
def office(silas: Member, signed_in: Callable[[Member], Browser]) -> Browser:
    return signed_in(silas)


def test_they_are_downloads_of_the_invoice(office: Browser, paid: Charge, silas: Member) -> None:
    refunded(paid, 2500, by=silas, at=QUARTER_PAST)

    def got(name: str, *args: object) -> HttpResponse:
        return office.get(reverse(f"billing:{name}", args=args))

    answers = [got("receipt-pdf", paid.invoice_id), got("credit-note-pdf", paid.invoice_id, CreditNote.objects.get().pk)]

    assert [(each.status_code, each["Content-Type"], each["Content-Disposition"]) for each in answers] == [
        (200, "application/pdf", 'inline; filename="INV-10001.pdf"'),
        (200, "application/pdf", 'inline; filename="CN-1.pdf"'),
    ]
    assert got("credit-note-pdf", paid.invoice_id, paid.pk).status_code == 404
