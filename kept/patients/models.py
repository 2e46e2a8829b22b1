"""The people who come, the cards they gave, and the links sent to them."""

from datetime import date, datetime

from django.db import models

from kept.foundation.history import remembered
from kept.foundation.models import OfPractice, code, within
from kept.foundation.walls import walls


@remembered("Patient")
class Patient(OfPractice):
    """The person who comes. `gateway_customer_id` is set when she first goes to our card page; `external_id` by an import."""

    first_name = models.CharField(max_length=80)
    last_name = models.CharField(max_length=80, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=30, blank=True)
    gateway_customer_id = code(max_length=80, blank=True)
    external_id = code(max_length=80, null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            *walls("patients_patient"),
            models.UniqueConstraint(fields=["practice", "external_id"], name="patient_external_once"),
        ]
        indexes = [models.Index(fields=["practice", "last_name", "first_name", "id"], name="patient_by_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def initials(self) -> str:
        return (self.first_name[:1] + self.last_name[:1]).upper()


@remembered("Card")
class Card(OfPractice):
    """A card on file: the gateway's token, the customer it belongs to there, and what may be shown. Kept never sees the number."""

    class State(models.TextChoices):
        ACTIVE = "active"
        BLOCKED = "blocked"  # a hard decline: the bank will not take it again
        GONE = "gone"  # withdrawn at the gateway

    patient = within("patients.Patient", related_name="cards")
    gateway_customer_id = code(max_length=80)
    payment_method_id = code(max_length=80)
    brand = code()
    last4 = code(max_length=4)
    exp_month = models.PositiveSmallIntegerField()
    exp_year = models.PositiveSmallIntegerField()
    state = code(choices=State.choices, default=State.ACTIVE)
    given_at = models.DateTimeField()

    class Meta:
        constraints = [
            *walls("patients_card", patient="patients_patient"),
            models.UniqueConstraint(fields=["practice", "payment_method_id"], name="card_once"),
        ]

    def __str__(self) -> str:
        return f"{self.label} ••{self.last4}"

    @property
    def label(self) -> str:
        """The brand as people write it."""
        return {"visa": "Visa", "mastercard": "Mastercard", "amex": "American Express", "discover": "Discover"}.get(self.brand, "Card")

    def expired(self, on: date) -> bool:
        """Past its printed month; networks often renew the card behind the token, so it may still be charged."""
        return (self.exp_year, self.exp_month) < (on.year, on.month)


class Link(OfPractice):
    """A link on which a patient acts without an account. Only the hash of its 256-bit token is kept."""

    class Purpose(models.TextChoices):
        CARD = "card"

    purpose = code(choices=Purpose.choices)
    patient = within("patients.Patient")
    subject_id = models.UUIDField()
    token_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            *walls("patients_link", patient="patients_patient"),
            models.UniqueConstraint(fields=["practice", "token_hash"], name="link_token_once"),
        ]
        indexes = [models.Index(fields=["practice", "subject_id"], name="link_of_subject")]

    def open_at(self, at: datetime) -> bool:
        return at < self.expires_at
