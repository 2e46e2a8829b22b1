"""Sales: invoices, and what is done with one: refunded, tried again, paid by link or another way, voided, kept."""

from django.utils.translation import gettext as _
from ninja import Body, Query, Router

import kept.messaging.transitions as messaging
from kept.api import find
from kept.api.door import KeyRequest
from kept.api.pages import Page
from kept.api.shapes.fields import Sent
from kept.api.shapes.invoices import (
    InvoiceLine,
    InvoicesAsked,
    InvoiceShape,
    LinkAsked,
    PaymentLink,
    PaymentSent,
    RefundMade,
    RefundSent,
    RefundShape,
    VoidSent,
)
from kept.api.shapes.messages import MessageShape
from kept.billing import queries
from kept.billing.models import Charge, Invoice
from kept.billing.transitions import charging, recording, refunding
from kept.events import journal
from kept.foundation import clock
from kept.foundation.paging import page
from kept.foundation.qr import drawing
from kept.foundation.refusals import Refusal
from kept.noshows.transitions.links import Asked, ask_to_pay
from kept.practice.models import Member
from kept.practice.rules import Right


class Nothing(Sent):
    """No field is taken."""


# What an empty body says.
THE_REST, NOTHING, NO_REASON, AS_THE_PRACTICE_SAYS = RefundSent(), Nothing(), VoidSent(), LinkAsked()

router = Router(tags=["Invoices"])


@router.get("", response=Page[InvoiceLine])
def list_invoices(request: KeyRequest, asked: Query[InvoicesAsked]) -> Page[InvoiceLine]:
    """Invoices, newest first."""
    request.member.must(Right.SEE_SALES)
    if asked.first and asked.last and asked.first > asked.last:
        raise Refusal("invalid", _("The last day is before the first."), field="to")
    wanted = queries.Filter(
        first=asked.first,
        last=asked.last,
        kinds=asked.kind,
        statuses=asked.status,
        clinics=find.ids(asked.clinic),
        providers=find.ids(asked.provider),
        number=asked.number,
    )
    invoices = queries.invoices(request.member, wanted)
    if asked.patient:
        invoices = invoices.filter(patient__in=find.ids(asked.patient))
    found = page(invoices, by="issued_at", cursor=asked.cursor, limit=asked.limit)
    return Page[InvoiceLine](items=[InvoiceLine.of(invoice) for invoice in found.rows], next=found.next)


@router.get("/{invoice_id}", response=InvoiceShape)
def get_invoice(request: KeyRequest, invoice_id: str) -> InvoiceShape:
    """One invoice, with its lines, payments, refunds and credit notes, and where its charge stands."""
    found = _invoice(request.member, invoice_id, Right.SEE_SALES)
    journal.looked_at("invoice opened", practice_id=found.practice_id, patient_id=found.patient_id, at=clock.now())
    return InvoiceShape.of(found)


@router.post("/{invoice_id}/refunds", response={201: RefundMade})
def refund_invoice(request: KeyRequest, invoice_id: str, body: Body[RefundSent] = THE_REST) -> RefundMade:
    """Give money back to the card it came from, in full or in part, never more in total than was captured.

    The amount is reserved at once and sent by a job: the answer's `state` is `reserved`, and the invoice shows how it ends.
    """
    at, member = clock.now(), request.member
    invoice = _invoice(member, invoice_id, Right.REFUND)
    amount = body.amount.money if body.amount else None
    refund = refunding.refund(_charge(invoice), amount, reason=body.reason, note=body.note, by=member, at=at)
    return RefundMade(**dict(RefundShape.of(refund)), invoice=InvoiceShape.of(_invoice(member, invoice_id)))


@router.post("/{invoice_id}/retry", response=InvoiceShape)
def retry_invoice(request: KeyRequest, invoice_id: str, body: Body[Nothing] = NOTHING) -> InvoiceShape:
    """Try a declined card again: at most four tries in 30 days, the first included."""
    invoice = _invoice(request.member, invoice_id, Right.COLLECT)
    charging.retry(_charge(invoice), by=request.member, at=clock.now())
    return InvoiceShape.of(_invoice(request.member, invoice_id))


