"""Answering with the parts of a page: dialogs that are pages of their own where there is no script, and forms that keep what was typed."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from django.db import transaction
from django.forms import Form
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render

from kept.foundation.refusals import Refusal

T = TypeVar("T")
CHANGED = "appointment-changed"
CONFLICT = 409


def dialog(request: HttpRequest, template: str, context: dict[str, Any], *, status: int | None = None) -> HttpResponse:
    """A dialog for htmx to show; as a page where there is no script. Unless `status` is given it answers as its `form` stands; after a
    refusal neighbours bring themselves up to date, since somebody changed something."""
    status = status_of(context.get("form")) if status is None else status
    if not request.headers.get("HX-Request"):
        return render(request, "dialog.html", context | {"dialog": template}, status=status)
    response = render(request, template, context, status=status)
    if status == CONFLICT:
        response["HX-Trigger"] = CHANGED
    return response


def status_of(form: Form | None) -> int:
    """Of the answer that shows the form: 409 when a rule refused it, 422 when a field is wrong."""
    if form is None or not form.errors:
        return 200
    return CONFLICT if form.non_field_errors() else 422


def told(request: HttpRequest, toast: str, context: dict[str, Any], to: str, *args: Any) -> HttpResponse:
    """The dialog has done its work: it closes, a toast says so, and neighbours bring themselves up to date. Without script, on to
    that page."""
    if not request.headers.get("HX-Request"):
        return redirect(to, *args)
    response = render(request, toast, context)
    # In this order: the second empties the dialog, and with it the element on which the first would be triggered.
    response["HX-Reswap"], response["HX-Trigger"] = "none", f"{CHANGED}, dialog-done"
    return response


def done(request: HttpRequest, to: str, *args: Any) -> HttpResponse:
    """Nothing more to show: neighbours bring themselves up to date. Without script, on to that page."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Trigger": CHANGED})
    return redirect(to, *args)


def attempt(form: Form, act: Callable[[], T], **renewed: object) -> T | None:
    """Do it in a savepoint. A refusal is said in the form, at its field where it names one, and nothing typed is lost: None. What the
    person may not do at all rises.

    `renewed` are hidden fields as they are now: after `stale_version` the form speaks of these, and may be sent again.
    """
    try:
        with transaction.atomic():
            return act()
    except Refusal as refusal:
        if refusal.status not in (CONFLICT, 422):
            raise
        form.add_error(refusal.field if refusal.field in form.fields else None, refusal.sentence)
        if refusal.code == "stale_version":
            form.data = cast(QueryDict, form.data).copy()
            for name, value in renewed.items():
                form.data[name] = str(value)
        return None
