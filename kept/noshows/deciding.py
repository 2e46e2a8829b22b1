"""Dialogs of a fee that is decided later: charge, charge now, spare, undo; and the letter to the patient before it is written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from kept.foundation import clock
from kept.foundation.dates import month_day
from kept.foundation.pages import attempt, dialog, done, told
from kept.messaging.letters import HIDDEN_LINK, write
from kept.messaging.models import Letter
from kept.noshows import letters, queries
from kept.noshows.actions import FEE_CHECKS
from kept.noshows.forms import FeeForm, MarkForm
from kept.noshows.models import Decision, Fee
from kept.noshows.offers import decide_until, fee_offer
from kept.noshows.rules import check_decidable
from kept.noshows.transitions import fees, refilling
from kept.noshows.views import after
from kept.patients.privacy import seen
from kept.practice.doors import MemberRequest, member_required
from kept.practice.rules import Right
from kept.scheduling.models import Appointment
from kept.scheduling.queries import appointment_or_404


@dataclass(frozen=True, slots=True)
class Act:
    """`money`: it ends with a charge, whose result is shown."""

    title: Any
    do: Callable[..., Fee]
    money: bool = False
    asks: tuple[str, ...] = ()


ACTS: Mapping[str, Act] = {
    "charge": Act(gettext_lazy("Charge the fee"), fees.charge, money=True, asks=("amount", "fee_reason")),
    "charge_now": Act(gettext_lazy("Charge now"), fees.charge_now, money=True, asks=("amount", "fee_reason")),
    "spare": Act(gettext_lazy("Spare the fee"), fees.spare, asks=("fee_reason",)),
    "unspare": Act(gettext_lazy("Undo sparing"), fees.unspare),
}


@member_required
def decide(request: MemberRequest, appointment_id: UUID, verb: str) -> HttpResponse:
    now = clock.now()
    member, appointment = request.member, appointment_or_404(request.member, appointment_id)
    if verb not in ACTS:
        raise Http404
    member.must(Right.CHARGE, appointment)
    chosen, fee = ACTS[verb], check_decidable(appointment, _meant(request, appointment, now))
    if request.method == "GET":
        FEE_CHECKS[verb](appointment, fee, at=now)
    offer = fee_offer(appointment, at=now, fee=fee) if verb == "charge" else None
    full = offer.amount if offer and offer.amount else fee.amount
    form = FeeForm(request.POST if request.method == "POST" else None, fee=full, asks=chosen.asks, initial=_initial(request, appointment))
    if request.method == "POST" and form.is_valid():
        answers = form.cleaned_data
        decided = attempt(form, lambda: chosen.do(appointment, fee_id=fee.pk, by=member, at=now, **answers), version=appointment.version)
        if decided:
            return after(request, appointment_id) if chosen.money else _decided(request, appointment, decided)
    context = {
        "act": verb,
        "title": chosen.title,
        "appointment": appointment,
        "fee": fee,
        "amount": full,
        "offer": offer,
        "due_at": offer.chargeable_from if offer and offer.waits else None,
        "card": offer.card if offer else fee.charge.card if fee.charge else None,
        "until": month_day(decide_until(appointment), appointment.clinic.zone),
        "which": request.GET.get("fee", ""),
        "form": form,
        "now": now,
    }
    return dialog(request, "noshows/_decide.html", context)


def _meant(request: MemberRequest, appointment: Appointment, now: datetime) -> Fee | None:
    """The fee that the address names, else the last."""
    wanted = request.GET.get("fee")
    if not wanted:
        return queries.fee_of(appointment, at=now)
    for fee in queries.fees_of(appointment, at=now):
        if fee.open and str(fee.pk) == wanted:
            return fee
    raise Http404


def _initial(request: MemberRequest, appointment: Appointment) -> dict[str, object]:
    """What the dialog opens with; the reason where a proposal brought it (R7c)."""
    return {"version": appointment.version, "fee_reason": request.GET.get("fee_reason", "")[:200]}


def _decided(request: MemberRequest, appointment: Appointment, fee: Fee) -> HttpResponse:
    if fee.decision == Decision.UNDECIDED:
        text = _("Sparing undone. The fee is to be decided.")
    elif fee.charge and fee.charge.in_flight:
        text = _("Spared. The charge that is under way is followed to its end.")
    else:
        text = _("The fee is spared.")
    return told(request, "ui/_toast.html", {"text": text, "oob": True}, "desk:panel", appointment.pk)


@require_POST
@member_required
def keep(request: MemberRequest, appointment_id: UUID) -> HttpResponse:
    """The fee stands although its time was booked again (R7c)."""
    refilling.keep(appointment_or_404(request.member, appointment_id), by=request.member, at=clock.now())
    return done(request, "desk:panel", appointment_id)


@member_required
def letter(request: MemberRequest, appointment_id: UUID) -> HttpResponse:
    """The no-show letter as it would go for what the dialog has chosen so far."""
    now = clock.now()
    appointment = appointment_or_404(request.member, appointment_id)
    request.member.must(Right.MARK, appointment)
    offer = fee_offer(appointment, at=now)
    form = MarkForm(request.GET, offer=offer, may_charge=request.member.may(Right.CHARGE, appointment))
    form.is_valid()  # what is missing yet, the letter leaves out
    waits, chosen = letters.letter_waits(appointment, at=now), form.cleaned_data
    facts = letters.as_it_would_be(appointment, offer, charge=chosen.get("charge_fee"), amount=chosen.get("amount"), waits=waits, at=now)
    appointment.patient = seen(appointment.patient)
    context = {
        "appointment": appointment,
        "kind": Letter.NO_SHOW,
        "letter": write(Letter.NO_SHOW, appointment, facts | {"link": HIDDEN_LINK}),
        "goes_at": now + waits,
    }
    return dialog(request, "noshows/_letter.html", context)
