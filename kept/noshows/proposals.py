"""What Kept proposes about a fee: to give it up, where its patient took a new time or its time was booked again (R7c). It never
charges."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from kept.billing.models import Kind
from kept.foundation.dates import clock_span, moment, short_day
from kept.noshows.chances import Taken, taken_anew
from kept.noshows.models import Fee
from kept.noshows.offers import costs
from kept.noshows.refilling import filled_by, left_filled
from kept.noshows.rules import UNPAID
from kept.practice.models import Settings
from kept.scheduling.models import Appointment

PAID = ("paid", "part_refunded")


@dataclass(frozen=True, slots=True)
class Proposal:
    """Spare or lower the fee, or where it is paid refund it. `why` is a code, `reason` what the fee's reason would say; `brief` fits a
    list."""

    rival: Appointment
    paid: bool
    why: str
    reason: str
    brief: str
    text: str


@dataclass(frozen=True, slots=True)
class Grounds:
    """What proposals about these visits rest on, by their ids."""

    anew: Mapping[UUID, Taken]
    filled: Mapping[UUID, Appointment]

    @classmethod
    def of(cls, appointments: Sequence[Appointment]) -> "Grounds":
        return cls(taken_anew(appointments), filled_by(appointments))


def proposal(appointment: Appointment, fee: Fee | None, grounds: Grounds) -> Proposal | None:
    """What is proposed about that fee of a visit missed, or cancelled late, `fee` carrying its state: what the accepted version says of a
    new time first, then what the practice wants of a time that was filled. None where the fee was kept on purpose, or nothing is left to
    give up."""
    if fee is None or fee.of_a_visit_that_goes_on or not _may_go(fee):
        return None
    if anew := grounds.anew.get(appointment.pk):
        return _of_a_new_time(anew, fee.state in PAID)
    return _of_a_filled_time(appointment, fee, grounds.filled.get(appointment.pk))


def proposal_for(appointment: Appointment, fee: Fee | None) -> Proposal | None:
    """The same for one appointment, its grounds looked up; of a late move, whether the time that it left was booked again."""
    if fee is None or not _may_go(fee):
        return None
    if fee.kind == Kind.LATE_RESCHEDULE:
        return _of_a_filled_time(appointment, fee, left_filled(appointment, fee))
    return proposal(appointment, fee, Grounds.of([appointment])) if costs(appointment) else None


def _may_go(fee: Fee) -> bool:
    return not fee.kept_on_purpose and fee.state in UNPAID + PAID


def _of_a_new_time(anew: Taken, paid: bool) -> Proposal:
    said = {"when": moment(anew.visit.starts_at, anew.visit.clinic.zone), "hours": anew.chance.within}
    if not anew.sure:
        text = (
            _("Booked online by her name and e-mail, %(when)s, within %(hours)d h: see that it is she. Her terms give up the fee then.")
            % said
        )
    elif paid:
        text = _("%(when)s, taken within %(hours)d h. By her terms the fee may be refunded on its invoice.") % said
    else:
        text = _("%(when)s, taken within %(hours)d h. Her terms propose to spare the fee.") % said
    return Proposal(anew.visit, paid, "new_time", _("The patient took a new time"), _("New time taken"), text)


def _of_a_filled_time(appointment: Appointment, fee: Fee, rival: Appointment | None) -> Proposal | None:
    if rival is None or appointment.practice.settings.when_filled == Settings.WhenFilled.NOTHING:
        return None
    paid = fee.state in PAID
    span = clock_span(rival.starts_at, rival.ends_at, rival.clinic.zone)
    if fee.of_a_visit_that_goes_on:
        span = f"{short_day(rival.starts_at, rival.clinic.zone)}, {span}"
    if paid:
        text = _("Another visit has it, %s. The fee may be refunded on its invoice.") % span
    else:
        text = _("Another visit has it, %s. The fee may be spared, or lowered.") % span
    return Proposal(rival, paid, "filled", _("The time was booked again"), _("Time booked again"), text)
