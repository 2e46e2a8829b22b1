"""An invoice's other acts on screen: a payment recorded, the bill voided, a receipt printed; the list as a file."""

import csv
import io
from collections.abc import Callable, Iterator

import pytest
from django.http import HttpResponse
from django.urls import reverse

from kept.billing.models import Charge, Invoice, Payment
from kept.billing.tests.conftest import Due
from kept.billing.transitions import paying, recording
from kept.billing.transitions.refunding import refund
from kept.billing.views.invoice import _asks_again
from kept.events.models import Access
from kept.foundation.money import Money
from kept.patients.models import Patient
from kept.practice.models import Member, Settings
from kept.scheduling.models import Appointment
from tests.kit.browser import Browser
from tests.kit.gateway import clock_at, do_jobs
from tests.kit.html import fields, links, offered, words
from tests.kit.money import marked, refunded
from tests.kit.queries import queries
from tests.kit.visits import QUARTER_PAST

RECEIPT_QUERIES, CSV_QUERIES = 15, 9


@pytest.fixture(autouse=True)
def a_quarter_past() -> Iterator[None]:
    with clock_at(QUARTER_PAST):
        yield


@pytest.fixture
def office(silas: Member, htmx: Callable[[Member], Browser]) -> Browser:
    return htmx(silas)


def of(charge: Charge, name: str = "invoice") -> str:
    return reverse(f"billing:{name}", args=[charge.invoice_id])


def said(answer: HttpResponse, *sentences: str) -> None:
    text = words(answer)
    assert [sentence for sentence in sentences if sentence not in text] == [], text


# Record payment


def test_nothing_is_chosen_in_advance(office: Browser, odette: Member, appointment: Appointment) -> None:
    charge = marked(appointment, "declined", by=odette)

    dialog = office.get(of(charge, "record"))
    missing = office.post(of(charge, "record"), fields(dialog) | {"note": "Called <first>"})

    said(
        dialog,
        "Record payment Renata Solbrook · INV-10001 · $75.00",
        "Cash",
        "Card terminal",
        "Transfer",
        "Other",
        "Records $75.00 as paid.",
    )
    assert (offered(dialog, "method"), fields(dialog)) == (["cash", "terminal", "transfer", "other"], {"note": ""})
    assert (missing.status_code, fields(missing)) == (422, {"note": "Called <first>"})
    said(missing, "Choose how it was paid.")
    assert not Payment.objects.exists()


def test_cash_where_no_card_can_pay_any_more_is_recorded_at_once(office: Browser, odette: Member, appointment: Appointment) -> None:
    charge = marked(appointment, "failed", by=odette)

    answer = office.post(of(charge, "record"), {"method": "cash", "note": "Left at the desk"})

    said(answer, "INV-10001 is recorded as paid.")
    assert set(answer["HX-Trigger"].split(", ")) == {"dialog-done", "appointment-changed"}
    said(office.get(of(charge)), "$75.00 Paid", "Paid, cash Left at the desk $75.00 Balance $0.00", "$75.00 paid in cash · Silas Whitcombe")


def test_with_a_card_payment_still_open_the_page_tells_until_it_is_done(office: Browser, due: Due) -> None:
    charge = due("chargeCustomerFail")
    do_jobs(at=QUARTER_PAST)
    charge.refresh_from_db()

    answer = office.post(of(charge, "record"), {"method": "terminal"})
    meanwhile = office.get(of(charge))
    do_jobs(at=QUARTER_PAST)

    said(answer, "INV-10001 is being recorded as paid.")
    said(meanwhile, "$75.00 Unpaid", "The payment is being recorded: the card payment is cancelled first")
    assert "every 1s" in meanwhile.content.decode()
    assert "Record payment" not in words(meanwhile)
    said(office.get(of(charge)), "$75.00 Paid", "Paid, card terminal $75.00")


@pytest.mark.parametrize("outcome", ["sending", "unknown"])
def test_while_a_charge_is_under_way_it_is_refused_aloud(office: Browser, odette: Member, appointment: Appointment, outcome: str) -> None:
    charge = marked(appointment, outcome, by=odette)

    answer = office.post(of(charge, "record"), {"method": "cash"})

    assert answer.status_code == 409
    said(answer, "A charge is under way. Wait for its result; it appears by itself.")


