"""A letter in a worker's hands: looked at again, sent once, and what became of it."""

from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from kept.events import journal
from kept.foundation import clock, jobs
from kept.foundation.refusals import Refusal
from kept.messaging import letters
from kept.messaging.letters import HIDDEN_LINK, Written
from kept.messaging.models import MOST_TRIES, Channel, Letter, Message
from kept.messaging.reach import number_of, stopped
from kept.messaging.stopping import stop_texts
from kept.practice.models import Member
from kept.scheduling.models import Appointment

BY_HAND = {Letter.CARD_LINK, Letter.MANAGE_LINK, Letter.PAYMENT_LINK}
LEASE = timedelta(minutes=2)
AGAIN_AFTER = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240)]


def locked(message_id: UUID | str) -> Message:
    """The letter as it is now, locked after its appointment, with what its words need."""
    appointment_id = Message.objects.values_list("appointment_id", flat=True).get(pk=message_id)
    Appointment.objects.select_for_update(no_key=True).only("pk").get(pk=appointment_id)
    Message.objects.select_for_update(no_key=True).only("pk").get(pk=message_id)
    found = Message.objects.select_related(
        "patient", "appointment__practice", "appointment__clinic", "appointment__patient", "invoice", "queued_by"
    )
    return found.get(pk=message_id)


def begin(message_id: UUID | str, *, at: datetime) -> tuple[Message, Written] | None:
    """A worker takes the letter, looks again whether it has a point, and gets it as it goes. None when there is nothing to send: its
    time has not come, another worker has it, it is withdrawn. A job may run twice (I13)."""
    message = locked(message_id)
    if message.state != Message.State.QUEUED or message.send_after > at:
        return None
    if (morning := awake(message, at)) > at:
        _later(message, morning)
        return None
    if not (to := _still_at(message)):
        why = _("No e-mail address any more.") if message.channel == Channel.EMAIL else _("No number that takes text messages any more.")
        end(message, Message.State.WITHDRAWN, why=why, by=None, at=at)
        return None
    try:
        facts = letters.facts_of(message, at=at)
        link = facts["link"]() if "link" in facts else HIDDEN_LINK
    except Refusal as refusal:
        end(message, Message.State.WITHDRAWN, why=refusal.sentence, by=None, at=at)
        return None
    goes = letters.write(message.letter, message.appointment, facts | {"link": link}, channel=message.channel)
    message.to, message.title, message.text = to, goes.title, goes.text.replace(link, HIDDEN_LINK)
    message.state, message.lease_until, message.tries = Message.State.SENDING, at + LEASE, message.tries + 1
    message.save()
    return message, goes


def _still_at(message: Message) -> str:
    """The patient's address or number by now; empty where nothing reaches her that way any more."""
    if message.channel == Channel.EMAIL:
        return message.patient.email
    practice = message.appointment.practice
    number = number_of(message.patient, practice)
    return "" if number and stopped(practice, number) else number


def _later(message: Message, at: datetime) -> None:
    message.state, message.lease_until, message.send_after = Message.State.QUEUED, None, at
    message.save(update_fields=["state", "lease_until", "send_after"])
    jobs.defer("messaging.send", at=at, message_id=str(message.id))


def sent(message_id: UUID | str, *, at: datetime) -> Message:
    """The mail server, or the text message service, took it."""
    message = locked(message_id)
    if message.state == Message.State.SENDING:
        end(message, Message.State.SENT, why="", by=None, at=at)
    return message


def put_back(message_id: UUID | str, *, why: str, at: datetime) -> Message:
    """It was not taken: again after a while, at most six times."""
    message = locked(message_id)
    if message.state != Message.State.SENDING:
        return message
    if message.tries >= MOST_TRIES:
        return end(message, Message.State.FAILED, why=why, by=None, at=at)
    _later(message, at + AGAIN_AFTER[message.tries - 1])
    return message


def refused(message_id: UUID | str, *, why: str, code: str, stopped: bool = False, at: datetime) -> Message:
    """It was not taken and never will be: `code` is the service's word for it. `stopped`: its owner wants no text messages."""
    message = locked(message_id)
    if message.state == Message.State.SENDING:
        message.arrival_code = code[:40]
        end(message, Message.State.FAILED, why=why, by=None, at=at)
        if stopped:
            stop_texts(message.practice_id, message.to, by=None, at=at)
    return message


def lose_sight(message_id: UUID | str, *, at: datetime) -> Message:
    """The worker that had it is gone, and the letter perhaps with it. It is not sent a second time."""
    message = locked(message_id)
    over = message.lease_until is not None and message.lease_until <= at
    return _not_known(message, at=at) if over else message


def unknown(message_id: UUID | str, *, at: datetime) -> Message:
    """Nobody can say whether it was taken. It is not sent a second time by itself."""
    return _not_known(locked(message_id), at=at)


def _not_known(message: Message, *, at: datetime) -> Message:
    if message.state == Message.State.SENDING:
        end(message, Message.State.FAILED, why=_("It is not known whether it went."), by=None, at=at)
    return message


def arrived(message_id: UUID | str, arrival: Message.Arrival, *, code: str = "", at: datetime) -> Message:
    """The service that took it reports later what became of it, in its own word `code`. That it came back outlasts that it arrived: reports
    come in any order, and twice."""
    message = locked(message_id)
    if message.lost or message.arrival == arrival or message.state not in (Message.State.SENDING, Message.State.SENT):
        return message
    message.arrival, message.arrival_code = arrival, code[:40]
    message.save(update_fields=["arrival", "arrival_code"])
    if message.lost:
        record(f"letter.{arrival}", message, by=None, at=at, code=message.arrival_code)
    return message


def awake(message: Message, at: datetime) -> datetime:
    """No text message wakes anybody, but one that staff send by hand, to a patient who waits for it."""
    if message.channel != Channel.SMS or message.queued_by_id and message.letter in BY_HAND:
        return at
    return clock.awake(at, message.appointment.clinic.zone)


def end(message: Message, state: Message.State, *, why: str, by: Member | None, at: datetime) -> Message:
    """That became of it, and stays so."""
    message.state, message.why, message.ended_at, message.lease_until = state, why[:200], at, None
    message.save()
    record(f"letter.{state}", message, by=by, at=at)
    return message


def record(kind: str, message: Message, *, by: Member | None, at: datetime, **particulars: str) -> None:
    """Of a letter about an invoice, on the invoice."""
    journal.record(kind, message.invoice or message, by=by, at=at, letter=message.letter, channel=message.channel, **particulars)
