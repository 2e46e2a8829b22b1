"""A patient's records are locked after what is theirs (visits, charges, the patient), as by everybody: so nobody waits in a circle."""

from collections.abc import Iterable
from uuid import UUID

from kept.billing.models import Charge
from kept.patients.models import Patient
from kept.scheduling.models import Appointment


def locked(records: Iterable[UUID], *, moving: Iterable[UUID]) -> dict[UUID, Patient]:
    """The records as they are now, locked until the end of the transaction after the visits and charges of those that are `moving`."""
    theirs = list(moving)
    list(Appointment.objects.filter(patient__in=theirs).order_by("id").select_for_update(no_key=True).values_list("pk"))
    list(Charge.objects.filter(patient__in=theirs).order_by("id").select_for_update(no_key=True).values_list("pk"))
    return {each.pk: each for each in Patient.objects.filter(pk__in=list(records)).order_by("id").select_for_update()}
