"""After a no-show the patient says on her page that she was there, or that it was an emergency; or books a new time."""

from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from kept.booking.links import by_link, practice_of
from kept.booking.manage import ACTOR, SOURCE, again, appointment_of
from kept.foundation import clock
from kept.foundation.refusals import Refusal
from kept.foundation.scope import scope
from kept.noshows.models import Answer
from kept.noshows.transitions import answering


class AnswerForm(forms.Form):
    """Which answer, and a few words if she likes."""

    kind = forms.ChoiceField(choices=Answer.Kind.choices)
    text = forms.CharField(
        required=False, max_length=500, error_messages={"max_length": gettext_lazy("Please say it in 500 letters or less.")}
    )


@require_POST
@by_link
def answer(request: HttpRequest, link_id: UUID) -> HttpResponse:
    """She says so. Pressed twice it is said once."""
    at, practice_id = clock.now(), practice_of(request, link_id)
    form = AnswerForm(request.POST)
    try:
        with scope(practice_id, actor=ACTOR, source=SOURCE):
            visit = appointment_of(link_id, at=at)
            if not form.is_valid():
                raise Refusal("invalid", str(form.errors["text"][0]) if "text" in form.errors else _("Choose one of the answers."))
            answering.say(visit, Answer.Kind(form.cleaned_data["kind"]), form.cleaned_data["text"], at=at)
    except Refusal as refusal:
        return again(request, practice_id, link_id, refusal, at=at)
    return redirect("booking:manage", link_id)
