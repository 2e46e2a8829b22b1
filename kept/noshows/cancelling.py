"""Dialogs that take a visit off the book before it happens: cancelled, or never meant to be there."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

import kept.scheduling.transitions.attendance as attendance
from kept.billing.models import Kind
from kept.foundation import clock
from kept.foundation.dates import moment
from kept.foundation.pages import attempt, dialog, told
from kept.messaging import queries as messages
from kept.messaging.letters import write
from kept.messaging.models import Letter
from kept.noshows.deposits import held, left_of
from kept.noshows.forms import CancelForm, ErrorForm
from kept.noshows.letters import as_it_would_be
from kept.noshows.offers import fee_offer, late_facts, late_fee
from kept.noshows.transitions import cancelling
from kept.noshows.views import after
from kept.patients.privacy import called, seen
from kept.policies.deposits import goes_back
from kept.practice.doors import MemberRequest, member_required
from kept.practice.rules import Right
from kept.scheduling.models import Appointment, Status
from kept.scheduling.queries import appointment_or_404
from kept.scheduling.rules import check_cancellable, check_move


@member_required
def cancel(request: MemberRequest, appointment_id: UUID) -> HttpResponse:
    now = clock.now()
    member, appointment = request.member, appointment_or_404(request.member, appointment_id)
    member.must(Right.BOOK, appointment)
    check_cancellable(appointment, at=now)
    may_charge = member.may(Right.CHARGE, appointment)
    offer = fee_offer(appointment, at=now, kind=Kind.LATE_CANCEL) if late_fee(appointment, at=now) else None
    initial = {"version": appointment.version, "notify": messages.told_by_itself(appointment.practice, Letter.CANCELLED)}
    form = CancelForm(request.POST or None, who=called(appointment.patient), offer=offer, may_charge=may_charge, initial=initial)
    if request.method == "POST" and form.is_valid():
        answers = form.cleaned_data
        if attempt(form, lambda: cancelling.cancel(appointment, by=member, at=now, **answers), version=appointment.version):
            return after(request, appointment_id) if answers["charge_fee"] else _gone(request, appointment, now)
    context = {
        "appointment": appointment,
        "now": now,
        "form": form,
        "offer": offer,
        "may_charge": may_charge,
        "facts": late_facts(appointment, at=now),
        **_deposit(appointment),
        "due_at": offer.chargeable_from if offer and offer.waits else None,
        "charge_chosen": form["charge_fee"].value() == "yes",
        "spare_chosen": form["charge_fee"].value() == "no",
        "asked": form["asked"].value(),
        "notify_chosen": form["notify"].value(),
    }
    return dialog(request, "noshows/_cancel.html", context)


def _deposit(appointment: Appointment) -> dict[str, Any]:
    """What the dialog says of it: how much would go back, and whether also when the patient cancels in time."""
    deposit = held(appointment)
    if deposit is None or appointment.acceptance is None:
        return {}
    return {"left": left_of(deposit), "goes_back": goes_back(appointment.acceptance.version.terms), "deposit_card": deposit.card}


def _gone(request: MemberRequest, appointment: Appointment, now: datetime) -> HttpResponse:
    """Off the book: said, with the list on which it stands now."""
    text = _("Cancelled. %s is free again.") % moment(appointment.starts_at, appointment.clinic.zone, now)
    toast = {"text": text, "url": reverse("noshows:cancelled"), "link": _("Cancelled"), "oob": True}
    return told(request, "ui/_toast.html", toast, "desk:panel", appointment.pk)


@member_required
def letter(request: MemberRequest, appointment_id: UUID) -> HttpResponse:
    """The letter as it would go for what the dialog has chosen so far."""
    appointment = appointment_or_404(request.member, appointment_id)
    request.member.must(Right.BOOK, appointment)
    now, by_clinic = clock.now(), request.GET.get("asked") == Appointment.Asked.CLINIC
    late = not by_clinic and late_fee(appointment, at=now) is not None
    facts = {"by_clinic": by_clinic, "late": late}
    if late:
        offer, may_charge = fee_offer(appointment, at=now, kind=Kind.LATE_CANCEL), request.member.may(Right.CHARGE, appointment)
        form = CancelForm(request.GET, who=called(appointment.patient), offer=offer, may_charge=may_charge)
        form.is_valid()  # what is missing yet, the letter leaves out
        charge, amount = form.cleaned_data.get("charge_fee"), form.cleaned_data.get("amount")
        facts |= as_it_would_be(appointment, offer, charge=charge, amount=amount, waits=cancelling.TWO_MINUTES, at=now)
    appointment.patient = seen(appointment.patient)
    written = write(Letter.CANCELLED, appointment, facts)
    return dialog(request, "noshows/_letter.html", {"appointment": appointment, "kind": Letter.CANCELLED, "letter": written})


@member_required
def entered_in_error(request: MemberRequest, appointment_id: UUID) -> HttpResponse:
    now = clock.now()
    member, appointment = request.member, appointment_or_404(request.member, appointment_id)
    member.must(Right.BOOK, appointment)
    check_move(appointment, Status.ENTERED_IN_ERROR)
    form = ErrorForm(request.POST or None, initial={"version": appointment.version})
    if request.method == "POST" and form.is_valid():
        attendance.enter_in_error(appointment, by=member, at=now, version=form.cleaned_data["version"])
        return told(request, "ui/_toast.html", {"text": _("Taken off the book."), "oob": True}, "desk:panel", appointment.pk)
    return dialog(request, "noshows/_entered_in_error.html", {"appointment": appointment, "now": now, "form": form})
