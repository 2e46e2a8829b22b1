"""A deposit: what the patient paid on the gateway's page when she booked. The money is a fact before it is a row, so it is always recorded;
one that nothing stands on any more goes back by itself."""

from datetime import datetime

from django.utils.translation import gettext as _

from kept.billing.gateways.facts import IntentFacts
from kept.billing.models import DEPOSIT, CardCapture, Charge, State
from kept.billing.transitions import charging, refunding
from kept.patients.models import Card
from kept.scheduling.models import Appointment


def paid(capture: CardCapture, card: Card, facts: IntentFacts, *, stands: bool, at: datetime) -> Charge:
    """The deposit of that capture is in the book with its bill. Told again it is the same: the charge has the capture's id. The caller
    holds the appointment's lock.

    One that does not `stand`, since the card came too late or another deposit stands, goes back to the card.
    """
    if known := Charge.objects.filter(pk=capture.pk).first():
        return known
    appointment = Appointment.objects.get(pk=capture.appointment_id)
    charge = Charge.objects.create(
        id=capture.pk,
        practice_id=capture.practice_id,
        appointment=appointment,
        patient_id=appointment.patient_id,
        card=card,
        kind=DEPOSIT,
        booking_no=appointment.booking_no,
        live=stands,
        state=State.SENDING,
        amount_minor=capture.deposit_minor,
        currency=capture.consent["currency"],
        created_at=at,
        due_at=at,
        create_key=capture.key,
        gateway_intent_id=facts.id,
    )
    charge = charging.settle(charge.id, facts, at=at)
    if not stands:
        refunding.give_back(charge, why=_("Paid too late: the time was not held any more"), at=at)
    return charge


def paid_for(appointment: Appointment) -> Charge | None:
    """The deposit that was paid for the visit: the one that stands, else the last that went back."""
    found = Charge.objects.filter(appointment=appointment, kind=DEPOSIT).select_related("invoice", "card")
    return found.order_by("-live", "-created_at", "-id").first()
