"""Booking at the desk: a new appointment in the drawer over its day, and the card link at once where the policy asks for a card."""

from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

import kept.noshows.transitions.booking as noshows
import kept.patients.transitions as patients
from kept.desk.booking import awaiting
from kept.desk.booking.draft import Draft, as_pressed
from kept.desk.booking.prospect import Prospect
from kept.desk.calendar.panel import beneath, with_card_link
from kept.desk.calendar.views import over_its_day, place
from kept.foundation import clock
from kept.foundation.pages import CHANGED, attempt
from kept.practice.doors import MemberRequest, member_required
from kept.practice.looks import looks_at
from kept.practice.rules import Right
from kept.scheduling.models import Appointment

PARTS = {"patients-found": "desk/booking/_patients_found.html", "services-found": "desk/booking/_services_found.html"}


@member_required
def new(request: MemberRequest) -> HttpResponse:
    """Every button of the form posts here and changes what it says; *Book* books, and adds the patient whose fields are filled in."""
    now = clock.now()
    request.member.must(Right.BOOK)
    fields = as_pressed(request.POST) if request.method == "POST" else request.GET
    draft = Draft(request.member, place(request, fields), fields, now)
    if request.POST.keys() & {"add", "book"} and (added := _added(draft)):
        draft = added
    prospect = Prospect(draft)
    if "book" in request.POST:
        if draft.is_whole() and not prospect.blocked and (appointment := _booked(draft, prospect)):
            return _after(request, appointment, now)
        prospect = Prospect(draft)  # somebody may have been faster
    return _shown(request, draft, prospect)


def _added(draft: Draft) -> Draft | None:
    """The same with the new patient; None where she has no name, or may be somebody already and that was not seen yet."""
    form = draft.newcomer
    if form is None or not form.is_valid():
        return None
    said = form.cleaned_data
    seen = said.pop("seen")
    if any(each.patient.pk not in seen for each in draft.look_alikes):
        return None
    patient = attempt(form, lambda: patients.add_patient(**said, by=draft.member, at=draft.now))
    return draft.changed(patient=patient.pk, new="") if patient else None


def _booked(draft: Draft, prospect: Prospect) -> Appointment | None:
    """The visit, its letter with the card link on its way if that is wanted."""

    def book_it() -> Appointment:
        appointment = noshows.book(**draft.wish(), double_book=prospect.double, by=draft.member, at=draft.now)
        if draft.sends:
            awaiting.send(appointment, by=draft.member, at=draft.now)
        return appointment

    return attempt(draft.form, book_it)


def _after(request: MemberRequest, appointment: Appointment, now: datetime) -> HttpResponse:
    """The appointment's panel in the drawer's place, its card link shown at once. Without script its page, on which that is one press."""
    if not request.headers.get("HX-Request"):
        return redirect("desk:panel", appointment.pk)
    response = with_card_link(request, appointment.pk, now)
    response["HX-Retarget"], response["HX-Reselect"], response["HX-Reswap"] = "#drawer", "unset", "innerHTML"
    response["HX-Push-Url"] = reverse("desk:panel", args=[appointment.pk])
    response["HX-Trigger"] = CHANGED
    return response


def _shown(request: MemberRequest, draft: Draft, prospect: Prospect) -> HttpResponse:
    if draft.patient:
        looks_at(request, "booking", draft.patient.patient.pk, draft.now)
    elif draft.search:
        looks_at(request, "patients searched", None, draft.now)
    refused = request.method == "POST" and (draft.form.errors or draft.newcomer and draft.newcomer.errors) or "book" in request.POST
    close_url = beneath(request) or f"{reverse('desk:day')}?date={draft.day}&clinic={draft.clinic.pk}"
    context = {"draft": draft, "prospect": prospect, "close_url": close_url}
    status = 422 if refused else 200
    if request.headers.get("HX-Request"):
        part = PARTS.get(request.headers.get("HX-Target", ""), "desk/booking/_drawer.html")
        return render(request, part, context, status=status)
    return over_its_day(request, draft.clinic, draft.day, "desk/booking/_drawer.html", context, status=status)
