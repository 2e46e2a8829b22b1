"""The cancellation policy: versions that never change once published, and the proof that a patient accepted one."""

from django.db import models

from kept.foundation.history import remembered
from kept.foundation.models import OfPractice, code, within
from kept.foundation.money import Money
from kept.foundation.walls import fixed, walls


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
    """What was published. One fee, one window: hours before the start. `late_minutes` after the start a patient is missed."""

    number = models.PositiveIntegerField()
    description = models.TextField()
    authorization_text = models.TextField()
    fee_minor = models.PositiveIntegerField()
    currency = code(max_length=3)
    window_hours = models.PositiveIntegerField()
    free_hours = models.PositiveIntegerField(default=24)
    late_minutes = models.PositiveIntegerField(default=15)
    published_at = models.DateTimeField()
    published_by = within("practice.Member")
    what_changed = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            *walls("policies_policyversion", published_by="practice_member"),
            models.UniqueConstraint(fields=["practice", "number"], name="policy_version_once"),
            fixed("policies_policyversion"),
        ]

    @property
    def fee(self) -> Money:
        return Money(self.fee_minor, self.currency)


class Acceptance(OfPractice):
    """The proof (I9): what one patient accepted for one appointment, in full, when and from where. Never changed.

    `fee` is the most that may be charged; `free_until` the instant to which cancelling was free as the page said it.
    """

    class Channel(models.TextChoices):
        LINK = "link", "card link"
        ONLINE = "online", "online booking"
        WEBSITE = "website", "the clinic’s website"

    patient = within("patients.Patient")
    version = within("policies.PolicyVersion")
    card = within("patients.Card")
    text = models.TextField()
    text_hash = models.CharField(max_length=64)
    fee_minor = models.PositiveIntegerField()
    currency = code(max_length=3)
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
            ),
            fixed("policies_acceptance"),
        ]

    @property
    def fee(self) -> Money:
        return Money(self.fee_minor, self.currency)
