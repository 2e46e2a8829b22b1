"""Fees in sentences: what the panel, the dialog's result and the lists say of a fee's state. Money is never said before it is known."""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from kept.billing.models import DEPOSIT, Charge, Kind
from kept.billing.rules import MOST_TRIES, check_retry
from kept.billing.transitions.charging import LINK_EXPIRED
from kept.billing.words import how, reason
from kept.foundation.dates import clock_time, month_day
from kept.foundation.money import Money
from kept.foundation.refusals import refusal_by
from kept.noshows.models import GOES_ON, Decision, Fee
from kept.noshows.offers import WHY_NOT, decide_until
from kept.patients.privacy import called
from kept.scheduling.models import Appointment


@dataclass(frozen=True, slots=True)
class FeeWords:
    """`chip` is the look's key, `label` its own word where it has one ("Charges 6:00 PM")."""

    chip: str
    title: str
    text: str
    label: str = ""
    amount: Money | None = None
    trouble: bool = False


def fee_words(appointment: Appointment, fee: Fee | None, *, at: datetime) -> FeeWords:
    """The fee of an appointment that was missed, or cancelled, moved or begun late. `fee` carries `state`; None: no decision was ever
    asked for, as with imported visits."""
    if fee is None or fee.state == "not_offered":
        why_not = fee.why_not if fee else ("imported" if appointment.imported else "no_card")
        chip = "no_card" if why_not == "no_card" else "not_offered"
        return FeeWords(chip, _("No fee can be charged"), _sentence(WHY_NOT.get(why_not, "")))
    if fee.state == "undecided":
        return _undecided(appointment, fee, at)
    if fee.state == "spared" and fee.decision == Decision.SPARED or fee.charge is None:
        return _spared(appointment, fee, at)
    if fee.state == "paid" and fee.charge.kind == DEPOSIT:
        text = _("Nothing further was charged.")
        return FeeWords("paid", _("%s paid by the deposit") % fee.amount, text, _("Paid by deposit"), fee.amount)
    words = _of_charge(fee.state, fee.charge, called(appointment.patient), appointment, at)
    if not fee.charge.applied_minor or fee.state == "spared":
        return words
    of = _("Of the %(fee)s fee the deposit pays %(applied)s.") % {"fee": fee.amount, "applied": fee.charge.applied}
    return replace(words, text=f"{words.text.rstrip('.')}. {of}" if words.text else of)


def _undecided(appointment: Appointment, fee: Fee, at: datetime) -> FeeWords:
    zone, until = appointment.clinic.zone, decide_until(appointment)
    by = fee.by.name if fee.by else _("The system")
    left_open = {
        Kind.LATE_CANCEL: _("%(by)s cancelled it %(when)s."),
        Kind.LATE_RESCHEDULE: _("Moved late; left open by %(by)s %(when)s."),
        Kind.LATE_ARRIVAL: _("Came late; left open by %(by)s %(when)s."),
    }.get(Kind(fee.kind), _("%(by)s marked it %(when)s."))
    said = left_open if fee.of_a_visit_that_goes_on or fee.at == appointment.status_at else _("%(by)s undid the sparing %(when)s.")
    text = said % {"by": by, "when": _moment(fee.at, zone, at)}
    if at > until:
        text += " " + _("It could be decided until %s; now only by payment link.") % month_day(until, zone)
        return FeeWords("undecided", _("%s was not charged") % fee.amount, text, amount=fee.amount)
    text += " " + _("Decide until %s; later only by payment link.") % month_day(until, zone)
    return FeeWords("undecided", _("Charge %s or spare it?") % fee.amount, text, amount=fee.amount)


def _spared(appointment: Appointment, fee: Fee, at: datetime) -> FeeWords:
    zone, until = appointment.clinic.zone, decide_until(appointment)
    by = fee.by.name if fee.by else _("the system")
    text = _("Spared by %(by)s %(when)s.") % {"by": by, "when": _moment(fee.at, zone, at)}
    if fee.fee_reason:
        text += " " + _("Reason: %s.") % fee.fee_reason.rstrip(".")
    until_words = _("Can be undone until %s.") if at <= until else _("Could be undone until %s; now only by payment link.")
    text += " " + until_words % month_day(until, zone)
    return FeeWords("spared", _("%s not charged") % fee.amount, text, amount=fee.amount)


