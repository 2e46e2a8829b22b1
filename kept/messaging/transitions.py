"""Letters: queued with the act they tell of, taken by a worker, sent once, or withdrawn before."""

from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from kept.billing.models import Charge, Invoice, Refund
from kept.billing.transitions import paying
from kept.events import journal
from kept.foundation import jobs
from kept.foundation.refusals import Refusal
from kept.messaging import letters, wording
from kept.messaging.letters import HIDDEN_LINK, Written
from kept.messaging.models import MOST_TRIES, Letter, Message, Wording
from kept.messaging.queries import told_by_itself
from kept.practice.models import Member, Service
from kept.practice.rules import Right
from kept.scheduling.models import Appointment

LEASE = timedelta(minutes=2)
AT_ONCE = timedelta(0)
AGAIN_AFTER = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240)]

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
    """The letter goes to the patient by e-mail `after` that time, unless it has lost its point by then: a row and its job in the
    caller's transaction (I14). None when it is not wanted, or nobody knows her address.

    `wanted` None follows the practice's settings. A letter about one subject is written once; `once` tells apart those of several acts,
    and is an appointment's version where none is given.
    """
    appointment, invoice = _of(subject)
    if wanted is None:
        wanted = told_by_itself(appointment.practice, letter)
    if not wanted or not appointment.patient.email:
        return None
    once = once or (str(subject.version) if isinstance(subject, Appointment) else "")
    message = Message(
        practice_id=appointment.practice_id,
        letter=letter,
        patient=appointment.patient,
        appointment=appointment,
        invoice=invoice,
        subject_id=subject.pk,
        key=f"{letter}:{subject.pk}:{once}",
        to=appointment.patient.email,
        queued_at=at,
        queued_by=by,
        send_after=at + after,
    )
    if found := Message.objects.filter(key=message.key).first():
        return found
    written = letters.write(letter, appointment, letters.facts_of(message, at=at))
    message.title, message.text = written.title, written.text
    message.save(force_insert=True)
    jobs.defer("messaging.send", at=message.send_after if after else None, message_id=str(message.id))
    _record("letter.queued", message, by=by, at=at, send_after=message.send_after.isoformat())
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
    if not message.patient.email:
        _end(message, Message.State.WITHDRAWN, why=_("No e-mail address any more."), by=None, at=at)
        return None
    try:
        facts = letters.facts_of(message, at=at)
        link = facts["link"]() if "link" in facts else HIDDEN_LINK
    except Refusal as refusal:
        _end(message, Message.State.WITHDRAWN, why=refusal.sentence, by=None, at=at)
        return None
    goes = letters.write(message.letter, message.appointment, facts | {"link": link})
    message.to, message.title, message.text = message.patient.email, goes.title, goes.text.replace(link, HIDDEN_LINK)
    message.state, message.lease_until, message.tries = Message.State.SENDING, at + LEASE, message.tries + 1
    message.save()
    return message, goes


def sent(message_id: UUID | str, *, at: datetime) -> Message:
    """The mail server took it."""
    message = locked(message_id)
    if message.state == Message.State.SENDING:
        _end(message, Message.State.SENT, why="", by=None, at=at)
    return message


def put_back(message_id: UUID | str, *, why: str, at: datetime) -> Message:
    """The mail server did not take it: again after a while, at most six times."""
    message = locked(message_id)
    if message.state != Message.State.SENDING:
        return message
    if message.tries >= MOST_TRIES:
        return _end(message, Message.State.FAILED, why=why, by=None, at=at)
    message.state, message.lease_until, message.send_after = Message.State.QUEUED, None, at + AGAIN_AFTER[message.tries - 1]
    message.save(update_fields=["state", "lease_until", "send_after"])
    jobs.defer("messaging.send", at=message.send_after, message_id=str(message.id))
    return message


def lose_sight(message_id: UUID | str, *, at: datetime) -> Message:
    """The worker that had it is gone, and the letter perhaps with it. It is not sent a second time."""
    message = locked(message_id)
    if message.state == Message.State.SENDING and message.lease_until and message.lease_until <= at:
        _end(message, Message.State.FAILED, why=_("It is not known whether it went."), by=None, at=at)
    return message


def withdraw(message: Message, *, by: Member, at: datetime, why: str = "") -> Message:
    """It does not go. Raises Refusal `wrong_status` once it is on its way, `not_permitted`."""
    by.must(Right.BOOK, message.appointment)
    message = locked(message.pk)
    if message.state != Message.State.QUEUED:
        raise Refusal("wrong_status", _("It is too late: the letter is %s.") % message.get_state_display().lower())
    return _end(message, Message.State.WITHDRAWN, why=why or _("Withdrawn by %s.") % by.name, by=by, at=at)


def withdraw_unsent(
    appointment: Appointment, *kinds: Letter, why: str, by: Member | None, at: datetime, since: datetime | None = None
) -> None:
    """Of an appointment that the caller has locked: what has not gone does not go; with `since`, of what was queued from then on."""
    waiting = Message.objects.filter(appointment=appointment, letter__in=kinds, state=Message.State.QUEUED)
    if since:
        waiting = waiting.filter(queued_at__gte=since)
    for message in waiting.select_for_update(no_key=True).order_by("id"):
        _end(message, Message.State.WITHDRAWN, why=why, by=by, at=at)


def _end(message: Message, state: Message.State, *, why: str, by: Member | None, at: datetime) -> Message:
    message.state, message.why, message.ended_at, message.lease_until = state, why[:200], at, None
    message.save()
    _record(f"letter.{state}", message, by=by, at=at)
    return message


def bank_asks(charge: Charge, *, at: datetime) -> Message | None:
    """A bank wants the patient herself for that charge: she gets a payment link, once, where the practice tells its patients and her
    address is known (I4). Else staff send it."""
    appointment = charge.appointment
    if not appointment.practice.settings.tell_patients or not appointment.patient.email or not paying.bank_asks(charge.pk, at=at):
        return None
    return queue(Letter.PAYMENT_LINK, charge.invoice, wanted=True, once=str(charge.pk), by=None, at=at)


def _record(kind: str, message: Message, *, by: Member | None, at: datetime, **particulars: str) -> None:
    """Of a letter about an invoice, on the invoice."""
    journal.record(kind, message.invoice or message, by=by, at=at, letter=message.letter, **particulars)


def checked(*, title: str, text: str, by: Member) -> tuple[str, str]:
    """Subject and text as they are kept. Raises Refusal `invalid` at `title` or `text` where a letter can't go in these words."""
    wording.check(title, text, services=list(Service.objects.filter(practice=by.practice_id).values_list("name", flat=True)))
    return " ".join(title.split()), text.replace("\r\n", "\n").strip() + "\n"


def word(letter: Letter, *, title: str, text: str, on: bool, by: Member, at: datetime) -> Wording:
    """The letter goes in these words from now on, those that wait included; what Kept would write anyway is kept as Kept's own. `on`:
    whether it goes by itself. Raises Refusal `invalid` at `title` or `text`, `not_permitted`."""
    by.must(Right.SET_UP)
    title, text = checked(title=title, text=text, by=by)
    fields = {"title": "" if title == wording.TITLE else title, "text": "" if text == wording.TEXT else text, "on": on}
    kept, _new = Wording.objects.update_or_create(practice_id=by.practice_id, letter=letter, defaults=fields)
    journal.record("letter.worded", kept, by=by, at=at, letter=letter, on=on)
    return kept
