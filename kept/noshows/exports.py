"""The lists as files that spreadsheets open without running anything in them."""

import csv
from collections.abc import Iterable
from datetime import datetime

from django.http import HttpResponse

from kept.foundation.csvs import safe
from kept.foundation.dates import clock_time
from kept.noshows import queries
from kept.scheduling.models import Appointment

VISIT = ["Date", "Time", "Zone", "Appointment", "Patient", "Services", "Provider", "Clinic"]
FEE = ["Fee", "Amount", "Currency", "Invoice"]


def no_shows(found: Iterable[Appointment], *, at: datetime) -> HttpResponse:
    """The whole filtered list of the missed."""
    rows = ([*_visit(each), each.outcome_reason, *_fee(each, at), *_by(each)] for each in found)
    return _file("no-shows.csv", [*VISIT, "Reason", *FEE, "Marked by", "Marked at"], rows)


def cancelled(found: Iterable[Appointment], *, at: datetime) -> HttpResponse:
    """The whole filtered list of the cancelled."""
    rows = ([*_visit(each), each.cancelled_for, each.outcome_reason, *_by(each)] for each in found)
    return _file("cancelled.csv", [*VISIT, "Asked by", "Reason", "Cancelled by", "Cancelled at"], rows)


def _visit(appointment: Appointment) -> list[str]:
    zone = appointment.clinic.zone
    when = [appointment.local_date.isoformat(), clock_time(appointment.starts_at, zone), zone.key]
    return [*when, str(appointment), appointment.patient.name, appointment.services, appointment.provider.name, appointment.clinic.name]


def _fee(appointment: Appointment, at: datetime) -> list[str]:
    fee = queries.fee_of(appointment, at=at)
    if fee is None:
        return ["not_offered", "", "", ""]
    invoice = fee.charge.invoice if fee.charge else None
    return [fee.state, str(fee.amount.decimal) if fee.amount_minor else "", fee.currency, str(invoice or "")]


def _by(appointment: Appointment) -> list[str]:
    at = appointment.status_at.astimezone(appointment.clinic.zone).isoformat(timespec="minutes") if appointment.status_at else ""
    return [appointment.status_by.name if appointment.status_by else "", at]


def _file(name: str, columns: list[str], rows: Iterable[list[str]]) -> HttpResponse:
    answer = HttpResponse(content_type="text/csv; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{name}"'})
    writer = csv.writer(answer)
    writer.writerow(columns)
    writer.writerows([safe(value) for value in row] for row in rows)
    return answer
