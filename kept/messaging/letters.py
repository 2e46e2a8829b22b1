"""Letters in words: plain text from a template, with facts that are asked for again when the letter goes. They say "appointment",
never the treatment."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from kept.billing.models import Refund
from kept.billing.queries import charge_of
from kept.billing.transitions import cards, paying, renewing
from kept.foundation.dates import clock_time, full_date, moment, short_day
from kept.foundation.refusals import Refusal
from kept.messaging.models import Channel, Message, Wording
from kept.messaging.wording import SHORT_TEXT, TITLE, fill
from kept.practice.models import Settings
from kept.scheduling.models import Appointment, Status
from kept.scheduling.rules import wrong_status
from kept.scheduling.transitions import managing, promising

HIDDEN_LINK = "https://…"
Facts = Callable[[Message, datetime], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Written:
    title: str
    text: str


def facts_of(message: Message, *, at: datetime) -> dict[str, Any]:
    """What the letter speaks of, as it is at that instant; `link`, where it has one, is a function that makes it. Raises the Refusal
    that says why the letter has lost its point."""
    found: Facts = import_string(import_string(settings.LETTERS)[message.letter])
    return found(message, at)


def write(letter: str, appointment: Appointment, facts: dict[str, Any], *, channel: str = Channel.EMAIL) -> Written:
    """The letter as the patient reads it, in the practice's own words where it has some; its link hidden unless `facts` hold the
    address."""
    words = Wording.objects.filter(practice=appointment.practice_id, letter=letter).first() or Wording()
    if channel == Channel.SMS:
        return short(letter, appointment, facts, text=words.short)
    return compose(letter, appointment, facts, title=words.title, text=words.text)


def compose(letter: str, appointment: Any, facts: dict[str, Any], *, title: str = "", text: str = "") -> Written:
    """The same by e-mail in these words; blank ones are Kept's."""
    own_title, _nothing, own_text = _rendered(f"messaging/{letter}.txt", appointment, facts | {"bare": bool(text)}).partition("\n")
    values = _values(appointment) | {"what": own_text.strip(), "title": own_title.strip()}
    filled = fill(text, values) if text else own_text
    return Written(fill(title or TITLE, values)[:200], re.sub(r"\n{3,}", "\n\n", filled.strip()) + "\n")


def short(letter: str, appointment: Any, facts: dict[str, Any], *, text: str = "") -> Written:
    """The same as a text message: one line, from whom, and how to get no more of them."""
    what = " ".join(_rendered(f"messaging/texts/{letter}.txt", appointment, facts).split())
    filled = fill(text or SHORT_TEXT, _values(appointment) | {"what": what})
    return Written("", f"{' '.join(filled.split())} {_('Reply STOP to get no more texts.')}")


def _rendered(template: str, appointment: Any, facts: dict[str, Any]) -> str:
    link = {"link": HIDDEN_LINK} if callable(facts.get("link")) else {}
    who = {"who": appointment.patient.first_name, "when": moment(appointment.starts_at, appointment.clinic.zone)}
    here = who | {"practice": appointment.practice, "clinic": appointment.clinic}
    return render_to_string(template, here | facts | link).strip()


def _values(appointment: Any) -> dict[str, Any]:
    """What the names in a practice's own words stand for."""
    clinic = appointment.clinic
    return {
        "first_name": appointment.patient.first_name,
        "when": moment(appointment.starts_at, clinic.zone),
        "practice": appointment.practice,
        "clinic": clinic,
        "phone": clinic.phone,
        "address": clinic.address,
    }


def cancelled(message: Message, at: datetime) -> dict[str, Any]:
    _is(message.appointment, Status.CANCELLED)
    return {"by_clinic": message.appointment.cancelled_for == Appointment.Asked.CLINIC, "late": message.appointment.late_cancel}


def moved(message: Message, at: datetime) -> dict[str, Any]:
    """Its time as it is when the letter goes, should it have moved once more."""
    _is(message.appointment, Status.BOOKED)
    return _manage(message, at)


def manage_link(message: Message, at: datetime) -> dict[str, Any]:
    """Asked for at the desk; also of a visit that was missed or called off."""
    managing.check_link(message.appointment)
    return _manage(message, at)


