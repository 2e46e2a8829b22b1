"""The list of invoices around its rows: what the address asks for, the filter's choices, totals in words, CSV."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict, StreamingHttpResponse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from kept.billing import queries
from kept.billing.models import DEPOSIT, KINDS, Invoice
from kept.billing.transitions.invoicing import FEE_LINE
from kept.foundation.csvs import download
from kept.foundation.dates import clock_time
from kept.foundation.lists import Option, chosen_ids, chosen_label, day_of, left_out
from kept.practice import queries as practice
from kept.practice.models import Member

STATUSES = {
    "issued": gettext_lazy("Unpaid"),
    "link_sent": gettext_lazy("Link sent"),
    "balanced": gettext_lazy("Paid"),
    "refunded": gettext_lazy("Refunded"),
    "disputed": gettext_lazy("Disputed"),
    "cancelled": gettext_lazy("Cancelled"),
}


def wanted(asked: QueryDict) -> queries.Filter:
    """The filter of an address. What it does not understand it leaves out: a kept link never breaks."""
    first, last = day_of(asked, "from"), day_of(asked, "to")
    if first and last and last < first:
        first, last = last, first
    patients = chosen_ids(asked, "patient")
    return queries.Filter(
        first=first,
        last=last,
        kinds=[kind for kind in asked.getlist("kind") if kind in dict(KINDS)],
        statuses=[status for status in asked.getlist("status") if status in STATUSES],
        clinics=chosen_ids(asked, "clinic"),
        providers=chosen_ids(asked, "provider"),
        patient=patients[0] if patients else None,
        search=asked.get("q", "").replace("\0", "")[:80],
    )


def left_out_of(asked: QueryDict) -> list[str]:
    """What of an address is none of Sales' filters."""
    return left_out(asked, days=("from", "to"), ids=("clinic", "provider", "patient"), kind=dict(KINDS), status=STATUSES)


def options(chosen: queries.Filter, member: Member) -> dict[str, Any]:
    """The filter's choices, several of each, and what each button says now."""
    clinics = [Option(str(each.pk), each.name, each.pk in chosen.clinics) for each in member.given_clinics]
    providers = [Option(str(each.pk), each.name, each.pk in chosen.providers) for each in practice.providers(member)]
    statuses = [Option(key, str(label), key in chosen.statuses) for key, label in STATUSES.items()]
    kinds = [Option(kind, label if kind == DEPOSIT else f"{FEE_LINE}: {label}", kind in chosen.kinds) for kind, label in KINDS]
    return {
        "clinics": clinics,
        "clinics_label": chosen_label(clinics, _("All clinics"), _("clinics")),
        "providers": providers,
        "providers_label": chosen_label(providers, _("All providers"), _("providers")),
        "statuses": statuses,
        "statuses_label": chosen_label(statuses, _("Any status"), _("statuses")),
        "kinds": kinds,
        "kinds_label": chosen_label(kinds, _("Any type"), _("types")),
        "days": _days(chosen),
    }


def _days(chosen: queries.Filter) -> str:
    def words(day: date) -> str:
        return date_format(day, "M j, Y")

    if chosen.first and chosen.last:
        return f"{words(chosen.first)} – {words(chosen.last)}"
    if chosen.first:
        return _("from %s") % words(chosen.first)
    return _("until %s") % words(chosen.last) if chosen.last else ""


@dataclass(frozen=True, slots=True)
class Total:
    label: str
    value: str
    text: str


def totals(figures: list[queries.SalesTotals]) -> list[Total]:
    """Above the list. Money of several currencies stands side by side, never added."""
    return [
        total
        for of in figures
        for total in (
            Total(_("Invoiced"), str(of.invoiced), _invoices(of)),
            Total(_("Collected"), str(of.collected), _("%d paid") % of.paid),
            Total(_("Refunded"), str(of.refunded), ngettext("%d invoice", "%d invoices", of.refunds) % of.refunds),
            Total(_("Outstanding"), str(of.outstanding), _("%d unpaid") % of.unpaid),
        )
    ]


def _invoices(of: queries.SalesTotals) -> str:
    made = ngettext("%d invoice", "%d invoices", of.count) % of.count
    return ", ".join([made, _("%d cancelled") % of.cancelled] if of.cancelled else [made])


COLUMNS = [
    "Invoice",
    "Issued",
    "Status",
    "For",
    "Patient",
    "Appointment",
    "Date",
    "Time",
    "Zone",
    "Provider",
    "Clinic",
    "Amount",
    "Paid",
    "Paid by",
    "Refunded",
    "Balance",
    "Currency",
]


def as_file(found: QuerySet[Invoice]) -> StreamingHttpResponse:
    """The whole filtered list as a file that spreadsheets open without running anything in it."""
    return download("invoices.csv", COLUMNS, found, _cells, by="issued_at")


def _cells(invoice: Invoice) -> list[str]:
    zone, appointment, charges = invoice.clinic.zone, invoice.appointment, invoice.charges.all()
    paid, back = (sum((getattr(charge, name) for charge in charges), invoice.nothing) for name in ("captured", "refunded"))
    owed = invoice.total if invoice.status == Invoice.Status.ISSUED else invoice.nothing
    return [
        str(invoice),
        invoice.issued_at.astimezone(zone).date().isoformat(),
        str(STATUSES.get(queries.shown_status(invoice), _("Part refunded"))),
        invoice.get_kind_display(),
        invoice.patient.name,
        str(appointment),
        appointment.local_date.isoformat(),
        clock_time(appointment.starts_at, zone),
        zone.key,
        invoice.provider.name,
        invoice.clinic.name,
        *(str(amount.decimal) for amount in (invoice.total, paid)),
        ", ".join(payment.get_method_display() for payment in invoice.payments.all()),
        *(str(amount.decimal) for amount in (back, owed)),
        invoice.currency,
    ]
