"""Which events can be told, and what is said of them: ids, states, times and amounts; never a name, a note or a treatment."""

import json
from typing import Any

from django.utils.translation import gettext_lazy as _

from kept.billing.models import Charge, Refund
from kept.events.models import Event
from kept.scheduling.models import Appointment

TEST = "webhook.test"
EVENTS = {
    _("Appointments"): {
        "appointment.booked": _("Booked"),
        "appointment.confirmed": _("Confirmed"),
        "appointment.moved": _("Moved"),
        "appointment.arrived": _("Checked in"),
        "appointment.arrival_undone": _("Check-in undone"),
        "appointment.treatment_started": _("Treatment started"),
        "appointment.treatment_undone": _("Treatment not started after all"),
        "appointment.fulfilled": _("Completed"),
        "appointment.reopened": _("Reopened"),
        "appointment.noshow": _("No-show"),
        "appointment.cancelled": _("Cancelled"),
        "appointment.restored": _("Restored"),
        "appointment.entered_in_error": _("Entered in error"),
    },
    _("Charges"): {
        "charge.due": _("Due"),
        "charge.succeeded": _("Charged"),
        "charge.declined": _("Declined"),
        "charge.needs_patient": _("Needs the patient"),
        "charge.unknown": _("Outcome being checked"),
        "charge.canceled": _("Ended without a charge"),
        "charge.failed": _("Failed"),
        "dispute.opened": _("Disputed"),
        "dispute.won": _("Dispute won"),
        "dispute.lost": _("Dispute lost"),
    },
    _("Refunds"): {
        "refund.reserved": _("Begun"),
        "refund.pending": _("Pending at the payment provider"),
        "refund.succeeded": _("Refunded"),
        "refund.failed": _("Failed"),
        "refund.found": _("Made at the payment provider"),
    },
}
LABELS = {kind: label for group in EVENTS.values() for kind, label in group.items()}


def body_of(event: Event) -> str:
    """What is sent of that event: its kind, its time, and its subject as it is now, in the event's own transaction."""
    about = {"appointment": _appointment, "charge": _charge, "refund": _refund}[event.subject_kind]
    return written(event.kind, event.at.isoformat(), about(event.subject_id))


def written(kind: str, timestamp: str, data: dict[str, Any]) -> str:
    return json.dumps({"type": kind, "timestamp": timestamp, "data": data}, separators=(",", ":"))


def _appointment(id_: Any) -> dict[str, Any]:
    found = Appointment.objects.select_related("clinic").get(pk=id_)
    zone = found.clinic.zone
    return {
        "id": str(found.pk),
        "number": str(found),
        "status": found.status,
        "start": found.starts_at.astimezone(zone).isoformat(),
        "end": found.ends_at.astimezone(zone).isoformat(),
        "patient": str(found.patient_id),
        "provider": str(found.provider_id),
        "clinic": str(found.clinic_id),
        "version": found.version,
    }


def _charge(id_: Any) -> dict[str, Any]:
    found = Charge.objects.get(pk=id_)
    return {
        "id": str(found.pk),
        "kind": found.kind,
        "state": found.state,
        "amount": {"minor": found.amount_minor, "currency": found.currency},
        "captured": {"minor": found.captured_minor, "currency": found.currency},
        "refunded": {"minor": found.refunded_minor, "currency": found.currency},
        "dispute": found.dispute or None,
        "appointment": str(found.appointment_id),
        "invoice": str(found.invoice_id) if found.invoice_id else None,
    }


def _refund(id_: Any) -> dict[str, Any]:
    found = Refund.objects.select_related("invoice").get(pk=id_)
    return {
        "id": str(found.pk),
        "state": found.state,
        "amount": {"minor": found.amount_minor, "currency": found.currency},
        "charge": str(found.charge_id),
        "invoice": str(found.invoice_id),
        "appointment": str(found.invoice.appointment_id),
    }
