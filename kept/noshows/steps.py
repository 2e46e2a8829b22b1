"""What may be done next about a fee that is not paid: asked without changing anything, by the result of a mark and by the panel."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from kept.billing.acts import acts
from kept.noshows.actions import fee_acts
from kept.noshows.models import Decision, Fee
from kept.noshows.offers import decide_until, due_from, stands
from kept.noshows.transitions.links import STILL_AGREED
from kept.practice.models import Member
from kept.practice.rules import Right
from kept.scheduling.models import Appointment

STOPPED = ("declined", "needs_patient", "failed")


@dataclass(frozen=True, slots=True)
class Step:
    """`key` is what the form sends; `label` a button's word."""

    key: str
    icon: str
    label: str
    title: str
    text: str


def steps(appointment: Appointment, fee: Fee | None, member: Member, *, at: datetime) -> list[Step]:
    """In the order of the dialog. Nothing is chosen in advance (R6)."""
    if fee is None or fee.is_moving:
        return []
    charge = fee.charge if fee.decision == Decision.CHARGE else None
    if charge:
        charge.appointment = appointment
    can = acts(charge, member, at=at)
    found = []
    if may_ask_to_pay(appointment, fee, member, at=at):
        text = _("A link for their own phone, with a QR code, or by e-mail. Works for 14 days.")
        label = _("New payment link") if charge and charge.with_her else _("Send payment link")
        found.append(Step("link", "send", label, _("Send a payment link"), text))
    if charge and can.retry:
        text = _("Banks often decline again within 24 hours.")
        found.append(Step("retry", "refresh-cw", _("Retry"), _("Retry %s") % charge.card, text))
    if can.record:
        text = _("Paid another way: cash, card terminal, transfer or other.")
        found.append(Step("record", "banknote", _("Record payment"), _("Record payment"), text))
    if charge and fee.state in STOPPED and "spare" in fee_acts(appointment, member, fee, at=at):
        text = _("Cancels the invoice by a credit note. Asks for a fee reason. What happened stays recorded.")
        found.append(Step("spare", "circle-slash", _("Spare"), _("Spare"), text))
    return found


def may_ask_to_pay(appointment: Appointment, fee: Fee, member: Member, *, at: datetime) -> bool:
    """Whether a payment link is the way: of a charge that stopped, of a fee that it is too late to decide about (R7e), or of one that
    only its card stood against."""
    if not stands(appointment, fee) or not member.may(Right.COLLECT, appointment):
        return False
    if fee.decision == Decision.CHARGE:
        return acts(fee.charge, member, at=at).link
    if fee.decision in (Decision.UNDECIDED, Decision.SPARED):
        return at > decide_until(appointment)
    agreed = fee.why_not in STILL_AGREED and appointment.acceptance_id is not None
    return fee.decision == Decision.NOT_OFFERED and agreed and at >= (due_from(appointment, fee.kind) or at)