def test_it_is_given_back_by_hand_and_recorded(office: Browser, odette: Member, appointment: Appointment) -> None:
    charge = recording.record_payment(marked(appointment, "failed", by=odette), method="cash", by=odette, at=QUARTER_PAST)

    dialog = office.get(of(charge, "refund"))
    answer = office.post(of(charge, "refund"), fields(dialog) | {"how_much": "part", "amount": "40", "reason": "Goodwill"})

    said(dialog, "paid $75.00, cash", "Full refund, $75.00", "Records that you gave back $75.00.")
    said(answer, "Recorded: $40.00 given back.")
    said(office.get(of(charge)), "Part refunded", "Refunded Goodwill $40.00", "$40.00 refunded · Silas Whitcombe")


# Void


def test_it_asks_why_and_says_what_becomes_of_it(office: Browser, odette: Member, appointment: Appointment) -> None:
    charge = marked(appointment, "failed", by=odette)

    dialog = office.get(of(charge, "void"))
    missing = office.post(of(charge, "void"), {"reason": ""})
    answer = office.post(of(charge, "void"), {"reason": "Bereavement"})

    said(dialog, "Void invoice", "a credit note over the whole answers it.", "Ends $75.00. Nothing is charged.")
    assert missing.status_code == 422
    said(missing, "Say why it is not to be paid.")
    said(answer, "INV-10001 is being cancelled by a credit note.")
    said(office.get(of(charge)), "$75.00 Cancelled", "Credit note CN-1 −$75.00 Balance $0.00", "Voided · Silas Whitcombe")


# Who sees which act


ACTS = {
    "declined": ["Retry Visa ••4242", "Record payment", "Void", "Print"],
    "needs_patient": ["Record payment", "Void", "Print"],
    "failed": ["Record payment", "Void", "Print"],
    "unknown": ["Print"],
    "paid": ["Print", "Refund"],
}
BUTTONS = ["Retry Visa ••4242", "Record payment", "Void", "Print", "Refund"]


@pytest.mark.parametrize("outcome", ACTS)
def test_only_what_can_be_done_is_offered(office: Browser, odette: Member, appointment: Appointment, outcome: str) -> None:
    text = words(office.get(of(marked(appointment, outcome, by=odette))))

    assert [button for button in BUTTONS if f" {button} " in f" {text.split('Billed to')[0]} "] == ACTS[outcome]


def test_to_the_front_desk_what_is_above_its_limit_is_not_offered(
    htmx: Callable[[Member], Browser], odette: Member, appointment: Appointment
) -> None:
    Settings.objects.update(front_desk_refund_limit_minor=2000)
    charge = marked(appointment, "paid", by=odette)

    dialog = htmx(odette).get(of(charge, "refund"))

    said(dialog, "Full refund, $75.00 The front desk may refund up to $20.00. Ask a manager or billing.")
    assert offered(dialog, "how_much") == ["part"]


def test_the_auditor_sees_and_does_nothing(
    htmx: Callable[[Member], Browser], odette: Member, philomena: Member, appointment: Appointment
) -> None:
    charge = marked(appointment, "declined", by=odette)
    auditor = htmx(philomena)

    text = words(auditor.get(of(charge)))
    answers = [auditor.post(of(charge, name), {"method": "cash", "reason": "x"}).status_code for name in ("record", "void", "keep")]

    assert [button for button in BUTTONS if button in text.split("Billed to")[0]] == ["Print"]
    assert (answers, Invoice.objects.get().status) == ([409, 409, 409], "issued")


def test_four_tries_are_said_to_be_used(office: Browser, odette: Member, appointment: Appointment) -> None:
    charge = marked(appointment, "declined", by=odette)
    Charge.objects.update(attempt=4)

    answer = office.get(of(charge))

    said(answer, "All 4 tries in 30 days are used. Ask for another way to pay.")
    assert "Retry" not in words(answer)


# A receipt on paper


