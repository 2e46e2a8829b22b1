"""Settings > Webhooks: which other programs are told of what, how that went, and once more."""

from datetime import UTC, tzinfo
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from kept.desk.setup.shared import Crumb, Line, enter, list_page, row_or_404, saved, searched, sent
from kept.foundation import clock
from kept.foundation.ids import new_id
from kept.foundation.pages import attempt, status_of
from kept.foundation.paging import page
from kept.practice.doors import MemberRequest, member_required
from kept.practice.models import Member
from kept.webhooks import transitions
from kept.webhooks.catalogue import EVENTS, LABELS, TEST
from kept.webhooks.models import Delivery, Endpoint

SHOWN = 50


class EndpointForm(forms.Form):
    """`endpoint_id` makes a form that is sent twice one endpoint."""

    endpoint_id = forms.UUIDField(widget=forms.HiddenInput, required=False)
    url = forms.CharField(
        max_length=500,
        label=gettext_lazy("Address"),
        widget=forms.TextInput({"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": gettext_lazy("Enter an address like https://example.com/kept.")},
    )
    kinds = forms.MultipleChoiceField(
        choices=list(LABELS.items()),
        label=gettext_lazy("Is told of"),
        error_messages={"required": gettext_lazy("Choose one event at least.")},
    )
    active = forms.BooleanField(required=False, label=gettext_lazy("In use: is told"))

    def groups(self) -> list[tuple[str, list[tuple[str, str, bool]]]]:
        """The events by what they are about: kind, words, and whether it is chosen."""
        chosen = self["kinds"].value() or []
        return [(str(group), [(kind, str(label), kind in chosen) for kind, label in kinds.items()]) for group, kinds in EVENTS.items()]


@member_required
def webhooks(request: MemberRequest) -> HttpResponse:
    enter(request)
    transitions.must_connect(request.member)
    typed, found = searched(request, _endpoints(request.member), "url")
    lines = [Line(reverse("desk:webhook", args=[each.pk]), each.url, _says(each), each.active) for each in found]
    return list_page(
        request, title=_("Webhooks"), typed=typed, lines=lines, new="desk:webhook-new", add=_("Add an endpoint"),
        empty=_("An endpoint is an address of a program of yours. It is told of appointments, charges and refunds."),
    )  # fmt: skip


def _endpoints(member: Member) -> Any:
    return Endpoint.objects.filter(practice=member.practice_id).order_by("-active", "url", "id")


def _says(endpoint: Endpoint) -> str:
    if endpoint.off_why:
        return _("Turned off by Kept: %s") % endpoint.off_why
    count = len(endpoint.kinds)
    told = ngettext("%d event", "%d events", count) % count
    return f"{told} · {_('Messages do not arrive')}" if endpoint.failing_since and endpoint.active else told


@member_required
def new(request: MemberRequest) -> HttpResponse:
    """A new endpoint: its secret stands in the answer to the form, and nowhere after."""
    enter(request)
    transitions.must_connect(request.member)
    member, now = request.member, clock.now()
    form = EndpointForm(sent(request), initial={"endpoint_id": new_id(), "kinds": list(LABELS)})
    del form.fields["active"]
    if form.is_valid():
        given = form.cleaned_data | {"endpoint_id": form.cleaned_data["endpoint_id"] or new_id()}
        made = attempt(form, lambda: transitions.add_endpoint(**given, by=member, at=now))
        if made:
            return _shown(request, made[0], secret=made[1])
    context = {"tab": "settings", "form": form, "title": _("New endpoint"), "crumbs": [_crumb()]}
    return render(request, "desk/setup/webhook.html", context, status=status_of(form))


@member_required
def webhook(request: MemberRequest, endpoint_id: UUID) -> HttpResponse:
    """What it is told, its secret, and what became of each message."""
    enter(request)
    transitions.must_connect(request.member)
    member, now = request.member, clock.now()
    found = row_or_404(_endpoints(member), endpoint_id)
    form = EndpointForm(sent(request), initial={"url": found.url, "kinds": found.kinds, "active": found.active})
    del form.fields["endpoint_id"]
    here = reverse("desk:webhook", args=[found.pk])
    done = saved(request, form, lambda: transitions.change_endpoint(found, **form.cleaned_data, by=member, at=now), here)
    return done or _shown(request, found, form)


@require_POST
@member_required
def renew_secret(request: MemberRequest, endpoint_id: UUID) -> HttpResponse:
    enter(request)
    found = row_or_404(_endpoints(request.member), endpoint_id)
    secret = transitions.renew_secret(found, by=request.member, at=clock.now())
    return _shown(request, found, secret=secret)


@require_POST
@member_required
def test(request: MemberRequest, endpoint_id: UUID) -> HttpResponse:
    enter(request)
    found = row_or_404(_endpoints(request.member), endpoint_id)
    delivery = transitions.send_test(found, by=request.member, at=clock.now())
    return redirect("desk:delivery", delivery.pk)


@member_required
def delivery(request: MemberRequest, delivery_id: UUID) -> HttpResponse:
    """A message: what it says, and each try with its answer."""
    enter(request)
    transitions.must_connect(request.member)
    found = row_or_404(Delivery.objects.filter(practice=request.member.practice_id).select_related("endpoint"), delivery_id)
    endpoint = found.endpoint
    context = {
        "tab": "settings",
        "title": _label(found.kind),
        "crumbs": [_crumb(), Crumb(endpoint.url, reverse("desk:webhook", args=[endpoint.pk]))],
        "delivery": found,
        "attempts": list(found.attempts.order_by("-at", "-id")),
        "zone": _zone(request.member),
        "now": clock.now(),
    }
    return render(request, "desk/setup/delivery.html", context)


@require_POST
@member_required
def send_again(request: MemberRequest, delivery_id: UUID) -> HttpResponse:
    enter(request)
    found = row_or_404(Delivery.objects.filter(practice=request.member.practice_id), delivery_id)
    transitions.send_again(found, by=request.member, at=clock.now())
    messages.success(request, _("It is sent once more."))
    return redirect("desk:delivery", found.pk)


def _shown(request: MemberRequest, found: Endpoint, form: EndpointForm | None = None, **once: str) -> HttpResponse:
    """An endpoint's page; with `secret`, shown this once."""
    if form is None:
        found.refresh_from_db()
        form = EndpointForm(None, initial={"url": found.url, "kinds": found.kinds, "active": found.active})
        del form.fields["endpoint_id"]
    now = clock.now()
    asked = request.GET.get("after", "").replace("\0", "")
    mine = found.deliveries.annotate(answers=Count("attempts")).order_by("-created_at", "-id")
    shown = page(mine, by="created_at", cursor=asked, limit=SHOWN)
    here = reverse("desk:webhook", args=[found.pk])
    context = {
        "tab": "settings",
        "form": form,
        "title": found.url,
        "crumbs": [_crumb()],
        "endpoint": found,
        "here": here,
        "deliveries": [(each, _label(each.kind)) for each in shown.rows],
        "first_url": here if asked else "",
        "next_url": f"{here}?after={shown.next}" if shown.next else "",
        "old_counts": found.old_secret_until and found.old_secret_until > now,
        "zone": _zone(request.member),
        "now": now,
    }
    response = render(request, "desk/setup/webhook.html", context | once, status=status_of(form))
    response["Cache-Control"] = "no-store"
    return response


def _label(kind: str) -> str:
    if kind == TEST:
        return _("Test message")
    group = next(group for group, kinds in EVENTS.items() if kind in kinds)
    return f"{group}: {LABELS[kind]}"


def _zone(member: Member) -> tzinfo:
    return member.given_clinics[0].zone if member.given_clinics else UTC


def _crumb() -> Crumb:
    return Crumb(_("Webhooks"), reverse("desk:webhooks"))
