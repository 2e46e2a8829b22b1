"""The evidence of a disputed fee: read, sent to the bank, or downloaded."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kept.billing.models import Charge, Dispute, Invoice
from kept.billing.transitions import disputing
from kept.billing.views.invoice import invoice_or_404
from kept.events import journal
from kept.foundation import clock
from kept.foundation.pages import attempt, status_of
from kept.foundation.refusals import refusal_by
from kept.noshows.evidence import archive, packet
from kept.practice.doors import MemberRequest, member_required
from kept.practice.rules import Right


class EvidenceForm(forms.Form):
    added = forms.CharField(
        label=gettext_lazy("Add in your own words"), max_length=2000, required=False, widget=forms.Textarea({"rows": 3})
    )


def _dispute_or_404(request: MemberRequest, invoice_id: UUID) -> tuple[Invoice, Charge, Dispute]:
    """The invoice's fee and its latest dispute."""
    invoice = invoice_or_404(request.member, invoice_id)
    request.member.must(Right.SEE_SALES, invoice)
    found = Dispute.objects.filter(charge__invoice=invoice).select_related(
        *("charge__appointment__clinic", "charge__appointment__practice", "charge__appointment__acceptance__version"),
        *("charge__patient", "charge__invoice__clinic", "charge__invoice__practice", "charge__invoice__patient", "evidence_by"),
    )
    dispute = found.order_by("-opened_at", "-id").first()
    if dispute is None:
        raise Http404
    return invoice, dispute.charge, dispute


@member_required
def page(request: MemberRequest, invoice_id: UUID) -> HttpResponse:
    """What the bank would read; a posted form sends it."""
    now, member = clock.now(), request.member
    invoice, charge, dispute = _dispute_or_404(request, invoice_id)
    form = EvidenceForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        member.must(Right.COLLECT, invoice)
        if form.is_valid():
            fields = packet(charge, dispute, added=form.cleaned_data["added"]).fields
            if attempt(form, lambda: bool(disputing.answer(dispute, fields, by=member, at=now))):
                messages.success(request, _("The evidence is on its way to the bank."))
                return redirect("noshows:evidence", invoice_id)
    else:
        journal.looked_at("evidence opened", practice_id=member.practice_id, patient_id=charge.patient_id, at=now)
    closed = refusal_by(lambda: disputing.check_answerable(dispute, at=now))
    context = {
        "tab": "sales",
        "invoice": invoice,
        "dispute": dispute,
        "packet": packet(charge, dispute),
        "form": form,
        "may_answer": member.may(Right.COLLECT, invoice) and closed is None,
        "why_not": closed.sentence if closed else "",
        "on_its_way": dispute.evidence_at and not dispute.evidence_sent_at and not dispute.evidence_trouble,
        "now": now,
    }
    return render(request, "noshows/evidence.html", context, status=status_of(form))


@member_required
def download(request: MemberRequest, invoice_id: UUID) -> HttpResponse:
    """The same as a ZIP with a PDF, to send by hand."""
    invoice, charge, dispute = _dispute_or_404(request, invoice_id)
    at = clock.now()
    journal.looked_at("evidence exported", practice_id=invoice.practice_id, patient_id=charge.patient_id, at=at)
    headers = {"Content-Disposition": f'attachment; filename="{invoice}-evidence.zip"'}
    return HttpResponse(archive(packet(charge, dispute), charge), content_type="application/zip", headers=headers)