def booked(message: Message, at: datetime) -> dict[str, Any]:
    """The time as it is when the letter goes, with what was accepted for it, if anything was."""
    appointment = message.appointment
    _is(appointment, Status.BOOKED)
    acceptance, zone = appointment.acceptance or appointment.agreement, appointment.clinic.zone
    facts = {"provider": appointment.provider.name} | _manage(message, at)
    if acceptance is None:
        return facts
    return facts | {"acceptance": acceptance, "free_until": moment(acceptance.free_until, zone)}


def _manage(message: Message, at: datetime) -> dict[str, Any]:
    """With a link of its own to see, change and cancel the appointment."""
    return {"link": partial(managing.manage_link, message.appointment, at=at)}


def _is(appointment: Appointment, status: Status) -> None:
    if appointment.status != status:
        raise wrong_status(appointment, _("The appointment is %s by now.") % appointment.get_status_display().lower())


def receipt(message: Message, at: datetime) -> dict[str, Any]:
    payment = message.invoice.payments.select_related("charge__card").order_by("-at", "-id").first() if message.invoice else None
    if payment is None:
        raise Refusal("wrong_status", _("Nothing was paid."))
    invoice, zone = message.invoice, message.appointment.clinic.zone
    refunds = invoice.refunds.filter(state=Refund.State.SUCCEEDED).order_by("settled_at", "id")
    return {
        "invoice": invoice,
        "lines": list(invoice.lines.all()),
        "payment": payment,
        "paid_on": full_date(payment.at, zone),
        "refunds": [(refund.amount, full_date(refund.settled_at or refund.created_at, zone)) for refund in refunds],
    }


def refunded(message: Message, at: datetime) -> dict[str, Any]:
    refund = Refund.objects.select_related("charge__card").get(pk=message.subject_id)
    if refund.state != Refund.State.SUCCEEDED:
        raise Refusal("wrong_status", _("The refund did not go through."))
    return {"invoice": message.invoice, "refund": refund}


def payment_link(message: Message, at: datetime) -> dict[str, Any]:
    """A link of its own, as long as the patient can still pay by it."""
    charge = charge_of(message.invoice) if message.invoice else None
    if charge is None or charge.expires_at is None or not paying.open_to_her(charge, at=at):
        raise Refusal("wrong_status", _("There is nothing to pay any more."))
    until = short_day(charge.expires_at, message.appointment.clinic.zone)
    return {"invoice": message.invoice, "amount": charge.amount, "until": until, "link": partial(paying.another_link, charge, at=at)}


def card_reminder(message: Message, at: datetime) -> dict[str, Any]:
    """With a link of its own, while the card is awaited and not overdue."""
    appointment = message.appointment
    due_at, zone = appointment.card_due_at, appointment.clinic.zone
    if due_at is None or not promising.awaited().filter(pk=appointment.pk).exists():
        raise wrong_status(appointment, _("No card is awaited any more."))
    if due_at <= at:
        raise wrong_status(appointment, _("The time for the card is over."))
    releases = appointment.practice.settings.without_card == Settings.WithoutCard.RELEASE
    return {"due": moment(due_at, zone), "releases": releases, "link": partial(cards.card_link, appointment, by=None, at=at)}


def accept_again(message: Message, at: datetime) -> dict[str, Any]:
    """With a link of its own, while there are other terms to accept."""
    appointment = message.appointment
    cards.check_again(appointment, at=at)
    until = clock_time(appointment.starts_at, appointment.clinic.zone)
    return {"until": until, "link": partial(renewing.renewal_link, appointment, at=at)}


def released(message: Message, at: datetime) -> dict[str, Any]:
    if not promising.released(message.appointment):
        raise wrong_status(message.appointment, _("It is on the book again."))
    return {}


def card_link(message: Message, at: datetime) -> dict[str, Any]:
    appointment = message.appointment
    until = clock_time(appointment.starts_at, appointment.clinic.zone)
    return {"until": until, "link": partial(cards.card_link, appointment, by=message.queued_by, at=at)}
