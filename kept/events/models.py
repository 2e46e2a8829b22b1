"""The journal's rows: what happened in the clinic's words, and who looked at a record. Added to, never changed."""

from django.db import models

from kept.foundation.history import said
from kept.foundation.models import OfPractice, code
from kept.foundation.walls import walls


class Event(OfPractice):
    """One thing that happened to one subject. Particulars hold ids, codes and amounts, never names or health details."""

    kind = code(max_length=60)
    subject_kind = code()
    subject_id = models.UUIDField()
    at = models.DateTimeField()
    by_id = models.UUIDField(null=True)
    actor = models.TextField(db_default=said("app.actor"))
    source = models.TextField(db_default=said("app.source"))
    particulars = models.JSONField(default=dict)

    class Meta:
        constraints = [
            *walls("events_event", append_only=True),
            models.CheckConstraint(name="event_actor_named", condition=~models.Q(actor="")),
        ]
        indexes = [
            models.Index(fields=["practice", "subject_id", "at", "id"], name="event_of_subject"),
            models.Index(fields=["practice", "-at", "-id"], name="event_newest"),
        ]


class Access(OfPractice):
    """A patient's record was opened, searched or exported (R25): who, what, when, from where."""

    what = code(max_length=60)
    patient_id = models.UUIDField(null=True)
    at = models.DateTimeField()
    actor = models.TextField(db_default=said("app.actor"))
    source = models.TextField(db_default=said("app.source"))

    class Meta:
        constraints = walls("events_access", append_only=True)
        indexes = [
            models.Index(fields=["practice", "patient_id", "at"], name="access_of_patient"),
            models.Index(fields=["practice", "-at", "-id"], name="access_newest"),
        ]
