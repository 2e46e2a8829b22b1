"""Block time: a provider, room or device is kept free for a while; and lifting a block."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

import kept.scheduling.transitions.blocking as scheduling
from kept.desk.calendar.views import place
from kept.desk.forms import SKIPPED, within_the_calendar
from kept.foundation import clock
from kept.foundation.dates import clock_span, short_day
from kept.foundation.lists import chosen_ids, day_of
from kept.foundation.pages import attempt, dialog, told
from kept.practice import queries as practice
from kept.practice.doors import MemberRequest, member_required
from kept.practice.models import Clinic, Member, Provider, Resource
from kept.practice.rules import Right, Role
from kept.scheduling.models import Block
from kept.scheduling.queries import blocks, blocks_of_day

WHYS = [gettext_lazy("Break"), gettext_lazy("Meeting"), gettext_lazy("Training"), gettext_lazy("Day off"), gettext_lazy("Device service")]


class BlockForm(forms.Form):
    """Time to be kept free: of whom or what, when, and why."""

    resource = forms.ChoiceField(label=gettext_lazy("Who or what"))
    date = forms.DateField(label=gettext_lazy("Day"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    start = forms.TimeField(label=gettext_lazy("From"), widget=forms.TimeInput({"type": "time"}, format="%H:%M"))
    end = forms.TimeField(label=gettext_lazy("To"), widget=forms.TimeInput({"type": "time"}, format="%H:%M"))
    why = forms.CharField(label=gettext_lazy("Why"), max_length=120, required=False, widget=forms.TextInput({"list": "block-whys"}))

    def __init__(self, *args: Any, clinic: Clinic, resources: list[tuple[str, list[tuple[str, str]]]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.clinic = clinic
        resource = self.fields["resource"]
        assert isinstance(resource, forms.ChoiceField)
        resource.choices = [("", _("Choose")), *resources]

    clean_date = within_the_calendar

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in ("start", "end"):
            if cleaned.get("date") and cleaned.get(name):
                try:
                    cleaned[f"{name}_at"] = clock.instant(datetime.combine(cleaned["date"], cleaned[name]), self.clinic.zone)
                except ValueError:
                    self.add_error(name, SKIPPED)
        return cleaned


@member_required
def block(request: MemberRequest) -> HttpResponse:
    """The dialog, with what is blocked on that day already. The address names the day, and may name a provider and a start."""
    now, member = clock.now(), request.member
    member.must(Right.BOOK)
    asked = request.POST or request.GET
    clinic = place(request, asked)
    on = day_of(asked, "date") or clinic.local_date(now)
    people = list(practice.providers(member, clinic))
    named = next((each.resource_id for each in people if len(people) == 1 or each.pk in chosen_ids(asked, "provider")), "")
    initial = {"date": on, "start": asked.get("start", ""), "resource": named}
    form = BlockForm(request.POST or None, clinic=clinic, resources=_resources(member, clinic, people), initial=initial)
    if request.method == "POST" and form.is_valid() and (made := attempt(form, lambda: _blocked(form, member, now))):
        return _done(request, _("Blocked: %s.") % _what(made))
    context = {
        "form": form,
        "clinic": clinic,
        "day": on,
        "whys": WHYS,
        "blocked": blocks_of_day(member, clinic, on),
        "zone": clinic.zone,
        "back_url": reverse("desk:day"),
    }
    return dialog(request, "desk/calendar/_block.html", context)


def _resources(member: Member, clinic: Clinic, people: Sequence[Provider]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Whom and what she may block there, in groups; a provider herself alone."""
    things = [] if member.role == Role.PROVIDER else list(Resource.objects.filter(clinic=clinic, active=True).order_by("name", "id"))
    groups = [
        (_("Providers"), [(str(each.resource_id), each.name) for each in people]),
        (_("Rooms"), [(str(each.pk), each.name) for each in things if each.kind == Resource.Kind.ROOM]),
        (_("Devices"), [(str(each.pk), each.name) for each in things if each.kind == Resource.Kind.DEVICE]),
    ]
    return [group for group in groups if group[1]]


def _blocked(form: BlockForm, member: Member, now: datetime) -> Block:
    said = form.cleaned_data
    resource, span = Resource.objects.get(pk=said["resource"]), (said["start_at"], said["end_at"])
    return scheduling.block_time(resource, form.clinic, starts_at=span[0], ends_at=span[1], why=said["why"], by=member, at=now)


@member_required
def lift(request: MemberRequest, block_id: UUID) -> HttpResponse:
    """What a block is, and its end."""
    member = request.member
    member.must(Right.SEE_BOOK)
    found = blocks(member).filter(pk=block_id).first()
    if found is None:
        raise Http404
    if request.method == "POST":
        scheduling.lift_block(found, by=member, at=clock.now())
        return _done(request, _("Free again: %s.") % _what(found))
    may_lift = member.may(Right.BOOK) and found.lifted_at is None
    context = {"held": found, "zone": found.clinic.zone, "may_lift": may_lift, "back_url": reverse("desk:day")}
    return dialog(request, "desk/calendar/_block_lift.html", context)


def _done(request: MemberRequest, text: str) -> HttpResponse:
    if not request.headers.get("HX-Request"):
        messages.success(request, text)
    return told(request, "desk/_told.html", {"text": text}, "desk:day")


def _what(block: Block) -> str:
    """Tess Marrowby, Thu, Oct 15, 12:00–1:00 PM"""
    zone = block.clinic.zone
    return f"{block.resource}, {short_day(block.starts_at, zone)}, {clock_span(block.starts_at, block.ends_at, zone)}"
