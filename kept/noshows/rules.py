"""What may become of a fee, by its state. Pure: `fee` carries `state`, and its charge as it is under the lock."""

from datetime import datetime
from typing import Protocol

from django.utils.translation import gettext as _

from kept.billing.rules import check_unpaid, under_way
from kept.foundation.dates import clock_time, full_date
from kept.foundation.refusals import Refusal
from kept.noshows.models import MOVING, Decision, Fee
from kept.noshows.offers import WHY_NOT, costs, decide_until, due_from, stands
from kept.scheduling.models import Appointment
from kept.scheduling.rules import wrong_status


class Check(Protocol):
    """Raises the Refusal of an act on a fee."""

    def __call__(self, appointment: Appointment, fee: Fee, *, at: datetime) -> None: ...


TO_DECIDE = ("undecided", "spared")
UNPAID = ("undecided", "waiting", "declined", "needs_patient", "failed")


def check_decidable(appointment: Appointment, fee: Fee | None) -> Fee:
    """The fee of a visit that was missed, or cancelled, moved or begun late. Raises Refusal `wrong_status`, or `fee_not_available` with
    the reason why there is none."""
    if not (stands(appointment, fee) if fee else costs(appointment)):
        raise wrong_status(appointment, _("It is %s, so there is no fee to decide.") % appointment.get_status_display())
    if fee is None or fee.state == "not_offered":
        why_not = fee.why_not if fee else "imported"
        raise Refusal("fee_not_available", _("No fee can be charged: %s") % WHY_NOT.get(why_not, ""), reason=why_not)
    return fee


def check_charge(appointment: Appointment, fee: Fee, *, at: datetime) -> None:
    """Undecided or spared, and not too late (R7e)."""
    if fee.state not in TO_DECIDE:
        raise _settled(appointment, fee)
    _check_in_time(appointment, at)


def check_charge_now(appointment: Appointment, fee: Fee, *, at: datetime) -> None:
    """It waits, and the late minutes are over (R7d)."""
    if fee.state != "waiting":
        raise _settled(appointment, fee)
    missed_at = due_from(appointment, fee.kind)
    if missed_at and at < missed_at:
        text = _("It is not charged before %s: until then the patient may still come.") % clock_time(missed_at, appointment.clinic.zone)
        raise Refusal("too_early", text, chargeable_from=missed_at.isoformat())


def check_spare(appointment: Appointment, fee: Fee, *, at: datetime) -> None:
    """Nothing was charged, as far as is known: a charge that is under way is followed to its end (R12)."""
    moving = fee.state in MOVING and fee.decision == Decision.CHARGE
    if fee.state not in UNPAID and not moving:
        raise _settled(appointment, fee)
    if fee.charge and fee.decision == Decision.CHARGE:
        check_unpaid(fee.charge)
    if fee.state == "undecided":
        _check_in_time(appointment, at)


def check_unspare(appointment: Appointment, fee: Fee, *, at: datetime) -> None:
    """It was spared, and it is not too late (R7e)."""
    if fee.state != "spared":
        raise _settled(appointment, fee)
    _check_in_time(appointment, at)


def _check_in_time(appointment: Appointment, at: datetime) -> None:
    until = decide_until(appointment)
    if at > until:
        text = _("It could be decided until %s. Later only by payment link.") % full_date(until, appointment.clinic.zone)
        raise Refusal("fee_not_available", text, reason="too_late")


def _settled(appointment: Appointment, fee: Fee) -> Refusal:
    """Somebody or something was faster, or it is another state altogether."""
    if fee.state in MOVING:
        return under_way()
    who, when = fee.by.name if fee.by else _("the system"), clock_time(fee.at, appointment.clinic.zone)
    sentence = {
        "undecided": _("It is still to be decided."),
        "waiting": _("It is to be charged already: %(who)s decided it at %(when)s."),
        "paid": _("It is paid already. To give it back, refund it."),
        "part_refunded": _("It is paid already. To give it back, refund it."),
        "refunded": _("It was paid and refunded."),
        "disputed": _("It was paid, and the patient’s bank disputes it."),
        "spared": _("It is spared already: %(who)s decided it at %(when)s."),
    }.get(fee.state, _("It is unpaid. Collect it, or spare it."))
    return Refusal("wrong_status", sentence % {"who": who, "when": when}, by=who, at=fee.at.isoformat())
