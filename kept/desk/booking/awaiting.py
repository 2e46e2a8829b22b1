"""Awaiting card: the link and QR code on which the patient accepts the policy and gives a card on her own phone (R3a)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kept.billing.models import CardCapture
from kept.billing.transitions import cards
from kept.foundation import clock
from kept.foundation.pages import done
from kept.foundation.qr import qr_svg
from kept.foundation.refusals import Refusal
from kept.messaging import queries as messages
from kept.messaging import transitions as messaging
from kept.messaging.models import Letter, Message
from kept.messaging.reach import nowhere
from kept.noshows.actions import actions, check_opening
from kept.patients.models import Link
from kept.patients.privacy import called
from kept.patients.queries import usable_card
from kept.patients.rules import masked
from kept.policies import queries as policies
from kept.practice.doors import MemberRequest, member_required
from kept.practice.models import Member
from kept.scheduling.models import Appointment
from kept.scheduling.queries import appointment_or_404


def facts(appointment: Appointment) -> dict[str, Any]:
    """How far the patient is: the policy to accept, when she accepted and went for her card, when the last link was made, the last
    letter with one, where it goes as others may read it, and the card she may use."""
    capture = CardCapture.objects.filter(appointment=appointment, state=CardCapture.State.OPEN).order_by("-created_at").first()
    link = Link.objects.filter(subject_id=appointment.pk, purpose=Link.Purpose.CARD).order_by("-created_at").first()
    letter = messages.of_appointment(appointment).filter(letter=Letter.CARD_LINK).first()
    return {
        "policy": policies.version_in_use(),
        "accepted_at": capture.created_at if capture else None,
        "link_at": link.created_at if link else None,
        "letter": letter,
        "to": masked(letter.to) if letter else "",
        "card": usable_card(appointment.patient),
    }


def last_letters(appointments: Iterable[Appointment]) -> dict[UUID, Message]:
    """Of each, the last letter with a link."""
    found = Message.objects.filter(appointment__in=list(appointments), letter__in=[Letter.CARD_LINK, Letter.CARD_REMINDER])
    return {message.appointment_id: message for message in found.order_by("queued_at", "id")}


def link(appointment: Appointment, *, by: Member, at: datetime) -> dict[str, Any]:
    """A new link, its QR code, and the facts with it."""
    address = cards.card_link(appointment, by=by, at=at)
    label = _("QR code of the card page for %s") % called(appointment.patient)
    return {"link": address, "qr": qr_svg(address, label), "awaiting": facts(appointment)}


def send(appointment: Appointment, *, by: Member, at: datetime) -> None:
    """A letter with a link of its own: one a minute, however often the button is pressed. Raises the Refusal of a link that can't be
    given, `invalid` where no address is known."""
    may = actions(appointment, by, fee=None, at=at)["card-link"]
    if not may.allowed:
        raise Refusal(may.code, may.reason)
    if messaging.queue(Letter.CARD_LINK, appointment, wanted=True, once=f"{at:%Y-%m-%d %H:%M}", by=by, at=at) is None:
        raise Refusal("invalid", nowhere(appointment.patient))


@require_POST
@member_required
def card_link(request: MemberRequest, appointment_id: UUID) -> HttpResponse:
    appointment = appointment_or_404(request.member, appointment_id)
    context = {"appointment": appointment, "zone": appointment.clinic.zone} | link(appointment, by=request.member, at=clock.now())
    return render(request, "desk/booking/_card_link.html" if request.headers.get("HX-Request") else "desk/booking/card_link.html", context)


@require_POST
@member_required
def send_card_link(request: MemberRequest, appointment_id: UUID) -> HttpResponse:
    appointment = appointment_or_404(request.member, appointment_id)
    send(appointment, by=request.member, at=clock.now())
    return card_given(request, appointment_id)


@member_required
def card_given(request: MemberRequest, appointment_id: UUID) -> HttpResponse:
    """Asked while a QR code is shown: how far the patient is; once the card is there the panel brings itself up to date."""
    appointment = appointment_or_404(request.member, appointment_id)
    check_opening(appointment, request.member)
    if appointment.acceptance_id:
        return done(request, "desk:panel", appointment_id)
    if not request.headers.get("HX-Request"):
        return redirect("desk:panel", appointment_id)
    context = {"appointment": appointment, "zone": appointment.clinic.zone, "awaiting": facts(appointment)}
    return render(request, "desk/booking/_card_facts.html", context)
