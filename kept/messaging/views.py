"""Taking back a letter that has not gone."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kept.billing.views.invoice import invoice_or_404
from kept.foundation import clock
from kept.foundation.pages import told
from kept.messaging import queries, transitions
from kept.practice.doors import MemberRequest, member_required


@require_POST
@member_required
def withdraw(request: MemberRequest, message_id: UUID) -> HttpResponse:
    message = queries.messages(request.member).filter(pk=message_id).first()
    if message is None:
        raise Http404
    transitions.withdraw(message, by=request.member, at=clock.now())
    toast = {"text": _("The letter does not go."), "oob": True}
    return told(request, "ui/_toast.html", toast, "desk:panel", message.appointment_id)


@require_POST
@member_required
def send_receipt(request: MemberRequest, invoice_id: UUID) -> HttpResponse:
    invoice = invoice_or_404(request.member, invoice_id)
    letter = transitions.send_receipt(invoice, by=request.member, at=clock.now())
    toast = {"text": _("The receipt goes to %s.") % letter.to, "oob": True}
    return told(request, "ui/_toast.html", toast, "billing:invoice", invoice.pk)
