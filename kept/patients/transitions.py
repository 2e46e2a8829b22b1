"""Changing patients: adding one, keeping a card, giving out a link."""

import secrets
from datetime import date, datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from kept.events import journal
from kept.foundation.refusals import Refusal
from kept.patients.models import Card, Link, Patient
from kept.practice.models import Member
from kept.practice.rules import Right
from kept.practice.transitions import secret_hash


def add_patient(
    *,
    first_name: str,
    last_name: str = "",
    email: str = "",
    phone: str = "",
    birth_date: date | None = None,
    alert: str = "",
    by: Member,
    at: datetime,
) -> Patient:
    """A new patient of the practice. Raises Refusal `invalid` without a name, `not_permitted`."""
    by.must(Right.BOOK)
    if not first_name.strip():
        raise Refusal("invalid", _("Enter at least a first name."), field="first_name")
    patient = Patient.objects.create(
        practice_id=by.practice_id,
        first_name=first_name.strip(),
        last_name=last_name.strip(),
        email=email.strip(),
        phone=phone.strip(),
        birth_date=birth_date,
        alert=alert.strip(),
        created_at=at,
    )
    journal.record("patient.added", patient, by=by, at=at)
    return patient


def keep_card(
    patient: Patient, *, customer_id: str, payment_method_id: str, brand: str, last4: str, exp_month: int, exp_year: int, at: datetime
) -> Card:
    """The card the gateway now holds for the patient. Told twice, it is kept once."""
    card, new = Card.objects.get_or_create(
        practice_id=patient.practice_id,
        payment_method_id=payment_method_id,
        defaults={
            "patient": patient,
            "gateway_customer_id": customer_id,
            "brand": brand,
            "last4": last4,
            "exp_month": exp_month,
            "exp_year": exp_year,
            "given_at": at,
        },
    )
    if new:
        journal.record("card.given", patient, by=None, at=at, card=str(card.id))
    return card


def give_link(patient: Patient, purpose: str, *, subject_id: UUID, expires_at: datetime, at: datetime) -> str:
    """A new link for the patient. Returns its token, `practice.secret`; only the hash is kept, so an older one cannot be shown again."""
    secret = secrets.token_urlsafe(32)
    Link.objects.create(
        practice_id=patient.practice_id,
        purpose=purpose,
        patient=patient,
        subject_id=subject_id,
        token_hash=secret_hash(secret),
        created_at=at,
        expires_at=max(expires_at, at + timedelta(minutes=1)),
    )
    return f"{patient.practice_id.hex}.{secret}"
