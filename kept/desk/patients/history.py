"""What became of a patient's record, and who looked at it, in words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kept.billing.models import CustomerErasure
from kept.billing.timeline import Entry
from kept.desk.audit import words
from kept.events.models import Access, Event
from kept.patients.models import Card, Patient
from kept.practice.models import Member

LABELS = {
    "first_name": gettext_lazy("First name"),
    "last_name": gettext_lazy("Last name"),
    "birth_date": gettext_lazy("Birth date"),
    "phone": gettext_lazy("Phone"),
    "email": gettext_lazy("Email"),
    "alert": gettext_lazy("Alert"),
}


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody read it."""

    who: str
    what: str
    at: datetime


def looks(found: Iterable[Access]) -> list[Look]:
    """Each with the name of who it was: a member, or a token and whom it acts for."""
    rows = list(found)
    names = words.names({row.actor for row in rows})
    return [Look(names.get(row.actor, row.actor), words.look(row.what), row.at) for row in rows]


def entries(patient: Patient, events: Sequence[Event]) -> list[Entry]:
    """What happened to the record, newest first as given; a change with what it was and what it became."""
    names: dict[Any, str] = dict(Member.objects.filter(id__in={event.by_id for event in events if event.by_id}).values_list("id", "name"))
    cards = {str(card.pk): card for card in patient.cards.all()}
    versions = _versions(patient) if any(event.kind == "patient.changed" for event in events) else {}
    found = []
    for event in events:
        icon, text, detail = _words(event, cards, versions)
        found.append(Entry(icon, "", text, names.get(event.by_id, "") if event.by_id else "", event.at, detail))
    return found


def _words(event: Event, cards: dict[str, Card], versions: dict[int, dict[str, Any]]) -> tuple[str, str, str]:
    """The icon, the sentence, and more of it."""
    said = event.particulars
    merged = {str(each.pk): each.name for each in Patient.objects.filter(pk__in=[said["gone"]])} if "gone" in said else {}
    card = cards.get(said.get("card", ""), _("Card"))
    if event.kind == "patient.changed":
        after = versions.get(said["version"], {})
        before = versions.get(said["version"] - 1, {})
        fields = [field for field in LABELS if field in said["fields"]]
        detail = "; ".join(f"{LABELS[field]}: {shown(before.get(field))} → {shown(after.get(field))}" for field in fields)
        return "pencil", _("%s changed") % ", ".join(str(LABELS[field]) for field in fields), detail
    return {
        "patient.added": ("user-plus", _("Imported") if said.get("imported") else _("Added"), ""),
        "patient.noted": ("notebook-pen", _("Note written"), ""),
        "patient.merged": ("merge", _("Merged with %s") % merged.get(said.get("gone", ""), _("another record")), ""),
        "patient.unmerged": ("undo-2", _("Merge undone"), ""),
        "patient.told_apart": ("users", _("Told apart from another record"), ""),
        "patient.erased": ("eraser", _("Erased"), ""),
        "patient.customer_erased": ("eraser", _("Erased at the payment provider"), ""),
        "card.given": ("credit-card", _("%s given") % card, ""),
        "card.taken_off": ("credit-card-x", _("%s taken off") % card, ""),
    }.get(event.kind, ("circle", event.kind, ""))


def at_the_gateway(patient: Patient) -> str:
    """What became of an erased patient's customer at the payment provider, where there was one."""
    erasures = list(CustomerErasure.objects.filter(patient=patient).order_by("asked_at", "id"))
    if waiting := next((each for each in erasures if each.done_at is None), None):
        return _("The payment provider still has the customer, who is erased there too. %s") % waiting.why
    return _("The payment provider has erased the customer too.") if erasures else ""


def _versions(patient: Patient) -> dict[int, dict[str, Any]]:
    """Her particulars as each version left them."""
    history: Any = patient.history  # type: ignore[attr-defined]
    return {row["version"]: row for row in history.order_by("pgh_id").values("version", *LABELS)}


def shown(value: Any) -> str:
    """A particular in words."""
    if isinstance(value, date):
        return date_format(value, "M j, Y")
    return str(value or "–")
