"""Letters to patients: what is to go out, what went, and what was taken back, a row first in the transaction of the act it tells of; and
the words a practice chose for them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from kept.foundation.guards import NAMELESS, refuse, trigger
from kept.foundation.models import OfPractice, code, within
from kept.foundation.walls import PlainSql, walls

MOST_TRIES = 6


class Letter(models.TextChoices):
    """What a letter is. Its words stand in templates/messaging, what they speak of is found by the function that config/letters.py
    names for it."""

    NO_SHOW = "no_show", _("No-show letter")
    CANCELLED = "cancelled", _("Cancellation letter")
    MOVED = "moved", _("New time")
    RECEIPT = "receipt", _("Receipt")
    REFUNDED = "refunded", _("Refund receipt")
    BOOKED = "booked", _("Booking confirmation")
    CARD_LINK = "card_link", _("Link to give a card")
    CARD_REMINDER = "card_reminder", _("Reminder of the card")
    ACCEPT_AGAIN = "accept_again", _("New terms to accept")
    RELEASED = "released", _("Time given free")
    PAYMENT_LINK = "payment_link", _("Payment link")
    MANAGE_LINK = "manage_link", _("Link to the appointment")
    ANSWERED = "answered", _("Answer about a no-show")


# It did not go, or did not arrive.
LOST = models.Q(state="failed") | models.Q(arrival__in=["undelivered", "complained"])

GUARD = trigger(
    "message_guard",
    events="before update or delete",
    body="\n".join(
        [
            NAMELESS,
            refuse("tg_op = 'DELETE'", why="letters are never deleted", constraint="message_kept"),
            refuse(
                "old.state in ('sent', 'withdrawn', 'failed') and new.state <> old.state",
                why="what became of a letter stays",
                constraint="message_moves",
            ),
            "return new;",
        ]
    ),
)


class Channel(models.TextChoices):
    """How a letter goes, by FHIR's codes of contact points."""

    EMAIL = "email", _("E-mail")
    SMS = "sms", _("Text message")


class Message(OfPractice):
    """One letter to one patient, by e-mail or as a text message.

    `subject_id` is what it speaks of: an appointment, an invoice, or a refund of one. `key` makes it once, `send_after` is the earliest
    instant at which it goes. `text` is what would go, and once sent what went, links left out: they are keys. `arrival` is what the service
    that took it reported later, `arrival_code` its word for why; `settled_at`: somebody saw that it did not arrive.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Waits")
        SENDING = "sending", _("Being sent")
        SENT = "sent", _("Sent")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        FAILED = "failed", _("Not sent")

    class Arrival(models.TextChoices):
        UNKNOWN = "", _("Not reported")
        DELIVERED = "delivered", _("Arrived")
        UNDELIVERED = "undelivered", _("Came back")
        COMPLAINED = "complained", _("Reported as spam")

    letter = code(choices=Letter.choices)
    channel = code(choices=Channel.choices, default=Channel.EMAIL)
    patient = within("patients.Patient", related_name="messages")
    appointment = within("scheduling.Appointment", related_name="messages")
    invoice = within("billing.Invoice", null=True, blank=True, related_name="messages")
    subject_id = models.UUIDField()
    key = code(max_length=200)
    to = models.CharField(max_length=254)
    title = models.CharField(max_length=200, blank=True)
    text = models.TextField()
    state = code(choices=State.choices, default=State.QUEUED)
    queued_at = models.DateTimeField()
    queued_by = within("practice.Member", null=True, blank=True)
    send_after = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    ended_at = models.DateTimeField(null=True, blank=True)
    why = models.CharField(max_length=200, blank=True)
    arrival = code(choices=Arrival.choices, blank=True, default=Arrival.UNKNOWN)
    arrival_code = code(blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = within("practice.Member", null=True, blank=True)

    class Meta:
        constraints = [
            *walls(
                "messaging_message",
                patient="patients_patient",
                appointment="scheduling_appointment",
                invoice="billing_invoice",
                queued_by="practice_member",
                settled_by="practice_member",
            ),
            models.UniqueConstraint(fields=["practice", "key"], name="message_once"),
            PlainSql(name="message_guard", **GUARD),
        ]
        indexes = [
            models.Index(fields=["practice", "patient", "-queued_at", "-id"], name="message_of_patient"),
            models.Index(fields=["practice", "appointment"], name="message_of_appointment"),
            models.Index(fields=["practice", "send_after"], name="message_unsent", condition=models.Q(state__in=["queued", "sending"])),
            models.Index(fields=["practice", "queued_at"], name="message_lost", condition=LOST & models.Q(settled_at=None)),
        ]

    @property
    def unsent(self) -> bool:
        """It can still be withdrawn."""
        return self.state == self.State.QUEUED

    @property
    def lost(self) -> bool:
        """It did not go, or did not arrive: LOST, of this one."""
        return self.state == self.State.FAILED or self.arrival in (self.Arrival.UNDELIVERED, self.Arrival.COMPLAINED)


class Wording(OfPractice):
    """A letter in the practice's own words; blank ones are Kept's. `on`: it goes by itself wherever patients are told. `texts`: whether it
    goes as a text message, too; `short` are that one's words."""

    class Texts(models.TextChoices):
        INSTEAD = "instead", _("Where no e-mail reaches the patient")
        ALSO = "also", _("Always, beside the e-mail")
        NEVER = "never", _("Never")

    letter = code(choices=Letter.choices)
    on = models.BooleanField(default=True)
    texts = code(choices=Texts.choices, default=Texts.INSTEAD)
    short = models.CharField(max_length=300, blank=True)
    title = models.CharField(max_length=150, blank=True)
    text = models.TextField(blank=True)

    class Meta:
        constraints = [*walls("messaging_wording"), models.UniqueConstraint(fields=["practice", "letter"], name="wording_once")]


class TextStop(OfPractice):
    """A number (E.164) to which no text messages go: its owner wrote STOP, or told staff."""

    number = code()
    at = models.DateTimeField()
    by = within("practice.Member", null=True, blank=True)

    class Meta:
        constraints = [
            *walls("messaging_textstop", by="practice_member"),
            models.UniqueConstraint(fields=["practice", "number"], name="text_stop_once"),
        ]
