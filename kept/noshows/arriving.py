"""Checking in, and the dialog of a late arrival: the patient is checked in, whatever is chosen about its fee."""

from datetime import datetime
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _

from kept.billing.models import Kind
from kept.foundation import clock
from kept.foundation.dates import clock_time, elapsed
from kept.foundation.pages import CHANGED, attempt, dialog, told
from kept.noshows import queries
from kept.noshows.forms import ArrivalForm
from kept.noshows.models import Decision, Fee
from kept.noshows.offers import fee_offer, late_facts
from kept.noshows.transitions import fees
from kept.noshows.views import after
from kept.practice.doors import MemberRequest, member_required
from kept.practice.rules import Right
from kept.scheduling import claims
from kept.scheduling.models import Appointment
from kept.scheduling.queries import appointment_or_404
from kept.scheduling.rules import wrong_status


def open_arrival_fee(appointment: Appointment, *, at: datetime) -> Fee | None:
    """Of a patient who was checked in late: what is to be decided yet."""
    fee = queries.fee_of(appointment, at=at)
    return fee if fee and fee.kind == Kind.LATE_ARRIVAL and fee.decision == Decision.UNDECIDED else None


def asked_after(request: MemberRequest, appointment: Appointment) -> HttpResponse | None:
    """The dialog that a check-in opens where coming late has a fee, for those who may decide it; None: nothing is to be asked."""
    now = clock.now()
    if not request.headers.get("HX-Request") or not request.member.may(Right.CHARGE, appointment):
        return None
    fee = open_arrival_fee(appointment, at=now)
    if fee is None:
        return None
    response = _shown(request, appointment, fee, ArrivalForm(fee=fee.full, initial={"version": appointment.version}), now)
    response["HX-Retarget"], response["HX-Reswap"], response["HX-Trigger"] = "#dialog", "innerHTML", CHANGED
    return response


@member_required
def late_arrival(request: MemberRequest, appointment_id: UUID) -> HttpResponse:
    """The same dialog, asked for; POST charges or spares."""
    now, member = clock.now(), request.member
    appointment = appointment_or_404(member, appointment_id)
    member.must(Right.CHARGE, appointment)
    fee = open_arrival_fee(appointment, at=now)
    if fee is None:
        raise wrong_status(appointment, _("There is no late arrival to decide about any more."))
    initial = {"version": appointment.version}
    form = ArrivalForm(request.POST if request.method == "POST" else None, fee=fee.full, initial=initial)
    if request.method == "POST" and form.is_valid():
        charged = form.cleaned_data["charge_fee"] == "yes"
        if attempt(form, lambda: _decide(appointment, fee, form, request, now), version=appointment.version):
            if charged:
                return after(request, appointment_id)
            return told(request, "ui/_toast.html", {"text": _("The fee is spared."), "oob": True}, "desk:panel", appointment.pk)
    return _shown(request, appointment, fee, form, now)


def _decide(appointment: Appointment, fee: Fee, form: ArrivalForm, request: MemberRequest, now: datetime) -> Fee:
    said = form.cleaned_data
    how = {"fee_reason": said["fee_reason"], "fee_id": fee.pk, "version": said["version"], "by": request.member, "at": now}
    if said["charge_fee"] == "yes":
        return fees.charge(appointment, amount=said["amount"], **how)
    return fees.spare(appointment, **how)


def _shown(request: MemberRequest, appointment: Appointment, fee: Fee, form: ArrivalForm, now: datetime) -> HttpResponse:
    offer, arrived_at = fee_offer(appointment, at=now, fee=fee), appointment.arrived_at or now
    context = {
        "appointment": appointment,
        "now": now,
        "form": form,
        "offer": offer,
        "late": elapsed(appointment.starts_at, arrived_at),
        "arrived_at": arrived_at,
        "facts": late_facts(appointment, at=arrived_at, kind=Kind.LATE_ARRIVAL),
        "left": time_left(appointment, at=arrived_at),
        "due_at": offer.chargeable_from if offer.waits else None,
        "charge_chosen": form["charge_fee"].value() == "yes",
        "spare_chosen": form["charge_fee"].value() == "no",
    }
    return dialog(request, "noshows/_arrived_late.html", context)


def time_left(appointment: Appointment, *, at: datetime) -> str:
    """What remains of the visit's minutes before the provider's next, for somebody who came at that instant."""
    until = appointment.ends_at + (at - appointment.starts_at)
    rivals = claims.holders([appointment.provider.resource_id], (at, until), but=appointment)
    minutes = (appointment.ends_at - appointment.starts_at).seconds // 60
    words = {"who": appointment.provider.name, "minutes": minutes}
    if not rivals:
        return _("%(who)s is free for the full %(minutes)d minutes.") % words
    next_at = rivals[0].starts_at
    if next_at <= at:
        return _("%(who)s’s time is taken by now: none of the %(minutes)d minutes are left.") % words
    words |= {"when": clock_time(next_at, appointment.clinic.zone), "left": (next_at - at).seconds // 60}
    return _("%(who)s is free until %(when)s: %(left)d of %(minutes)d minutes are left.") % words
