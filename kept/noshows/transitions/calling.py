"""Visits that await a card: the reminder, and what a call to the patient came to."""

from datetime import datetime
from uuid import UUID

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kept.events import journal
from kept.foundation import jobs
from kept.foundation.refusals import Refusal
from kept.messaging import transitions as messaging
from kept.messaging.models import Letter
from kept.messaging.reach import nowhere, ways
from kept.practice.models import Member
from kept.practice.rules import Right
from kept.scheduling.models import Appointment
from kept.scheduling.rules import check_version, wrong_status
from kept.scheduling.transitions import promising
from kept.scheduling.transitions.writing import write


class Result(TextChoices):
    """What a call came to."""

    NO_ANSWER = "no_answer", gettext_lazy("No answer")
    REACHED = "reached", gettext_lazy("Reached: will give the card")
    LINK = "link", gettext_lazy("Takes the card by the link, once more")
    WITHOUT = "without", gettext_lazy("Keep it without a card")


class WithoutWhy(TextChoices):
    """Why a visit is kept without a card."""

    KNOWN = "known", gettext_lazy("We know them well")
    CANNOT = "cannot", gettext_lazy("Can’t give a card online")
    PAID = "paid", gettext_lazy("Paid ahead another way")
    OURS = "ours", gettext_lazy("Our mistake or goodwill")


def check_awaited(appointment: Appointment, *, at: datetime) -> None:
    """Raises Refusal `wrong_status` unless it is booked and still to come, and its card is awaited."""
    if not promising.awaited().filter(pk=appointment.pk).exists() or at >= appointment.starts_at:
        raise wrong_status(appointment, _("No card is awaited for it any more."))


def called(appointment: Appointment, result: str, *, why: str = "", by: Member, at: datetime, version: int | None = None) -> Appointment:
    """The patient was called about the card. Who will give it has the whole time for it once more, by the link with a letter that brings
    one; a visit kept without a card awaits none any more, for a reason, and no fee can be charged for it. No answer: it is written down.

    Raises Refusal `invalid`, `reason_required`, `wrong_status`, `stale_version`, `not_permitted`.
    """
    by.must(Right.BOOK, appointment)
    if result not in Result.values:
        raise Refusal("invalid", _("Choose what the call came to."), field="result")
    if result == Result.WITHOUT and why not in WithoutWhy.values:
        raise Refusal("reason_required", _("Say why it is kept without a card."), field="why")
    if result == Result.LINK and not ways(Letter.CARD_LINK, appointment.patient, appointment.practice):
        raise Refusal("invalid", nowhere(appointment.patient), field="result")
    appointment = Appointment.objects.locked(appointment)
    check_awaited(appointment, at=at)
    check_version(appointment, version)
    journal.record("card.called", appointment, by=by, at=at, result=result)
    if result == Result.WITHOUT:
        return write(appointment, "card.waived", by=by, at=at, particulars={"why": why}, card_wanted=False, card_due_at=None)
    if result != Result.NO_ANSWER:
        promising.ask(appointment, at=at)
    if result == Result.LINK:
        messaging.queue(Letter.CARD_LINK, appointment, wanted=True, once=f"{at:%Y-%m-%d %H:%M}", by=by, at=at)
    return appointment


def remind(appointment_id: UUID | str, *, due: datetime, at: datetime) -> None:
    """Half of the time that the patient was given is over: one letter reminds her, where patients are told. Nothing of it once the card
    is there, or was promised by another time."""
    appointment = Appointment.objects.locked(Appointment(pk=appointment_id))
    awaits = appointment.card_due_at == due and promising.awaited().filter(pk=appointment.pk).exists()
    if not awaits:
        return
    if at < due:
        messaging.queue(Letter.CARD_REMINDER, appointment, once=due.isoformat(), by=None, at=at)
    jobs.defer("noshows.card_due", at=due, lock=f"card:{appointment.pk}", appointment_id=str(appointment.pk), due=due.isoformat())
