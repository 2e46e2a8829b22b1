"""Answering with the parts of a page: dialogs that are pages of their own where there is no script, and forms that keep what was typed."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db import transaction
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from kept.foundation.refusals import Refusal

T = TypeVar("T")
CHANGED = "appointment-changed"


def dialog(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200, changed: bool = False) -> HttpResponse:
    """A dialog for htmx to show; as a page where there is no script. `changed`: neighbours bring themselves up to date."""
    if not request.headers.get("HX-Request"):
        return render(request, "dialog.html", context | {"dialog": template}, status=status)
    response = render(request, template, context, status=status)
    if changed:
        response["HX-Trigger"] = CHANGED
    return response


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


def attempt(form: Form, act: Callable[[], T]) -> T | None:
    """Do it in a savepoint. A refusal about a field of the form becomes that field's error, and None; any other rises."""
    try:
        with transaction.atomic():
            return act()
    except Refusal as refusal:
        if refusal.field not in form.fields:
            raise
        form.add_error(refusal.field, refusal.sentence)
        return None
