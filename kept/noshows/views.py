"""Mark As No-Show, its result, Restore, and the No Shows list."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from kept.billing.models import Charge
from kept.billing.rules import check_refund
from kept.billing.words import how
from kept.foundation import clock
from kept.foundation.dates import moment
from kept.foundation.pages import attempt, dialog, told
from kept.foundation.refusals import refusal_by
from kept.messaging import queries as messaging
from kept.messaging.models import Letter
from kept.noshows import queries, taken
from kept.noshows.forms import MarkForm, RestoreForm
from kept.noshows.offers import fee_offer, offer_facts
from kept.noshows.steps import STOPPED, steps
from kept.noshows.transitions import attendance, fees
from kept.noshows.words import fee_words
from kept.practice.doors import MemberRequest, member_required
from kept.practice.models import Member, Settings
from kept.practice.rules import Right
from kept.scheduling.availability import free_starts
from kept.scheduling.fitting import Visit
from kept.scheduling.models import Appointment, Status
from kept.scheduling.queries import appointment_or_404
from kept.scheduling.rules import check_move, check_restorable, day_of_refusal, display

OFFERED, OFFERED_DAYS = 3, timedelta(days=13)


@member_required
def mark(request: MemberRequest, appointment_id: UUID) -> HttpResponse:
    now = clock.now()
    member, appointment = request.member, appointment_or_404(request.member, appointment_id)
    member.must(Right.MARK, appointment)
    if request.method == "GET":
        check_move(appointment, Status.NOSHOW)
        if refusal := day_of_refusal(appointment, at=now):
            raise refusal
    offer = fee_offer(appointment, at=now)
    may_charge = member.may(Right.CHARGE, appointment)
    settings = appointment.practice.settings
    chosen = {Settings.FeeChoice.CHARGE: "yes", Settings.FeeChoice.SPARE: "no"}.get(settings.fee_choice, "")
    told_itself = messaging.told_by_itself(appointment.practice, Letter.NO_SHOW)
    initial = {"version": appointment.version, "charge_fee": chosen, "notify": told_itself}
    form = MarkForm(request.POST if request.method == "POST" else None, offer=offer, may_charge=may_charge, initial=initial)
    if request.method == "POST" and form.is_valid():
        answers = form.cleaned_data
        if attempt(form, lambda: attendance.mark(appointment, by=member, at=now, **answers), version=appointment.version):
            return after(request, appointment_id)
    context = {
        "appointment": appointment,
        "form": form,
        "offer": offer,
        "may_charge": may_charge,
        "facts": offer_facts(appointment, offer),
        "now": now,
        "started": appointment.starts_at <= now,
        "charge_chosen": form["charge_fee"].value() == "yes",
        "spare_chosen": form["charge_fee"].value() == "no",
        "notify_chosen": form["notify"].value(),
        "due_at": offer.chargeable_from if offer.waits else None,
    }
    if form.non_field_errors() and appointment.status == Status.NOSHOW:  # another desk was first: what it decided, and the way there
        words = fee_words(appointment, queries.fee_of(appointment, at=now), at=now)
        url = reverse("desk:panel", args=[appointment.pk])
        context |= {"refusal_text": f"{words.title}.", "refusal_url": url, "refusal_link": _("Open it")}
    return dialog(request, "noshows/_mark.html", context)


def after(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """The result, in the dialog's place; without script on the appointment's own page."""
    if not request.headers.get("HX-Request"):
        return redirect("desk:panel", appointment_id)
    response = outcome(request, appointment_id)
    response["HX-Trigger"] = "appointment-changed"
    return response


@member_required
def outcome(request: MemberRequest, appointment_id: UUID) -> HttpResponse:
    """What became of the mark and its charge; asks again by itself while the charge is under way."""
    appointment = appointment_or_404(request.member, appointment_id)
    return result(request, appointment) if request.headers.get("HX-Request") else redirect("desk:panel", appointment_id)


def result(request: MemberRequest, appointment: Appointment, *, error: str = "") -> HttpResponse:
    """The dialog of it, with what may be done next; `error` where nothing was chosen."""
    now, member = clock.now(), request.member
    fee = queries.fee_of(appointment, at=now)
    context = {
        "appointment": appointment,
        "fee": fee,
        "words": fee_words(appointment, fee, at=now),
        "letters": [letter for letter in messaging.of_appointment(appointment) if letter.unsent],
        "later": fee is not None and fee.at != appointment.status_at,
        "moving": fee is not None and fee.is_moving,
        "steps": steps(appointment, fee, member, at=now) if fee and fee.state in STOPPED else [],
        "error": error,
        "may_restore": member.may(Right.MARK, appointment),
        "may_see_invoice": member.may(Right.SEE_SALES, appointment),
        "now": now,
    }
    return dialog(request, "noshows/_marked.html", context, status=422 if error else 200)


@member_required
def restore(request: MemberRequest, appointment_id: UUID) -> HttpResponse:
    now = clock.now()
    member, appointment = request.member, appointment_or_404(request.member, appointment_id)
    member.must(Right.MARK, appointment)
    if request.method == "GET":
        check_restorable(appointment, at=now)
    taken_by = queries.taken_by([appointment]).get(appointment.pk)
    fee = queries.fee_of(appointment, at=now)
    fee = None if fee and fee.of_a_visit_that_goes_on else fee  # a restore leaves that as it is
    form = RestoreForm(
        request.POST if request.method == "POST" else None, taken=taken_by is not None, initial={"version": appointment.version}
    )
    if request.method == "POST" and form.is_valid():
        answers = _restore_answers(form, appointment)
        if answers is not None:
            restored = attempt(form, lambda: attendance.restore(appointment, by=member, at=now, **answers), version=appointment.version)
            if restored:
                return _restored(request, restored, now)
            taken_by = queries.taken_by([appointment]).get(appointment.pk)
    still_paid = fee is not None and fees.still_paid(fee)
    context = {
        "appointment": appointment,
        "form": form,
        "taken_by": taken.at_length(taken_by, appointment, member) if taken_by else "",
        "fee": fee,
        "words": fee_words(appointment, fee, at=now) if fee else None,
        "still_paid": still_paid,
        "ends": fee is not None and fee.charge is not None and not still_paid and fee.charge.captured_minor == 0,
        "paid_how": how(fee.charge.by_hand) if fee and fee.charge and fee.charge.by_hand else "",
        "why_no_refund": _why_no_refund(fee.charge, appointment, member) if fee and still_paid else "",
        "beside": appointment.starts_at <= now or member.may(Right.DOUBLE_BOOK, appointment),
        "free": _free(appointment, now) if taken_by else [],
        "was": display(appointment, at=now),
        "becomes": _display_after(appointment, now),
        "where_beside": form["where"].value() == "beside",
        "where_other": form["where"].value() == "other",
        "refund_chosen": bool(form["refund"].value()),
        "can_check_in": appointment.clinic.local_date(now) == appointment.local_date,
        "now": now,
    }
    return dialog(request, "noshows/_restore.html", context)


def _why_no_refund(charge: Charge, appointment: Appointment, member: Member) -> str:
    """Why she may not give back what is left of it, and who may."""
    refusal = refusal_by(partial(check_refund, member, charge.refundable, appointment))
    return refusal.sentence if refusal else ""


def _display_after(appointment: Appointment, now: datetime) -> str:
    return display(Appointment(**{field: getattr(appointment, field) for field in AFTER} | {"status": Status.BOOKED}), at=now)


AFTER = ("starts_at", "ends_at", "card_wanted", "acceptance_id", "confirmed_at")


def _free(appointment: Appointment, now: datetime) -> list[tuple[str, str]]:
    """The next free starts with the same provider: as posted, and in words."""
    clinic, today = appointment.clinic, appointment.clinic.local_date(now)
    found = free_starts(
        clinic, Visit.booked(appointment), first=today, last=today + OFFERED_DAYS, at=now, provider=appointment.provider, but=appointment
    )
    starts = [slot.starts_at for slot in found[:OFFERED]]
    return [(f"{start.astimezone(clinic.zone):%Y-%m-%dT%H:%M}", moment(start, clinic.zone, now)) for start in starts]


def _restore_answers(form: RestoreForm, appointment: Appointment) -> dict[str, Any] | None:
    """What the form asks of the transition; None with an error at the time that clocks skip."""
    given = form.cleaned_data
    answers: dict[str, Any] = {"refund": given["refund"], "check_in": given["check_in"], "version": given["version"]}
    answers["double_book"] = given["where"] == "beside"
    if given["where"] == "other":
        try:
            answers["starts_at"] = clock.instant(given["start"].replace(tzinfo=None), appointment.clinic.zone)
        except ValueError:
            form.add_error("start", _("Clocks skip that time at the clinic. Choose another."))
            return None
    return answers


def _restored(request: HttpRequest, appointment: Appointment, now: datetime) -> HttpResponse:
    """Back on the calendar: said, with the way there."""
    text = _("Restored to %s.") % moment(appointment.starts_at, appointment.clinic.zone, now)
    url = f"{reverse('desk:day')}?date={appointment.local_date}&clinic={appointment.clinic_id}#{appointment.pk}"
    if not request.headers.get("HX-Request"):
        messages.success(request, text)
    return told(request, "noshows/_restored.html", {"text": text, "url": url}, "desk:panel", appointment.pk)
