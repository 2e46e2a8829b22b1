"""Settings > Messages: each letter in the practice's own words, with a preview, whether it goes by itself, and whether as a text message,
too; and the number from which these go."""

from typing import Any

from django import forms
from django.conf import settings as site
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kept.desk.setup.shared import Crumb, enter, form_page, saved, sent
from kept.foundation import clock
from kept.foundation.pages import attempt, status_of
from kept.messaging.models import Letter, Wording
from kept.messaging.reach import SHORT
from kept.messaging.samples import sample, sample_short
from kept.messaging.setting_up import checked, word
from kept.messaging.wording import IN_SHORT, IN_TITLE, SHORT_TEXT, TEXT, TITLE, VARIABLES
from kept.practice.doors import MemberRequest, member_required
from kept.practice.models import Clinic
from kept.practice.transitions import set_texts

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
    texts = forms.ChoiceField(choices=Wording.Texts.choices, label=gettext_lazy("As a text message"))
    short = forms.CharField(max_length=300, label=gettext_lazy("Words of the text message"), widget=forms.Textarea({"rows": 3}))


class TextsForm(forms.Form):
    text_from = forms.CharField(
        max_length=40,
        required=False,
        label=gettext_lazy("The practice’s number for text messages"),
        help_text=gettext_lazy("with its country’s code; empty: no text messages go"),
        widget=forms.TextInput({"type": "tel"}),
    )


@member_required
def letters(request: MemberRequest) -> HttpResponse:
    enter(request)
    kept = {each.letter: each for each in Wording.objects.filter(practice=request.member.practice_id)}
    lines = [
        (letter, letter.label, says, kept.get(letter, Wording()), reverse("desk:letter", args=[letter])) for letter, says in GOES.items()
    ]
    context = {"tab": "settings", "title": _("Messages"), "lines": lines, "settings": request.member.practice.settings}
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
    initial = {
        "title": kept.title or TITLE,
        "text": kept.text or TEXT,
        "on": kept.on,
        "short": kept.short or SHORT_TEXT,
        "texts": kept.texts,
    }
    form = WordingForm(_posted(request, initial), initial=initial)
    asked = {"on": kind in MAY_BE_OFF, "short": kind in SHORT, "texts": kind in SHORT}
    for name in [name for name, wanted in asked.items() if not wanted]:
        del form.fields[name]
    clinic = next(iter(member.given_clinics), None) or Clinic(practice=member.practice, name=_("Your clinic"), zone_name="UTC")
    shown = {"title": kept.title, "text": kept.text, "short": kept.short}
    if form.is_valid():
        said = initial | {"on": True} | form.cleaned_data
        words = {name: said[name] for name in shown}
        if "preview" in request.POST:
            if attempt(form, lambda: checked(**words, by=member)):
                shown = words
        elif attempt(form, lambda: word(kind, **said, by=member, at=clock.now())):
            messages.success(request, _("Saved. Letters that wait go in these words."))
            return redirect("desk:letter", letter)
    preview = sample(kind, member.practice, clinic, title=shown["title"], text=shown["text"])
    short = sample_short(kind, member.practice, clinic, text=shown["short"]) if kind in SHORT else None
    context = {
        "tab": "settings",
        "title": kind.label,
        "crumbs": [Crumb(_("Messages"), reverse("desk:letters"))],
        "form": form,
        "says": GOES[kind],
        "preview": preview,
        "short": short,
        "texts_go": member.practice.settings.text_from,
        "unsaved": "preview" in request.POST,
        "own": bool(kept.title or kept.text or kept.short),
        "variables": [(f"{{{name}}}", says, _where(name)) for name, says in VARIABLES.items()],
    }
    return render(request, "desk/setup/letter.html", context, status=status_of(form))


@member_required
def texts(request: MemberRequest) -> HttpResponse:
    """The number from which text messages go, and what the service that sends them is told."""
    enter(request)
    settings = request.member.practice.settings
    form = TextsForm(sent(request), initial={"text_from": settings.text_from})
    done = saved(request, form, lambda: set_texts(**form.cleaned_data, by=request.member, at=clock.now()), reverse("desk:texts"))
    context = {
        "hint": _("Each practice needs a number of its own. Nobody is written to from 9 PM to 8 AM, and never after STOP."),
        "address": site.BASE_URL + reverse("messaging:sms", args=[request.member.practice.slug]) if site.SMS == "twilio" else "",
        "folder": site.SMS_FOLDER if site.SMS == "files" else "",
        "live": site.SMS == "twilio",
    }
    crumbs = [Crumb(_("Messages"), reverse("desk:letters"))]
    return done or form_page(request, form, title=_("Text messages"), crumbs=crumbs, template="desk/setup/texts.html", **context)


def _where(name: str) -> str:
    """Where that name can stand, if not everywhere."""
    if name == "title":
        return _("subject only")
    return _("texts only") if name not in IN_TITLE else "" if name in IN_SHORT else _("not in a text message")


def _posted(request: MemberRequest, kept: dict[str, Any]) -> Any:
    """What was posted; with *Kept's own words*, those in the place of what was typed. What a form of before does not say stays."""
    if request.method != "POST":
        return None
    posted = {"short": kept["short"], "texts": kept["texts"]} | request.POST.dict()
    return posted | {"title": TITLE, "text": TEXT, "short": SHORT_TEXT} if "reset" in request.POST else posted
