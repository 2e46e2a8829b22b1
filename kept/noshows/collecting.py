"""A fee that is not paid: what to do next, and the dialog that makes the patient's link and shows it until it is paid."""

from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kept.billing.transitions import charging
from kept.foundation import clock
from kept.foundation.pages import attempt, dialog
from kept.foundation.qr import qr_svg
from kept.noshows import queries
from kept.noshows.transitions.links import ask_to_pay
from kept.noshows.views import after, result
from kept.patients.privacy import called
from kept.practice.doors import MemberRequest, member_required
from kept.practice.rules import Right
from kept.scheduling.queries import appointment_or_404


class LinkForm(forms.Form):
    """Send payment link: by e-mail too, or only shown."""

    notify = forms.BooleanField(required=False)


@require_POST
@member_required
def next_step(request: MemberRequest, appointment_id: UUID) -> HttpResponse:
    """What was chosen in the result of a mark: done, or led to the dialog that asks the rest."""
    appointment, wanted = appointment_or_404(request.member, appointment_id), request.POST.get("step", "")
    fee = queries.fee_of(appointment, at=clock.now())
    charge = fee.charge if fee else None
    if wanted == "link":
        return redirect("noshows:payment-link", appointment_id)
    if wanted == "spare":
        return redirect("noshows:fee", appointment_id, "spare")
    if wanted == "record" and charge and charge.invoice_id:
        return redirect("billing:record", charge.invoice_id)
    if wanted == "retry" and charge:
        charging.retry(charge, by=request.member, at=clock.now())
        return after(request, appointment_id)
    return result(request, appointment, error=_("Choose what to do."))


@member_required
def payment_link(request: MemberRequest, appointment_id: UUID) -> HttpResponse:
    now = clock.now()
    member, appointment = request.member, appointment_or_404(request.member, appointment_id)
    member.must(Right.COLLECT, appointment)
    form = LinkForm(request.POST if request.method == "POST" else None, initial={"notify": appointment.practice.settings.tell_patients})
    context = {"appointment": appointment, "fee": queries.fee_of(appointment, at=now), "form": form, "zone": appointment.clinic.zone}
    if request.method == "POST" and form.is_valid():
        asked = attempt(form, lambda: ask_to_pay(appointment, notify=form.cleaned_data["notify"], by=member, at=now))
        if asked:
            label = _("QR code of the pay page for %s") % called(appointment.patient)
            context |= {"asked": asked, "qr": qr_svg(asked.url, label), "until": asked.charge.expires_at}
    return dialog(request, "noshows/_payment_link.html", context)


@member_required
def paid(request: MemberRequest, appointment_id: UUID) -> HttpResponse:
    """Asked while a link is shown: nothing until it is paid, then what became of it."""
    appointment = appointment_or_404(request.member, appointment_id)
    fee = queries.fee_of(appointment, at=clock.now())
    return HttpResponse(status=204) if fee and fee.state in ("needs_patient", "charging", "checking") else after(request, appointment_id)
