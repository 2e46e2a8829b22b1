"""Taking back a letter that has not gone, and seeing to one that did not arrive."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kept.billing.views.invoice import invoice_or_404
from kept.foundation import clock
from kept.foundation.pages import told
from kept.messaging import queries, transitions
from kept.messaging.models import Message
from kept.messaging.reach import addresses, way_of
from kept.practice.doors import MemberRequest, member_required


@require_POST
@member_required
def withdraw(request: MemberRequest, message_id: UUID) -> HttpResponse:
    message = _message_or_404(request, message_id)
    transitions.withdraw(message, by=request.member, at=clock.now())
    toast = {"text": _("The letter does not go."), "oob": True}
    return told(request, "ui/_toast.html", toast, "desk:panel", message.appointment_id)


@require_POST
@member_required
def again(request: MemberRequest, message_id: UUID) -> HttpResponse:
    """A letter that did not arrive goes anew, where she is reached now."""
    goes = transitions.send_again(_message_or_404(request, message_id), by=request.member, at=clock.now())
    messages.success(request, _("It goes to %s.") % addresses([way_of(goes)]))
    return redirect("billing:attention")


@require_POST
@member_required
def settle(request: MemberRequest, message_id: UUID) -> HttpResponse:
    """The patient was told some other way."""
    transitions.settle(_message_or_404(request, message_id), by=request.member, at=clock.now())
    messages.success(request, _("Done. The letter stays on the patient’s file."))
    return redirect("billing:attention")


def _message_or_404(request: MemberRequest, message_id: UUID) -> Message:
    return get_object_or_404(queries.messages(request.member), pk=message_id)


@require_POST
@member_required
def send_receipt(request: MemberRequest, invoice_id: UUID) -> HttpResponse:
    invoice = invoice_or_404(request.member, invoice_id)
    letter = transitions.send_receipt(invoice, by=request.member, at=clock.now())
    toast = {"text": _("The receipt goes to %s.") % letter.to, "oob": True}
    return told(request, "ui/_toast.html", toast, "billing:invoice", invoice.pk)
