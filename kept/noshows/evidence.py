"""The evidence of a disputed fee, in the gateway's own fields: what the patient accepted, when and from where, the booking, what she was
told, and that she did not come. Never a treatment, never a note (I16)."""

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kept.billing import paper
from kept.billing.models import DEPOSIT, Charge, Dispute, Kind, Refund
from kept.events.models import Event
from kept.foundation.dates import clock_time, full_date
from kept.messaging.models import Message
from kept.messaging.queries import of_appointment
from kept.scheduling.models import Appointment, Status
from kept.scheduling.queries import accepted_for

LONGEST = 20_000  # characters of a text field at the gateway
TOLD = {
    "appointment.booked": gettext_lazy("Appointment booked"),
    "card.link_given": gettext_lazy("Link to the policy and the card page given to the customer"),
    "policy.accepted": gettext_lazy("Policy accepted and card given by the customer"),
    "policy.asked_again": gettext_lazy("Customer asked to accept terms that had changed"),
    "policy.kept_earlier": gettext_lazy("Customer kept the terms accepted before"),
    "appointment.confirmed": gettext_lazy("Appointment confirmed"),
    "appointment.moved": gettext_lazy("Appointment moved"),
    "appointment.arrived": gettext_lazy("Customer checked in"),
    "appointment.noshow": gettext_lazy("Marked as a no-show"),
    "appointment.restored": gettext_lazy("No-show withdrawn"),
    "appointment.cancelled": gettext_lazy("Appointment cancelled"),
}
TITLES = {
    "customer_name": gettext_lazy("Customer"),
    "customer_email_address": gettext_lazy("E-mail address"),
    "customer_purchase_ip": gettext_lazy("Address from which the policy was accepted"),
    "product_description": gettext_lazy("What was sold"),
    "service_date": gettext_lazy("Date of the appointment"),
    "cancellation_policy_disclosure": gettext_lazy("How the policy was shown and accepted"),
    "cancellation_rebuttal": gettext_lazy("Why the fee is due"),
    "access_activity_log": gettext_lazy("What happened, with times"),
    "uncategorized_text": gettext_lazy("What the customer was written, and refunds"),
}


@dataclass(frozen=True, slots=True)
class Packet:
    """Text by the gateway's field; `missing` says in words what would make it stronger."""

    dispute: Dispute
    fields: dict[str, str]
    missing: list[str]

    @property
    def sections(self) -> list[tuple[str, str]]:
        return [(str(TITLES[name]), text) for name, text in self.fields.items()]


def packet(charge: Charge, dispute: Dispute, *, added: str = "") -> Packet:
    """What there is on that fee; `added` is a sentence of the staff's own."""
    appointment, patient = charge.appointment, charge.patient
    letters = list(of_appointment(appointment).filter(state=Message.State.SENT))
    acceptance = appointment.acceptance
    fields = {
        "customer_name": patient.name,
        "customer_email_address": patient.email,
        "customer_purchase_ip": (acceptance.address or "") if acceptance else "",
        "product_description": _("Cancellation fee for an appointment whose time was reserved for this customer alone."),
        "service_date": appointment.local_date.isoformat(),
        "cancellation_policy_disclosure": _disclosure(appointment),
        "cancellation_rebuttal": _rebuttal(appointment, charge),
        "access_activity_log": _log(appointment),
        "uncategorized_text": _letters(appointment, letters, charge, added),
    }
    missing = [
        sentence
        for sentence, there in (
            (_("The patient has no e-mail address."), patient.email),
            (_("The address from which the policy was accepted is not known."), fields["customer_purchase_ip"]),
            (_("No letter about this appointment was sent."), letters),
        )
        if not there
    ]
    return Packet(dispute, {name: text[:LONGEST] for name, text in fields.items() if text}, missing)


def _when(at: datetime, appointment: Appointment) -> str:
    zone = appointment.clinic.zone
    return f"{full_date(at, zone)}, {clock_time(at, zone)} ({zone.key})"


def _disclosure(appointment: Appointment) -> str:
    acceptance = appointment.acceptance
    if acceptance is None:
        return ""
    how = _(
        "The customer was shown this text and accepted it by ticking a box, by %(channel)s, on %(when)s, from address %(address)s with "
        "%(agent)s, in the language %(locale)s, and then gave the card. It is version %(number)d of the policy; its SHA-256 fingerprint is "
        "%(hash)s."
    ) % {
        "channel": acceptance.get_channel_display(),
        "when": _when(acceptance.accepted_at, appointment),
        "address": acceptance.address or "-",
        "agent": acceptance.agent or "-",
        "locale": acceptance.locale,
        "number": acceptance.version.number,
        "hash": acceptance.text_hash,
    }
    earlier = [
        _(
            "Before that, on %(when)s, the customer had accepted version %(number)d, from address %(address)s with %(agent)s, in the "
            "language %(locale)s; its SHA-256 fingerprint is %(hash)s:\n\n%(text)s"
        )
        % {
            "when": _when(each.accepted_at, appointment),
            "number": each.version.number,
            "address": each.address or "-",
            "agent": each.agent or "-",
            "locale": each.locale,
            "hash": each.text_hash,
            "text": each.text,
        }
        for each in accepted_for(appointment)[1:]
    ]
    return "\n\n".join([how, acceptance.text, *earlier])


