"""The journal as a member may read it: what was done in her practice, and at which clinics."""

from django.db.models import Exists, OuterRef, QuerySet

from kept.billing.models import Charge, Invoice, Refund
from kept.events.models import Event
from kept.practice.models import Clinic, Member
from kept.practice.rules import Right
from kept.scheduling.models import Appointment

# Where a subject leads to a clinic.
PLACES = [(Clinic, "pk"), (Appointment, "clinic"), (Charge, "appointment__clinic"), (Invoice, "clinic"), (Refund, "invoice__clinic")]


def events(member: Member) -> QuerySet[Event]:
    """What was done, without what belongs to a clinic she was not given (R24). Raises Refusal `not_permitted`."""
    member.must(Right.SEE_AUDIT)
    found = Event.objects.filter(practice=member.practice_id)
    if member.clinic_limits:
        for model, clinic in PLACES:
            of_subject = model._default_manager.filter(pk=OuterRef("subject_id"))
            found = found.exclude(Exists(of_subject.exclude(**{f"{clinic}__in": member.clinic_limits})))
    return found
