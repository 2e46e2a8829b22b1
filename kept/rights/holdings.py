"""Where a patient's data lies: every table that holds any, and the way from a row to her. Export and its tests read it from here."""

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kept.patients.models import Patient
from kept.patients.queries import records

# Keys of ours, which open something or say nothing of her.
SECRET = {
    "practice",
    "token_hash",
    "create_key",
    "confirm_key",
    "key",
    "lease_until",
    "sort_name",
    "payment_method_id",
    "gateway_customer_id",
}


@dataclass(frozen=True, slots=True)
class Holding:
    """A table, and the fields of it that lead to the patient's id; that of a record merged into hers too."""

    label: Promise | str
    model: str
    path: str
    by: str = "id"

    def rows(self, patient: Patient) -> "QuerySet[Any]":
        hers = {"practice": patient.practice_id, f"{self.path}__in": records(patient)}
        return apps.get_model(self.model)._default_manager.filter(**hers).order_by(self.by)


HOLDINGS = [
    Holding(_("Particulars"), "patients.Patient", "pk"),
    Holding(_("Particulars as they were"), "patients.PatientHistory", "pgh_obj_id", "pgh_id"),
    Holding(_("Notes"), "patients.Note", "patient"),
    Holding(_("Cards on file"), "patients.Card", "patient"),
    Holding(_("Links sent"), "patients.Link", "patient"),
    Holding(_("Appointments"), "scheduling.Appointment", "patient", "starts_at"),
    Holding(_("Services of appointments"), "scheduling.Line", "appointment__patient"),
    Holding(_("Accepted policies"), "policies.Acceptance", "patient"),
    Holding(_("Ways to a card"), "billing.CardCapture", "patient"),
    Holding(_("Fees"), "noshows.Fee", "appointment__patient"),
    Holding(_("Answers to no-shows"), "noshows.Answer", "appointment__patient", "at"),
    Holding(_("Charges"), "billing.Charge", "patient"),
    Holding(_("Invoices"), "billing.Invoice", "patient", "number"),
    Holding(_("Lines of invoices"), "billing.InvoiceLine", "invoice__patient"),
    Holding(_("Payments"), "billing.Payment", "invoice__patient"),
    Holding(_("Refunds"), "billing.Refund", "charge__patient"),
    Holding(_("Credit notes"), "billing.CreditNote", "invoice__patient"),
    Holding(_("Disputes"), "billing.Dispute", "charge__patient"),
    Holding(_("Customers to be erased at the payment provider"), "billing.CustomerErasure", "patient"),
    Holding(_("Letters"), "messaging.Message", "patient"),
    Holding(_("Who looked"), "events.Access", "patient_id", "at"),
]
# Made from the others, for finding her and for keeping her time; and which records are, or are not, of one person.
NOT_EXPORTED = {"patients.Word", "patients.Trait", "patients.Merge", "patients.Distinction", "scheduling.Claim"}


def subjects(patient: Patient) -> Q:
    """The journal's events about her and about what is hers."""
    found = Q(subject_id__in=records(patient))
    for model, path in (("scheduling.Appointment", "patient"), ("billing.Charge", "patient"), ("billing.Invoice", "patient")):
        found |= Q(subject_id__in=apps.get_model(model)._default_manager.filter(**{path: patient.pk}).values("pk"))
    return found | Q(subject_id__in=apps.get_model("billing.Refund")._default_manager.filter(charge__patient=patient.pk).values("pk"))
