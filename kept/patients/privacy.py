"""What staff's screens call a patient: by name, and by initials while patients look on."""

from copy import copy

from kept.patients.models import Patient
from kept.patients.rules import initials, masked
from kept.practice.privacy import patients_look_on


def seen(patient: Patient) -> Patient:
    """As a screen may show a patient: while patients look on a copy, never to be saved, with initials for a name, and of the address as
    much as tells whether it is right."""
    if not patients_look_on():
        return patient
    patient = copy(patient)
    patient.first_name, patient.last_name = initials(patient.first_name, patient.last_name)
    patient.email = masked(patient.email)
    return patient


def called(patient: Patient) -> str:
    """The first name."""
    return seen(patient).first_name


def named(patient: Patient) -> str:
    """The whole name."""
    return seen(patient).name
