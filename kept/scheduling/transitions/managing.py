"""The link on which a patient sees, confirms, moves and cancels her own appointment."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from kept.events import journal
from kept.patients.models import Link
from kept.patients.transitions import give_link
from kept.practice.models import Member
from kept.practice.rules import Right
from kept.scheduling.models import Appointment, Status
from kept.scheduling.rules import wrong_status

AFTER = timedelta(days=7)  # the visit, and no less after it was given, to which the link works


def works_until(appointment: Appointment, *, at: datetime) -> datetime:
    """The end of a link that is given at that instant."""
    return max(appointment.ends_at, at) + AFTER


def manage_token(appointment: Appointment, *, at: datetime) -> str:
    """The token of a new link; those before work on."""
    until = works_until(appointment, at=at)
    return give_link(appointment.patient, Link.Purpose.MANAGE, subject_id=appointment.pk, expires_at=until, at=at)


def manage_link(appointment: Appointment, *, at: datetime) -> str:
    """The address of a new one, as a letter has it."""
    return f"{settings.BASE_URL}/manage/{manage_token(appointment, at=at)}/"


def check_link(appointment: Appointment) -> None:
    """Raises Refusal `wrong_status` where there is nothing for her to see."""
    if appointment.status == Status.ENTERED_IN_ERROR:
        raise wrong_status(appointment, _("It was entered in error, so there is nothing to show."))


def link_at_the_desk(appointment: Appointment, *, by: Member, at: datetime) -> str:
    """A new one for staff to hand on; its history says who made it. Raises Refusal `wrong_status`, `not_permitted`."""
    by.must(Right.BOOK, appointment)
    appointment = Appointment.objects.locked(appointment)
    check_link(appointment)
    journal.record("manage.link_given", appointment, by=by, at=at)
    return manage_link(appointment, at=at)