def _rebuttal(appointment: Appointment, charge: Charge) -> str:
    acceptance = appointment.acceptance
    said = [
        _("The appointment was booked on %(booked)s for %(start)s.")
        % {"booked": _when(appointment.booked_at, appointment), "start": _when(appointment.starts_at, appointment)}
    ]
    if acceptance:
        said.append(_("By the accepted policy it was free to change or cancel until %s.") % _when(acceptance.free_until, appointment))
    if appointment.status == Status.NOSHOW and appointment.status_at:
        said.append(_("The customer did not come; this was recorded on %s.") % _when(appointment.status_at, appointment))
    if charge.kind == Kind.LATE_CANCEL and appointment.status == Status.CANCELLED and appointment.status_at:
        said.append(_("The customer cancelled it on %s, after that.") % _when(appointment.status_at, appointment))
    if charge.kind == Kind.LATE_RESCHEDULE and (left := _left(appointment, charge)):
        said.append(_("The customer had it moved from %(start)s on %(when)s, after that.") % left)
    if charge.kind == Kind.LATE_ARRIVAL and appointment.arrived_at:
        said.append(_("The customer came late: this was recorded on %s.") % _when(appointment.arrived_at, appointment))
    if charge.kind == DEPOSIT:
        said.append(_("The customer paid this herself as a deposit when the appointment was booked, as the accepted text says."))
        return " ".join(said)
    most = acceptance.most(charge.kind) if acceptance else charge.amount
    said.append(_("The fee of %(fee)s is within the %(most)s that the customer accepted.") % {"fee": charge.amount, "most": most})
    return " ".join(said)


def _left(appointment: Appointment, charge: Charge) -> dict[str, str] | None:
    """The time that it was moved away from, and when."""
    past = appointment.history.filter(booking_no=charge.booking_no).order_by("pgh_id").last()  # type: ignore[attr-defined]  # by @remembered
    if past is None:
        return None
    moves = Event.objects.filter(subject_id=appointment.pk, kind="appointment.moved", at__lte=charge.created_at)
    move = moves.filter(particulars__before__start=past.starts_at.isoformat()).order_by("at", "id").last()
    if move is None:
        return None
    return {"start": _when(past.starts_at, appointment), "when": _when(move.at, appointment)}


def _log(appointment: Appointment) -> str:
    events = Event.objects.filter(subject_id=appointment.pk, kind__in=TOLD).order_by("at", "id")
    return "\n".join(f"{_when(event.at, appointment)}: {_told(event)}" for event in events)


def _told(event: Event) -> str:
    if event.kind == "policy.accepted" and "card" not in event.particulars:
        return _("Policy accepted by the customer")
    return str(TOLD[event.kind])


def _letters(appointment: Appointment, letters: Sequence[Message], charge: Charge, added: str) -> str:
    lines = [
        f"{_when(each.ended_at or each.queued_at, appointment)}, e-mail to {each.to}: {each.title}\n{each.text}"
        for each in reversed(letters)
    ]
    refunds = charge.refunds.filter(state=Refund.State.SUCCEEDED).order_by("settled_at", "id")
    lines += [
        _("Refunded on %(when)s: %(amount)s") % {"when": _when(each.settled_at or each.created_at, appointment), "amount": each.amount}
        for each in refunds
    ]
    return "\n\n".join([*([added.strip()] if added.strip() else []), *lines])


def archive(found: Packet, charge: Charge) -> bytes:
    """All of it as a ZIP: a PDF to read, the receipt, each field as text, and the fields as JSON."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as files:
        title = _("Evidence for dispute %s") % found.dispute.gateway_dispute_id
        files.writestr("evidence.pdf", paper.sections(title, charge.appointment.practice.name, found.sections))
        if charge.invoice:
            files.writestr(f"{charge.invoice}.pdf", paper.receipt(charge.invoice))
        for name, text in found.fields.items():
            files.writestr(f"fields/{name}.txt", text)
        files.writestr("evidence.json", json.dumps(found.fields, indent=2))
    return buffer.getvalue()
