"""Letters that did not arrive, in words, and what a member may do about them."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from kept.messaging.channels.sms import why_refused
from kept.messaging.models import Channel, Message
from kept.practice.models import Member
from kept.practice.rules import Right


@dataclass(frozen=True, slots=True)
class Lost:
    message: Message
    why: str
    may: bool  # send it again, or say that the patient was told


def said(message: Message, member: Member) -> Lost:
    return Lost(message, why_lost(message), member.may(Right.BOOK, message.appointment))


def why_lost(message: Message) -> str:
    """What the service said, for a front desk; empty where it was not lost."""
    if not message.lost:
        return ""
    if message.state == Message.State.FAILED:
        return message.why
    if message.channel == Channel.SMS:
        return why_refused(message.arrival_code)
    if message.arrival == Message.Arrival.COMPLAINED:
        return _("The patient reported it as spam.")
    words = {
        "bounced": _("The mailbox does not exist or does not take it."),
        "invalid": _("This is no e-mail address."),
        "blocked": _("The patient’s mail service blocked it."),
        "spam": _("The patient’s mail service took it for spam."),
        "timed_out": _("The patient’s mail service did not answer."),
        "unsubscribed": _("The patient wants no more e-mail from this sender."),
    }
    return words.get(message.arrival_code, _("It came back."))
