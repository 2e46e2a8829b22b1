"""Reading letters."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from kept.messaging.models import LOST, Message, Wording
from kept.patients.models import Patient
from kept.practice import queries as practice
from kept.practice.models import Member, Practice
from kept.scheduling.models import Appointment

MOST_LOST = 100


def messages(member: Member) -> QuerySet[Message]:
    """All she may see, newest first: of appointments in her clinics, of a provider's own."""
    found = Message.objects.filter(appointment__in=Appointment.objects.filter(practice.own(member)))
    return found.select_related("patient", "appointment__clinic", "invoice", "queued_by").order_by("-queued_at", "-id")


def of_patient(member: Member, patient: Patient) -> QuerySet[Message]:
    """A patient's letters, newest first."""
    return messages(member).filter(patient=patient)


def of_appointment(appointment: Appointment) -> QuerySet[Message]:
    """An appointment's letters, newest first."""
    return Message.objects.filter(appointment=appointment).select_related("queued_by").order_by("-queued_at", "-id")


def lost(member: Member, *, clinics: Sequence[Any] = ()) -> QuerySet[Message]:
    """Letters that did not go or did not arrive, and of which nobody said that she has seen to it; the oldest first. A page shows MOST_LOST
    of them."""
    found = messages(member).filter(LOST, settled_at=None).order_by("queued_at", "id")
    return found.filter(appointment__clinic__in=clinics) if clinics else found


def told_by_itself(practice: Practice, letter: str) -> bool:
    """Whether that letter goes where nobody says otherwise: the practice tells its patients, and has not turned this one off."""
    return practice.settings.tell_patients and not Wording.objects.filter(practice=practice, letter=letter, on=False).exists()
