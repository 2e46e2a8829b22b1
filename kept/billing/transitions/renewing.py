"""Consent anew: the policy or a price changed since it was accepted, and the clinic asks the patient to accept what holds today. Until
she does, what she accepted counts (R4)."""

from datetime import datetime

from django.conf import settings

from kept.billing.transitions.cards import check_again
from kept.events import journal
from kept.patients.models import Link
from kept.patients.transitions import give_link
from kept.practice.models import Member
from kept.practice.rules import Right
from kept.scheduling.models import Appointment


def ask_again(appointment: Appointment, *, by: Member, at: datetime) -> str:
    """The patient is asked: the address of a page on which she reads old and new terms, and accepts or does not, until the start.
    Raises Refusal `wrong_status`, `fee_not_available`, `not_permitted`."""
    by.must(Right.BOOK, appointment)
    appointment = Appointment.objects.locked(appointment)
    link = renewal_link(appointment, at=at)
    journal.record("policy.asked_again", appointment, by=by, at=at)
    return link


def renewal_link(appointment: Appointment, *, at: datetime) -> str:
    """Another address of that page. Raises Refusal `wrong_status`, `fee_not_available`."""
    check_again(appointment, at=at)
    token = give_link(appointment.patient, Link.Purpose.RENEW, subject_id=appointment.id, expires_at=appointment.starts_at, at=at)
    return f"{settings.BASE_URL}/card/{token}/"


def keep_earlier(appointment: Appointment, *, at: datetime) -> None:
    """The patient does not accept the new terms: what she accepted counts on, and the clinic reads that she was asked. She may
    still accept by the same link. Raises Refusal `wrong_status`, `fee_not_available`."""
    appointment = Appointment.objects.locked(appointment)
    check_again(appointment, at=at)
    journal.record("policy.kept_earlier", appointment, by=None, at=at)
