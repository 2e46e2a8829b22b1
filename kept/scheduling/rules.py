"""Clauses of the book. Pure functions."""

from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from kept.foundation import clock
from kept.foundation.dates import moment, short_day
from kept.foundation.refusals import Refusal

if TYPE_CHECKING:
    from kept.scheduling.entries import Entry
    from kept.scheduling.models import Appointment

LAST_REMINDER = timedelta(minutes=30)  # before the card is due: a later one would only hurry her


def display(appointment: "Appointment | Entry", *, at: Any) -> str:
    """What a screen shows an appointment as: the first that fits. `at` is an instant of the kind it holds: aware, or epoch seconds."""
    status = appointment.status
    stamps = [
        (status == "noshow", "noshow"),
        (status == "cancelled" and appointment.late_cancel, "late_cancel"),
        (status in ("cancelled", "entered-in-error"), "cancelled"),
        (status == "fulfilled", "completed"),
        (status == "arrived" and appointment.treatment_at is not None, "in_treatment"),
        (status == "arrived", "arrived"),
        (appointment.ends_at <= at, "needs_outcome"),
        (appointment.card_wanted and appointment.acceptance_id is None and at < appointment.starts_at, "awaiting_card"),
        (appointment.confirmed_at is not None, "confirmed"),
    ]
    return next((name for fits, name in stamps if fits), "booked")


def needs_outcome(appointment: "Appointment | Entry", *, at: Any) -> bool:
    """Whether somebody has yet to say how it ended: its end is past, and she is booked still or here still. `at` as for `display`."""
    return appointment.status in ("booked", "arrived") and appointment.ends_at <= at


def card_due(asked_at: datetime, starts_at: datetime, *, within: timedelta, before: timedelta) -> datetime:
    """By when a card is promised that is asked for now: within that time, and so long before the start; at once where that is past."""
    return max(asked_at, min(asked_at + within, starts_at - before))


def card_reminder(asked_at: datetime, due_at: datetime, zone: tzinfo) -> datetime | None:
    """When the patient is reminded of it, once: half-way, or in the morning where that is in the night. None: there is no time for it."""
    at = clock.awake(asked_at + (due_at - asked_at) / 2, zone)
    return at if at < due_at - LAST_REMINDER else None


def check_move(appointment: "Appointment", to: str) -> None:
    """Raises Refusal `wrong_status`, naming who and when, where the table of moves has no such move (R2)."""
    from kept.scheduling.models import MOVES, Status

    if to in MOVES.get(appointment.status, ()):
        return
    by, when = appointment.status_by, appointment.status_at
    words = {
        "is": Status(appointment.status).label,
        "to": Status(to).label,
        "who": by.name if by else _("the system"),
        "when": moment(when, appointment.clinic.zone) if when else "",
    }
    if appointment.status == to:
        sentence = _("Already %(is)s: %(who)s marked it on %(when)s.")
    elif when:
        sentence = _("It is %(is)s since %(when)s, marked by %(who)s, so it can’t become %(to)s.")
    else:
        sentence = _("It is %(is)s, so it can’t become %(to)s.")
    raise wrong_status(appointment, sentence % words)


def check_restorable(appointment: "Appointment", *, at: datetime) -> None:
    """Raises Refusal `wrong_status` unless it is a no-show (R9), or was cancelled and its time is not past (R13)."""
    status = appointment.status
    if status == "noshow" or status == "cancelled" and at < appointment.starts_at:
        return
    if status == "cancelled":
        raise wrong_status(appointment, _("It was cancelled and its time is past. Record a visit afterwards instead."))
    raise wrong_status(appointment, _("It is %s, so there is nothing to restore.") % appointment.get_status_display())


def check_reschedulable(appointment: "Appointment") -> None:
    """Raises Refusal `wrong_status` unless it is booked, saying what would make it so."""
    sentence = {
        "arrived": _("The patient is checked in. Undo the check-in to move it."),
        "fulfilled": _("It is completed. Reopen it to move it."),
        "noshow": _("It was missed. Restore it, at another time if you like."),
        "cancelled": _("It was cancelled. Restore it, at another time if you like."),
        "entered-in-error": _("It was entered in error and stands on the book no more."),
    }.get(appointment.status)
    if sentence:
        raise wrong_status(appointment, sentence)


def check_cancellable(appointment: "Appointment", *, at: datetime) -> None:
    """Raises Refusal `wrong_status` unless it is booked and has not started: from then on it is a no-show (R14)."""
    check_move(appointment, "cancelled")
    if at >= appointment.starts_at:
        raise wrong_status(appointment, _("It has started, so it can’t be cancelled. Mark it as a no-show."))


def check_start(appointment: "Appointment", starts_at: datetime, *, at: datetime) -> None:
    """Raises Refusal `invalid` for a move to a day that is past. Earlier on the clinic's today, or on the visit's own day, it sets the
    record right, and is recorded afterwards (R16)."""
    day = appointment.clinic.local_date(starts_at)
    if starts_at < at and day not in (appointment.clinic.local_date(at), appointment.local_date):
        raise Refusal("invalid", _("That day is past. Choose another, or book the visit again as recorded afterwards."), field="start")


def wrong_status(appointment: "Appointment", sentence: str) -> Refusal:
    """The refusal of an act that the appointment's status does not allow; it carries who gave it that status, and when."""
    by, when = appointment.status_by, appointment.status_at
    return Refusal("wrong_status", sentence, by=by.name if by else None, at=when.isoformat() if when else None)


def check_version(appointment: "Appointment", version: int | None) -> None:
    """Raises Refusal `stale_version` when it was decided on a page that shows an older state. None: whatever the state."""
    if version is not None and version != appointment.version:
        raise Refusal("stale_version", _("Somebody changed this appointment meanwhile. Look at it again, then decide."))


def day_of_refusal(appointment: "Appointment", *, at: datetime) -> Refusal | None:
    """Why attendance can't be recorded yet (R1): it opens on the appointment's own date, by the clinic's calendar. None: it can."""
    if appointment.clinic.local_date(at) >= appointment.local_date:
        return None
    first = appointment.local_date
    return Refusal(
        "too_early",
        _("Opens on the day of the appointment, %s.") % short_day(appointment.starts_at, appointment.clinic.zone),
        opens_on=first.isoformat(),
    )