def _of_charge(state: str, charge: Charge, who: str, appointment: Appointment, at: datetime) -> FeeWords:
    zone, amount, card = appointment.clinic.zone, charge.amount, charge.card
    if state == "waiting":
        due = _moment(charge.due_at, zone, at)
        text = _("To %(card)s. Restore before then ends it, and %(who)s never sees a charge.") % {"card": card, "who": who}
        if charge.kind in GOES_ON:
            text = _("To %(card)s. Spare it before then, and %(who)s never sees a charge.") % {"card": card, "who": who}
        label = _("Charges %s") % clock_time(charge.due_at, zone)
        return FeeWords(state, _("%(amount)s is charged %(due)s") % {"amount": amount, "due": due}, text, label, amount)
    if charge.ending:
        text = _("Its card payment is cancelled first, so that it cannot be paid twice.")
        return FeeWords(state, _("Recording the payment") if charge.recording else _("Ending the fee"), text, amount=amount)
    ended = _("%s meanwhile. If it goes through, you decide on the invoice: refund or keep.") % charge.cancel_why
    if state == "charging":
        title = _("Charging %(amount)s to %(card)s") % {"amount": amount, "card": card}
        text = ended if charge.cancel_requested else _("The result appears here by itself.")
        return FeeWords(state, title, text, amount=amount)
    if state == "checking":
        text = _("Don’t charge again: this is asked until it is known, and appears here by itself.")
        text = ended if charge.cancel_requested else text
        return FeeWords(state, _("We don’t know yet if %s was charged") % amount, text, amount=amount, trouble=True)
    if state == "declined":
        over = None if charge.cancel_requested else refusal_by(partial(check_retry, charge, at=at))
        used = _("%(used)d of %(most)d tries in 30 days used.") % {"used": charge.attempt, "most": MOST_TRIES}
        tries = over.sentence if over else used
        text = f"{_sentence(reason(charge))}. {_('Nothing was charged.')} {tries}"
        return FeeWords(state, _("%s was declined") % card, text, amount=amount, trouble=True)
    if state == "needs_patient" and charge.with_her and charge.link_at and charge.expires_at:
        told = {"when": _moment(charge.link_at, zone, at), "until": month_day(charge.expires_at, zone)}
        text = _("Given out %(when)s. It works until %(until)s.") % told
        return FeeWords("link_sent", _("Payment link sent, not paid yet"), text, amount=amount)
    if state == "needs_patient":
        text = _("Nothing was charged. Only %s can answer it, by a payment link.") % who
        if charge.expires_at:
            text += " " + _("Without it the charge ends on %s.") % month_day(charge.expires_at, zone)
        return FeeWords(state, _("%s’s bank asks for confirmation") % who, text, amount=amount, trouble=True)
    if state == "failed" and charge.decline_code == LINK_EXPIRED:
        return FeeWords(state, _("The payment link was not used in time"), _("Nothing was charged."), amount=amount, trouble=True)
    if state == "failed":
        return FeeWords(
            state,
            _("The charge did not go through"),
            f"{_sentence(reason(charge))}. {_('Nothing was charged.')}",
            amount=amount,
            trouble=True,
        )
    if state in ("refunded", "part_refunded"):
        return _refunded(state, charge)
    if state == "disputed":
        return _disputed(charge)
    if state == "spared":
        return FeeWords(state, _("%s not charged") % amount, _("The fee was ended before it was charged."), amount=amount)
    when = _moment(charge.captured_at, zone, at) if charge.captured_at else ""
    if charge.by_hand:
        title = _("%(amount)s paid %(how)s") % {"amount": charge.captured, "how": how(charge.by_hand)}
        return FeeWords("paid", title, _("Recorded %s.") % when, _("Paid"), charge.captured)
    return FeeWords("paid", _("%(amount)s charged to %(card)s") % {"amount": charge.captured, "card": card}, when, amount=charge.captured)


def _refunded(state: str, charge: Charge) -> FeeWords:
    """To the card it came from; what was paid by hand is given back by hand."""
    card = None if charge.by_hand else charge.card
    if state == "refunded":
        text = _("To %s. Banks take 5 to 10 business days.") % card if card else _("Given back by hand.")
        return FeeWords(state, _("%s refunded") % charge.refunded, text, amount=charge.refunded)
    rest = charge.captured - charge.refunded
    text = _("To %(card)s. %(rest)s stays paid.") if card else _("Given back by hand. %(rest)s stays paid.")
    title = _("%(back)s of %(all)s refunded") % {"back": charge.refunded, "all": charge.captured}
    return FeeWords(state, title, text % {"card": card, "rest": rest}, amount=charge.refunded)


def _disputed(charge: Charge) -> FeeWords:
    if charge.dispute == Charge.Disputed.LOST:
        text = _("The bank decided for the patient, and the money is gone.")
        return FeeWords("disputed", _("%s lost in a dispute") % charge.captured, text, amount=charge.captured)
    text = _("The patient’s bank took it back and asks for evidence. Until that is decided nothing can be refunded.")
    return FeeWords("disputed", _("%s is disputed") % charge.captured, text, amount=charge.captured, trouble=True)


def _sentence(text: object) -> str:
    said = str(text)
    return said[:1].upper() + said[1:]


def _moment(at: datetime, zone: ZoneInfo, now: datetime) -> str:
    """As near as it needs: "today, 1:12 PM", or "Oct 13, 11:00 AM"."""
    same_day = at.astimezone(zone).date() == now.astimezone(zone).date()
    return _("today, %s") % clock_time(at, zone) if same_day else f"{month_day(at, zone)}, {clock_time(at, zone)}"
