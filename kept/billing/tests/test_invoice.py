"""Bills: issued once, numbered without gap, final from then on (R6a, R20, I15)."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

import kept.billing.transitions.charging as charging
import kept.billing.transitions.invoicing as invoicing
from kept.billing.models import Charge, CreditNote, Invoice, InvoiceLine, Kind, Payment
from kept.billing.tests.conftest import FEE, Due, now
from kept.events.models import Event
from kept.foundation.scope import scope
from kept.ops.people import JUNIPER
from kept.practice.models import Member
from kept.practice.rules import Role
from tests.kit.database import Cloned
from tests.kit.gateway import do_jobs
from tests.kit.people import seen
from tests.kit.together import together
from tests.kit.visits import QUARTER_PAST, STARTS_AT, accepted, book, card_of

HOUR = timedelta(hours=1)


# When and what (R6a)


def test_r6a_while_the_fee_waits_there_is_none(due: Due) -> None:
    due(due_at=QUARTER_PAST + HOUR)

    do_jobs(at=QUARTER_PAST)

    assert Invoice.objects.count() == 0


def test_r6a_it_is_issued_with_its_number_at_the_first_attempt(due: Due) -> None:
    charge = due("chargeDeclinedInsufficientFunds")

    do_jobs(at=QUARTER_PAST)

    invoice, appointment = now(charge).invoice, charge.appointment
    assert (str(invoice), invoice.kind, invoice.status, invoice.total, invoice.issued_at) == (
        "INV-10001",
        "no_show",
        "issued",
        FEE,
        QUARTER_PAST,
    )
    assert (invoice.patient, invoice.appointment, invoice.provider, invoice.clinic) == (
        appointment.patient,
        appointment,
        appointment.provider,
        appointment.clinic,
    )


def test_its_line_names_the_charge_and_never_a_treatment(paid: Charge) -> None:
    (line,) = now(paid).invoice.lines.all()

    assert (line.text, line.amount) == ("Appointment Cancellation/Rescheduling Charges", FEE)
    assert line.detail == "No-show fee. Appointment on Oct 14, 2026, 3:30 PM with Tess Marrowby"
    assert "filler" not in line.detail.lower()


def test_a_second_attempt_keeps_the_first_invoice(due: Due, odette: Member) -> None:
    charge = due("chargeCustomerFail")
    do_jobs(at=QUARTER_PAST)

    charging.retry(charge, by=odette, at=QUARTER_PAST + HOUR)
    do_jobs(at=QUARTER_PAST + HOUR)

    assert (Invoice.objects.get(), Invoice.objects.get().status) == (now(charge).invoice, "issued")


def test_paid_it_is_balanced(paid: Charge) -> None:
    assert now(paid).invoice.status == "balanced"


def test_ended_unpaid_it_is_answered_by_a_credit_note_over_the_whole(due: Due, odette: Member) -> None:
    charge = due("chargeCustomerFail")
    do_jobs(at=QUARTER_PAST)

    charging.end(charge, why="Appointment restored", by=odette, at=QUARTER_PAST + HOUR)
    do_jobs(at=QUARTER_PAST + HOUR)

    invoice, note = Invoice.objects.get(), CreditNote.objects.get()
    assert invoice.status == "cancelled"
    assert (str(note), note.invoice, note.amount_minor, note.currency, note.why, note.at) == (
        "CN-1",
        invoice,
        7500,
        "USD",
        "Appointment restored",
        QUARTER_PAST + HOUR,
    )
    assert Event.objects.get(kind="invoice.cancelled").particulars == {"credit_note": 1}


# Final once issued (I15)


@pytest.mark.parametrize("change", [{"total_minor": 1}, {"number": 1}, {"currency": "EUR"}, {"issued_at": STARTS_AT}, {"kind": "other"}])
def test_i15_an_issued_invoice_is_final_even_in_sql(paid: Charge, change: dict[str, object]) -> None:
    with pytest.raises(IntegrityError, match="an issued invoice is final"), transaction.atomic():
        Invoice.objects.update(**change)


@pytest.mark.parametrize("status", ["issued", "cancelled"])
def test_i15_a_paid_invoice_does_not_become_another(paid: Charge, status: str) -> None:
    with pytest.raises(IntegrityError, match="no such move"), transaction.atomic():
        Invoice.objects.update(status=status)


def test_i15_no_invoice_is_deleted(paid: Charge) -> None:
    with pytest.raises(IntegrityError, match="invoices are never deleted"), transaction.atomic():
        Invoice.objects.all()._raw_delete("default")


@pytest.mark.parametrize("model", [InvoiceLine, Payment, CreditNote])
def test_i15_lines_payments_and_credit_notes_cannot_be_rewritten(paid: Charge, model: type[InvoiceLine | Payment | CreditNote]) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        model.objects.update(amount_minor=1)
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        model.objects.all()._raw_delete("default")


# Numbers without gap (R20)


def test_r20_what_is_rolled_back_uses_no_number(due: Due) -> None:
    charge = charging.locked(due().pk)
    with transaction.atomic():
        gone = invoicing.issue_invoice(charge, at=QUARTER_PAST).number
        transaction.set_rollback(True)

    kept = invoicing.issue_invoice(charging.locked(charge.pk), at=QUARTER_PAST).number

    assert (gone, kept) == (10001, 10001)


class PowerCut(Exception):
    """The act ends before it is committed."""


def test_r20_forty_issued_at_once_with_every_fourth_rolled_back_leave_no_gap(committed: Cloned) -> None:
    house = seen(JUNIPER)
    practice_id, desk = house.practice.id, house.members[Role.FRONT_DESK]
    with scope(practice_id, actor="test"):
        visit = accepted(book(house), card_of(house.patients[0]))
        charges = []
        for visit.booking_no in range(40):  # as if it had been moved and missed forty times
            charges.append(charging.open_charge(visit, Kind.NO_SHOW, FEE, due_at=QUARTER_PAST, by=desk, at=QUARTER_PAST))

    def issue(place: int) -> Charge | None:
        with scope(practice_id, actor="job:send_charge"):
            begun = charging.begin(charges[place].pk, at=QUARTER_PAST)
            if place % 4 == 0:
                raise PowerCut
            return begun

    done = together([partial(issue, place) for place in range(40)])

    assert {type(result) for result in done} == {Charge, PowerCut}
    with scope(practice_id, actor="test"):
        assert sorted(Invoice.objects.values_list("number", flat=True)) == list(range(10001, 10031))
        assert Charge.objects.filter(invoice=None).count() == 10
