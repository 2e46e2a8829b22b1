"""Online booking: service, time, details and policy, then the card on the gateway's page. Plain forms; the address holds the choice."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from kept.billing.gateways.facts import Busy, NoAnswer, Rejected
from kept.billing.models import CardCapture
from kept.billing.transitions import cards
from kept.booking import captcha, limits, transitions
from kept.booking.forms import DetailsForm
from kept.booking.links import hand_over, let_in
from kept.booking.offer import Choice, booked_online, clinic_or_404, promise
from kept.foundation import clock
from kept.foundation.ids import as_id, new_id
from kept.foundation.refusals import Refusal
from kept.foundation.scope import scope
from kept.patients.models import Link
from kept.policies import queries as policies
from kept.practice.models import Practice
from kept.practice.queries import practice_by_slug
from kept.scheduling.transitions import holding

ACTOR = "patient:online"
SHOWN_AGAIN = {"captcha_required", "slot_taken", "stale_version", "too_many", "invalid", "approval_required", "fee_not_available"}
REMEMBERED = 60 * 60 * 12


@hand_over  # type: ignore[untyped-decorator]
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, practice: str, clinic: str) -> HttpResponse:
    """GET shows the step at which the patient is; POST books."""
    found = practice_by_slug(practice)
    if found is None:
        raise Http404
    if request.method == "POST":
        return _book(request, found, clinic)
    with _scope(request, found):
        return _shown(request, clinic)


def _scope(request: HttpRequest, practice: Practice) -> Any:
    return scope(practice.pk, actor=ACTOR, source=f"online {request.META.get('REMOTE_ADDR', '')}")


def _shown(request: HttpRequest, place: str, *, details: DetailsForm | None = None, trouble: str = "", status: int = 200) -> HttpResponse:
    at = clock.now()
    clinic = clinic_or_404(place)
    holding.release_overdue(at=at)
    own = holding.holds().filter(pk__in=_own_holds(request)).order_by("-booked_at", "-id").first()
    choice = Choice(clinic, request.POST if request.method == "POST" else request.GET, at, own)
    context: dict[str, Any] = {
        "practice": clinic.practice,
        "clinic": clinic,
        "zone": clinic.zone,
        "choice": choice,
        "trouble": trouble,
        "here": reverse("booking:online", args=[clinic.practice.slug, clinic.place]),
    }
    if not clinic.online:
        context["elsewhere"] = booked_online()
        return on_its_sites(render(request, "booking/online_closed.html", context, status=404), choice)
    if not choice.services:
        return on_its_sites(render(request, "booking/online_service.html", context | {"step": 1}, status=status), choice)
    if choice.start is None or details is None and choice.slot is None:
        gone = choice.start is not None
        return on_its_sites(render(request, "booking/online_time.html", context | {"step": 2, "gone": gone}, status=status), choice)
    promised = promise(clinic, choice.services, choice.start, at=at)
    form = details or DetailsForm(must_accept=promised.version is not None)
    context |= {"step": 3, "promise": promised, "form": form, "once": request.POST.get("once") or new_id(), "free": choice.slot}
    context["captcha"] = asked = captcha.wanted(request, at=at)
    return captcha.allowed(render(request, "booking/online_details.html", context, status=status), asked)


def on_its_sites(response: HttpResponse, choice: Choice) -> HttpResponse:
    """The page may stand in a frame on the practice's own sites: it needs no cookie and changes nothing. From the details on everything
    is in a tab of its own, as the card page must be."""
    sites = choice.clinic.practice.settings.online_sites
    if choice.embedded and sites:
        framed: Any = response
        framed._csp_replace, framed.xframe_options_exempt = {"frame-ancestors": list(sites)}, True
    return response


def _book(request: HttpRequest, practice: Practice, place: str) -> HttpResponse:
    at, once = clock.now(), as_id(request.POST.get("once", "")) or new_id()
    if again := _made_before(request, once):
        return again
    with _scope(request, practice):
        choice = Choice(clinic_or_404(place), request.POST, at)
        form = DetailsForm(request.POST, must_accept=policies.version_in_use() is not None)
        if not form.is_valid() or choice.start is None or not choice.clinic.online:
            return _shown(request, place, details=form, status=422)
        asked = captcha.wanted(request, at=at)
    try:
        if asked:
            captcha.check(request)
        limits.check(request, practice_id=str(practice.pk), email=form.cleaned_data["email"], phone=form.cleaned_data["phone"])
        with _scope(request, practice):
            choice = Choice(clinic_or_404(place), request.POST, at)
            origin = cards.Origin(request.META.get("REMOTE_ADDR"), request.headers.get("User-Agent", ""))
            booked = transitions.book(
                choice,
                form.cleaned_data,
                version_id=request.POST.get("version", ""),
                origin=origin,
                in_place_of=_own_holds(request),
                at=at,
            )
    except Refusal as refusal:
        if again := _made_before(request, once):
            return again  # pressed twice: the page tells how the first went
        if refusal.code not in SHOWN_AGAIN:
            raise
        with _scope(request, practice):
            return _shown(request, place, details=form, trouble=refusal.sentence, status=refusal.status)
    link_id = let_in(request, booked.token, Link.Purpose.CARD)
    let_in(request, booked.manage, Link.Purpose.MANAGE)
    request.session["online"] = [*request.session.get("online", []), str(booked.appointment.pk)][-5:]
    cache.set(f"booked:{once}", link_id, REMEMBERED)
    return _onward(str(practice.pk), link_id, booked.capture)


def _made_before(request: HttpRequest, once: UUID) -> HttpResponse | None:
    """The way to what this very form has booked already."""
    link_id = cache.get(f"booked:{once}")
    return redirect("booking:card", link_id) if link_id else None


def _own_holds(request: HttpRequest) -> list[UUID]:
    return [found for text in request.session.get("online", []) if (found := as_id(text))]


def _onward(practice_id: str, link_id: str, capture: CardCapture | None) -> HttpResponse:
    """To the gateway's page for the card; to her own page where none is asked for, or to try again there."""
    if capture is None:
        return redirect("booking:card", link_id)
    back = f"{settings.BASE_URL}{reverse('booking:card-back', args=[link_id])}?capture={capture.pk}"
    here = f"{settings.BASE_URL}{reverse('booking:card', args=[link_id])}"
    try:
        return redirect(cards.leave_for_the_card_page(practice_id, str(capture.pk), success_url=back, cancel_url=here))
    except (NoAnswer, Busy, Rejected):
        return redirect("booking:card", link_id)
