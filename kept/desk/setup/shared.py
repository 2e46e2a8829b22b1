"""What the pages of setting up share: the searchable list, the row or 404, and the form that saves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from kept.foundation.pages import attempt, status_of
from kept.practice.doors import MemberRequest
from kept.practice.rules import Right

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a list: where it leads, and what it says in a few words."""

    url: str
    label: str
    says: str
    active: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True)
class Crumb:
    label: str
    url: str


def searched(request: MemberRequest, found: QuerySet[M], *fields: str) -> tuple[str, list[M]]:
    """What was typed, and the rows one of whose fields holds it."""
    typed = request.GET.get("q", "").replace("\0", "")[:80].strip()
    wanted = Q()
    for field in fields if typed else ():
        wanted |= Q(**{f"{field}__icontains": typed})
    return typed, list(found.filter(wanted))


def row_or_404(found: QuerySet[M], row_id: UUID) -> M:
    row = found.filter(pk=row_id).first()
    if row is None:
        raise Http404
    return row


def list_page(
    request: MemberRequest, *, title: str, typed: str, lines: Sequence[Line], new: str, add: str, empty: str, **more: Any
) -> HttpResponse:
    context = {"tab": "settings", "title": title, "q_here": typed, "lines": lines, "new_url": reverse(new), "add": add, "empty": empty}
    status = status_of(more.get("form"))
    return render(request, more.pop("template", "desk/setup/list.html"), context | more, status=status)


def form_page(
    request: MemberRequest, form: forms.Form, *, title: str, crumbs: Sequence[Crumb], template: str = "desk/setup/form.html", **more: Any
) -> HttpResponse:
    context = {"tab": "settings", "form": form, "title": title, "crumbs": crumbs}
    return render(request, template, context | more, status=more.pop("status", 0) or status_of(form))


def saved(request: MemberRequest, form: forms.Form, act: Callable[[], Any], to: str) -> HttpResponse | None:
    """The answer once it is done: on to that page; None where the form is to be shown again. `to` may name the row's id as {id}."""
    if not form.is_valid():
        return None
    done = attempt(form, lambda: act() or True)
    if not done:
        return None
    messages.success(request, _("Saved."))
    return redirect(to.format(id=getattr(done, "pk", "")))


def sent(request: MemberRequest, button: str = "") -> Any:
    """What was posted, by that button where a page has several."""
    return request.POST if request.method == "POST" and request.POST.get("form", "") == button else None


def enter(request: MemberRequest) -> None:
    request.member.must(Right.SEE_SETTINGS)
    if request.method == "POST":
        request.member.must(Right.SET_UP)
