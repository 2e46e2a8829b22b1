"""What tests of the dialogs and lists ask for, and read in the answers."""

from django.http import HttpResponse
from django.urls import reverse

from kept.scheduling.models import Appointment
from tests.kit.html import words


def mark_url(appointment: Appointment) -> str:
    return reverse("noshows:mark", args=[appointment.pk])


def restore_url(appointment: Appointment) -> str:
    return reverse("noshows:restore", args=[appointment.pk])


def now(appointment: Appointment) -> Appointment:
    return Appointment.objects.get(pk=appointment.pk)


def said(answer: HttpResponse, *sentences: str) -> None:
    """All of that can be read there."""
    text = words(answer)
    assert [sentence for sentence in sentences if sentence not in text] == [], text