@router.post("/{invoice_id}/payment-link", response=PaymentLink)
def give_invoice_link(request: KeyRequest, invoice_id: str, body: Body[LinkAsked] = AS_THE_PRACTICE_SAYS) -> PaymentLink:
    """A link, and the same as a QR code, on which the patient pays an unpaid invoice on her own phone, for 14 days.

    Each call gives a new link; the ones before stay good. `notify` sends her one too.
    """
    member = request.member
    invoice = _invoice(member, invoice_id, Right.COLLECT)
    return payment_link(ask_to_pay(invoice.appointment, notify=body.notify, invoice=invoice, by=member, at=clock.now()), member)


@router.post("/{invoice_id}/record-payment", response=InvoiceShape)
def record_payment(request: KeyRequest, invoice_id: str, body: Body[PaymentSent]) -> InvoiceShape:
    """The whole of it was paid in cash, at a card terminal, by transfer or otherwise.

    A payment that is still open at the gateway is cancelled first, by a job: until then the invoice stays `issued`.
    """
    member = request.member
    invoice = _invoice(member, invoice_id, Right.COLLECT)
    recording.record_payment(_charge(invoice), method=body.method, note=body.note, by=member, at=clock.now())
    return InvoiceShape.of(_invoice(member, invoice_id))


@router.post("/{invoice_id}/void", response=InvoiceShape)
def void_invoice(request: KeyRequest, invoice_id: str, body: Body[VoidSent] = NO_REASON) -> InvoiceShape:
    """It is not to be paid: a credit note over the whole answers it, and its fee ends.

    A payment that is still open at the gateway is cancelled first, by a job: until then the invoice stays `issued`.
    """
    member = request.member
    invoice = _invoice(member, invoice_id, Right.VOID)
    recording.void(invoice, _charge(invoice), reason=body.reason, by=member, at=clock.now())
    return InvoiceShape.of(_invoice(member, invoice_id))


@router.post("/{invoice_id}/keep", response=InvoiceShape)
def keep_payment(request: KeyRequest, invoice_id: str, body: Body[Nothing] = NOTHING) -> InvoiceShape:
    """What was paid although its fee had ended, or could not be refunded, stays with the practice: nobody is asked again."""
    invoice = _invoice(request.member, invoice_id, Right.COLLECT)
    charging.keep(_charge(invoice), by=request.member, at=clock.now())
    return InvoiceShape.of(_invoice(request.member, invoice_id))


@router.post("/{invoice_id}/send-receipt", response={201: MessageShape})
def send_receipt(request: KeyRequest, invoice_id: str, body: Body[Nothing] = NOTHING) -> MessageShape:
    """The receipt of a paid invoice goes to the patient by e-mail, once more or for the first time."""
    member = request.member
    letter = messaging.send_receipt(_invoice(member, invoice_id, Right.COLLECT), by=member, at=clock.now())
    return MessageShape.of(letter, member)


def payment_link(asked: Asked, member: Member) -> PaymentLink:
    """A link that was given out, with its invoice as it is now."""
    invoice, until = _invoice(member, str(asked.charge.invoice_id)), asked.charge.expires_at
    assert until is not None
    return PaymentLink(
        url=asked.url, qr=drawing(asked.url), expires_at=until.astimezone(invoice.clinic.zone), invoice=InvoiceShape.of(invoice)
    )


def _invoice(member: Member, id_: str, *rights: Right) -> Invoice:
    """The invoice with that id, in her clinics. Raises Http404, and Refusal `not_permitted` for one of `rights`."""
    invoice = find.one(queries.invoices(member, queries.Filter()), id_)
    for right in rights:
        member.must(right, invoice)
    return invoice


def _charge(invoice: Invoice) -> Charge:
    charge = queries.charge_of(invoice)
    if charge is None:
        raise Refusal("wrong_status", _("No card was charged for this invoice."))
    return charge
