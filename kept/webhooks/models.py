"""Outbound webhooks: where a practice's other programs listen, what is to be told them, and how each try went."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from kept.foundation.history import remembered
from kept.foundation.models import OfPractice, code, within
from kept.foundation.walls import walls


@remembered("Endpoint")
class Endpoint(OfPractice):
    """An address that is told of events of the chosen kinds. The secrets that sign are encrypted; the one before signs too until
    `old_secret_until`. `failing_since`: nothing has arrived from then on; `off_why`: why Kept turned it off by itself."""

    url = models.CharField(max_length=500)
    kinds = models.JSONField(default=list)
    secret_box = models.BinaryField()
    old_secret_box = models.BinaryField(null=True)
    old_secret_until = models.DateTimeField(null=True)
    active = models.BooleanField(default=True)
    failing_since = models.DateTimeField(null=True)
    off_why = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = walls("webhooks_endpoint")

    def __str__(self) -> str:
        return self.url


class Delivery(OfPractice):
    """One event for one endpoint. `event_id` is the journal's, and with it the message's id, however often it is sent. `body` is what is
    signed and sent: ids and states."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Waits")
        SENDING = "sending", _("Being sent")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Not delivered")

    endpoint = within("webhooks.Endpoint", related_name="deliveries")
    event_id = models.UUIDField()
    kind = code(max_length=60)
    body = models.TextField()
    state = code(choices=State.choices, default=State.QUEUED)
    created_at = models.DateTimeField()
    next_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            *walls("webhooks_delivery", endpoint="webhooks_endpoint"),
            models.UniqueConstraint(fields=["practice", "endpoint", "event_id"], name="delivery_once"),
        ]
        indexes = [
            models.Index(fields=["practice", "endpoint", "-created_at", "-id"], name="delivery_of_endpoint"),
            models.Index(fields=["practice", "next_at"], name="delivery_unsent", condition=models.Q(state__in=["queued", "sending"])),
        ]

    @property
    def message_id(self) -> str:
        return f"msg_{self.event_id.hex}"


class Attempt(OfPractice):
    """One try: the answer's status and the beginning of its text, or what stood in the way."""

    delivery = within("webhooks.Delivery", related_name="attempts")
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    text = models.TextField(blank=True)
    trouble = models.CharField(max_length=200, blank=True)
    took_ms = models.PositiveIntegerField()

    class Meta:
        constraints = walls("webhooks_attempt", delivery="webhooks_delivery")
        indexes = [models.Index(fields=["practice", "delivery", "at"], name="attempt_of_delivery")]
