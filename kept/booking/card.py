"""The card page: the patient sees the policy in money, accepts it, and gives a card on the gateway's page or uses hers on file (R3a)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from kept.billing.gateways.facts import Busy, NoAnswer, Rejected
from kept.billing.models import CardCapture
from kept.billing.renewals import renewal
from kept.billing.transitions import cards, depositing, renewing
from kept.booking.links import by_link, come_in, hand_over, let_in, link_or_404, manage_page_of, practice_of
from kept.foundation import clock
from kept.foundation.refusals import Refusal, refusal_by
from kept.foundation.scope import scope
from kept.patients.models import Card, Link
from kept.patients.queries import usable_card
from kept.policies import queries as policies
from kept.scheduling.models import Appointment, Status
from kept.scheduling.transitions import holding, promising
from kept.scheduling.transitions.managing import manage_token


@by_link
def enter(request: HttpRequest, token: str) -> HttpResponse:
    return redirect("booking:card", come_in(request, token, Link.Purpose.CARD, Link.Purpose.RENEW))


def _appointment(link_id: UUID) -> Appointment:
    shown = Appointment.objects.select_related(
        *("practice", "patient", "provider", "clinic", "acceptance__card", "acceptance__version", "agreement__version")
    )
    return shown.get(pk=link_or_404(link_id).subject_id)


def _asked_again(link_id: UUID, appointment: Appointment, at: datetime) -> bool:
    """The link asks her to accept the version now in use, and she has not yet."""
    if appointment.acceptance is None or link_or_404(link_id).purpose != Link.Purpose.RENEW:
        return False
    return refusal_by(lambda: cards.check_again(appointment, at=at)) is None


def _on_file(appointment: Appointment) -> Card | None:
    """The card she may use: the one given for this appointment, else her last."""
    given = appointment.acceptance.card if appointment.acceptance else None
    return given if given and given.chargeable else usable_card(appointment.patient)


@by_link
@hand_over  # type: ignore[untyped-decorator]
def page(request: HttpRequest, link_id: UUID) -> HttpResponse:
    """GET shows the terms; POST accepts them, with the card on file or on the way to the gateway's page."""
    practice_id, now = practice_of(request, link_id), clock.now()
    if request.method == "POST":
        return _accept(request, practice_id, link_id)
    with scope(practice_id, actor="patient:link", source="card page"):
        return _shown(request, link_id, now)


def _shown(request: HttpRequest, link_id: UUID, now: datetime, *, error: str = "", trouble: str = "") -> HttpResponse:
    appointment, version = _appointment(link_id), policies.version_in_use()
    closed = appointment.status != Status.BOOKED or now >= appointment.starts_at
    context: dict[str, Any] = {
        "link_id": link_id,
        "practice": appointment.practice,
        "clinic": appointment.clinic,
        "appointment": appointment,
        "zone": appointment.clinic.zone,
        "error": error,
        "trouble": trouble,
        "today": appointment.clinic.local_date(now) == appointment.local_date,
    }
    again = _asked_again(link_id, appointment, now)
    if appointment.acceptance or closed:
        context["deposit"] = depositing.paid_for(appointment)
    if appointment.acceptance or appointment.channel == Appointment.Channel.ONLINE:
        context["manage"] = manage_page_of(request, appointment.pk)
    if appointment.acceptance and (not again or "kept" in request.GET):
        return render(request, "booking/card_done.html", context | {"kept": again})
    if holding.lapsed(appointment) or promising.released(appointment):
        return render(request, "booking/lapsed.html", context | {"again": _again(appointment), "held": holding.lapsed(appointment)})
    if appointment.channel == Appointment.Channel.ONLINE and not appointment.card_wanted and appointment.status == Status.BOOKED:
        return render(request, "booking/booked.html", context)
    if closed or version is None:
        return render(request, "booking/card_closed.html", context)
    beside = renewal(appointment, at=now) if again else None
    said = beside.new if beside else cards.terms_now(appointment, version, at=now)
    card = None if said.deposit and not again else _on_file(appointment)  # a deposit is paid on the gateway's page
    context |= {"version": version, "terms": said, "card": card, "again": beside}
    return render(request, "booking/card.html", context, status=422 if error else 503 if trouble else 200)


def _again(appointment: Appointment) -> str:
    """Where the same services can be booked at another time; empty where the clinic is not booked online."""
    if not appointment.clinic.online:
        return ""
    path = reverse("booking:online", args=[appointment.practice.slug, appointment.clinic.place])
    return f"{path}?{urlencode({'services': [str(line.service_id) for line in appointment.lines.all()]}, doseq=True)}"


def _accept(request: HttpRequest, practice_id: str, link_id: UUID) -> HttpResponse:
    now, on_file = clock.now(), request.POST.get("card") == "on_file"
    with scope(practice_id, actor="patient:link", source=f"link {request.META.get('REMOTE_ADDR', '')}"):
        appointment = _appointment(link_id)
        again = _asked_again(link_id, appointment, now)
        if again and request.POST.get("card") == "keep":
            renewing.keep_earlier(appointment, at=now)
            return redirect(f"{reverse('booking:card', args=[link_id])}?kept")
        if request.POST.get("accept") != "yes":
            return _shown(request, link_id, now, error=_("Tick this to go on."))
        origin = cards.Origin(request.META.get("REMOTE_ADDR"), request.headers.get("User-Agent", ""))
        version_id, price = request.POST.get("version", ""), request.POST.get("price", "")
        capture = cards.begin(appointment, version_id=version_id, origin=origin, at=now, again=again, shown=price)
        if manage_page_of(request, appointment.pk) is None:
            let_in(request, manage_token(appointment, at=now), Link.Purpose.MANAGE)
        on_file = on_file and not capture.deposit_minor
        card = _on_file(appointment) if on_file else None
        if on_file and card is None:
            raise Refusal("card_required", _("The card on file is gone. Please give another."))
        if card:
            cards.accept(capture, card, setup_intent_id="", at=now)
            return redirect("booking:card", link_id)
    back = f"{settings.BASE_URL}{reverse('booking:card-back', args=[link_id])}?capture={capture.id}"
    here = f"{settings.BASE_URL}{reverse('booking:card', args=[link_id])}"
    try:
        there = cards.leave_for_the_card_page(practice_id, str(capture.id), success_url=back, cancel_url=here)
    except (NoAnswer, Busy, Rejected):
        with scope(practice_id, actor="patient:link", source="card page"):
            return _shown(request, link_id, now, trouble=_("The card page does not answer. Nothing was lost: try again in a minute."))
    return redirect(there)


@by_link
def back(request: HttpRequest, link_id: UUID) -> HttpResponse:
    """The patient returns from the gateway's page. What it says is asked, not believed from the address."""
    practice_id = practice_of(request, link_id)
    with scope(practice_id, actor="patient:link", source="card page"):
        appointment = _appointment(link_id)
        captures = CardCapture.objects.filter(appointment=appointment, charge=None, state=CardCapture.State.OPEN)
        capture_ids = list(captures.order_by("-created_at").values_list("id", flat=True)[:3])
    for capture_id in capture_ids:
        try:
            cards.finish(practice_id, str(capture_id))
        except (NoAnswer, Busy, Rejected):
            continue  # the gateway's own report brings it
    return redirect("booking:card", link_id)
