"""The lists as files that spreadsheets open without running anything in them."""

from datetime import datetime

from django.db.models import QuerySet
from django.http import StreamingHttpResponse

from kept.foundation.csvs import download
from kept.foundation.dates import clock_time
from kept.noshows import queries
from kept.scheduling.models import Appointment

VISIT = ["Date", "Time", "Zone", "Appointment", "Patient", "Services", "Provider", "Clinic"]
FEE = ["Fee", "Amount", "Currency", "Invoice"]


def no_shows(found: QuerySet[Appointment], *, at: datetime) -> StreamingHttpResponse:
    """The whole filtered list of the missed."""

    def cells(missed: Appointment) -> list[str]:
        return [*_visit(missed), missed.outcome_reason, *_fee(missed, at), *_by(missed)]

    return download("no-shows.csv", [*VISIT, "Reason", *FEE, "Marked by", "Marked at"], found, cells, by="starts_at")


def cancelled(found: QuerySet[Appointment], *, at: datetime) -> StreamingHttpResponse:
    """The whole filtered list of the cancelled."""

    def cells(visit: Appointment) -> list[str]:
        return [*_visit(visit), visit.cancelled_for, visit.outcome_reason, *_late_fee(visit, at), *_by(visit)]

    return download("cancelled.csv", [*VISIT, "Asked by", "Reason", *FEE, "Cancelled by", "Cancelled at"], found, cells, by="starts_at")


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


def _late_fee(appointment: Appointment, at: datetime) -> list[str]:
    return _fee(appointment, at) if queries.fee_of(appointment, at=at) else [""] * len(FEE)


def _by(appointment: Appointment) -> list[str]:
    at = appointment.status_at.astimezone(appointment.clinic.zone).isoformat(timespec="minutes") if appointment.status_at else ""
    return [appointment.status_by.name if appointment.status_by else "", at]
