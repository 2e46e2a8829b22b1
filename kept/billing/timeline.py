"""An appointment's history in sentences, newest first, from the journal."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from kept.billing.models import Charge, Invoice, Refund
from kept.events import journal
from kept.events.models import Event
from kept.foundation.money import Money
from kept.practice.models import Member
from kept.scheduling.models import Appointment


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a timeline."""

    icon: str
    tone: str
    text: str
    by: str
    at: datetime
    detail: str = ""


def _money(event: Event, currency: str) -> str:
    return str(Money(event.particulars.get("minor", 0), event.particulars.get("currency") or currency))


def _decided(event: Event, currency: str) -> str:
    return {
        "charge": _("Fee of %s to be charged") % _money(event, currency),
        "spared": _("Fee not charged"),
        "undecided": _("Fee to be decided"),
    }.get(event.particulars.get("decision", ""), _("No fee could be charged"))


Words = Callable[[Event, str], str]
KINDS: dict[str, tuple[str, str, Words]] = {
    "appointment.booked": ("calendar", "", lambda event, c: _("Booked %s") % Appointment.Channel(event.particulars["channel"]).label),
    "appointment.imported": ("download", "", lambda event, c: _("Imported")),
    "appointment.confirmed": ("check", "confirmed", lambda event, c: _("Confirmed")),
    "appointment.arrived": ("log-in", "arrived", lambda event, c: _("Checked in")),
    "appointment.arrival_undone": ("undo-2", "", lambda event, c: _("Check-in undone")),
    "appointment.treatment_started": ("sparkles", "treating", lambda event, c: _("Treatment started")),
    "appointment.treatment_undone": ("undo-2", "", lambda event, c: _("Treatment start undone")),
    "appointment.fulfilled": ("circle-check", "completed", lambda event, c: _("Completed")),
    "appointment.reopened": ("undo-2", "", lambda event, c: _("Reopened")),
    "appointment.noshow": ("user-x", "noshow", lambda event, c: _("Marked as no-show")),
    "appointment.restored": ("rotate-ccw", "", lambda event, c: _("Restored")),
    "appointment.entered_in_error": ("circle-slash", "", lambda event, c: _("Entered in error")),
    "card.link_given": ("qr-code", "", lambda event, c: _("Card link given")),
    "policy.accepted": ("credit-card", "", lambda event, c: _("Policy accepted, card given")),
    "fee.decided": ("circle-question-mark", "", _decided),
    "fee.hastened": ("credit-card-check", "", lambda event, c: _("Charged without further waiting")),
    "invoice.issued": ("receipt", "", lambda event, c: _("Invoice made")),
    "invoice.paid": ("circle-check", "completed", lambda event, c: _("Invoice paid")),
    "invoice.cancelled": (
        "circle-slash",
        "",
        lambda event, c: _("Invoice cancelled by credit note CN-%s") % event.particulars["credit_note"],
    ),
    "charge.due": ("timer", "", lambda event, c: _("%s due") % _money(event, c)),
    "charge.succeeded": ("credit-card-check", "completed", lambda event, c: _("%s charged") % _money(event, c)),
    "charge.declined": ("octagon-alert", "noshow", lambda event, c: _("Card declined")),
    "charge.needs_patient": ("smartphone", "confirmed", lambda event, c: _("The bank asks the patient to authenticate")),
    "charge.unknown": ("search-check", "outcome", lambda event, c: _("No answer from the payment provider; being checked")),
    "charge.failed": ("triangle-alert", "noshow", lambda event, c: _("The charge did not go through")),
    "charge.retried": ("refresh-cw", "", lambda event, c: _("Card tried again")),
    "charge.canceled": ("circle-slash", "", lambda event, c: _("Fee ended, nothing charged")),
    "charge.kept": ("circle-check", "", lambda event, c: _("Payment kept")),
    "refund.reserved": ("undo-2", "treating", lambda event, c: _("%s refund sent") % _money(event, c)),
    "refund.succeeded": ("undo-2", "treating", lambda event, c: _("%s refunded") % _money(event, c)),
    "refund.pending": ("undo-2", "treating", lambda event, c: _("%s refund on its way") % _money(event, c)),
    "refund.failed": ("triangle-alert", "noshow", lambda event, c: _("Refund of %s failed; it is still charged") % _money(event, c)),
}
MONEY_ONLY = {"charge.due", "invoice.issued", "invoice.paid"}


def of_appointment(appointment: Appointment) -> list[Entry]:
    """What happened to the visit and its fee. Bookkeeping steps stand on the invoice, not here."""
    charges = list(Charge.objects.filter(appointment=appointment).values_list("id", flat=True))
    refunds = list(Refund.objects.filter(charge__in=charges).values_list("id", flat=True))
    return _entries([appointment.id, *charges, *refunds], appointment.clinic.currency, leave_out=MONEY_ONLY)


def of_invoice(invoice: Invoice) -> list[Entry]:
    """The payment timeline: the mark, the bill, each try, each refund."""
    charges = [charge.id for charge in invoice.charges.all()]
    refunds = [refund.id for refund in invoice.refunds.all()]
    return _entries([invoice.id, *charges, *refunds, invoice.appointment_id], invoice.currency, leave_out=NOT_MONEY | {"invoice.paid"})


NOT_MONEY = {kind for kind in KINDS if kind.startswith(("appointment.", "card.", "policy."))} - {
    "appointment.noshow",
    "appointment.restored",
}


def _entries(subject_ids: list[Any], currency: str, *, leave_out: set[str]) -> list[Entry]:
    events = [event for event in journal.timeline(*subject_ids) if event.kind in KINDS and event.kind not in leave_out]
    names = dict(Member.objects.filter(id__in={event.by_id for event in events if event.by_id}).values_list("id", "name"))
    entries = []
    for event in events:
        icon, tone, words = KINDS[event.kind]
        entries.append(Entry(icon, tone, words(event, currency), names.get(event.by_id, "") if event.by_id else "", event.at))
    return entries
