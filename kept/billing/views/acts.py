"""What is done on an invoice: refunded, tried again, recorded as paid, voided, kept."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kept.billing import queries
from kept.billing.forms import RecordForm, RefundForm, VoidForm
from kept.billing.models import Charge, Invoice
from kept.billing.transitions import charging, recording, refunding
from kept.billing.views.invoice import invoice_or_404
from kept.foundation import clock
from kept.foundation.ids import new_id
from kept.foundation.money import Money
from kept.foundation.pages import attempt, dialog, done, told
from kept.practice.doors import MemberRequest, member_required
from kept.practice.models import Member
from kept.practice.rules import Right, refund_limit, within_limit


def _charged(member: Member, invoice_id: UUID, right: Right) -> tuple[Invoice, Charge]:
    """An invoice and the charge by which it is paid, for one who may. Raises Http404, Refusal `not_permitted`."""
    found = invoice_or_404(member, invoice_id)
    charge = queries.charge_of(found)
    if charge is None:
        raise Http404
    member.must(right, found.appointment)
    charge.appointment = found.appointment
    return found, charge


@member_required
def refund(request: MemberRequest, invoice_id: UUID) -> HttpResponse:
    member = request.member
    found, charge = _charged(member, invoice_id, Right.REFUND)
    payment = refunding.payment_to_refund(charge)
    most = refunding.most_to_refund(charge, payment)
    form = RefundForm(request.POST or None, most=most, initial={"refund_id": new_id()} | _meant(request, most))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        terms = {"reason": given["reason"], "note": given["note"], "refund_id": given["refund_id"]}
        sent = attempt(form, lambda: refunding.refund(charge, given["amount"], **terms, by=member, at=clock.now()))
        if sent:
            return told(request, "billing/_refund_sent.html", {"refund": sent, "charge": charge}, "billing:invoice", found.pk)
    context = {
        "invoice": found,
        "charge": charge,
        "payment": payment,
        "most": most,
        "form": form,
        "all_chosen": form["how_much"].value() == "all",
        "part_chosen": form["how_much"].value() == "part",
        "limit": None if within_limit(member, most) else refund_limit(member),
    }
    return dialog(request, "billing/_refund.html", context)


def _meant(request: MemberRequest, most: Money) -> dict[str, Any]:
    """What the dialog opens with where its address names a sum, as of a deposit's rest; else nothing is chosen in advance."""
    try:
        amount = Money.parse(request.GET.get("amount", ""), most.currency)
    except ValueError:
        return {}
    return {"how_much": "all"} if amount == most else {"how_much": "part", "amount": amount.decimal}


@member_required
def record(request: MemberRequest, invoice_id: UUID) -> HttpResponse:
    """It was paid another way: in cash, at the card terminal, by transfer, or otherwise."""
    found, charge = _charged(request.member, invoice_id, Right.COLLECT)
    form = RecordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        recorded = attempt(form, lambda: recording.record_payment(charge, **given, by=request.member, at=clock.now()))
        if recorded:
            return told(request, "billing/_recorded.html", {"charge": recorded, "invoice": found}, "billing:invoice", found.pk)
    context = {"invoice": found, "charge": charge, "form": form}
    return dialog(request, "billing/_record.html", context)


@member_required
def void(request: MemberRequest, invoice_id: UUID) -> HttpResponse:
    """It is not to be paid: a credit note answers it."""
    found, charge = _charged(request.member, invoice_id, Right.VOID)
    form = VoidForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        if attempt(form, lambda: recording.void(found, charge, reason=reason, by=request.member, at=clock.now())):
            text = _("%s is being cancelled by a credit note.") % found
            return told(request, "ui/_toast.html", {"text": text, "oob": True}, "billing:invoice", found.pk)
    context = {"invoice": found, "charge": charge, "form": form}
    return dialog(request, "billing/_void.html", context)


@member_required
def keep(request: MemberRequest, invoice_id: UUID) -> HttpResponse:
    """Staff decide that what was paid against their wish, or could not be refunded, is kept (R12). It asks once more."""
    found, charge = _charged(request.member, invoice_id, Right.COLLECT)
    if request.method == "POST":
        charging.keep(charge, by=request.member, at=clock.now())
        text = _("%(amount)s on %(invoice)s is kept.") % {"amount": charge.refundable, "invoice": found}
        return told(request, "ui/_toast.html", {"text": text, "oob": True}, "billing:invoice", found.pk)
    return dialog(request, "billing/_keep.html", {"invoice": found, "charge": charge})


@require_POST
@member_required
def retry(request: MemberRequest, charge_id: UUID) -> HttpResponse:
    """The declined card is tried again; the result appears in the dialog that asked, or where the page shows it."""
    charge = _charge_or_404(request.member, charge_id)
    charging.retry(charge, by=request.member, at=clock.now())
    if request.headers.get("HX-Target") == "dialog":
        return redirect("noshows:outcome", charge.appointment_id)
    return done(request, "desk:panel", charge.appointment_id)


@require_POST
@member_required
def ask_again(request: MemberRequest, charge_id: UUID) -> HttpResponse:
    """The gateway is asked at once what became of a charge."""
    charge = _charge_or_404(request.member, charge_id)
    charging.ask_again(charge, by=request.member, at=clock.now())
    return done(request, "billing:attention")


def _charge_or_404(member: Member, charge_id: UUID) -> Charge:
    charge = get_object_or_404(Charge.objects.select_related("appointment__clinic", "appointment__provider"), pk=charge_id)
    if not member.may(Right.SEE_SALES, charge.appointment):
        raise Http404
    return charge
