"""The pay page: the patient pays a fee on her own phone, with her card on file or another one given on the gateway's page (I4)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from kept.billing import sending
from kept.billing.gateways.facts import Busy, NoAnswer, Rejected
from kept.billing.models import CardCapture, Charge
from kept.billing.queries import cards_to_pay_with
from kept.billing.transitions import cards, paying
from kept.booking.links import by_link, come_in, hand_over, link_or_404, practice_of
from kept.foundation import clock
from kept.foundation.ids import as_id
from kept.foundation.refusals import Refusal
from kept.foundation.scope import scope
from kept.patients.models import Link

SOURCE = "pay page"


@by_link
def enter(request: HttpRequest, token: str) -> HttpResponse:
    return redirect("booking:pay", come_in(request, token, Link.Purpose.PAY))


def _charge(link_id: UUID) -> Charge:
    shown = Charge.objects.select_related(
        "practice", "patient", "card", "invoice", "appointment__clinic", "appointment__provider", "appointment__acceptance"
    )
    return shown.get(pk=link_or_404(link_id).subject_id)


@by_link
@hand_over  # type: ignore[untyped-decorator]
def page(request: HttpRequest, link_id: UUID) -> HttpResponse:
    """GET shows what is to be paid, or what became of it; POST pays with a card, or leads to the gateway's page for another one."""
    practice_id = practice_of(request, link_id)
    if request.method == "POST":
        return _pay(request, practice_id, link_id)
    with scope(practice_id, actor="patient:link", source=SOURCE):
        return _shown(request, link_id, clock.now())


def _shown(request: HttpRequest, link_id: UUID, now: datetime, *, trouble: str = "") -> HttpResponse:
    charge = _charge(link_id)
    appointment = charge.appointment
    context: dict[str, Any] = {
        "practice": charge.practice,
        "clinic": appointment.clinic,
        "appointment": appointment,
        "zone": appointment.clinic.zone,
        "charge": charge,
        "invoice": charge.invoice,
    }
    if charge.captured_minor:
        payment = charge.payments.order_by("-at", "-id").first()
        return render(request, "booking/pay_done.html", context | {"payment": payment})
    if charge.in_flight:
        return render(request, "booking/pay_wait.html", context)
    if not paying.open_to_her(charge, at=now):
        return render(request, "booking/pay_closed.html", context)
    card = next(iter(cards_to_pay_with(charge)), None)
    another = card is not None and card.pk != charge.card_id
    context |= {"card": card, "trouble": trouble, "declined": "" if trouble or another else _why_declined(charge)}
    return render(request, "booking/pay.html", context, status=503 if trouble else 200)


def _why_declined(charge: Charge) -> str:
    """What became of the last try, as her bank lets her know it. Whether a card is reported lost is not for a page to say."""
    if charge.decline_code in ("", "authentication_required"):
        return ""
    if charge.decline_code == "card_refused":
        return _("%s can’t be used any more. Nothing was charged. Please give another card.") % charge.card
    if charge.decline_code == "payment_intent_authentication_failure":
        return _("Your bank’s question was not answered, so nothing was charged. You can try again, or use another card.")
    known = {"insufficient_funds": _("not enough funds"), "expired_card": _("the card is expired")}
    why = known.get(charge.decline_code)
    declined = _("Your bank declined %(card)s: %(why)s.") if why else _("Your bank declined %(card)s.")
    return f"{declined % {'card': charge.card, 'why': why}} {_('Nothing was charged. You can try again, or use another card.')}"


def _pay(request: HttpRequest, practice_id: str, link_id: UUID) -> HttpResponse:
    wanted = request.POST.get("card", "")
    with scope(practice_id, actor="patient:link", source=f"link {request.META.get('REMOTE_ADDR', '')}"):
        charge = _charge(link_id)
        capture = cards.to_pay(charge, at=clock.now()) if wanted == "new" else None
    back = f"{settings.BASE_URL}{reverse('booking:pay-back', args=[link_id])}"
    if capture:
        return _to_the_card_page(request, practice_id, link_id, capture, back)
    try:
        there = sending.pay(practice_id, str(charge.pk), as_id(wanted), return_url=back)
    except Refusal as refusal:
        if refusal.code != "charge_in_flight":
            raise
        there = ""  # pressed twice: the page tells how the first went
    return redirect(there or reverse("booking:pay", args=[link_id]))


def _to_the_card_page(request: HttpRequest, practice_id: str, link_id: UUID, capture: CardCapture, back: str) -> HttpResponse:
    here = f"{settings.BASE_URL}{reverse('booking:pay', args=[link_id])}"
    try:
        return redirect(cards.leave_for_the_card_page(practice_id, str(capture.pk), success_url=back, cancel_url=here))
    except (NoAnswer, Busy, Rejected):
        trouble = _("The card page does not answer. Nothing was charged: try again in a minute.")
        with scope(practice_id, actor="patient:link", source=SOURCE):
            return _shown(request, link_id, clock.now(), trouble=trouble)


@by_link
def back(request: HttpRequest, link_id: UUID) -> HttpResponse:
    """She returns from the gateway's card page, or from her bank. What it says is asked, not believed from the address."""
    practice_id = practice_of(request, link_id)
    with scope(practice_id, actor="patient:link", source=SOURCE):
        charge = _charge(link_id)
        captures = CardCapture.objects.filter(charge=charge, state=CardCapture.State.OPEN).exclude(session_id=None)
        capture_ids = list(captures.order_by("-created_at").values_list("id", flat=True)[:3])
    try:
        for capture_id in capture_ids:
            cards.finish(practice_id, str(capture_id))
        sending.look_in(practice_id, str(charge.pk))
    except (NoAnswer, Busy, Rejected):
        pass  # the gateway's own report brings it
    return redirect("booking:pay", link_id)
