"""Where a letter reaches a patient: by e-mail, as a text message, both, or nowhere."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _

from kept.foundation.phones import international
from kept.messaging.models import LOST, Channel, Letter, Message, TextStop, Wording
from kept.patients.models import Patient
from kept.patients.privacy import named
from kept.patients.rules import masked
from kept.practice.models import Practice
from kept.practice.privacy import patients_look_on

# Those that have short words in templates/messaging/texts. Receipts are too long, and need no haste.
SHORT = set(Letter) - {Letter.RECEIPT, Letter.REFUNDED}


@dataclass(frozen=True, slots=True)
class Way:
    """`to`: an e-mail address, or a number (E.164)."""

    channel: Channel
    to: str


def ways(letter: Letter | str, patient: Patient, practice: Practice) -> list[Way]:
    """How that letter goes to her, by what the practice chose for it. As a text message only where the practice has a number for them,
    hers can take one, and she has not said STOP."""
    mail = [Way(Channel.EMAIL, patient.email)] if patient.email else []
    number = number_of(patient, practice)
    if not number or letter not in SHORT:
        return mail
    wording = Wording.objects.filter(practice=practice, letter=letter).first() or Wording()
    if wording.texts == Wording.Texts.NEVER or stopped(practice, number):
        return mail
    if wording.texts == Wording.Texts.INSTEAD and mail and not came_back(patient):
        return mail
    return [*mail, Way(Channel.SMS, number)]


def way_of(message: Message) -> Way:
    return Way(Channel(message.channel), message.to)


def number_of(patient: Patient, practice: Practice) -> str:
    """Her number for text messages; empty where she has none or the practice sends none."""
    sender = practice.settings.text_from
    return international(patient.phone, like=sender) if sender and patient.phone else ""


@dataclass(frozen=True, slots=True)
class Texts:
    """Whether text messages go to her number; `stop` says since when not, and by whom."""

    number: str
    stop: TextStop | None


def texts_to(patient: Patient, practice: Practice) -> Texts | None:
    """None where her number takes none, or the practice sends none."""
    number = number_of(patient, practice)
    stop = TextStop.objects.filter(practice=practice, number=number).select_related("by").first() if number else None
    return Texts(number, stop) if number else None


def stopped(practice: Practice, number: str) -> bool:
    """No text messages go there."""
    return TextStop.objects.filter(practice=practice, number=number).exists()


def came_back(patient: Patient) -> bool:
    """The last letter to her e-mail address of which anything is known did not arrive."""
    sent = Message.objects.filter(patient=patient, channel=Channel.EMAIL, to=patient.email)
    known = sent.filter(LOST | Q(arrival=Message.Arrival.DELIVERED)).order_by("-queued_at", "-id").first()
    return bool(known and known.lost)


def reachable(patient: Patient, practice: Practice) -> bool:
    """Some letter may reach her; whether that one does, `ways` says."""
    return bool(patient.email or number_of(patient, practice))


def nowhere(patient: Patient) -> str:
    """The sentence of a refusal, where nothing reaches her."""
    return _("No email address of %s is known.") % named(patient)


def addresses(found: Iterable[Way]) -> str:
    """Where it goes, for a screen: while patients look on, as much as tells whether it is right."""
    return _(" and ").join(_masked(way) if patients_look_on() else way.to for way in found)


def _masked(way: Way) -> str:
    return masked(way.to) if way.channel == Channel.EMAIL else f"••{way.to[-4:]}"


def in_words(found: Iterable[Way]) -> str:
    """As in “Tell Renata by e-mail and text message”."""
    words = {Channel.EMAIL: _("by e-mail"), Channel.SMS: _("by text message")}
    channels = [way.channel for way in found]
    return _("by e-mail and text message") if len(channels) > 1 else "".join(words[channel] for channel in channels)
