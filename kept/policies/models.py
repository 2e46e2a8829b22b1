"""The cancellation policy: versions that never change once published, and the proof that a patient accepted one."""

from django.db import models
from django.utils.functional import cached_property

from kept.foundation.history import remembered
from kept.foundation.models import OfPractice, code, within
from kept.foundation.money import Money
from kept.foundation.walls import fixed, walls
from kept.policies.document import Document, Kind


@remembered("Policy")
class Policy(OfPractice):
    """The practice's policy: whether fees may be charged at all, and the version that bookings are made under from now on."""

    fees_on = models.BooleanField(default=False)
    current = within("policies.PolicyVersion", null=True, blank=True)

    class Meta:
        constraints = [
            *walls("policies_policy", current="policies_policyversion"),
            models.UniqueConstraint(fields=["practice"], name="policy_once"),
        ]


class PolicyVersion(OfPractice):
    """What was published: its texts, and as `document` its rows of who and what, how late, how much."""

    number = models.PositiveIntegerField()
    description = models.TextField()
    authorization_text = models.TextField()
    currency = code(max_length=3)
    document = models.JSONField()
    published_at = models.DateTimeField()
    published_by = within("practice.Member")
    what_changed = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            *walls("policies_policyversion", published_by="practice_member"),
            models.UniqueConstraint(fields=["practice", "number"], name="policy_version_once"),
            fixed("policies_policyversion"),
        ]

    @cached_property
    def terms(self) -> Document:
        return Document.model_validate(self.document)

    @property
    def late_minutes(self) -> int:
        """After the start, from when a patient counts as missed (R7d)."""
        return self.terms.late_minutes


class Draft(OfPractice):
    """The next version while it is being written, one of a practice. `based_on`: the number of the version in use when it was begun."""

    document = models.JSONField()
    description = models.TextField(blank=True)
    authorization_text = models.TextField(blank=True)
    currency = code(max_length=3)
    based_on = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField()
    saved_by = within("practice.Member")

    class Meta:
        constraints = [
            *walls("policies_draft", saved_by="practice_member"),
            models.UniqueConstraint(fields=["practice"], name="draft_once"),
        ]

    @property
    def terms(self) -> Document:
        return Document.model_validate(self.document)


class Acceptance(OfPractice):
    """The proof (I9): what one patient accepted for one appointment, in full, when and from where. Never changed.

    `card` is none where no card was asked for: nothing can be charged on it. `replaces` is the one that counted before, where she was asked
    to accept again; it stays.

    `fees` are the most that may be charged, in minor units by kind; `free_until` the instant to which cancelling was free as the page
    said it. `facts` are those of the visit and its patient on which the fees rest; none where they were not kept yet.
    """

    class Channel(models.TextChoices):
        LINK = "link", "card link"
        ONLINE = "online", "online booking"
        WEBSITE = "website", "the clinic’s website"

    patient = within("patients.Patient")
    version = within("policies.PolicyVersion")
    card = within("patients.Card", null=True, blank=True)
    replaces = within("policies.Acceptance", null=True, blank=True)
    text = models.TextField()
    text_hash = models.CharField(max_length=64)
    currency = code(max_length=3)
    fees = models.JSONField(default=dict)
    facts = models.JSONField(null=True)
    late_minutes = models.PositiveIntegerField()
    free_until = models.DateTimeField()
    accepted_at = models.DateTimeField()
    channel = code(choices=Channel.choices)
    address = models.GenericIPAddressField(null=True)
    agent = models.CharField(max_length=400, blank=True)
    locale = code(max_length=10, default="en")
    setup_intent_id = code(max_length=80, blank=True)

    class Meta:
        constraints = [
            *walls(
                "policies_acceptance",
                patient="patients_patient",
                version="policies_policyversion",
                card="patients_card",
                replaces="policies_acceptance",
            ),
            fixed("policies_acceptance"),
        ]

    @property
    def fee(self) -> Money:
        """What missing it costs at most."""
        return self.most(Kind.NO_SHOW)

    def most(self, kind: Kind) -> Money:
        """The most that a fee of that kind may be."""
        return Money(self.fees.get(kind, 0), self.currency)
