"""The manage page: without an account the patient sees her appointment, says that she will come, and cancels it (R14, R15, I17)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

import kept.scheduling.transitions.attendance as attendance
from kept.billing.models import Kind
from kept.booking.links import by_link, come_in, link_or_404, practice_of
from kept.booking.offer import same_again
from kept.foundation import clock
from kept.foundation.money import Money
from kept.foundation.refusals import Refusal
from kept.foundation.scope import scope
from kept.noshows.deposits import held, left_of
from kept.noshows.models import Answer
from kept.noshows.offers import fee_offer, late_fee
from kept.noshows.queries import answers_of, fee_of
from kept.noshows.transitions import cancelling
from kept.patients.models import Link
from kept.policies import fees
from kept.policies.deposits import Split, goes_back
from kept.scheduling.cases import case_of
from kept.scheduling.models import ON_THE_BOOK, Appointment, Status
from kept.scheduling.rules import display

SOURCE = "manage page"
ACTOR = "patient:link"
OVER = (Status.NOSHOW, Status.CANCELLED, Status.FULFILLED)
REASONS = [
    gettext_lazy("I’m not well"),
    gettext_lazy("I can’t make that time"),
    gettext_lazy("Transport"),
    gettext_lazy("Emergency"),
    gettext_lazy("I changed my mind"),
    gettext_lazy("Other"),
]


@dataclass(frozen=True, slots=True)
class Cost:
    """What an act costs at an instant: `fee` None where it is free, to `free_until` where that is before the start. `charged`: the card
    given at booking is charged with it; else the policy asks for it, and it is for the clinic to collect. `deposit`: how hers
    pays it first."""

    fee: Money | None
    free_until: datetime | None
    later: Money | None
    charged: bool
    deposit: Split | None = None


def cost_of(appointment: Appointment, kind: Kind, *, at: datetime) -> Cost:
    """By what the patient accepted, asked of the same offer as at the desk (R14, R4)."""
    acceptance = appointment.acceptance
    fee = late_fee(appointment, at=at, kind=kind)
    offer = fee_offer(appointment, at=at, kind=kind) if fee else None
    if acceptance is None or offer and offer.why_not in ("policy_off", "exempt", "already_charged"):
        return Cost(None, None, None, False)
    document, case = acceptance.version.terms, case_of(appointment, at=at)
    until = fees.free_until(document, case, kind)
    if until >= appointment.starts_at:
        return Cost(fee, None, None, False)
    return Cost(fee, until, acceptance.most(kind), bool(offer and offer.offered), offer.deposit if offer else None)


class AgreeForm(forms.Form):
    """The appointment and the fee, in minor units, that she saw; a tick where it costs."""

    accept = forms.BooleanField(required=False)
    version = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1)
    fee = forms.IntegerField(required=False, min_value=0, max_value=2**53)


class CancelForm(AgreeForm):
    """Also why, if she likes to say."""

    reason = forms.ChoiceField(required=False, choices=[("", gettext_lazy("No reason")), *((each, each) for each in REASONS)])


def in_minor(cost: Cost) -> int:
    return cost.fee.minor if cost.fee else 0


def not_agreed(form: AgreeForm, fee: int) -> str:
    """What is missing before it may be done at that fee; empty: nothing."""
    if (form.cleaned_data["fee"] or 0) != fee:
        return _("What it costs changed a moment ago. Please read it again.")
    return _("Tick this to go on.") if fee and not form.cleaned_data["accept"] else ""


@by_link
def enter(request: HttpRequest, token: str) -> HttpResponse:
    return redirect("booking:manage", come_in(request, token, Link.Purpose.MANAGE))


def appointment_of(link_id: UUID, *, at: datetime) -> Appointment:
    """The appointment behind the link. Raises Http404 for another kind of link, and for one that is over."""
    link = link_or_404(link_id)
    if link.purpose != Link.Purpose.MANAGE or not link.open_at(at):
        raise Http404
    shown = Appointment.objects.select_related(
        "practice", "patient", "provider", "clinic", "acceptance__card", "acceptance__version", "agreement__version"
    )
    return shown.get(pk=link.subject_id)


def open_to_her(appointment: Appointment, *, at: datetime) -> bool:
    """Whether she may still confirm, move and cancel it: booked, until its start (R15)."""
    return appointment.status == Status.BOOKED and at < appointment.starts_at


def context_of(request: HttpRequest, link_id: UUID, appointment: Appointment, *, at: datetime) -> dict[str, Any]:
    """What each page of the link shows."""
    return {
        "link_id": link_id,
        "practice": appointment.practice,
        "clinic": appointment.clinic,
        "appointment": appointment,
        "zone": appointment.clinic.zone,
        "open": open_to_her(appointment, at=at),
    }


@require_safe
@never_cache
@by_link
def page(request: HttpRequest, link_id: UUID) -> HttpResponse:
    with scope(practice_of(request, link_id), actor=ACTOR, source=SOURCE):
        return shown(request, link_id, at=clock.now())


def shown(request: HttpRequest, link_id: UUID, *, at: datetime, trouble: str = "", status: int = 200) -> HttpResponse:
    """The appointment as it is now, with what she may do; `trouble`: why what she just did was not done."""
    appointment = appointment_of(link_id, at=at)
    fee = fee_of(appointment, at=at)
    context = context_of(request, link_id, appointment, at=at) | {
        "display": display(appointment, at=at),
        "lines": list(appointment.lines.select_related("service")),
        "cancelling": cost_of(appointment, Kind.LATE_CANCEL, at=at),
        "moving": cost_of(appointment, Kind.LATE_RESCHEDULE, at=at),
        "fee": fee,
        "answers": answers(appointment) if appointment.status == Status.NOSHOW else [],
        "taken_back": appointment.status in ON_THE_BOOK and appointment.answers.filter(outcome=Answer.Outcome.RESTORED).exists(),
        "new_time": same_again(appointment, at=at) if appointment.status in OVER else "",
        "said": request.POST,
        "trouble": trouble,
        "started": at >= appointment.starts_at,
    }
    return render(request, "booking/manage.html", context, status=status)


def answers(appointment: Appointment) -> list[tuple[Answer.Kind, Answer | None]]:
    """What she may say to the no-show, and what she has said."""
    said = {answer.kind: answer for answer in answers_of(appointment)}
    return [(kind, said.get(kind)) for kind in Answer.Kind]


@require_POST
@by_link
def confirm(request: HttpRequest, link_id: UUID) -> HttpResponse:
    """She will be there. Pressed twice it is said once."""
    at, practice_id = clock.now(), practice_of(request, link_id)
    try:
        with scope(practice_id, actor=ACTOR, source=SOURCE):
            appointment = appointment_of(link_id, at=at)
            if not open_to_her(appointment, at=at):
                raise over()
            if appointment.confirmed_at is None:
                attendance.confirm(appointment, by=None, at=at, version=AgreeForm.base_fields["version"].clean(request.POST.get("version")))
    except (Refusal, forms.ValidationError) as refusal:
        return again(request, practice_id, link_id, refusal, at=at)
    return redirect("booking:manage", link_id)


def over() -> Refusal:
    return Refusal("wrong_status", _("It can’t be changed here any more. Please call the clinic."))


def again(request: HttpRequest, practice_id: str, link_id: UUID, refusal: Exception, *, at: datetime) -> HttpResponse:
    """Nothing was done: the page as it is now says why."""
    said = refusal.sentence if isinstance(refusal, Refusal) else ""
    if not said or getattr(refusal, "code", "") == "stale_version":
        said = _("The clinic changed this appointment meanwhile. This is how it stands now.")
    with scope(practice_id, actor=ACTOR, source=SOURCE):
        return shown(request, link_id, at=at, trouble=said, status=refusal.status if isinstance(refusal, Refusal) else 422)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@by_link
def cancel(request: HttpRequest, link_id: UUID) -> HttpResponse:
    """GET asks once more, with what it costs; POST cancels."""
    at, practice_id = clock.now(), practice_of(request, link_id)
    try:
        with scope(practice_id, actor=ACTOR, source=SOURCE):
            if asked := _cancelled(request, link_id, at=at):
                return asked
    except Refusal as refusal:
        return again(request, practice_id, link_id, refusal, at=at)
    return redirect("booking:manage", link_id)


def _cancelled(request: HttpRequest, link_id: UUID, *, at: datetime) -> HttpResponse | None:
    """The question, with what is missing; None once it is cancelled. Raises Refusal where it can't be."""
    appointment = appointment_of(link_id, at=at)
    if request.method == "POST":
        appointment = Appointment.objects.locked(appointment)
        if appointment.status == Status.CANCELLED:
            return None  # pressed twice
    if not open_to_her(appointment, at=at):
        if request.method == "POST":
            raise over()
        return redirect("booking:manage", link_id)
    cost, error, status = cost_of(appointment, Kind.LATE_CANCEL, at=at), "", 200
    form = CancelForm(request.POST or None)
    fee = in_minor(cost)
    if request.method == "POST":
        error, status = _missing(form, fee), 422
        if not error:
            answers = form.cleaned_data
            asked = Appointment.Asked.PATIENT
            cancelling.cancel(appointment, asked=asked, reason=answers["reason"], by=None, at=at, version=answers["version"])
            return None
    context = context_of(request, link_id, appointment, at=at) | {"cost": cost, "form": form, "fee": fee, "error": error}
    if (deposit := held(appointment)) and appointment.acceptance:
        context |= {"left": left_of(deposit), "goes_back": goes_back(appointment.acceptance.version.terms)}
    return render(request, "booking/manage_cancel.html", context, status=status)


def _missing(form: CancelForm, fee: int) -> str:
    return not_agreed(form, fee) if form.is_valid() else _("Choose a reason from the list, or none.")
