"""A patient of the sample gives a card and accepts the policy, as on her own phone; the card is made at the double instead of typed."""

from datetime import datetime
from functools import cache

import stripe
from django.conf import settings

import kept.billing.transitions.cards as cards
from kept.billing.gateways.stripe import StripeGateway
from kept.billing.transitions.cards import Origin
from kept.foundation.scope import scope
from kept.patients.models import Card, Patient
from kept.patients.transitions import keep_card
from kept.policies import queries as policies
from kept.policies.models import Acceptance
from kept.scheduling.models import Appointment

HER_PHONE = Origin("203.0.113.24", "Mozilla/5.0 (Linux; Android 15) Mobile")


def give_card(patient: Patient, kind: str, *, gateway_key: str, at: datetime) -> Card:
    """A test card (`visa`, `chargeCustomerFail`, ...) on the patient's file at the double and with us. Opens its own scope."""
    gateway, client = _double(gateway_key, settings.STRIPE_API_BASE)
    customer = gateway.create_customer(patient_id=str(patient.id), key=f"customer:{patient.id}")
    method = client.v1.payment_methods.attach(f"pm_card_{kind}", {"customer": customer})
    if method.card is None:
        raise ValueError(f"{kind} is not a card")
    with scope(patient.practice_id, actor="patient:link", source="card page"):
        Patient.objects.filter(pk=patient.pk, gateway_customer_id="").update(gateway_customer_id=customer)
        return keep_card(
            patient,
            customer_id=customer,
            payment_method_id=method.id,
            brand=method.card.brand,
            last4=method.card.last4 or "",
            exp_month=method.card.exp_month,
            exp_year=method.card.exp_year,
            at=at,
        )


def withdraw_card(card: Card, *, gateway_key: str) -> None:
    """It is taken away at the double alone: we learn of it when it is charged."""
    _gateway, client = _double(gateway_key, settings.STRIPE_API_BASE)
    client.v1.payment_methods.detach(card.payment_method_id)


@cache
def _double(gateway_key: str, address: str) -> tuple[StripeGateway, stripe.StripeClient]:
    """Our way to the account, and the one for what only a patient does. They keep their connections for the many cards of the sample."""
    return StripeGateway(gateway_key), stripe.StripeClient(gateway_key, base_addresses={"api": address})


def accept(appointment: Appointment, card: Card, *, at: datetime) -> Acceptance | None:
    """The policy in use, accepted for this appointment with that card, inside the caller's scope."""
    version = policies.version_in_use()
    if version is None:
        return None
    capture = cards.begin(appointment, version_id=str(version.id), origin=HER_PHONE, at=at)
    return cards.accept(capture, card, setup_intent_id="", at=at)
