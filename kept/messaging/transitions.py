"""Letters: queued with the act they tell of, or withdrawn before they went."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from kept.billing.models import Charge, Invoice, Refund
from kept.billing.transitions import paying
from kept.foundation import jobs
from kept.foundation.refusals import Refusal
from kept.messaging import delivering, letters
from kept.messaging.models import Channel, Letter, Message
from kept.messaging.queries import told_by_itself
from kept.messaging.reach import nowhere, ways
from kept.practice.models import Member
from kept.practice.rules import Right
from kept.scheduling.models import Appointment

KEY_OF = {Channel.EMAIL: "", Channel.SMS: ":sms"}
AT_ONCE = timedelta(0)

Subject = Appointment | Invoice | Refund


def queue(
    letter: Letter,
    subject: Subject,
    *,
    wanted: bool | None = None,
    after: timedelta = AT_ONCE,
    once: str = "",
    by: Member | None,
    at: datetime,
) -> Message | None:
    """The letter goes to the patient `after` that time, each way in which it reaches her, unless it has lost its point by then: a row and
    its job in the caller's transaction (I14). The first of them; None when it is not wanted, or nothing reaches her.

    `wanted` None follows the practice's settings. A letter about one subject is written once; `once` tells apart those of several acts,
    and is an appointment's version where none is given.
    """
    appointment, invoice = _of(subject)
    if wanted is None:
        wanted = told_by_itself(appointment.practice, letter)
    if not wanted:
        return None
    once = once or (str(subject.version) if isinstance(subject, Appointment) else "")
    written = []
    for way in ways(letter, appointment.patient, appointment.practice):
        message = Message(
            practice_id=appointment.practice_id,
            letter=letter,
            channel=way.channel,
            patient=appointment.patient,
            appointment=appointment,
            invoice=invoice,
            subject_id=subject.pk,
            key=f"{letter}:{subject.pk}:{once}{KEY_OF[way.channel]}",
            to=way.to,
            queued_at=at,
            queued_by=by,
            send_after=at + after,
        )
        written.append(Message.objects.filter(key=message.key).first() or _queued(message, by=by, at=at))
    return written[0] if written else None


def _queued(message: Message, *, by: Member | None, at: datetime) -> Message:
    facts = letters.facts_of(message, at=at)
    written = letters.write(message.letter, message.appointment, facts, channel=message.channel)
    message.title, message.text = written.title, written.text
    message.send_after = delivering.awake(message, message.send_after)
    message.save(force_insert=True)
    jobs.defer("messaging.send", at=message.send_after if message.send_after > at else None, message_id=str(message.id))
    delivering.record("letter.queued", message, by=by, at=at, send_after=message.send_after.isoformat())
    return message


def send_receipt(invoice: Invoice, *, by: Member, at: datetime) -> Message:
    """The receipt goes to the patient by e-mail once more, or for the first time; pressed twice it is one letter.

    Raises Refusal `wrong_status` where nothing was paid or no address is known, `not_permitted`.
    """
    by.must(Right.COLLECT, invoice)
    message = queue(Letter.RECEIPT, invoice, wanted=True, once=f"by hand {at:%Y-%m-%dT%H:%M}", by=by, at=at)
    if message is None:
        raise Refusal("wrong_status", _("No e-mail address of %s is known.") % invoice.patient.name)
    return message


def _of(subject: Subject) -> tuple[Appointment, Invoice | None]:
    if isinstance(subject, Appointment):
        return subject, None
    invoice = subject.invoice if isinstance(subject, Refund) else subject
    return invoice.appointment, invoice


def withdraw(message: Message, *, by: Member, at: datetime, why: str = "") -> Message:
    """It does not go. Raises Refusal `wrong_status` once it is on its way, `not_permitted`."""
    by.must(Right.BOOK, message.appointment)
    message = delivering.locked(message.pk)
    if message.state != Message.State.QUEUED:
        raise Refusal("wrong_status", _("It is too late: the letter is %s.") % message.get_state_display().lower())
    return delivering.end(message, Message.State.WITHDRAWN, why=why or _("Withdrawn by %s.") % by.name, by=by, at=at)


def withdraw_unsent(
    appointment: Appointment, *kinds: Letter, why: str, by: Member | None, at: datetime, since: datetime | None = None
) -> None:
    """Of an appointment that the caller has locked: what has not gone does not go; with `since`, of what was queued from then on."""
    waiting = Message.objects.filter(appointment=appointment, letter__in=kinds, state=Message.State.QUEUED)
    if since:
        waiting = waiting.filter(queued_at__gte=since)
    for message in waiting.select_for_update(no_key=True).order_by("id"):
        delivering.end(message, Message.State.WITHDRAWN, why=why, by=by, at=at)


def send_again(message: Message, *, by: Member, at: datetime) -> Message:
    """A letter that was lost goes anew, as things stand now, to where the patient is reached now; the old one is settled. Raises the
    Refusal that says why it has lost its point, `wrong_status` where nothing reaches her, `not_permitted`."""
    by.must(Right.BOOK, message.appointment)
    message = settle(message, by=by, at=at)
    again = queue(Letter(message.letter), _subject(message), wanted=True, once=f"again:{message.pk}", by=by, at=at)
    if again is None:
        raise Refusal("wrong_status", nowhere(message.patient))
    return again


def settle(message: Message, *, by: Member, at: datetime) -> Message:
    """Somebody has seen that it did not arrive, and told the patient some other way. Raises Refusal `wrong_status` where it was not lost,
    `not_permitted`."""
    by.must(Right.BOOK, message.appointment)
    message = delivering.locked(message.pk)
    if not message.lost:
        raise Refusal("wrong_status", _("Nothing says that it did not arrive."))
    if message.settled_at is None:
        message.settled_at, message.settled_by = at, by
        message.save(update_fields=["settled_at", "settled_by"])
        delivering.record("letter.settled", message, by=by, at=at)
    return message


def _subject(message: Message) -> Subject:
    if message.letter == Letter.REFUNDED:
        return Refund.objects.get(pk=message.subject_id)
    return message.invoice or message.appointment


def bank_asks(charge: Charge, *, at: datetime) -> Message | None:
    """A bank wants the patient herself for that charge: she gets a payment link, once, where the practice tells its patients and her
    address is known (I4). Else staff send it."""
    appointment = charge.appointment
    told = appointment.practice.settings.tell_patients and ways(Letter.PAYMENT_LINK, appointment.patient, appointment.practice)
    if not told or not paying.bank_asks(charge.pk, at=at):
        return None
    return queue(Letter.PAYMENT_LINK, charge.invoice, wanted=True, once=str(charge.pk), by=None, at=at)
