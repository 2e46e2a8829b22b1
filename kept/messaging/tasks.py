"""Jobs of letters: each calls one function. And which letters follow which events."""

from datetime import timedelta

from django.db.models import Q
from procrastinate.contrib.django import app

from kept.billing.models import Charge, Invoice, Refund
from kept.events.models import Event
from kept.foundation import clock, jobs
from kept.foundation.scope import job_scope
from kept.messaging import delivering, sending, transitions
from kept.messaging.models import Letter, Message
from kept.practice.jobs import for_each_practice
from kept.scheduling.models import Appointment, Status
from kept.scheduling.transitions import promising


@app.task(name="messaging.send", queue="letters")
def send(practice_id: str, message_id: str) -> None:
    sending.send(practice_id, message_id)


@app.task(name="messaging.receipt", queue="letters")
def receipt(practice_id: str, event_id: str) -> None:
    """An invoice was paid, or staff decided to keep what was paid against their wish: until then the patient is told nothing."""
    with job_scope(practice_id, "receipt"):
        about = Event.objects.get(pk=event_id).subject_id
        invoice = Invoice.objects.filter(Q(pk=about) | Q(charges=about)).get()
        if not invoice.charges.exclude(flag="").exists():
            transitions.queue(Letter.RECEIPT, invoice, once=event_id, by=None, at=clock.now())


@app.task(name="messaging.booked", queue="letters")
def booked(practice_id: str, appointment_id: str) -> None:
    """A patient gave the card that her booking asked for: what she accepted goes with it. Online the booking stands only now, so that she
    is told of it whatever the settings say."""
    with job_scope(practice_id, "booked"):
        shown = Appointment.objects.select_related("practice", "clinic", "patient", "provider", "acceptance__card")
        found = shown.get(pk=appointment_id)
        if found.status == Status.BOOKED:
            online = True if found.channel == Appointment.Channel.ONLINE else None
            transitions.queue(Letter.BOOKED, found, wanted=online, once="booked", by=None, at=clock.now())


@app.task(name="messaging.released", queue="letters")
def released(practice_id: str, appointment_id: str) -> None:
    """A visit's time was given free, since its card did not come. Nobody is written to at night."""
    with job_scope(practice_id, "released"):
        at = clock.now()
        found = Appointment.objects.select_related("practice", "clinic", "patient").get(pk=appointment_id)
        if promising.released(found):
            transitions.queue(Letter.RELEASED, found, after=clock.awake(at, found.clinic.zone) - at, by=None, at=at)


@app.task(name="messaging.refunded", queue="letters")
def refunded(practice_id: str, event_id: str) -> None:
    """A refund went through."""
    with job_scope(practice_id, "refunded"):
        refund = Refund.objects.get(pk=Event.objects.get(pk=event_id).subject_id)
        transitions.queue(Letter.REFUNDED, refund, by=None, at=clock.now())


@app.task(name="messaging.bank_asks", queue="letters")
def bank_asks(practice_id: str, event_id: str) -> None:
    """A card could not be charged without the patient."""
    with job_scope(practice_id, "bank_asks"):
        charge = Charge.objects.select_related("appointment__patient", "appointment__practice", "invoice__appointment__clinic")
        transitions.bank_asks(charge.get(pk=Event.objects.get(pk=event_id).subject_id), at=clock.now())


@app.periodic(cron="* * * * *")
@app.task(name="messaging.follow_up_all", queue="letters", queueing_lock="follow_up_letters")
def follow_up_all(timestamp: int) -> None:
    """Every minute."""
    for_each_practice("messaging.follow_up")


@app.task(name="messaging.follow_up", queue="letters")
def follow_up(practice_id: str) -> None:
    """Letters whose job was lost go; of those whose worker was lost it is said."""
    now = clock.now()
    with job_scope(practice_id, "follow_up"):
        forgotten = Message.objects.filter(state=Message.State.QUEUED, send_after__lt=now - timedelta(minutes=1))
        for message_id in forgotten.values_list("id", flat=True):
            jobs.defer("messaging.send", message_id=str(message_id))
        lost = Message.objects.filter(state=Message.State.SENDING, lease_until__lte=now)
        for message_id in lost.order_by("id").values_list("id", flat=True):
            delivering.lose_sight(message_id, at=now)
