"""A patient answers a no-show on her own page, and staff settle what she says."""

from datetime import datetime

from django.utils.translation import gettext as _

import kept.noshows.transitions.attendance as attendance
from kept.events import journal
from kept.foundation.refusals import Refusal
from kept.noshows.models import Answer
from kept.noshows.queries import answers_of
from kept.noshows.transitions import closing, fees
from kept.practice.models import Member
from kept.practice.rules import Right
from kept.scheduling.models import Appointment, Status
from kept.scheduling.rules import wrong_status

Outcome = Answer.Outcome


def say(appointment: Appointment, kind: Answer.Kind, text: str, *, at: datetime) -> Answer:
    """The patient says so to the no-show, of each kind once; sent twice it is said once. The no-show and its fee stay as they are until
    somebody settles it. Raises Refusal `wrong_status`."""
    appointment = Appointment.objects.locked(appointment)
    if appointment.status != Status.NOSHOW:
        raise wrong_status(appointment, _("It is not recorded as missed any more."))
    if found := next((each for each in answers_of(appointment) if each.kind == kind), None):
        return found
    answer = Answer.objects.create(practice_id=appointment.practice_id, appointment=appointment, kind=kind, text=text.strip(), at=at)
    journal.record("noshow.answered", appointment, by=None, at=at, answer=kind)
    return answer


def settle(answer: Answer, outcome: str, *, note: str = "", by: Member, at: datetime) -> Answer:
    """What becomes of it: the visit is `restored`, its fee is `spared` for that reason, or all of it `stays` with a note that the patient
    reads.

    Raises Refusal `wrong_status` where it is settled already, `reason_required` at `note`, and what restoring and sparing raise.
    """
    visit = answer.appointment
    by.must(Right.CHARGE if outcome == Outcome.SPARED else Right.MARK, visit)
    Appointment.objects.locked(visit)
    answer.refresh_from_db()
    if answer.outcome != Outcome.OPEN:
        raise _settled(answer)
    note = note.strip()
    if outcome != Outcome.RESTORED and not note:
        raise Refusal("reason_required", _("Say why, in a sentence."), field="note")
    if outcome == Outcome.RESTORED:
        attendance.restore(visit, by=by, at=at)
    elif outcome == Outcome.SPARED:
        fees.spare(visit, fee_reason=note[:200], by=by, at=at)
    else:
        closing.settled([answer], Outcome.STAYS, note=note, by=by, at=at)
    answer.refresh_from_db()
    return answer


def _settled(answer: Answer) -> Refusal:
    who = answer.settled_by.name if answer.settled_by else _("the system")
    when = answer.settled_at.isoformat() if answer.settled_at else None
    sentence = _("%(who)s settled it already: %(outcome)s.") % {"who": who, "outcome": answer.get_outcome_display().lower()}
    return Refusal("wrong_status", sentence, by=who, at=when)
