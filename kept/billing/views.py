"""Sales: the invoices, one invoice, its refund, and trying a declined card again."""

from datetime import date
from uuid import UUID

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kept.billing import queries, timeline
from kept.billing.forms import RefundForm
from kept.billing.models import Charge, Invoice, Kind
from kept.billing.transitions import charging, refunding
from kept.foundation import clock
from kept.foundation.ids import new_id
from kept.foundation.lists import Option, chosen_ids, chosen_label, day_of, with_query
from kept.foundation.pages import attempt, dialog, done, told
from kept.foundation.paging import page
from kept.patients.models import Patient
from kept.practice import queries as practice
from kept.practice.doors import MemberRequest, member_required
from kept.practice.models import Member
from kept.practice.rules import Right

ROWS = 50
STATUSES = [("issued", _("Unpaid")), ("balanced", _("Paid")), ("cancelled", _("Cancelled")), ("refunded", _("Refunded"))]


def invoice_or_404(member: Member, invoice_id: UUID) -> Invoice:
    """The one door to an invoice: in her practice and clinics (R24)."""
    found = Invoice.objects.filter(practice.own(member)).select_related(
        "practice",
        "patient",
        "clinic",
        "provider",
        "appointment__clinic",
        "appointment__provider",
        "appointment__acceptance__version",
    )
    return get_object_or_404(found, pk=invoice_id)


def _wanted(asked: QueryDict) -> queries.Filter:
    first, last = day_of(asked, "from"), day_of(asked, "to")
    if first and last and last < first:
        first, last = last, first
    patients = chosen_ids(asked, "patient")
    return queries.Filter(
        first=first,
        last=last,
        kinds=[kind for kind in asked.getlist("kind") if kind in Kind.values],
        statuses=[status for status in asked.getlist("status") if status in dict(STATUSES)],
        clinics=chosen_ids(asked, "clinic"),
        providers=chosen_ids(asked, "provider"),
        patient=patients[0] if patients else None,
        number=asked.get("number", "")[:40],
    )


@member_required
def invoices(request: MemberRequest) -> HttpResponse:
    member, asked = request.member, request.GET
    member.must(Right.SEE_SALES)
    wanted = _wanted(asked)
    found = queries.invoices(member, wanted)
    shown = page(found, by="issued_at", cursor=asked.get("after"), limit=ROWS)
    clinics = [Option(str(each.pk), each.name, each.pk in wanted.clinics) for each in member.given_clinics]
    providers = [Option(str(each.pk), each.name, each.pk in wanted.providers) for each in practice.providers(member)]
    statuses = [Option(key, label, key in wanted.statuses) for key, label in STATUSES]
    kinds = [
        Option(kind.value, f"Appointment Cancellation/Rescheduling Charges: {kind.label}", kind.value in wanted.kinds) for kind in Kind
    ]
    context = {
        "tab": "sales",
        "rows": [{"invoice": row, "charge": queries.charge_of(row), "status": queries.shown_status(row)} for row in shown.rows],
        "totals": queries.totals(found),
        "filter": wanted,
        "filtered": bool(asked),
        "patient": Patient.objects.filter(pk=wanted.patient).first() if wanted.patient else None,
        "clinics": clinics,
        "clinics_label": chosen_label(clinics, _("All clinics"), _("clinics")),
        "providers": providers,
        "providers_label": chosen_label(providers, _("All providers"), _("providers")),
        "statuses": statuses,
        "statuses_label": chosen_label(statuses, _("Any status"), _("statuses")),
        "kinds": kinds,
        "kinds_label": chosen_label(kinds, _("Any type"), _("types")),
        "days": _days(wanted),
        "next_url": with_query(asked, after=shown.next) if shown.next else "",
        "first_url": with_query(asked, after=None) if asked.get("after") else "",
    }
    return render(request, "billing/invoices.html", context)


def _days(wanted: queries.Filter) -> str:
    def words(day: date) -> str:
        return date_format(day, "M j, Y")

    if wanted.first and wanted.last:
        return f"{words(wanted.first)} – {words(wanted.last)}"
    if wanted.first:
        return _("from %s") % words(wanted.first)
    return _("until %s") % words(wanted.last) if wanted.last else ""


@member_required
def invoice(request: MemberRequest, invoice_id: UUID) -> HttpResponse:
    member, found = request.member, invoice_or_404(request.member, invoice_id)
    member.must(Right.SEE_SALES, found)
    charge = queries.charge_of(found)
    context = {
        "tab": "sales",
        "invoice": found,
        "charge": charge,
        "status": queries.shown_status(found),
        "timeline": timeline.of_invoice(found),
        "refunds": list(found.refunds.order_by("created_at", "id")),
        "credit_notes": list(found.credit_notes.order_by("number")),
        "may_refund": charge is not None and bool(charge.refundable) and member.may(Right.REFUND, found.appointment),
        "may_retry": charge is not None and charge.state == "declined" and not charge.cancel_requested and member.may(Right.COLLECT, found),
        "may_keep": charge is not None and bool(charge.flag) and member.may(Right.COLLECT, found.appointment),
        "moving": charge is not None and (charge.in_flight or charge.state == "due" or bool(charge.refund_reserved_minor)),
        "now": clock.now(),
    }
    return render(request, "billing/invoice.html", context)


@member_required
def refund(request: MemberRequest, invoice_id: UUID) -> HttpResponse:
    member, found = request.member, invoice_or_404(request.member, invoice_id)
    charge = queries.charge_of(found)
    if charge is None:
        raise Http404
    member.must(Right.REFUND, found.appointment)
    form = RefundForm(request.POST or None, charge=charge, initial={"refund_id": new_id()})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        terms = {"reason": given["reason"], "note": given["note"], "refund_id": given["refund_id"]}
        sent = attempt(form, lambda: refunding.refund(charge, given["amount"], **terms, by=member, at=clock.now()))
        if sent:
            return told(request, "billing/_refund_sent.html", {"refund": sent, "charge": charge}, "billing:invoice", found.pk)
    context = {
        "invoice": found,
        "charge": charge,
        "form": form,
        "all_chosen": form["how_much"].value() == "all",
        "part_chosen": form["how_much"].value() == "part",
        "nothing_left": not charge.refundable,
    }
    return dialog(request, "billing/_refund.html", context)


@require_POST
@member_required
def retry(request: MemberRequest, charge_id: UUID) -> HttpResponse:
    """The declined card is tried again; the result appears where the appointment's outcome is shown."""
    charge = _charge_or_404(request.member, charge_id)
    charging.retry(charge, by=request.member, at=clock.now())
    return redirect("noshows:outcome", charge.appointment_id)


@require_POST
@member_required
def keep(request: MemberRequest, invoice_id: UUID) -> HttpResponse:
    """Staff decide that a payment which came through after its fee was ended is kept (R12)."""
    found = invoice_or_404(request.member, invoice_id)
    charge = queries.charge_of(found)
    if charge is None:
        raise Http404
    charging.keep(charge, by=request.member, at=clock.now())
    return done(request, "billing:invoice", found.pk)


def _charge_or_404(member: Member, charge_id: UUID) -> Charge:
    charge = get_object_or_404(Charge.objects.select_related("appointment__clinic", "appointment__provider"), pk=charge_id)
    if not member.may(Right.SEE_SALES, charge.appointment):
        raise Http404
    return charge
