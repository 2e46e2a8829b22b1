"""Settings > Messages: each letter in the practice's own words, with a preview, and whether it goes by itself."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kept.desk.setup.shared import Crumb, enter
from kept.foundation import clock
from kept.foundation.pages import attempt, status_of
from kept.messaging import transitions
from kept.messaging.models import Letter, Wording
from kept.messaging.samples import sample
from kept.messaging.wording import IN_TITLE, TEXT, TITLE, VARIABLES
from kept.practice.doors import MemberRequest, member_required
from kept.practice.models import Clinic

GOES = {
    Letter.BOOKED: gettext_lazy("When an appointment is booked, or once its card is given; online always"),
    Letter.CARD_LINK: gettext_lazy("When the desk sends it from an appointment"),
    Letter.CARD_REMINDER: gettext_lazy("Half-way through the time for the card, once"),
    Letter.ACCEPT_AGAIN: gettext_lazy("When staff ask a patient to accept new terms"),
    Letter.RELEASED: gettext_lazy("When a time is given free since no card came"),
    Letter.MOVED: gettext_lazy("When an appointment has a new time"),
    Letter.CANCELLED: gettext_lazy("Two minutes after an appointment was cancelled"),
    Letter.NO_SHOW: gettext_lazy("Ten minutes after the mark, or the breathing space"),
    Letter.ANSWERED: gettext_lazy("When what a patient said to a no-show is settled"),
    Letter.MANAGE_LINK: gettext_lazy("When the desk sends it from an appointment"),
    Letter.PAYMENT_LINK: gettext_lazy("When the desk sends it, or a bank asks for the patient"),
    Letter.RECEIPT: gettext_lazy("When an invoice was paid"),
    Letter.REFUNDED: gettext_lazy("When a refund went through"),
}
ALWAYS = {Letter.CARD_LINK, Letter.ACCEPT_AGAIN, Letter.MANAGE_LINK, Letter.PAYMENT_LINK}  # when the desk wants them
MAY_BE_OFF = set(GOES) - ALWAYS


class WordingForm(forms.Form):
    title = forms.CharField(max_length=150, label=gettext_lazy("Subject"))
    text = forms.CharField(max_length=4000, label=gettext_lazy("Text"), strip=False, widget=forms.Textarea({"rows": 14}))
    on = forms.BooleanField(required=False, label=gettext_lazy("Goes by itself; where a dialog asks, it is ticked"))


@member_required
def letters(request: MemberRequest) -> HttpResponse:
    enter(request)
    kept = {each.letter: each for each in Wording.objects.filter(practice=request.member.practice_id)}
    lines = [
        (letter, letter.label, says, kept.get(letter, Wording()), reverse("desk:letter", args=[letter])) for letter, says in GOES.items()
    ]
    context = {"tab": "settings", "title": _("Messages"), "lines": lines, "told": request.member.practice.settings.tell_patients}
    return render(request, "desk/setup/letters.html", context)


@member_required
def letter(request: MemberRequest, letter: str) -> HttpResponse:
    """The words of one letter. *Preview* shows them without keeping them, *Kept's own words* brings the first ones back."""
    enter(request)
    member = request.member
    kind = next((each for each in GOES if each == letter), None)
    if kind is None:
        raise Http404
    kept = Wording.objects.filter(practice=member.practice_id, letter=kind).first() or Wording()
    form = WordingForm(_posted(request), initial={"title": kept.title or TITLE, "text": kept.text or TEXT, "on": kept.on})
    if kind not in MAY_BE_OFF:
        del form.fields["on"]
    clinic = next(iter(member.given_clinics), None) or Clinic(practice=member.practice, name=_("Your clinic"), zone_name="UTC")
    preview = sample(kind, member.practice, clinic, title=kept.title, text=kept.text)
    if form.is_valid():
        said = {"on": True} | form.cleaned_data
        if "preview" in request.POST:
            if words := attempt(form, lambda: transitions.checked(title=said["title"], text=said["text"], by=member)):
                preview = sample(kind, member.practice, clinic, title=words[0], text=words[1])
        elif attempt(form, lambda: transitions.word(kind, **said, by=member, at=clock.now())):
            messages.success(request, _("Saved. Letters that wait go in these words."))
            return redirect("desk:letter", letter)
    context = {
        "tab": "settings",
        "title": kind.label,
        "crumbs": [Crumb(_("Messages"), reverse("desk:letters"))],
        "form": form,
        "says": GOES[kind],
        "preview": preview,
        "unsaved": "preview" in request.POST,
        "own": bool(kept.title or kept.text),
        "variables": [(f"{{{name}}}", says, name in IN_TITLE, name != "title") for name, says in VARIABLES.items()],
    }
    return render(request, "desk/setup/letter.html", context, status=status_of(form))


def _posted(request: MemberRequest) -> Any:
    """What was posted; with *Kept's own words*, those in the place of what was typed."""
    if request.method != "POST":
        return None
    if "reset" not in request.POST:
        return request.POST
    return request.POST.dict() | {"title": TITLE, "text": TEXT}
