"""The No Shows list around its rows: what the address asks for, the filter's choices, ranges of days, totals in words, CSV."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kept.foundation.csvs import safe
from kept.foundation.dates import clock_time
from kept.foundation.lists import Option, chosen_ids, chosen_label, day_of, with_query
from kept.noshows import queries
from kept.practice import queries as practice
from kept.practice.models import Member
from kept.scheduling.models import Appointment

FEE_STATES = [
    "paid",
    "charging",
    "waiting",
    "checking",
    "declined",
    "needs_patient",
    "failed",
    "undecided",
    "spared",
    "not_offered",
    "part_refunded",
    "refunded",
]


@dataclass(frozen=True, slots=True)
class Total:
    label: str
    value: str
    text: str


def today(member: Member, *, at: datetime) -> date:
    """The latest local day among her clinics: the list's last one."""
    return max((clinic.local_date(at) for clinic in member.given_clinics), default=at.date())


def _dates(asked: QueryDict, last_of_default: date) -> tuple[date, date]:
    first, last = queries.last_days(last_of_default)
    first, last = day_of(asked, "from") or first, day_of(asked, "to") or last
    return (first, last) if first <= last else (last, first)


def wanted(asked: QueryDict, member: Member, *, at: datetime) -> queries.Filter:
    """The filter of an address. What it does not understand it leaves out: a kept link never breaks."""
    first, last = _dates(asked, today(member, at=at))
    return queries.Filter(
        first=first,
        last=last,
        clinics=chosen_ids(asked, "clinic"),
        providers=chosen_ids(asked, "provider"),
        fees=[state for state in asked.getlist("fee") if state in FEE_STATES],
        search=asked.get("q", "").replace("\0", "")[:80],
    )


def options(asked: QueryDict, chosen: queries.Filter, member: Member, states: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """The group *Filter*: clinics, providers and fees, several of each, and what each button says now."""
    clinics = [Option(str(each.pk), each.name, each.pk in chosen.clinics) for each in member.given_clinics]
    providers = [Option(str(each.pk), each.name, each.pk in chosen.providers) for each in practice.providers(member)]
    fees = [Option(state, str(label), state in chosen.fees) for state, label in states]
    return {
        "clinics": clinics,
        "clinics_label": chosen_label(clinics, _("All clinics"), _("clinics")),
        "providers": providers,
        "providers_label": chosen_label(providers, _("All providers"), _("providers")),
        "fees": fees,
        "fees_label": chosen_label(fees, _("Any fee"), _("fee states")),
    }


def presets(asked: QueryDict, chosen: queries.Filter, last: date) -> dict[str, Any]:
    """Ranges one click away, and the chosen one in words."""
    month = last.replace(day=1)
    before = (month - timedelta(days=1)).replace(day=1)
    ranges = [
        (_("Today"), last, last),
        (_("Last 7 days"), last - timedelta(days=6), last),
        (_("Last 30 days"), *queries.last_days(last)),
        (_("Last 90 days"), last - timedelta(days=89), last),
        (_("This month"), month, last),
        (_("Last month"), before, month - timedelta(days=1)),
        (_("Last 12 months"), last - timedelta(days=364), last),
    ]
    choices = []
    label = _("Other days")
    for name, first, end in ranges:
        selected = (first, end) == (chosen.first, chosen.last)
        label = name if selected and label == _("Other days") else label
        choices.append(
            {
                "label": name,
                "url": with_query(asked, after=None, **{"from": first.isoformat(), "to": end.isoformat()}),
                "selected": selected,
            }
        )
    words = f"{date_format(chosen.first, 'M j')} – {date_format(chosen.last, 'M j, Y')}"
    return {"choices": choices, "label": label, "dates": words}


def totals(figures: queries.Totals) -> list[Total]:
    """Above the list. Money of several currencies stands side by side, never added."""
    share = f"{figures.collected_share:.0%}" if figures.fees else ""
    return [
        Total(_("No Shows"), f"{figures.count:,}", _("of %s appointments") % f"{figures.concluded:,}"),
        Total(_("Rate"), f"{figures.rate:.1%}" if figures.concluded else "–", _("of completed and missed")),
        Total(_("Charged"), _money(figures, figures.invoiced), ngettext("%d fee", "%d fees", figures.fees) % figures.fees),
        Total(
            _("Recovered"),
            _money(figures, figures.collected),
            ngettext("%(paid)d fee paid, %(share)s", "%(paid)d fees paid, %(share)s", figures.paid) % {"paid": figures.paid, "share": share}
            if figures.fees
            else _("no fees"),
        ),
        Total(_("Refunded"), _money(figures, figures.refunded), ngettext("%d fee", "%d fees", figures.refunds) % figures.refunds),
    ]


def _money(figures: queries.Totals, amounts: dict[str, int]) -> str:
    return " · ".join(str(money) for money in figures.money(amounts)) or "–"


COLUMNS = [
    "Date",
    "Time",
    "Zone",
    "Appointment",
    "Patient",
    "Services",
    "Provider",
    "Clinic",
    "Reason",
    "Fee",
    "Amount",
    "Currency",
    "Invoice",
    "Marked by",
    "Marked at",
]


def csv_answer(found: QuerySet[Appointment], *, at: datetime) -> HttpResponse:
    """The whole filtered list as a file that spreadsheets open without running anything in it."""
    answer = HttpResponse(content_type="text/csv; charset=utf-8", headers={"Content-Disposition": 'attachment; filename="no-shows.csv"'})
    writer = csv.writer(answer)
    writer.writerow(COLUMNS)
    for appointment in found:
        zone, fee = appointment.clinic.zone, queries.fee_of(appointment, at=at)
        invoice = fee.charge.invoice if fee and fee.charge else None
        marked = appointment.status_at.astimezone(zone).isoformat(timespec="minutes") if appointment.status_at else ""
        writer.writerow(
            safe(value)
            for value in (
                appointment.local_date.isoformat(),
                clock_time(appointment.starts_at, zone),
                zone.key,
                str(appointment),
                appointment.patient.name,
                appointment.services,
                appointment.provider.name,
                appointment.clinic.name,
                appointment.outcome_reason,
                fee.state if fee else "not_offered",
                str(fee.amount.decimal) if fee and fee.amount_minor else "",
                fee.currency if fee else "",
                str(invoice or ""),
                appointment.status_by.name if appointment.status_by else "",
                marked,
            )
        )
    return answer