def test_a_receipt_says_what_was_paid_and_what_went_back(office: Browser, silas: Member, odette: Member, appointment: Appointment) -> None:
    charge = marked(appointment, "paid", by=odette)
    refunded(charge, 2500, by=silas, at=QUARTER_PAST)

    with queries(RECEIPT_QUERIES):
        answer = office.get(of(charge, "receipt"))

    said(
        answer,
        "Juniper Skin Studio Elm Street",
        "Receipt INV-10001 Oct 14, 2026",
        "Billed to Renata Solbrook",
        "Appointment Cancellation/Rescheduling Charges",
        "Total $75.00 Paid with Visa ••4242, Oct 14, 2026 $75.00",
        "Credit note CN-1, Oct 14, 2026 −$25.00 Refunded, Oct 14, 2026 $25.00 Balance $0.00",
    )
    assert "Lip filler" not in words(answer)
    assert links(office.get(of(charge)))["Print"] == of(charge, "receipt")


def test_unpaid_it_is_an_invoice(office: Browser, odette: Member, appointment: Appointment) -> None:
    said(office.get(of(marked(appointment, "declined", by=odette), "receipt")), "Invoice INV-10001", "Balance $75.00")


# The list as a file


def rows(answer: HttpResponse) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


def test_the_filtered_list_is_a_file(office: Browser, odette: Member, silas: Member, appointment: Appointment) -> None:
    charge = recording.record_payment(marked(appointment, "failed", by=odette), method="cash", by=odette, at=QUARTER_PAST)
    refund(charge, Money(2500, "USD"), reason="Goodwill", by=silas, at=QUARTER_PAST)

    with queries(CSV_QUERIES):
        answer = office.get(reverse("billing:csv"), {"status": "balanced"})

    assert answer["Content-Disposition"] == 'attachment; filename="invoices.csv"'
    assert rows(answer) == [
        {
            **{
                "Invoice": "INV-10001",
                "Issued": "2026-10-14",
                "Status": "Part refunded",
                "For": "No-show fee",
                "Patient": "Renata Solbrook",
            },
            **{"Appointment": str(appointment), "Date": "2026-10-14", "Time": "3:30 PM", "Zone": "America/New_York"},
            **{"Provider": "Tess Marrowby"},
            **{"Clinic": "Elm Street", "Amount": "75.00", "Paid": "75.00", "Paid by": "Cash", "Refunded": "25.00", "Balance": "0.00"},
            **{"Currency": "USD"},
        }
    ]
    assert rows(office.get(reverse("billing:csv"), {"status": "issued"})) == []


def test_who_exported_is_written_down_and_no_cell_runs(office: Browser, odette: Member, appointment: Appointment) -> None:
    marked(appointment, "declined", by=odette)
    Patient.objects.filter(pk=appointment.patient_id).update(first_name="=1+1", last_name="")

    assert rows(office.get(reverse("billing:csv")))[0]["Patient"] == "'=1+1"
    assert Access.objects.filter(what="invoices exported").count() == 1


def test_the_lists_button_keeps_the_filter(office: Browser, odette: Member, appointment: Appointment) -> None:
    marked(appointment, "declined", by=odette)

    assert links(office.get(reverse("billing:invoices"), {"status": "issued"}))["Export CSV"] == f"{reverse('billing:csv')}?status=issued"


def test_a_link_that_is_out_is_a_status_of_the_list(office: Browser, odette: Member, appointment: Appointment) -> None:
    paying.payment_link(marked(appointment, "declined", by=odette), by=odette, at=QUARTER_PAST)

    answer = office.get(reverse("billing:invoices"), {"status": "link_sent"})

    assert [row["status"] for row in answer.context["rows"]] == ["link_sent"]
    said(answer, "Link sent")


def test_a_page_whose_invoice_was_read_before_and_its_charge_after_asks_again(office: Browser, due: Due) -> None:
    charge = due("chargeCustomerFail")
    do_jobs(at=QUARTER_PAST)
    charge.refresh_from_db()
    office.post(of(charge, "record"), {"method": "terminal"})
    before = Invoice.objects.get(charges=charge)
    do_jobs(at=QUARTER_PAST)
    charge.refresh_from_db()

    assert (_asks_again(before, charge), _asks_again(Invoice.objects.get(pk=before.pk), charge)) == ("1s", "")
