"""The dialog that leaves a no-show as it is, with what its patient reads. Restoring and sparing have dialogs of their own."""

from uuid import UUID

from django import forms
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kept.foundation import clock
from kept.foundation.pages import attempt, dialog, told
from kept.noshows.models import Answer
from kept.noshows.transitions import answering
from kept.practice.doors import MemberRequest, member_required
from kept.practice.rules import Right
from kept.scheduling.queries import appointment_or_404


class StaysForm(forms.Form):
    """What the patient reads."""

    note = forms.CharField(
        max_length=500,
        label=gettext_lazy("Your answer, as the patient reads it"),
        widget=forms.Textarea({"rows": 3}),
        error_messages={"required": gettext_lazy("Say why, in a sentence.")},
    )


@member_required
def stays(request: MemberRequest, answer_id: UUID) -> HttpResponse:
    now, member = clock.now(), request.member
    answer = Answer.objects.filter(pk=answer_id).first()
    if answer is None:
        raise Http404
    answer.appointment = appointment_or_404(member, answer.appointment_id)
    member.must(Right.MARK, answer.appointment)
    form = StaysForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        note = form.cleaned_data["note"]
        if attempt(form, lambda: answering.settle(answer, Answer.Outcome.STAYS, note=note, by=member, at=now)):
            text = _("The no-show stays. The patient can read why.")
            return told(request, "ui/_toast.html", {"text": text, "oob": True}, "desk:panel", answer.appointment_id)
    return dialog(request, "noshows/_stays.html", {"answer": answer, "appointment": answer.appointment, "form": form, "now": now})
