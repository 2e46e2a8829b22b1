"""A patient books by herself (R18, R19)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _

import kept.scheduling.transitions.booking as scheduling
from kept.billing.gateways import accounts
from kept.billing.models import CardCapture
from kept.billing.transitions import cards
from kept.booking.offer import Choice, promise
from kept.foundation import jobs
from kept.foundation.refusals import Refusal
from kept.messaging import transitions as messaging
from kept.messaging.models import Letter
from kept.noshows.transitions import refilling
from kept.patients.models import Link, Patient
from kept.patients.transitions import add_patient, give_link
from kept.scheduling.fitting import Visit
from kept.scheduling.models import Appointment
from kept.scheduling.transitions import holding
from kept.scheduling.transitions.managing import manage_token


class Booked(NamedTuple):
    """`token` opens the page of her card, `manage` that of her appointment; `capture` is set where she now gives a card."""

    appointment: Appointment
    token: str
    manage: str
    capture: CardCapture | None


def book(
    choice: Choice, details: dict[str, Any], *, version_id: str, origin: cards.Origin, in_place_of: Iterable[UUID], at: datetime
) -> Booked:
    """The time is hers: booked at once where no card is asked for; else held for half an hour until the card is there.

    She is always written down as a new patient: who types a known address is not shown to be known, and gets at nothing of whoever has
    it; the desk sees both. Her own holds `in_place_of` which she books now are given free.
    Raises Refusal `slot_taken`, `stale_version`, `invalid`, and those of the policy that can't be met here.
    """
    holding.release(holding.holds().filter(pk__in=list(in_place_of)), at=at)
    if not choice.services or choice.start is None:
        raise Refusal("invalid", _("Choose a service and a time."))
    if choice.slot is None:
        raise Refusal("slot_taken", _("That time was just taken."), field="start")
    promised = promise(choice.clinic, choice.services, choice.start, at=at)
    if promised.by_phone:
        raise Refusal("approval_required", _("This visit is booked by phone. Please call the clinic."))
    shown = str(promised.version.pk) if promised.version else ""
    if shown != version_id:
        raise Refusal("stale_version", _("The clinic’s policy changed a moment ago. Please read it again."))
    if promised.card and not accounts.payments_on():
        raise cards.payments_off()

    patient: Patient = add_patient(by=None, at=at, **{name: details[name] for name in ("first_name", "last_name", "email", "phone")})
    provider, lasts = choice.slot.providers[0], Visit.of(choice.services).lasts
    stake = refilling.at_stake(provider, choice.start, choice.start + lasts, by=None)
    appointment = scheduling.book(
        clinic=choice.clinic,
        provider=provider,
        patient=patient,
        services=choice.services,
        starts_at=choice.start,
        by=None,
        at=at,
        channel=Appointment.Channel.ONLINE,
    )
    token = give_link(patient, Link.Purpose.CARD, subject_id=appointment.pk, expires_at=appointment.starts_at, at=at)
    manage = manage_token(appointment, at=at)
    if not appointment.card_wanted:
        refilling.spare_by_itself(stake, at=at)
        if promised.version:
            cards.agree(appointment, origin=origin, at=at)
        messaging.queue(Letter.BOOKED, appointment, wanted=True, once="booked", by=None, at=at)
        return Booked(appointment, token, manage, None)
    jobs.defer("booking.release", at=at + holding.HOLD)
    return Booked(appointment, token, manage, cards.begin(appointment, version_id=version_id, origin=origin, at=at))
