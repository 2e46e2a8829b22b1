"""An appointment's history in sentences, newest first, from the journal."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kept.billing.models import DEPOSIT, Charge, Invoice, Refund
from kept.billing.words import how
from kept.events import journal
from kept.events.models import Event
from kept.foundation.dates import moment
from kept.foundation.money import Money
from kept.practice.models import Clinic, Member, Provider, Resource
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


@dataclass(frozen=True, slots=True)
class Context:
    """What sentences are made with: the clinic's currency and zone; names of providers, rooms and devices by their ids; cards by the ids
    of the charges that they paid, and which of these are deposits."""

    currency: str
    zone: ZoneInfo
    names: Mapping[str, str]
    cards: Mapping[UUID, str]
    deposits: frozenset[UUID]


def _money(event: Event, c: Context) -> str:
    return str(Money(event.particulars.get("minor", 0), event.particulars.get("currency") or c.currency))


def _how(event: Event, c: Context) -> dict[str, str]:
    return {"amount": _money(event, c), "how": how(event.particulars.get("method", ""))}


def _charged(event: Event, c: Context) -> str:
    says = _("Deposit of %(amount)s paid with %(card)s") if event.subject_id in c.deposits else _("%(amount)s charged to %(card)s")
    return says % {"amount": _money(event, c), "card": c.cards.get(event.subject_id, _("the card"))}


def _decided(event: Event, c: Context) -> str:
    return {
        "charge": _("Fee of %s to be charged") % _money(event, c),
        "spared": _("Fee not charged"),
        "undecided": _("Fee to be decided"),
    }.get(event.particulars.get("decision", ""), _("No fee could be charged"))


def _moved(event: Event, c: Context) -> str:
    return _where(event, c, _("Moved from %(before)s to %(after)s"), _("Moved to %s"))


def _restored(event: Event, c: Context) -> str:
    return (
        _where(event, c, _("Restored from %(before)s to %(after)s"), _("Restored to %s")) if "after" in event.particulars else _("Restored")
    )


def _where(event: Event, c: Context, another_time: str, same_time: str) -> str:
    """From when to when, and with whom and in which room where these are others."""
    before, after = event.particulars["before"], event.particulars["after"]
    starts = {key: moment(datetime.fromisoformat(place["start"]), c.zone) for key, place in (("before", before), ("after", after))}
    others = [after["provider"]] if after["provider"] != before["provider"] else []
    others += [room for room in after["resources"] if room not in before["resources"]]
    names = ", ".join(c.names.get(id_, "") for id_ in others)
    if before["start"] == after["start"]:
        return same_time % names
    return ", ".join(filter(None, [another_time % starts, names]))


def _accepted(event: Event, c: Context) -> str:
    if "replaces" in event.particulars:
        return _("New terms accepted")
    return _("Policy accepted, card given") if "card" in event.particulars else _("Policy accepted, no card asked for")


def _due(event: Event, c: Context) -> str:
    return _("Card asked for by %s") % moment(datetime.fromisoformat(event.particulars["due"]), c.zone)


LETTERS = {
    "receipt": gettext_lazy("Receipt"),
    "refunded": gettext_lazy("Refund receipt"),
    "payment_link": gettext_lazy("Payment link"),
}


_SENT = {"email": gettext_lazy("%s sent by e-mail"), "sms": gettext_lazy("%s sent by text message")}


def _letter(event: Event, sentence: str | Promise) -> str:
    return str(sentence) % LETTERS.get(event.particulars.get("letter", ""), _("Letter"))


ASKED = {"patient": _("the patient asked"), "clinic": _("the clinic asked")}

ANSWERS = {"here": gettext_lazy("I was there"), "emergency": gettext_lazy("It was an emergency")}
SETTLED = {"restored": gettext_lazy("restored"), "spared": gettext_lazy("fee spared"), "stays": gettext_lazy("stays as it is")}


def _answer(event: Event, c: Context) -> str:
    return _("The patient says: %s") % ANSWERS.get(event.particulars.get("answer", ""), "")


def _answer_settled(event: Event, c: Context) -> str:
    outcome = SETTLED.get(event.particulars.get("outcome", ""), "")
    return _("“%(answer)s” settled: %(outcome)s") % {"answer": ANSWERS.get(event.particulars.get("answer", ""), ""), "outcome": outcome}


Words = Callable[[Event, Context], str]
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
    "appointment.moved": ("calendar-clock", "", _moved),
    "appointment.cancelled": ("calendar-x", "", lambda event, c: _("Cancelled")),
    "appointment.restored": ("rotate-ccw", "", _restored),
    "appointment.entered_in_error": ("circle-slash", "", lambda event, c: _("Entered in error")),
    "policy.asked_again": ("send", "", lambda event, c: _("Asked to accept new terms")),
    "policy.kept_earlier": ("file-check-2", "", lambda event, c: _("New terms not accepted; the earlier count")),
    "card.asked": ("qr-code", "", _due),
    "card.called": ("phone", "", lambda event, c: _("Called about the card")),
    "card.waived": ("credit-card-x", "", lambda event, c: _("Kept without a card")),
    "card.link_given": ("qr-code", "", lambda event, c: _("Card link given")),
    "policy.accepted": ("credit-card", "", _accepted),
    "manage.link_given": ("link", "", lambda event, c: _("Patient’s link given")),
    "noshow.answered": ("message-square", "outcome", _answer),
    "noshow.answer_settled": ("message-square", "", _answer_settled),
    "fee.decided": ("circle-question-mark", "", _decided),
    "credit_note.issued": ("file-minus", "", lambda event, c: _("Credit note CN-%s for what went back") % event.particulars["credit_note"]),
    "credit_note.reversed": (
        "file-plus",
        "",
        lambda event, c: (
            _("Credit note CN-%(note)s answered by CN-%(answer)s: the refund failed")
            % {"note": event.particulars["credit_note"], "answer": event.particulars["by_note"]}
        ),
    ),
    "dispute.evidence_given": ("gavel", "", lambda event, c: _("Evidence given for the bank")),
    "dispute.answered": ("gavel", "", lambda event, c: _("Evidence is with the bank")),
    "fee.kept": ("shield-check", "", lambda event, c: _("Fee kept, although the time was booked again")),
    "fee.hastened": ("credit-card-check", "", lambda event, c: _("Charged without further waiting")),
    "invoice.issued": ("receipt", "", lambda event, c: _("Invoice made")),
    "invoice.paid": ("circle-check", "completed", lambda event, c: _("Invoice paid")),
    "invoice.cancelled": (
        "circle-slash",
        "",
        lambda event, c: _("Invoice cancelled by credit note CN-%s") % event.particulars["credit_note"],
    ),
    "charge.due": ("timer", "", lambda event, c: _("%s due") % _money(event, c)),
    "charge.succeeded": ("credit-card-check", "completed", _charged),
    "deposit.applied": ("banknote", "", lambda event, c: _("%s of the deposit put to the fee") % _money(event, c)),
    "charge.declined": ("octagon-alert", "noshow", lambda event, c: _("Card declined")),
    "charge.needs_patient": ("smartphone", "confirmed", lambda event, c: _("The bank asks the patient to authenticate")),
    "charge.unknown": ("search-check", "outcome", lambda event, c: _("No answer from the payment provider; being checked")),
    "charge.failed": ("triangle-alert", "noshow", lambda event, c: _("The charge did not go through")),
    "charge.link_given": ("send", "confirmed", lambda event, c: _("Payment link given")),
    "charge.asked_again": ("search-check", "", lambda event, c: _("The payment provider was asked again")),
    "payment.recorded": ("banknote", "completed", lambda event, c: _("%(amount)s paid %(how)s") % _how(event, c)),
    "payment.not_recorded": (
        "triangle-alert",
        "outcome",
        lambda event, c: _("%(amount)s %(how)s not recorded: the card had paid meanwhile") % _how(event, c),
    ),
    "invoice.voided": ("circle-slash", "", lambda event, c: _("Voided")),
    "charge.retried": ("refresh-cw", "", lambda event, c: _("Card tried again")),
    "charge.canceled": ("circle-slash", "", lambda event, c: _("Fee ended, nothing charged")),
    "charge.kept": ("circle-check", "", lambda event, c: _("Payment kept")),
    "dispute.opened": ("gavel", "noshow", lambda event, c: _("%s disputed by the patient’s bank") % _money(event, c)),
    "dispute.won": ("gavel", "completed", lambda event, c: _("Dispute won: %s stays paid") % _money(event, c)),
    "dispute.lost": ("gavel", "noshow", lambda event, c: _("Dispute lost: %s is gone") % _money(event, c)),
    "refund.reserved": ("undo-2", "treating", lambda event, c: _("%s refund sent") % _money(event, c)),
    "refund.succeeded": ("undo-2", "treating", lambda event, c: _("%s refunded") % _money(event, c)),
    "refund.found": ("undo-2", "treating", lambda event, c: _("%s refunded at the payment provider") % _money(event, c)),
    "refund.pending": ("undo-2", "treating", lambda event, c: _("%s refund on its way") % _money(event, c)),
    "letter.sent": ("mail", "", lambda event, c: _letter(event, _SENT[event.particulars.get("channel", "email")])),
    "letter.withdrawn": ("mail", "", lambda event, c: _letter(event, _("%s withdrawn"))),
    "letter.failed": ("mail", "noshow", lambda event, c: _letter(event, _("%s could not be sent"))),
    "letter.undelivered": ("mail", "noshow", lambda event, c: _letter(event, _("%s did not arrive"))),
    "letter.complained": ("mail", "noshow", lambda event, c: _letter(event, _("%s was reported as spam"))),
    "refund.failed": ("triangle-alert", "noshow", lambda event, c: _("Refund of %s failed; it is still charged") % _money(event, c)),
}
MONEY_ONLY = {"charge.due", "invoice.issued", "invoice.paid"}


def of_appointment(appointment: Appointment) -> list[Entry]:
    """What happened to the visit and its fee. Bookkeeping steps stand on the invoice, not here."""
    charges = list(Charge.objects.filter(appointment=appointment).select_related("card"))
    refunds = list(Refund.objects.filter(charge__in=charges).values_list("id", flat=True))
    return _entries([appointment.id, *refunds], charges, appointment.clinic, leave_out=MONEY_ONLY)


def of_invoice(invoice: Invoice) -> list[Entry]:
    """The payment timeline: the mark, the bill, each try, each refund."""
    refunds = [refund.id for refund in invoice.refunds.all()]
    left_out = NOT_MONEY | {"charge.due", "invoice.paid"}
    return _entries([invoice.id, *refunds, invoice.appointment_id], invoice.charges.all(), invoice.clinic, leave_out=left_out)


NOT_MONEY = {kind for kind in KINDS if kind.startswith(("appointment.", "card.", "policy.", "noshow.", "manage."))} - {
    "appointment.noshow",
    "appointment.restored",
}


def _entries(subject_ids: list[Any], charges: Iterable[Charge], clinic: Clinic, *, leave_out: set[str]) -> list[Entry]:
    charges = list(charges)
    cards = {charge.id: str(charge.card) for charge in charges}
    deposits = frozenset(charge.id for charge in charges if charge.kind == DEPOSIT)
    events = [event for event in journal.timeline(*subject_ids, *cards) if event.kind in KINDS and event.kind not in leave_out]
    members = dict(Member.objects.filter(id__in={event.by_id for event in events if event.by_id}).values_list("id", "name"))
    context = Context(clinic.currency, clinic.zone, _names(events), cards, deposits)
    entries = []
    for event in events:
        icon, tone, words = KINDS[event.kind]
        by, asked = members.get(event.by_id, "") if event.by_id else "", ASKED.get(event.particulars.get("asked", ""), "")
        entries.append(Entry(icon, tone, words(event, context), by, event.at, detail=asked))
    return entries


def _names(events: list[Event]) -> dict[str, str]:
    """Of the providers, rooms and devices to which something was moved."""
    places = [event.particulars["after"] for event in events if "after" in event.particulars]
    if not places:
        return {}
    providers = Provider.objects.filter(id__in={place["provider"] for place in places}).values_list("id", "name")
    rooms = Resource.objects.filter(id__in={room for place in places for room in place["resources"]}).values_list("id", "name")
    return {str(id_): name for id_, name in [*providers, *rooms]}
