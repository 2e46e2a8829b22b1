"""Changing patients: adding one, her particulars and notes, keeping a card or taking it off, giving out a link."""

import secrets
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, TypedDict, Unpack
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from kept.events import journal
from kept.foundation.refusals import Refusal
from kept.foundation.scope import current
from kept.patients import rules
from kept.patients.models import Card, Link, Note, Patient
from kept.practice.models import Member
from kept.practice.rules import Right
from kept.practice.transitions import secret_hash


class Particulars(TypedDict, total=False):
    """What staff write down of a patient. What is left out stays as it is."""

    first_name: str
    last_name: str
    email: str
    phone: str
    birth_date: date | None
    alert: str


def add_patient(*, by: Member | None, at: datetime, **given: Unpack[Particulars]) -> Patient:
    """A new patient of the practice; `by` None: she herself, booking online. Raises Refusal `invalid` naming the field, `not_permitted`."""
    if by:
        by.must(Right.CHANGE_PATIENTS)
    patient = Patient.objects.create(practice_id=current().practice_id, created_at=at, **_checked({"first_name": "", **given}, at))
    journal.record("patient.added", patient, by=by, at=at)
    return patient


def change_patient(patient: Patient, *, version: int | None = None, by: Member, at: datetime, **given: Unpack[Particulars]) -> Patient:
    """Her particulars as given. Raises Refusal `not_permitted`, `stale_version` when somebody changed them since, `invalid`."""
    by.must(Right.CHANGE_PATIENTS)
    patient = Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    check_there(patient)
    if version is not None and version != patient.version:
        raise Refusal("stale_version", _("Somebody changed these particulars meanwhile. Look at them again, then decide."), field="version")
    changed = {field: value for field, value in _checked(given, at).items() if getattr(patient, field) != value}
    if not changed:
        return patient
    for field, value in changed.items():
        setattr(patient, field, value)
    patient.version += 1
    patient.save(update_fields=[*changed, "version"])
    journal.record("patient.changed", patient, by=by, at=at, fields=sorted(changed), version=patient.version)
    return patient


def check_there(patient: Patient) -> None:
    """Raises Refusal `wrong_status` once the patient is erased."""
    if patient.erased_at:
        raise Refusal("wrong_status", _("This patient was erased. Nothing more is kept."))


def _checked(given: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """Without what surrounds it, and refused where it can not be meant."""
    checked: dict[str, Any] = {field: " ".join(value.split()) if isinstance(value, str) else value for field, value in given.items()}
    if checked.get("first_name") == "":
        raise Refusal("invalid", _("Enter at least a first name."), field="first_name")
    if email := checked.get("email"):
        try:
            validate_email(email)
        except ValidationError as wrong:
            raise Refusal("invalid", _("Enter an e-mail address, for example name@example.com."), field="email") from wrong
    if checked.get("phone") and not rules.is_phone(checked["phone"]):
        raise Refusal("invalid", _("Enter a phone number, for example (555) 010-0142."), field="phone")
    if (born := checked.get("birth_date")) and not rules.FIRST_BIRTH <= born <= (at + timedelta(hours=14)).date():
        raise Refusal("invalid", _("Nobody was born on that day and comes today. Check the year."), field="birth_date")
    return checked


def add_note(patient: Patient, text: str, *, by: Member, at: datetime) -> Note:
    """A note that stays as it is. Raises Refusal `invalid` without words, `not_permitted`."""
    by.must(Right.CHANGE_PATIENTS)
    check_there(Patient.objects.select_for_update(no_key=True).get(pk=patient.pk))
    if not text.strip():
        raise Refusal("invalid", _("Write the note first."), field="text")
    note = Note.objects.create(practice_id=patient.practice_id, patient=patient, text=text.strip(), by=by, at=at)
    journal.record("patient.noted", patient, by=by, at=at, note=str(note.id))
    return note


def take_off(card: Card, *, by: Member, at: datetime) -> Card:
    """The card is no longer on the profile: nothing new may rely on it. What relies on it already still may (R7a).

    Raises Refusal `wrong_status` when it is not there any more, `not_permitted`.
    """
    by.must(Right.CHANGE_PATIENTS)
    card = Card.objects.select_for_update(no_key=True, of=("self",)).select_related("patient").get(pk=card.pk)
    if not card.on_profile:
        raise Refusal("wrong_status", _("%s was taken off already.") % card)
    card.state = Card.State.OFF
    card.save(update_fields=["state"])
    journal.record("card.taken_off", card.patient, by=by, at=at, card=str(card.id))
    return card


def keep_card(
    patient: Patient, *, customer_id: str, payment_method_id: str, brand: str, last4: str, exp_month: int, exp_year: int, at: datetime
) -> Card:
    """The card the gateway now holds for the patient. Told twice, it is kept once; given again, it is on her profile again."""
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
    if not new and card.state == Card.State.OFF:
        card.state = Card.State.ACTIVE
        card.save(update_fields=["state"])
        new = True
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
